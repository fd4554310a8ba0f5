#include <danaus/fft/plan.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/instantiate.hpp>
#include <fft/plan_backend.hpp>

namespace danaus::fft {

size_t Geometry::points() const {
  size_t points = 1;
  for (size_t extent : n) points *= extent;
  return points;
}

namespace detail {

void require_size(const char* what, size_t expected, size_t found) {
  if (expected != found)
    throw ShapeError(std::string(what) + ": expected " + std::to_string(expected) + " entries, found " +
                     std::to_string(found));
}

template <class R>
PlanBase<R>::PlanBase(const Geometry& geometry, Transform transform, Planning planning)
    : geometry_(geometry) {
  if (geometry.n.empty() || geometry.n.size() > 3)
    throw ShapeError("fft: expected one to three transformed axes, found " +
                     std::to_string(geometry.n.size()));
  if (geometry.points() == 0) throw ShapeError("fft: a transformed axis has no points");
  if (real_size() == 0) return;
  out_of_place_ = std::make_shared<const PlanBackend<R>>(geometry, transform, false, planning);
  if (transform == Transform::complex_forward || transform == Transform::complex_backward)
    in_place_ = std::make_shared<const PlanBackend<R>>(geometry, transform, true, planning);
}

template <class R>
void PlanBase<R>::run(const Exec& space, void* in, void* out) const {
  if (real_size() == 0) return;
  if (in == out && !in_place_) throw ShapeError("fft: a real transform cannot run in place");
  (in == out ? in_place_ : out_of_place_)->run(space, in, out);
}

template class PlanBase<float>;
template class PlanBase<double>;

/// The half spectrum with its halved axis in the middle.
template <class R>
Tensor<Complex<R>, 3> halved_axis(const Geometry& geometry, const Tensor<Complex<R>, 1>& spectrum) {
  const size_t half = half_size(geometry.n.back());
  return Tensor<Complex<R>, 3>(spectrum.data(), spectrum.size() / (half * geometry.inner), half,
                               geometry.inner);
}

}  // namespace detail

template <class R>
void real_forward_adjoint(const Exec& space, const RealBackwardPlan<R>& backward,
                          Tensor<Complex<R>, 1> spectrum_grad, Tensor<R, 1> x_grad) {
  const Geometry& geometry = backward.geometry();
  detail::require_size("real_forward_adjoint: spectrum_grad", backward.half_spectrum_size(),
                       spectrum_grad.size());
  if (spectrum_grad.size() == 0) return;
  weight_half_spectrum<R>(space, HalfWeight::divide, geometry.n.back(), R(1),
                          detail::halved_axis<R>(geometry, spectrum_grad));
  backward(space, spectrum_grad, x_grad);
}

template <class R>
void real_backward_adjoint(const Exec& space, const RealForwardPlan<R>& forward, ConstTensor<R, 1> x_grad,
                           Tensor<Complex<R>, 1> spectrum_grad) {
  const Geometry& geometry = forward.geometry();
  forward(space, x_grad, spectrum_grad);
  if (spectrum_grad.size() == 0) return;
  weight_half_spectrum<R>(space, HalfWeight::multiply, geometry.n.back(), R(1),
                          detail::halved_axis<R>(geometry, spectrum_grad));
}

#define DANAUS_INSTANTIATE(R)                                                                           \
  template void real_forward_adjoint<R>(const Exec&, const RealBackwardPlan<R>&, Tensor<Complex<R>, 1>, \
                                        Tensor<R, 1>);                                                  \
  template void real_backward_adjoint<R>(const Exec&, const RealForwardPlan<R>&, ConstTensor<R, 1>,     \
                                         Tensor<Complex<R>, 1>);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::fft
