#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/core/tensor.hpp>

namespace danaus::nn {

/// Channel mixing of a truncated spectrum, the learned part of a Fourier layer:
///
///     out[b, kx, ky, o] = sum_i weights[kx, ky, i, o] spectrum[b, kx, ky, i]
///
/// Spectra hold real and imaginary planes apart: (batch, kx, plane, ky, channel). Each mode is one small
/// complex product over the batch. Source: Li et al. 2021, "Fourier Neural Operator"
/// (doi:10.48550/arXiv.2010.08895).
///
/// @param weights   (kx, ky, input channel, output channel)
/// @param spectrum  (batch, kx, 2, ky, input channel)
/// @param out       (batch, kx, 2, ky, output channel), overwritten
/// @throws ShapeError if the shapes disagree
template <class T>
void mix_modes(const Exec& space, const Tensor<Complex<T>, 4>& weights, const Tensor<T, 5>& spectrum,
               const Tensor<T, 5>& out);

/// Adjoint in the spectrum (overwritten), and the gradient of the weights (added):
/// weights_grad[kx, ky, i, o] += sum_b out_grad[b, .., o] conj(spectrum[b, .., i]), samples in order.
template <class T>
void mix_modes_backward(const Exec& space, const Tensor<Complex<T>, 4>& weights, const Tensor<T, 5>& spectrum,
                        const Tensor<T, 5>& out_grad, const Tensor<T, 5>& spectrum_grad,
                        const Tensor<Complex<T>, 4>& weights_grad);

}  // namespace danaus::nn
