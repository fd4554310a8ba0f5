# danaus_library(NAME DEPENDS ...): the library of one folder, from src/NAME/**.cpp and include/danaus/NAME.
# danaus_executable(NAME SOURCES ... DEPENDS ...): an application, in build/<preset>/bin.
# danaus_test(NAME DEPENDS ...): tests/NAME/**.cpp as one Catch2 program, registered with CTest.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CUDA_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)

add_library(danaus_flags INTERFACE)
target_compile_options(danaus_flags INTERFACE
  # Nobody reads errno after a square root, and setting it keeps loops from filling vectors.
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -ffp-contract=fast -fno-math-errno>
  $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra,-ffp-contract=fast,-fno-math-errno>
  # A host function called from a kernel is a call that cannot be made; nvcc only warns.
  $<$<COMPILE_LANGUAGE:CUDA>:-Werror=cross-execution-space-call>
  # GCC 12 sees overlapping copies in std::string's own operator+ (its bug 105651), and under the
  # sanitizers uninitialised values in std::regex (bug 105562).
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-Wno-restrict;-Wno-maybe-uninitialized>
  $<$<AND:$<COMPILE_LANGUAGE:CUDA>,$<CXX_COMPILER_ID:GNU>>:-Xcompiler=-Wno-restrict,-Wno-maybe-uninitialized>
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<BOOL:${DANAUS_WARNINGS_AS_ERRORS}>>:-Werror>
  $<$<AND:$<COMPILE_LANGUAGE:CUDA>,$<BOOL:${DANAUS_WARNINGS_AS_ERRORS}>>:-Werror=all-warnings>)

# Tests drive the libraries, which are compiled as users run them; -O3 of the drivers would cost minutes.
add_library(danaus_test_flags INTERFACE)
target_link_libraries(danaus_test_flags INTERFACE danaus_flags Catch2::Catch2)
target_compile_options(danaus_test_flags INTERFACE $<$<CONFIG:Release>:-O2>)

# Kokkos with CUDA compiles every translation unit with nvcc.
function(danaus_set_language)
  if(DANAUS_ENABLE_CUDA)
    set_source_files_properties(${ARGN} PROPERTIES LANGUAGE CUDA)
  endif()
endfunction()

function(danaus_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  if(sources)
    danaus_set_language(${sources})
    add_library(danaus_${name} ${sources})
    set(scope PUBLIC)
    target_link_libraries(danaus_${name} PRIVATE $<BUILD_INTERFACE:danaus_flags>)
    target_include_directories(danaus_${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
    danaus_precompiled_headers(libraries danaus_${name})
  else()
    add_library(danaus_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(danaus::${name} ALIAS danaus_${name})
  set_target_properties(danaus_${name} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(danaus_${name} ${scope} cxx_std_20)
  target_include_directories(danaus_${name} ${scope}
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
  target_link_libraries(danaus_${name} ${scope} ${ARG_DEPENDS})
  set_property(GLOBAL APPEND PROPERTY DANAUS_LIBRARIES danaus_${name})
endfunction()

function(danaus_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  danaus_set_language(${ARG_SOURCES})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE danaus_flags ${ARG_DEPENDS})
  danaus_precompiled_headers(applications ${name})
  set_property(GLOBAL APPEND PROPERTY DANAUS_EXECUTABLES ${name})
endfunction()

function(danaus_test name)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${name}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/golden/")  # programs that made golden files
  if(NOT sources)
    return()
  endif()
  danaus_set_language(${sources})
  add_executable(danaus_${name}_test ${sources})
  target_link_libraries(danaus_${name}_test PRIVATE danaus_test_flags danaus_test_main ${ARG_DEPENDS})
  target_include_directories(danaus_${name}_test PRIVATE ${PROJECT_SOURCE_DIR}/tests ${PROJECT_SOURCE_DIR}/src)
  add_test(NAME ${name} COMMAND danaus_${name}_test)
  danaus_precompiled_headers(tests danaus_${name}_test)
  # What it launches is logged; the test `device` compares that with the list of all kernels.
  set_tests_properties(${name} PROPERTIES DEPENDS device_start ENVIRONMENT
    "KOKKOS_TOOLS_LIBS=$<TARGET_FILE:danaus_kernel_log>;DANAUS_KERNEL_LOG=${PROJECT_BINARY_DIR}/kernel_log/${name}")
  add_dependencies(danaus_${name}_test danaus_kernel_log)
  set_property(GLOBAL APPEND PROPERTY DANAUS_TESTS ${name})
endfunction()
