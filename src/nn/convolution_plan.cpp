#include <danaus/nn/convolution_plan.hpp>

#include <danaus/core/instantiate.hpp>
#include <nn/convolution_backend.hpp>

namespace danaus::nn {

namespace {

const ConvolutionShape& checked(const ConvolutionShape& s) {
  const auto text = [](size_t x, size_t y) { return std::to_string(x) + " x " + std::to_string(y); };
  if (s.batch == 0 || s.in_channels == 0 || s.out_channels == 0)
    throw ShapeError("convolution: batch and channels must be at least 1, found batch " +
                     std::to_string(s.batch) + ", channels " + std::to_string(s.in_channels) + " and " +
                     std::to_string(s.out_channels));
  if (s.stride == 0 || s.stride > std::min(s.kernel_x, s.kernel_y) || s.padding_x >= s.kernel_x ||
      s.padding_y >= s.kernel_y)
    throw ShapeError(
        "convolution: stride must be 1 to the kernel's size and padding below it, found kernel " +
        text(s.kernel_x, s.kernel_y) + ", stride " + std::to_string(s.stride) + ", padding " +
        text(s.padding_x, s.padding_y));
  if (s.in_x + 2 * s.padding_x < s.kernel_x || s.in_y + 2 * s.padding_y < s.kernel_y || s.in_x == 0 ||
      s.in_y == 0)
    throw ShapeError("convolution: a grid of " + text(s.in_x, s.in_y) + " points with padding " +
                     text(s.padding_x, s.padding_y) + " is smaller than the kernel of " +
                     text(s.kernel_x, s.kernel_y));
  return s;
}

}  // namespace

template <class T>
struct ConvolutionPlan<T>::Backend : ConvolutionBackend<T> {
  using ConvolutionBackend<T>::ConvolutionBackend;
};

template <class T>
ConvolutionPlan<T>::ConvolutionPlan(const ConvolutionShape& shape)
    : shape_(checked(shape)), backend_(std::make_shared<const Backend>(shape)) {}

template <class T>
void ConvolutionPlan<T>::forward(const Exec& space, const ConstTensor<T, 4>& weights,
                                 const ConstTensor<T, 4>& x, Workspace& scratch,
                                 const Tensor<T, 4>& y) const {
  require_shape("convolution: weights", weights, shape_.weights());
  require_shape("convolution: x", x, shape_.input());
  require_shape("convolution: y", y, shape_.output());
  backend_->forward(space, weights, x, scratch, y);
}

template <class T>
void ConvolutionPlan<T>::adjoint(const Exec& space, const ConstTensor<T, 4>& weights,
                                 const ConstTensor<T, 4>& y_grad, Workspace& scratch, Write write,
                                 const Tensor<T, 4>& x_grad) const {
  require_shape("convolution adjoint: weights", weights, shape_.weights());
  require_shape("convolution adjoint: y_grad", y_grad, shape_.output());
  require_shape("convolution adjoint: x_grad", x_grad, shape_.input());
  backend_->adjoint(space, weights, y_grad, scratch, write, x_grad);
}

template <class T>
void ConvolutionPlan<T>::gradient(const Exec& space, const ConstTensor<T, 4>& x,
                                  const ConstTensor<T, 4>& y_grad, Workspace& scratch,
                                  const Tensor<T, 4>& weights_grad) const {
  require_shape("convolution gradient: x", x, shape_.input());
  require_shape("convolution gradient: y_grad", y_grad, shape_.output());
  require_shape("convolution gradient: weights_grad", weights_grad, shape_.weights());
  backend_->gradient(space, x, y_grad, scratch, weights_grad);
}

#define DANAUS_INSTANTIATE(T) template class ConvolutionPlan<T>;
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::nn
