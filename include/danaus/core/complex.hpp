#pragma once

#include <Kokkos_Core.hpp>

namespace danaus {

template <class T>
using Complex = Kokkos::complex<T>;

/// The real type behind T: float for float and Complex<float>.
template <class T>
struct RealOf {
  using type = T;
};
template <class R>
struct RealOf<Kokkos::complex<R>> {
  using type = R;
};
template <class T>
using real_t = typename RealOf<std::remove_const_t<T>>::type;

template <class T>
inline constexpr bool is_complex_v = !std::is_same_v<real_t<T>, std::remove_const_t<T>>;

/// Complex conjugate that leaves real numbers as they are.
template <class T>
KOKKOS_INLINE_FUNCTION T conjugate(T x) {
  return x;
}
template <class R>
KOKKOS_INLINE_FUNCTION Kokkos::complex<R> conjugate(Kokkos::complex<R> x) {
  return Kokkos::conj(x);
}

}  // namespace danaus
