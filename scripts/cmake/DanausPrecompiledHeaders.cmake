# danaus_precompiled_headers(GROUP TARGET): what nearly every translation unit reads first, compiled once for all
# libraries, once for all applications and once for all tests, whose options differ.
# -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON builds without; so does the CUDA build, whose compiler knows none.

function(danaus_precompiled_headers group target)
  if(DANAUS_ENABLE_CUDA)
    return()
  endif()
  if(NOT TARGET danaus_headers_of_${group})
    danaus_header_group(${group})
  endif()
  target_precompile_headers(${target} REUSE_FROM danaus_headers_of_${group})
  # With precompiled headers GCC 12's bug in std::string's operator+ (105651) shows under more names.
  target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow;-Wno-array-bounds>)
endfunction()

# A target that exists for its headers: a library or, where code is not position-independent alike, a program.
function(danaus_header_group group)
  set(name danaus_headers_of_${group})
  set(flags danaus_flags)
  set(headers <Kokkos_Core.hpp> <Kokkos_SIMD.hpp>
    <algorithm> <array> <cmath> <filesystem> <functional> <map> <memory> <optional> <string> <vector>)
  if(group STREQUAL "tests")
    set(flags danaus_test_flags)
    list(APPEND headers ${PROJECT_SOURCE_DIR}/tests/support/catch.hpp)
  endif()
  set(source ${PROJECT_BINARY_DIR}/precompiled_headers/empty.cpp)
  file(CONFIGURE OUTPUT ${source} CONTENT "int main() {}\n")
  if(group STREQUAL "libraries")
    add_library(${name} OBJECT EXCLUDE_FROM_ALL ${source})
  else()
    add_executable(${name} EXCLUDE_FROM_ALL ${source})
  endif()
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/precompiled_headers)
  target_link_libraries(${name} PRIVATE ${flags} Kokkos::kokkos)
  target_precompile_headers(${name} PRIVATE ${headers})
endfunction()
