#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/monarch/block_product.hpp>
#include <danaus/monarch/fourier.hpp>

#include <vector>

/// Real matrices that are parts of a complex DFT, in real factors.
///
/// A complex number is a pair of reals, so each slice of the DFT's Monarch factors (rank one over the complex
/// numbers) is a slice of real rank two: the inner width doubles and nothing else changes. Cosine, sine and
/// Hartley transforms differ only in what they read, in which order, and with which weights.
namespace danaus::monarch {

/// y[t] = Re(gain_t V[frequency_t]),  V[o] = sum_s exp(sign 2 pi i o s / n) weight_s x[source_s],
/// with sources and frequencies each a permutation of 0 .. n-1.
struct RealFourier {
  struct Input {
    size_t source;
    double weight = 1;
  };
  struct Output {
    size_t frequency;
    Complex<double> gain = {1, 0};
  };
  Fourier sign = Fourier::forward;
  std::vector<Input> inputs = {};
  std::vector<Output> outputs = {};
};

/// Two real factors: n/b blocks of 2b x b, then b blocks of n/b x 2n/b. The first factor of the product only
/// orders the outputs.
template <class R>
BlockProduct<R> real_fourier(const RealFourier& transform, size_t block);

/// A complex DFT of m points on real pairs: with z[s] = x[inputs[2s]] + i x[inputs[2s+1]],
///
///     w[o] = post[o] sum_s exp(sign 2 pi i o s / m) pre[s] z[s],   y[outputs[2o]] = Re w[o],
///                                                                  y[outputs[2o+1]] = Im w[o]
struct PairedFourier {
  Fourier sign = Fourier::forward;
  std::vector<size_t> inputs = {}, outputs = {};
  std::vector<Complex<double>> pre = {}, post = {};
};

/// Two real factors: m/b blocks of 2b x 2b, then b blocks of 2m/b x 2m/b.
template <class R>
BlockProduct<R> paired_fourier(const PairedFourier& transform, size_t block);

}  // namespace danaus::monarch
