#pragma once

#include "fftw_rival.hpp"

namespace danaus::app {

struct LayerSize {
  size_t points, batch, channels, modes;
};

/// The forward pass of an operator layer as a framework without fused kernels runs it: one whole-array pass
/// after the other, planes (batch, channel, x, y) contiguous, the layout that suits its transforms best.
///
///     FFTW r2c of all planes; zero the new spectrum; for each kept mode gather (batch, input), a complex
///     matrix product (BLAS), scatter; FFTW c2r; the 1x1 convolution as a matrix product per sample (BLAS);
///     sum, bias and GELU in one pass
///
/// Plans are made, and memory is allocated, once; every pass runs on all threads. GELU is the library's own
/// vectorised one.
class EagerLayer {
 public:
  /// @param spectral_weights  (kx, ky, input, output), @param weights (input, output), @param bias (output)
  EagerLayer(const LayerSize& size, FftwEffort effort, const HostTensor<Complex<float>, 4>& spectral_weights,
             const HostTensor<float, 2>& weights, const HostTensor<float, 1>& bias);

  void run() const;

  /// (batch, channel, x, y)
  HostTensor<float, 4> in, out;

 private:
  void mix_modes() const;
  void finish() const;

  LayerSize size_;
  FftwRival forward_, backward_;
  HostTensor<Complex<float>, 4> spectral_weights_;
  HostTensor<float, 2> weights_;  // (output, input)
  HostTensor<float, 1> bias_;
  HostTensor<float, 4> convolved_;
  HostTensor<Complex<float>, 3> gathered_, mixed_;  // (mode, batch, channel)
};

}  // namespace danaus::app
