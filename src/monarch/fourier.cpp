#include <danaus/monarch/fourier.hpp>

#include <danaus/core/instantiate.hpp>

namespace danaus::monarch {

namespace {

/// exp(2 pi i p / q). The fraction is reduced to the first octant in integers, so that the angle that reaches
/// sine and cosine is below pi / 4 and its rounding error below that of the result.
KOKKOS_INLINE_FUNCTION Complex<double> root_of_unity(long p, long q) {
  long eighths = 8 * (((p % q) + q) % q);  // angle = 2 pi eighths / (8 q)
  const int octant = int(eighths / q);
  eighths -= octant * q;
  const bool reflected = octant % 2 == 1;
  const double angle = 0.785398163397448309616 * double(reflected ? q - eighths : eighths) / double(q);
  const double c = Kokkos::cos(angle), s = Kokkos::sin(angle);
  const Complex<double> first = reflected ? Complex<double>(s, c) : Complex<double>(c, s);
  switch (octant / 2) {
    case 0:
      return first;
    case 1:
      return {-first.imag(), first.real()};
    case 2:
      return {-first.real(), -first.imag()};
    default:
      return {first.imag(), -first.real()};
  }
}

}  // namespace

template <class T>
void fourier_factors(const MonarchShape& shape, Fourier sign, const Tensor<Complex<T>, 3>& left,
                     const Tensor<Complex<T>, 3>& right) {
  require_shape("fourier_factors: left", left, shape.left());
  require_shape("fourier_factors: right", right, shape.right());
  const long blocks = long(shape.right_blocks), b = long(shape.left_blocks), n = blocks * b, s = long(sign);
  if (shape.left_rows != shape.right_blocks || shape.right_columns != shape.left_blocks)
    throw ShapeError("fourier_factors: the DFT needs a square Monarch shape");
  using Range = Kokkos::MDRangePolicy<Exec, Kokkos::Rank<3>>;
  Kokkos::parallel_for(
      "danaus::monarch::fourier_factors (right)", Range({0, 0, 0}, {blocks, b, b}),
      KOKKOS_LAMBDA(long k, long j, long i) {
        const auto w = root_of_unity(s * (j * i * blocks + j * k), n);
        right(k, j, i) = Complex<T>(T(w.real()), T(w.imag()));
      });
  Kokkos::parallel_for(
      "danaus::monarch::fourier_factors (left)", Range({0, 0, 0}, {b, blocks, blocks}),
      KOKKOS_LAMBDA(long j, long l, long k) {
        const auto w = root_of_unity(s * l * k, blocks);
        left(j, l, k) = Complex<T>(T(w.real()), T(w.imag()));
      });
  Kokkos::fence("danaus::monarch::fourier_factors");
}

#define DANAUS_INSTANTIATE(T)                                                                  \
  template void fourier_factors<T>(const MonarchShape&, Fourier, const Tensor<Complex<T>, 3>&, \
                                   const Tensor<Complex<T>, 3>&);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
