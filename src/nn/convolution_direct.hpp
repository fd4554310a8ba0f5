#pragma once

// Convolutions by plain loops, for every scalar and device: the reference of the libraries' versions, and
// what runs where there is none.

#include <danaus/nn/convolution_plan.hpp>

namespace danaus::nn {

/// Shapes and sums as in ConvolutionPlan, which checks them.
template <class T>
void convolve_direct(const Exec& space, const ConvolutionShape& shape, const ConstTensor<T, 4>& weights,
                     const ConstTensor<T, 4>& x, const Tensor<T, 4>& y);
template <class T>
void convolve_direct_adjoint(const Exec& space, const ConvolutionShape& shape,
                             const ConstTensor<T, 4>& weights, const ConstTensor<T, 4>& y_grad, Write write,
                             const Tensor<T, 4>& x_grad);
template <class T>
void convolve_direct_gradient(const Exec& space, const ConvolutionShape& shape, const ConstTensor<T, 4>& x,
                              const ConstTensor<T, 4>& y_grad, const Tensor<T, 4>& weights_grad);

/// The same as a backend of ConvolutionPlan.
template <class T>
class DirectConvolution {
 public:
  explicit DirectConvolution(const ConvolutionShape& shape) : shape_(shape) {}

  void forward(const Exec& space, const ConstTensor<T, 4>& weights, const ConstTensor<T, 4>& x, Workspace&,
               const Tensor<T, 4>& y) const {
    convolve_direct<T>(space, shape_, weights, x, y);
  }
  void adjoint(const Exec& space, const ConstTensor<T, 4>& weights, const ConstTensor<T, 4>& y_grad,
               Workspace&, Write write, const Tensor<T, 4>& x_grad) const {
    convolve_direct_adjoint<T>(space, shape_, weights, y_grad, write, x_grad);
  }
  void gradient(const Exec& space, const ConstTensor<T, 4>& x, const ConstTensor<T, 4>& y_grad, Workspace&,
                const Tensor<T, 4>& weights_grad) const {
    convolve_direct_gradient<T>(space, shape_, x, y_grad, weights_grad);
  }

 private:
  ConvolutionShape shape_;
};

}  // namespace danaus::nn
