#pragma once

namespace danaus::app {

/// Where OpenBLAS runs kernels with narrower vectors than this CPU has (linalg::BlasInfo::better_core), sets
/// OPENBLAS_CORETYPE and executes the program again with the same arguments: OpenBLAS chooses while the
/// program loads, before main, and never again. Does nothing, and returns, if the variable is set already
/// (the user's choice wins, and the second start must not lead to a third), if OpenBLAS has chosen well, or
/// if the program cannot be executed again. To be called first in main, before any thread exists.
void choose_blas_core(char** argv);

}  // namespace danaus::app
