#pragma once

#include <string>

namespace danaus::linalg {

/// Which BLAS runs and how. Applications report it (`--version`) and start anew where it is wrong.
struct BlasInfo {
  std::string library;  ///< e.g. "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH ..."
  std::string core;     ///< the CPU it believes to run on, e.g. "SkylakeX"
  int threads = 0;
  std::string better_core;  ///< empty, or the OPENBLAS_CORETYPE with wider vectors that this CPU can run
  std::string warning;      ///< empty, or what is wrong and the line that mends it
};

/// Some OpenBLAS builds take a CPU that they do not know for a Prescott of 2004, or one with AVX-512 for a
/// Haswell, and run at a fifth or half of its speed. OpenBLAS reads OPENBLAS_CORETYPE when the library loads,
/// before main, so it cannot be mended from inside: a program sets the variable to `better_core` and executes
/// itself again (apps/common/blas_core.hpp), a library says so in `warning`.
BlasInfo blas_info();

/// The widest vector instructions of a CPU that matter to OpenBLAS.
enum class VectorSet { sse, avx2, avx512 };
VectorSet cpu_vector_set();

/// The core type that OpenBLAS should run in place of `core`, empty if `core` already uses the CPU's vectors
/// or is not known.
std::string better_blas_core(const std::string& core, VectorSet vectors);

/// Threads inside one BLAS call. Danaus calls BLAS from its own parallel loops and wants 1: more would
/// oversubscribe the cores and make sums depend on the number of threads.
void set_blas_threads(int threads);

}  // namespace danaus::linalg
