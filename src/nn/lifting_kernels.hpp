#pragma once

#include <danaus/core/workspace.hpp>

namespace danaus::nn {

inline constexpr size_t max_frames = 64;

/// The frames of a history as kernels see them: (batch, nx, ny, channel) each.
template <class T>
struct LiftingInput {
  const T* frame[max_frames];
  size_t frames, batch, nx, ny, channels, padding;

  KOKKOS_INLINE_FUNCTION size_t inputs() const { return frames * channels + 2; }
  /// Input k of the point (b, i, j).
  KOKKOS_INLINE_FUNCTION T at(size_t b, size_t i, size_t j, size_t k) const {
    if (k >= frames * channels) {
      const bool along_x = k == frames * channels;
      const size_t n = along_x ? nx : ny;
      return n > 1 ? T(double(along_x ? i : j) / double(n - 1)) : T(0);
    }
    return frame[k / channels][((b * nx + i) * ny + j) * channels + k % channels];
  }
};

/// Where the gradients of the frames go; null where none is wanted.
template <class T>
struct LiftingGradient {
  T* frame[max_frames];
  Write write[max_frames];
  bool any;
};

template <class T>
void lift(const Exec& space, const LiftingInput<T>& in, const Tensor<T, 2>& weights, const Tensor<T, 1>& bias,
          const Tensor<T, 4>& y);
template <class T>
void lift_backward(const Exec& space, const LiftingInput<T>& in, const Tensor<T, 2>& weights,
                   const Tensor<T, 4>& y_grad, Workspace& scratch, const LiftingGradient<T>& in_grad,
                   const Tensor<T, 2>& weights_grad, const Tensor<T, 1>& bias_grad);
template <class T>
void lift_device(const Exec& space, const LiftingInput<T>& in, const Tensor<T, 2>& weights,
                 const Tensor<T, 1>& bias, const Tensor<T, 4>& y);
template <class T>
void lift_backward_device(const Exec& space, const LiftingInput<T>& in, const Tensor<T, 2>& weights,
                          const Tensor<T, 4>& y_grad, Workspace& scratch, const LiftingGradient<T>& in_grad,
                          const Tensor<T, 2>& weights_grad, const Tensor<T, 1>& bias_grad);

}  // namespace danaus::nn
