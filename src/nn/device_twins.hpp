#pragma once

// The plain Kokkos versions behind the vectorised CPU kernels of this folder: what the GPU build runs, and
// what the CPU build is tested against.

#include <danaus/core/complex.hpp>
#include <danaus/core/workspace.hpp>
#include <danaus/nn/activation.hpp>

namespace danaus::nn {

template <class T>
void mix_modes_device(const Exec& space, const Tensor<Complex<T>, 4>& weights, const Tensor<T, 5>& spectrum,
                      const Tensor<T, 5>& out);
template <class T>
void mix_modes_backward_device(const Exec& space, const Tensor<Complex<T>, 4>& weights,
                               const Tensor<T, 5>& spectrum, const Tensor<T, 5>& out_grad,
                               const Tensor<T, 5>& spectrum_grad, const Tensor<Complex<T>, 4>& weights_grad);

template <class T>
void add_pointwise_device(const Exec& space, const Tensor<T, 2>& weights, const Tensor<T, 1>& bias,
                          Activation activation, const Tensor<T, 2>& x, const Tensor<T, 2>& z,
                          const Tensor<T, 2>& out);
template <class T>
void add_pointwise_backward_device(const Exec& space, const Tensor<T, 2>& weights, Activation activation,
                                   const ActivatedPoints<T>& x, const Tensor<T, 2>& z,
                                   const Tensor<T, 2>& out_grad, Workspace& scratch, Write write,
                                   const Tensor<T, 2>& x_grad, const Tensor<T, 2>& weights_grad,
                                   const Tensor<T, 1>& bias_grad);

}  // namespace danaus::nn
