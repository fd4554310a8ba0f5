#pragma once

#include <danaus/autograd/parameter_store.hpp>
#include <danaus/autograd/tape.hpp>
#include <danaus/nn/activation.hpp>

namespace danaus::nn {

/// Two 3 x 3 convolutions of few channels, zero outside the plane:
///
///     h[p, j]   = gelu(b1[j] + sum_{taps, c} w1[tap, c, j] x[p + tap, c])
///     out[p, c] = b2[c] + sum_{taps, j} w2[tap, c, j] h[p + tap, j]
///
/// with channels c innermost on both sides and `hidden` channels j, which fill vectors. w1 starts uniform in
/// +-1 / sqrt(9 channels), all else at 0, so that the layer starts as 0. Direct loops: for wide layers use a
/// library's convolution.
template <class T>
class TwoLayerConvolution {
 public:
  /// @param hidden  8, 16 or 32 @throws UsageError for others
  TwoLayerConvolution(ParameterStore<T>& store, const std::string& name, size_t channels, size_t hidden);
  /// Sets the initial weights from (seed, stream); call after the store is frozen.
  void initialize(std::uint64_t seed, std::uint64_t stream) const;

  /// @param x  (batch, x, y, channel) @return the same shape
  Var<T, 4> operator()(Tape& tape, const Var<T, 4>& x) const;

  const Parameter<T, 3>& weights_1() const { return weights_1_; }
  const Parameter<T, 3>& weights_2() const { return weights_2_; }

 private:
  size_t channels_, hidden_;
  Parameter<T, 3> weights_1_, weights_2_;  // (tap, channel, hidden)
  Parameter<T, 1> bias_1_, bias_2_;
};

}  // namespace danaus::nn
