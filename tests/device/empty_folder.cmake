# A new log for each run of the tests; ${LOG} is the folder.
file(REMOVE_RECURSE ${LOG})
file(MAKE_DIRECTORY ${LOG})
