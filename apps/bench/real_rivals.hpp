#pragma once

#include "bench_context.hpp"

namespace danaus::app {

/// Real planes of n x n points, (sample, 32 channels), whose spectrum is wanted at kept modes only.
struct RealPlanes {
  size_t n, samples;
  std::vector<size_t> kx, ky;  ///< kept indices; ky up to n/2

  size_t vectors() const { return samples * tile_lanes; }
  size_t points() const { return kx.size() * ky.size(); }
};

/// The rivals' output is by plane and kept mode, point = kx * ky.size() + ky.

/// Real-to-complex transforms by FFTW, or cuFFT on a GPU; all modes are computed, the kept ones lie among
/// them. The last one has the layout nearest to ours.
std::vector<Rival> real_to_complex_rivals(const BenchContext& context, const RealPlanes& planes,
                                          const Values& input);

/// Two real planes as real and imaginary part of one complex FFTW transform Z, separated at the kept modes:
/// X_a(k) = (Z(k) + conj Z(-k)) / 2, X_b(k) = (Z(k) - conj Z(-k)) / 2i.
std::vector<Rival> two_in_one_rivals(const BenchContext& context, const RealPlanes& planes,
                                     const Values& input);

/// The pruned DFT along y, then along x, as products with dense matrices by BLAS.
std::vector<Rival> dense_dft_rivals(const RealPlanes& planes, const Values& input);

}  // namespace danaus::app
