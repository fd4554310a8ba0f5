#pragma once

#include <danaus/core/tensor.hpp>
#include <danaus/nn/activation.hpp>

// Kernels of TwoLayerConvolution. Tensors with a border of one zero pixel are called framed; taps are counted
// t = 3 dx + dy, dx and dy from 0 to 2; `mirrored` takes tap 8 - t instead, which is the adjoint's.

namespace danaus::nn {

inline constexpr int conv_taps = 9;
inline constexpr int conv_chunks = 32;  ///< parts of the sums over rows

/// framed = x with its border.
template <class T>
void frame(const Exec& space, const Tensor<T, 4>& x, const Tensor<T, 4>& framed);

/// out(b, i, j, h) = a(bias(h) + sum w(tap, c, h) in(b, i + dx, j + dy, c)), a = gelu if `activated`, else
/// the identity; in framed, out framed with its border cleared. bias may be empty.
template <class T>
void convolve_to_hidden(const Exec& space, const Tensor<T, 3>& w, const Tensor<T, 1>& bias, bool mirrored,
                        bool activated, const Tensor<T, 4>& in, const Tensor<T, 4>& out);

/// out(b, i, j, c) = bias(c) + sum w(tap, c, h) in(b, i + dx, j + dy, h); in framed, out without frame.
template <class T>
void convolve_from_hidden(const Exec& space, const Tensor<T, 3>& w, const Tensor<T, 1>& bias, bool mirrored,
                          const Tensor<T, 4>& in, Write write, const Tensor<T, 4>& out);

/// w_grad(tap, c, h) += sum over pixels of channels(.., c) hidden(.., h), the one at the pixel and the other
/// at its tap: `channels` moves if moves_channels, else `hidden`. Both framed.
template <class T>
void convolution_weight_gradient(const Exec& space, bool moves_channels, const Tensor<T, 4>& channels,
                                 const Tensor<T, 4>& hidden, const Tensor<T, 4>& partial,
                                 const Tensor<T, 3>& w_grad);

/// hidden = gelu(z), entry by entry.
template <class T>
void activate_all(const Exec& space, const Tensor<T, 4>& z, const Tensor<T, 4>& hidden);
/// grad *= gelu'(z).
template <class T>
void multiply_by_slope(const Exec& space, const Tensor<T, 4>& z, const Tensor<T, 4>& grad);

/// sum(c) += x over all pixels, framed or not. @param partial  (conv_chunks, channel)
template <class T>
void sum_channels(const Exec& space, const Tensor<T, 4>& x, const Tensor<T, 2>& partial,
                  const Tensor<T, 1>& sum);

}  // namespace danaus::nn
