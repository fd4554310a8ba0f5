#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/core/tensor.hpp>
#include <danaus/fft/half_spectrum.hpp>
#include <danaus/fft/serial_plan.hpp>

#include <memory>
#include <vector>

/// Discrete Fourier transforms of device tensors, along adjacent axes of any array, of any size, in one to
/// three dimensions, through FFTW on a CPU and cuFFT on a GPU.
///
/// Nothing is normalised: backward(forward(x)) = N x, N = product of the transformed extents.
///   forward   X[k] = sum_j x[j] exp(-2 pi i k j / n)      backward  x[j] = sum_k X[k] exp(+2 pi i k j / n)
///
/// Results do not depend on the number of threads or on a sample's place in the batch: the work is cut by
/// shape alone, and every piece has its own single-threaded plan.
namespace danaus::fft {

/// A row-major array seen as (outer, n_0 .. n_{d-1}, inner), of which the n are transformed. A
/// channels-innermost tensor (batch, x, y, channel) along x and y: outer = batch, n = {x, y}, inner =
/// channel; along x alone: n = {x}, inner = y * channel.
struct Geometry {
  size_t outer = 1;
  std::vector<size_t> n;
  size_t inner = 1;

  /// Points of one transform.
  size_t points() const;
};

/// Axes first .. first + count - 1 of a row-major shape (of the real array, for real transforms).
/// @throws ShapeError if there are no such axes, or not one to three of them
template <size_t R>
Geometry geometry(const std::array<size_t, R>& shape, size_t first, size_t count);

namespace detail {
enum class Transform { complex_forward, complex_backward, real_forward, real_backward };

template <class R>
class PlanBackend;

template <class R>
class PlanBase {
 public:
  const Geometry& geometry() const { return geometry_; }
  size_t real_size() const { return geometry_.outer * geometry_.points() * geometry_.inner; }
  /// Entries of the half spectrum: the last transformed axis has n/2 + 1.
  size_t half_spectrum_size() const {
    return real_size() / geometry_.n.back() * half_size(geometry_.n.back());
  }

 protected:
  PlanBase(const Geometry& geometry, Transform transform, Planning planning);
  void run(const Exec& space, void* in, void* out) const;

  Geometry geometry_;

 private:
  std::shared_ptr<const PlanBackend<R>> out_of_place_, in_place_;
};

/// @throws ShapeError "what: expected N entries, found M"
void require_size(const char* what, size_t expected, size_t found);
}  // namespace detail

/// Complex to complex. `x` and `y` may be the same tensor, but not overlap otherwise.
template <class R>
class ComplexPlan : public detail::PlanBase<R> {
 public:
  ComplexPlan(const Geometry& geometry, Direction direction, Planning planning = Planning::estimate)
      : detail::PlanBase<R>(geometry,
                            direction == Direction::forward ? detail::Transform::complex_forward
                                                            : detail::Transform::complex_backward,
                            planning) {}

  /// @throws ShapeError if the number of entries is not the geometry's
  template <class Input, class Output>
  void operator()(const Exec& space, const Input& x, const Output& y) const {
    static_assert(std::is_same_v<typename Input::non_const_value_type, Complex<R>>);
    static_assert(std::is_same_v<typename Output::value_type, Complex<R>>);
    detail::require_size("ComplexPlan: input", this->real_size(), x.size());
    detail::require_size("ComplexPlan: output", this->real_size(), y.size());
    this->run(space, const_cast<Complex<R>*>(x.data()), y.data());
  }
};

/// Real (outer, .., n, inner) to half spectrum (outer, .., n/2 + 1, inner); the last transformed axis is
/// halved.
template <class R>
class RealForwardPlan : public detail::PlanBase<R> {
 public:
  explicit RealForwardPlan(const Geometry& geometry, Planning planning = Planning::estimate)
      : detail::PlanBase<R>(geometry, detail::Transform::real_forward, planning) {}

  /// @throws ShapeError if a number of entries is not the geometry's
  template <class Input, class Output>
  void operator()(const Exec& space, const Input& x, const Output& spectrum) const {
    static_assert(std::is_same_v<typename Input::non_const_value_type, R>);
    static_assert(std::is_same_v<typename Output::value_type, Complex<R>>);
    detail::require_size("RealForwardPlan: input", this->real_size(), x.size());
    detail::require_size("RealForwardPlan: output", this->half_spectrum_size(), spectrum.size());
    this->run(space, const_cast<R*>(x.data()), spectrum.data());
  }
};

/// Half spectrum to real: x[j] = sum over the half axis of c_k Re(X_k exp(+2 pi i k j / n)), c_k =
/// half_weight.
/// **Destroys its input.**
template <class R>
class RealBackwardPlan : public detail::PlanBase<R> {
 public:
  explicit RealBackwardPlan(const Geometry& geometry, Planning planning = Planning::estimate)
      : detail::PlanBase<R>(geometry, detail::Transform::real_backward, planning) {}

  /// @throws ShapeError if a number of entries is not the geometry's
  template <class Input, class Output>
  void operator()(const Exec& space, const Input& spectrum, const Output& x) const {
    static_assert(std::is_same_v<typename Input::value_type, Complex<R>>);
    static_assert(std::is_same_v<typename Output::value_type, R>);
    detail::require_size("RealBackwardPlan: input", this->half_spectrum_size(), spectrum.size());
    detail::require_size("RealBackwardPlan: output", this->real_size(), x.size());
    this->run(space, spectrum.data(), x.data());
  }
};

/// Adjoint of RealForwardPlan in the inner product Re sum conj(a) b over the kept entries:
/// x_grad = backward(X_grad / c). `backward` has the forward plan's geometry. **Destroys X_grad.**
template <class R>
void real_forward_adjoint(const Exec& space, const RealBackwardPlan<R>& backward,
                          Tensor<Complex<R>, 1> spectrum_grad, Tensor<R, 1> x_grad);

/// Adjoint of RealBackwardPlan: X_grad = c * forward(x_grad).
template <class R>
void real_backward_adjoint(const Exec& space, const RealForwardPlan<R>& forward, ConstTensor<R, 1> x_grad,
                           Tensor<Complex<R>, 1> spectrum_grad);

/// Any contiguous tensor as one axis, to hand to the adjoints.
template <class View>
auto flat(const View& view) {
  using T = typename View::value_type;
  return Kokkos::View<T*, Kokkos::LayoutRight, typename View::memory_space>(view.data(), view.size());
}

template <size_t R>
Geometry geometry(const std::array<size_t, R>& shape, size_t first, size_t count) {
  if (count < 1 || count > 3 || first + count > R)
    throw ShapeError("fft::geometry: axes " + std::to_string(first) + " .. " +
                     std::to_string(first + count - 1) + " of an array of rank " + std::to_string(R));
  Geometry g;
  for (size_t axis = 0; axis < first; ++axis) g.outer *= shape[axis];
  g.n.assign(shape.begin() + first, shape.begin() + first + count);
  for (size_t axis = first + count; axis < R; ++axis) g.inner *= shape[axis];
  return g;
}

}  // namespace danaus::fft
