#pragma once

#include "bench_context.hpp"

namespace danaus::app {

/// The cases of `danaus-bench transform`; each checks that the rivals compute the same, times, and appends
/// its rows.

/// Complex vectors of n points in the lane layout against FFTW in its best layout, about 1 MiB per thread.
void bench_complex_1d(const BenchContext& context, size_t n, Json& results);
/// Complex planes of n x n points, natural order in and out, against FFTW in its best layout.
void bench_complex_2d(const BenchContext& context, size_t n, Json& results);
/// Real planes of n x n points to the half spectrum, full and pruned to `modes`, against r2c, two real planes
/// in one complex transform, and (pruned) the dense pruned DFT as matrix products.
void bench_real_2d(const BenchContext& context, size_t n, size_t modes, Json& results);
/// Complex vectors of n points against the dense matrix product with the same vectors.
void bench_dense(const BenchContext& context, size_t n, Json& results);
/// Blocks 8 to 32, complex and real, against a loop of independent multiply-adds: rows per block, then the
/// best and the median share of the peak.
void bench_share_of_peak(const BenchContext& context, Json& results);

}  // namespace danaus::app
