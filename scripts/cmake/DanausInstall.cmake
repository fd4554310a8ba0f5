# cmake --install: libraries, headers, applications, and a package that find_package(Danaus) finds.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

get_property(danaus_libraries GLOBAL PROPERTY DANAUS_LIBRARIES)
get_property(danaus_executables GLOBAL PROPERTY DANAUS_EXECUTABLES)
set(danaus_package ${CMAKE_INSTALL_LIBDIR}/cmake/Danaus)

install(TARGETS ${danaus_libraries} EXPORT DanausTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
if(danaus_executables)
  install(TARGETS ${danaus_executables} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/danaus DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.hpp")
install(EXPORT DanausTargets NAMESPACE danaus:: DESTINATION ${danaus_package})

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/DanausConfig.cmake.in
  ${PROJECT_BINARY_DIR}/DanausConfig.cmake INSTALL_DESTINATION ${danaus_package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/DanausConfigVersion.cmake
  VERSION ${PROJECT_VERSION} COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/DanausConfig.cmake ${PROJECT_BINARY_DIR}/DanausConfigVersion.cmake
              ${CMAKE_CURRENT_LIST_DIR}/DanausDependencies.cmake ${CMAKE_CURRENT_LIST_DIR}/cuda13_compat.hpp
        DESTINATION ${danaus_package})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
