#pragma once

#include <danaus/core/workspace.hpp>
#include <danaus/nn/activation.hpp>

namespace danaus::nn {

/// The point-wise half of an operator layer, in one pass, completing what the spectral half has written:
///
///     z[p, o]   = z[p, o] + bias[o] + sum_i weights[i, o] x[p, i]
///     out[p, o] = activation(z[p, o])
///
/// for every grid point p (batch, x, y flattened). Channels in = channels out.
///
/// @param weights  (input channel, output channel)
/// @param x        (point, channel)
/// @param z        (point, channel), completed in place; the backward pass needs it
/// @param out      (point, channel), overwritten; may be z itself when the activation is the identity
template <class T>
void add_pointwise(const Exec& space, const Tensor<T, 2>& weights, const Tensor<T, 1>& bias,
                   Activation activation, const Tensor<T, 2>& x, const Tensor<T, 2>& z,
                   const Tensor<T, 2>& out);

/// Grid points whose values a(before) are computed when they are needed: activations are cheaper to compute
/// again than to keep.
template <class T>
struct ActivatedPoints {
  Tensor<T, 2> before;  ///< (point, channel)
  Activation activation = Activation::identity;
  Tensor<T, 2> value = {};  ///< receives the values, where somebody else needs them too
};

/// Backward of add_pointwise. On return out_grad holds the gradient of z, which the spectral half goes on
/// with.
///
///     z_grad = out_grad * activation'(z);   x_grad = z_grad W^T;   W_grad += x^T z_grad;   bias_grad += sum
///     z_grad
///
/// Sums over points run over fixed chunks in order. `scratch` gives and gets back its memory.
template <class T>
void add_pointwise_backward(const Exec& space, const Tensor<T, 2>& weights, Activation activation,
                            const ActivatedPoints<T>& x, const Tensor<T, 2>& z, const Tensor<T, 2>& out_grad,
                            Workspace& scratch, Write write, const Tensor<T, 2>& x_grad,
                            const Tensor<T, 2>& weights_grad, const Tensor<T, 1>& bias_grad);

}  // namespace danaus::nn
