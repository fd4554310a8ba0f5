#include <danaus/fft/symmetric_plan.hpp>

#include <danaus/core/instantiate.hpp>

namespace danaus::fft {

/// extended(i) = ± x(j): where index i of the doubled periodic axis reads, and with which sign.
struct Mirror {
  Symmetry symmetry;
  size_t n;

  KOKKOS_INLINE_FUNCTION size_t period() const {
    return symmetry == Symmetry::sine ? 2 * (n + 1) : 2 * (n - 1);
  }
  KOKKOS_INLINE_FUNCTION size_t source(size_t i) const {
    if (symmetry == Symmetry::cosine) return i < n ? i : period() - i;
    return i <= n ? i - 1 : period() - i - 1;
  }
  KOKKOS_INLINE_FUNCTION int sign(size_t i) const {
    if (symmetry == Symmetry::cosine) return 1;
    return i == 0 || i == n + 1 ? 0 : i <= n ? 1 : -1;
  }
  /// Index of the extension's spectrum that holds coefficient k.
  KOKKOS_INLINE_FUNCTION size_t coefficient(size_t k) const { return symmetry == Symmetry::sine ? k + 1 : k; }
};

template <class R>
void extend(const Exec& space, Mirror mx, Mirror my, ConstTensor<R, 3> x, Tensor<R, 3> extended) {
  Kokkos::parallel_for(
      "danaus::fft::extend",
      Indices<3>(space, {0, 0, 0}, {extended.extent(0), extended.extent(1), extended.extent(2)}),
      KOKKOS_LAMBDA(size_t s, size_t i, size_t j) {
        const int sign = mx.sign(i) * my.sign(j);
        extended(s, i, j) = sign == 0 ? R(0) : R(sign) * x(s, mx.source(i), my.source(j));
      });
}

template <class R>
void restrict_spectrum(const Exec& space, Mirror mx, Mirror my, ConstTensor<Complex<R>, 3> spectrum,
                       Tensor<R, 3> y) {
  // Odd times odd: (-2i)^2 / 4 = -1 per pair of sines.
  const R factor = mx.symmetry == Symmetry::sine ? R(-1) : R(1);
  Kokkos::parallel_for(
      "danaus::fft::restrict_spectrum", Indices<3>(space, {0, 0, 0}, {y.extent(0), y.extent(1), y.extent(2)}),
      KOKKOS_LAMBDA(size_t s, size_t i, size_t j) {
        y(s, i, j) = factor * spectrum(s, mx.coefficient(i), my.coefficient(j)).real();
      });
}

template <class R>
SymmetricPlan<R>::SymmetricPlan(Symmetry symmetry, size_t batch, size_t nx, size_t ny)
    : symmetry_(symmetry), batch_(batch), nx_(nx), ny_(ny) {
  const size_t least = symmetry == Symmetry::sine ? 1 : 2;
  if (nx < least || ny < least)
    throw ShapeError("fft::SymmetricPlan: expected at least " + std::to_string(least) +
                     " points per axis, found " + std::to_string(nx) + " and " + std::to_string(ny));
#if defined(KOKKOS_ENABLE_CUDA)
  extended_ = std::make_shared<const RealForwardPlan<R>>(extended_geometry());
#endif
}

template <class R>
Geometry SymmetricPlan<R>::extended_geometry() const {
  return {batch_, {Mirror{symmetry_, nx_}.period(), Mirror{symmetry_, ny_}.period()}, 1};
}

template <class R>
double SymmetricPlan<R>::normalisation() const {
  return double(Mirror{symmetry_, nx_}.period()) * double(Mirror{symmetry_, ny_}.period());
}

template <class R>
void SymmetricPlan<R>::require(const ConstTensor<R, 3>& x, const Tensor<R, 3>& y) const {
  require_shape("SymmetricPlan: input", x, {batch_, nx_, ny_});
  require_shape("SymmetricPlan: output", y, {batch_, nx_, ny_});
}

template <class R>
void SymmetricPlan<R>::by_extension(const Exec& space, ConstTensor<R, 3> x, Tensor<R, 3> y) const {
  require(x, y);
  const Mirror mx{symmetry_, nx_}, my{symmetry_, ny_};
  const auto extended = uninitialized<R, 3>("danaus::fft::extended", {batch_, mx.period(), my.period()});
  const auto spectrum =
      uninitialized<Complex<R>, 3>("danaus::fft::spectrum", {batch_, mx.period(), half_size(my.period())});
  extend<R>(space, mx, my, x, extended);
  (extended_ ? *extended_ : RealForwardPlan<R>(extended_geometry()))(space, extended, spectrum);
  restrict_spectrum<R>(space, mx, my, spectrum, y);
  space.fence("danaus::fft::SymmetricPlan");
}

template <class R>
void SymmetricPlan<R>::operator()(const Exec& space, ConstTensor<R, 3> x, Tensor<R, 3> y) const {
#if defined(KOKKOS_ENABLE_CUDA)
  by_extension(space, x, y);
#else
  require(x, y);
  if (batch_ == 0) return;
  const typename SerialPlan<R>::Axes axes{{nx_, ny_, ny_}, {ny_, 1, 1}};
  const auto plan = symmetry_ == Symmetry::sine ? SerialPlan<R>::sine(axes, {}, false)
                                                : SerialPlan<R>::cosine(axes, {}, false);
  const size_t size = nx_ * ny_;
  Kokkos::parallel_for("danaus::fft::SymmetricPlan", Kokkos::RangePolicy<Exec>(space, 0, batch_),
                       [=](size_t s) { plan(x.data() + s * size, y.data() + s * size); });
  space.fence("danaus::fft::SymmetricPlan");
#endif
}

template class SymmetricPlan<float>;
template class SymmetricPlan<double>;

}  // namespace danaus::fft
