#pragma once

#include "timing.hpp"

#include <common/option_table.hpp>

namespace danaus::app {

/// Upper limits of this machine, measured.
struct Roofs {
  double gflops_one_thread = 0, gflops = 0;        ///< float multiply-adds, counted as two
  double gigabytes_one_thread = 0, gigabytes = 0;  ///< per second, of a triad that no cache holds
};
Roofs measure_roofs(const Timing& timing);

/// Independent fused multiply-adds in registers, on every thread: as fast as this CPU can compute.
/// @return operations of one thread
double multiply_adds(size_t iterations);
Contestant peak_contestant();
/// Operations of one call of peak_contestant(), all threads together.
double peak_contestant_flops();

/// `cpu`, `threads`, `simd_floats`, `fft`, `blas`, `blas_core`, `kokkos`; with roofs also `peak_gflops`,
/// `bandwidth_gigabytes` and the same of one thread.
Json machine_json();
Json machine_json(const Roofs& roofs);
std::string machine_text(const Json& machine);

}  // namespace danaus::app
