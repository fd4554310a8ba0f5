#pragma once

#include <danaus/core/workspace.hpp>

#include <compare>
#include <memory>

namespace danaus::nn {

/// Geometry of a 2-D convolution: zero padding, the same stride along both axes.
struct ConvolutionShape {
  size_t batch = 1, in_x = 1, in_y = 1, in_channels = 1, out_channels = 1;
  size_t kernel_x = 3, kernel_y = 3, stride = 1, padding_x = 1, padding_y = 1;

  size_t out_x() const { return (in_x + 2 * padding_x - kernel_x) / stride + 1; }
  size_t out_y() const { return (in_y + 2 * padding_y - kernel_y) / stride + 1; }
  Shape<4> weights() const { return {out_channels, kernel_x, kernel_y, in_channels}; }
  Shape<4> input() const { return {batch, in_x, in_y, in_channels}; }
  Shape<4> output() const { return {batch, out_x(), out_y(), out_channels}; }

  auto operator<=>(const ConvolutionShape&) const = default;
};

/// Convolution as neural networks name it (a correlation), its adjoint, and the gradient of its weights:
///
///     y[b, i, j, o] = sum_{k, l, c} weights[o, k, l, c] x[b, s i + k - p_x, s j + l - p_y, c]
///
/// with x = 0 outside the grid. Everything that a geometry needs is prepared once, in the constructor.
///
/// On a CPU oneDNN runs it in float: each piece of a fixed partition of batch and rows by one thread, so the
/// result has the same bits for any number of threads. On a GPU cuDNN does, with its deterministic
/// algorithms. Double on a CPU, and GPU builds without cuDNN, use plain loops, which are slow.
/// Sums run in the precision of T.
template <class T>
class ConvolutionPlan {
 public:
  /// @throws ShapeError unless 0 < stride <= kernel, padding < kernel, and the padded grid holds the kernel
  explicit ConvolutionPlan(const ConvolutionShape& shape);

  const ConvolutionShape& shape() const { return shape_; }

  /// @param weights  (output channel, x, y, input channel)
  /// @param x        (batch, x, y, channel)
  /// @param scratch  gives and gets back the memory of this call
  /// @param y        (batch, x, y, channel), overwritten
  /// @throws ShapeError if a tensor does not have the plan's shape
  void forward(const Exec& space, const ConstTensor<T, 4>& weights, const ConstTensor<T, 4>& x,
               Workspace& scratch, const Tensor<T, 4>& y) const;

  /// Adjoint in x: x_grad[b, m, n, c] = sum over all (o, k, l, i, j) that read x[b, m, n, c] of
  /// weights[o, k, l, c] y_grad[b, i, j, o].
  void adjoint(const Exec& space, const ConstTensor<T, 4>& weights, const ConstTensor<T, 4>& y_grad,
               Workspace& scratch, Write write, const Tensor<T, 4>& x_grad) const;

  /// Adds the gradient of the weights:
  /// weights_grad[o, k, l, c] += sum_{b, i, j} y_grad[b, i, j, o] x[b, s i + k - p_x, s j + l - p_y, c].
  void gradient(const Exec& space, const ConstTensor<T, 4>& x, const ConstTensor<T, 4>& y_grad,
                Workspace& scratch, const Tensor<T, 4>& weights_grad) const;

 private:
  struct Backend;
  ConvolutionShape shape_;
  std::shared_ptr<const Backend> backend_;
};

}  // namespace danaus::nn
