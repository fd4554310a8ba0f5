# Target danaus_headers_alone: one translation unit per public header, which includes nothing else.

file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/include/*.hpp)
set(units "")
foreach(header IN LISTS headers)
  string(REPLACE "/" "__" unit ${header})
  set(unit ${PROJECT_BINARY_DIR}/headers_alone/${unit}.cpp)
  # Twice: a header must have its include guard.
  file(CONFIGURE OUTPUT ${unit} CONTENT "#include <${header}>\n#include <${header}>\n")
  list(APPEND units ${unit})
endforeach()
danaus_set_language(${units})
add_library(danaus_headers_alone OBJECT EXCLUDE_FROM_ALL ${units})
get_property(libraries GLOBAL PROPERTY DANAUS_LIBRARIES)
target_link_libraries(danaus_headers_alone PRIVATE danaus_flags ${libraries})
target_compile_options(danaus_headers_alone PRIVATE -O0)
