#pragma once

#include <danaus/core/workspace.hpp>
#include <danaus/nn/activation.hpp>

namespace danaus::nn {

/// Weights of a Projection, or their gradients.
template <class T>
struct ProjectionWeights {
  Tensor<T, 2> weights_1;  ///< (width, hidden)
  Tensor<T, 1> bias_1;     ///< (hidden)
  Tensor<T, 2> weights_2;  ///< (channel, hidden)
  Tensor<T, 1> bias_2;     ///< (channel)
};

template <class T>
void project(const Exec& space, const ProjectionWeights<T>& w, Activation activation, const Tensor<T, 4>& x,
             const Tensor<T, 4>& y);
/// x_grad may be empty: no gradient wanted. The gradient of the padding is zero.
template <class T>
void project_backward(const Exec& space, const ProjectionWeights<T>& w, Activation activation,
                      const Tensor<T, 4>& x, const Tensor<T, 4>& y_grad, Workspace& scratch, Write write,
                      const Tensor<T, 4>& x_grad, const ProjectionWeights<T>& w_grad);
template <class T>
void project_device(const Exec& space, const ProjectionWeights<T>& w, Activation activation,
                    const Tensor<T, 4>& x, const Tensor<T, 4>& y);
template <class T>
void project_backward_device(const Exec& space, const ProjectionWeights<T>& w, Activation activation,
                             const Tensor<T, 4>& x, const Tensor<T, 4>& y_grad, Workspace& scratch,
                             Write write, const Tensor<T, 4>& x_grad, const ProjectionWeights<T>& w_grad);

}  // namespace danaus::nn
