#pragma once

// Convolutions by cuDNN in the layout of our tensors (NHWC), by algorithms that add in a fixed order and
// without the short products of TF32. Where cuDNN has none for a geometry, plain loops run.

#include <nn/convolution_direct.hpp>

#include <cudnn.h>

#include <optional>

namespace danaus::nn {

template <class T>
class CudnnConvolution {
 public:
  /// @throws InternalError if cuDNN cannot start
  explicit CudnnConvolution(const ConvolutionShape& shape);
  ~CudnnConvolution();
  CudnnConvolution(const CudnnConvolution&) = delete;
  CudnnConvolution& operator=(const CudnnConvolution&) = delete;

  void forward(const Exec& space, const ConstTensor<T, 4>& weights, const ConstTensor<T, 4>& x,
               Workspace& scratch, const Tensor<T, 4>& y) const;
  void adjoint(const Exec& space, const ConstTensor<T, 4>& weights, const ConstTensor<T, 4>& y_grad,
               Workspace& scratch, Write write, const Tensor<T, 4>& x_grad) const;
  void gradient(const Exec& space, const ConstTensor<T, 4>& x, const ConstTensor<T, 4>& y_grad,
                Workspace& scratch, const Tensor<T, 4>& weights_grad) const;

 private:
  template <class Algorithm>
  struct Choice {
    Algorithm algorithm;
    size_t bytes;  ///< of its scratch memory
  };

  DirectConvolution<T> direct_;
  std::shared_ptr<cudnnContext> handle_;
  cudnnTensorDescriptor_t x_{}, y_{};
  cudnnFilterDescriptor_t weights_{};
  cudnnConvolutionDescriptor_t convolution_{};
  std::optional<Choice<cudnnConvolutionFwdAlgo_t>> forward_;
  std::optional<Choice<cudnnConvolutionBwdDataAlgo_t>> adjoint_;
  std::optional<Choice<cudnnConvolutionBwdFilterAlgo_t>> gradient_;
};

}  // namespace danaus::nn
