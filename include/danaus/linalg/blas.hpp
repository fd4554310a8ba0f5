#pragma once

#include <string>

namespace danaus::linalg {

/// Which BLAS runs and how. Applications log it at start-up.
struct BlasInfo {
  std::string library;  ///< e.g. "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ..."
  std::string core;     ///< the CPU it believes to run on, e.g. "SkylakeX"
  int threads = 0;
  std::string warning;  ///< empty, or what is wrong and the line that mends it
};

/// Some OpenBLAS builds take a CPU that they do not know for a Prescott of 2004 and run at a fifth of its
/// speed. The core type is chosen when the library loads, so it cannot be mended from inside: `warning` then
/// says which OPENBLAS_CORETYPE to export before the program starts.
BlasInfo blas_info();

/// Threads inside one BLAS call. Danaus calls BLAS from its own parallel loops and wants 1: more would
/// oversubscribe the cores and make sums depend on the number of threads.
void set_blas_threads(int threads);

}  // namespace danaus::linalg
