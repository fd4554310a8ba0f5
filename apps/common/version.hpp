#pragma once

#include "option_table.hpp"

namespace danaus::app {

/// "0.1.0"
std::string version();
/// Of the source tree at build time, with "-dirty" if it differed; "unknown" outside a repository.
std::string commit();
/// "danaus 0.1.0 (COMMIT)", the `created_by` of files.
std::string created_by();

/// Version, commit, compiler, Kokkos version and backend, FFT, BLAS and HDF5 libraries.
Json version_json(const std::string& program);
std::string version_text(const std::string& program);

}  // namespace danaus::app
