#if defined(DANAUS_HAS_CUDNN)

#include <nn/convolution_cudnn.hpp>

#include <danaus/core/instantiate.hpp>

#include <mutex>

namespace danaus::nn {

namespace {

void require(cudnnStatus_t status, const char* call) {
  if (status != CUDNN_STATUS_SUCCESS)
    throw InternalError(std::string("convolution: ") + call + " failed: " + cudnnGetErrorString(status));
}

/// cuDNN's context of this process, as long as a plan needs it: making one takes a while.
std::shared_ptr<cudnnContext> shared_handle() {
  static std::mutex mutex;
  static std::weak_ptr<cudnnContext> shared;
  const std::lock_guard lock(mutex);
  auto handle = shared.lock();
  if (!handle) {
    cudnnHandle_t made{};
    require(cudnnCreate(&made), "cudnnCreate");
    handle.reset(made, [](cudnnHandle_t h) { cudnnDestroy(h); });
    shared = handle;
  }
  return handle;
}

/// The first, and by cuDNN's estimate fastest, of the algorithms that run and add in a fixed order.
template <class Performance>
auto first_deterministic(const std::vector<Performance>& found) -> std::optional<decltype(found[0].algo)> {
  for (const auto& candidate : found)
    if (candidate.status == CUDNN_STATUS_SUCCESS && candidate.determinism == CUDNN_DETERMINISTIC)
      return candidate.algo;
  return std::nullopt;
}

}  // namespace

template <class T>
CudnnConvolution<T>::CudnnConvolution(const ConvolutionShape& s) : direct_(s), handle_(shared_handle()) {
  const auto type = std::is_same_v<T, float> ? CUDNN_DATA_FLOAT : CUDNN_DATA_DOUBLE;
  require(cudnnCreateTensorDescriptor(&x_), "cudnnCreateTensorDescriptor");
  require(cudnnCreateTensorDescriptor(&y_), "cudnnCreateTensorDescriptor");
  require(cudnnCreateFilterDescriptor(&weights_), "cudnnCreateFilterDescriptor");
  require(cudnnCreateConvolutionDescriptor(&convolution_), "cudnnCreateConvolutionDescriptor");
  require(cudnnSetTensor4dDescriptor(x_, CUDNN_TENSOR_NHWC, type, int(s.batch), int(s.in_channels),
                                     int(s.in_x), int(s.in_y)),
          "cudnnSetTensor4dDescriptor");
  require(cudnnSetTensor4dDescriptor(y_, CUDNN_TENSOR_NHWC, type, int(s.batch), int(s.out_channels),
                                     int(s.out_x()), int(s.out_y())),
          "cudnnSetTensor4dDescriptor");
  require(cudnnSetFilter4dDescriptor(weights_, type, CUDNN_TENSOR_NHWC, int(s.out_channels),
                                     int(s.in_channels), int(s.kernel_x), int(s.kernel_y)),
          "cudnnSetFilter4dDescriptor");
  require(cudnnSetConvolution2dDescriptor(convolution_, int(s.padding_x), int(s.padding_y), int(s.stride),
                                          int(s.stride), 1, 1, CUDNN_CROSS_CORRELATION, type),
          "cudnnSetConvolution2dDescriptor");
  require(cudnnSetConvolutionMathType(convolution_, CUDNN_FMA_MATH), "cudnnSetConvolutionMathType");

  constexpr int most = 16;
  const auto handle = handle_.get();
  int count = 0;
  size_t bytes = 0;
  std::vector<cudnnConvolutionFwdAlgoPerf_t> forward(most);
  if (cudnnGetConvolutionForwardAlgorithm_v7(handle, x_, weights_, convolution_, y_, most, &count,
                                             forward.data()) == CUDNN_STATUS_SUCCESS) {
    forward.resize(size_t(count));
    const auto algorithm = first_deterministic(forward);
    if (algorithm && cudnnGetConvolutionForwardWorkspaceSize(handle, x_, weights_, convolution_, y_,
                                                             *algorithm, &bytes) == CUDNN_STATUS_SUCCESS)
      forward_ = {*algorithm, bytes};
  }
  std::vector<cudnnConvolutionBwdDataAlgoPerf_t> adjoint(most);
  if (cudnnGetConvolutionBackwardDataAlgorithm_v7(handle, weights_, y_, convolution_, x_, most, &count,
                                                  adjoint.data()) == CUDNN_STATUS_SUCCESS) {
    adjoint.resize(size_t(count));
    const auto algorithm = first_deterministic(adjoint);
    if (algorithm && cudnnGetConvolutionBackwardDataWorkspaceSize(handle, weights_, y_, convolution_, x_,
                                                                  *algorithm, &bytes) == CUDNN_STATUS_SUCCESS)
      adjoint_ = {*algorithm, bytes};
  }
  std::vector<cudnnConvolutionBwdFilterAlgoPerf_t> gradient(most);
  if (cudnnGetConvolutionBackwardFilterAlgorithm_v7(handle, x_, y_, convolution_, weights_, most, &count,
                                                    gradient.data()) == CUDNN_STATUS_SUCCESS) {
    gradient.resize(size_t(count));
    const auto algorithm = first_deterministic(gradient);
    if (algorithm && cudnnGetConvolutionBackwardFilterWorkspaceSize(
                         handle, x_, y_, convolution_, weights_, *algorithm, &bytes) == CUDNN_STATUS_SUCCESS)
      gradient_ = {*algorithm, bytes};
  }
}

template <class T>
CudnnConvolution<T>::~CudnnConvolution() {
  cudnnDestroyConvolutionDescriptor(convolution_);
  cudnnDestroyFilterDescriptor(weights_);
  cudnnDestroyTensorDescriptor(y_);
  cudnnDestroyTensorDescriptor(x_);
}

template <class T>
void CudnnConvolution<T>::forward(const Exec& space, const ConstTensor<T, 4>& weights,
                                  const ConstTensor<T, 4>& x, Workspace& scratch,
                                  const Tensor<T, 4>& y) const {
  if (!forward_) return direct_.forward(space, weights, x, scratch, y);
  const T one = 1, zero = 0;
  const auto mark = scratch.mark();
  void* workspace = scratch.take<char, 1>({forward_->bytes}).data();
  require(cudnnSetStream(handle_.get(), space.cuda_stream()), "cudnnSetStream");
  require(cudnnConvolutionForward(handle_.get(), &one, x_, x.data(), weights_, weights.data(), convolution_,
                                  forward_->algorithm, workspace, forward_->bytes, &zero, y_, y.data()),
          "cudnnConvolutionForward");
  scratch.release(mark);
}

template <class T>
void CudnnConvolution<T>::adjoint(const Exec& space, const ConstTensor<T, 4>& weights,
                                  const ConstTensor<T, 4>& y_grad, Workspace& scratch, Write write,
                                  const Tensor<T, 4>& x_grad) const {
  if (!adjoint_) return direct_.adjoint(space, weights, y_grad, scratch, write, x_grad);
  const T one = 1, keep = write == Write::accumulate ? 1 : 0;
  const auto mark = scratch.mark();
  void* workspace = scratch.take<char, 1>({adjoint_->bytes}).data();
  require(cudnnSetStream(handle_.get(), space.cuda_stream()), "cudnnSetStream");
  require(cudnnConvolutionBackwardData(handle_.get(), &one, weights_, weights.data(), y_, y_grad.data(),
                                       convolution_, adjoint_->algorithm, workspace, adjoint_->bytes, &keep,
                                       x_, x_grad.data()),
          "cudnnConvolutionBackwardData");
  scratch.release(mark);
}

template <class T>
void CudnnConvolution<T>::gradient(const Exec& space, const ConstTensor<T, 4>& x,
                                   const ConstTensor<T, 4>& y_grad, Workspace& scratch,
                                   const Tensor<T, 4>& weights_grad) const {
  if (!gradient_) return direct_.gradient(space, x, y_grad, scratch, weights_grad);
  const T one = 1;
  const auto mark = scratch.mark();
  void* workspace = scratch.take<char, 1>({gradient_->bytes}).data();
  require(cudnnSetStream(handle_.get(), space.cuda_stream()), "cudnnSetStream");
  require(cudnnConvolutionBackwardFilter(handle_.get(), &one, x_, x.data(), y_, y_grad.data(), convolution_,
                                         gradient_->algorithm, workspace, gradient_->bytes, &one, weights_,
                                         weights_grad.data()),
          "cudnnConvolutionBackwardFilter");
  scratch.release(mark);
}

#define DANAUS_INSTANTIATE(T) template class CudnnConvolution<T>;
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::nn

#endif
