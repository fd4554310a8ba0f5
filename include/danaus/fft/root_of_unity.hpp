#pragma once

#include <danaus/core/complex.hpp>

namespace danaus::fft {

/// exp(2 pi i p / q), q > 0, each part correct to 2 ulp of 1 for any |p| below 2^60.
///
/// The fraction is reduced to the first octant in integers, so that the angle that reaches sine and cosine is
/// below pi / 4 and its rounding error below that of the result; multiples of a quarter of a turn are exact.
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

}  // namespace danaus::fft
