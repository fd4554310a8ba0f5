#pragma once

#if !defined(KOKKOS_ENABLE_CUDA)

#include <danaus/core/simd.hpp>

#include <algorithm>
#include <vector>

/// Real and complex numbers, one in each lane of the CPU's vectors.
namespace danaus::linalg::lanes {

using Pack = simd::Pack<double>;
inline constexpr int count = simd::width<double>;

struct ComplexPack {
  Pack re, im;
};

/// Doubles of one number in memory, for all lanes.
template <class Number>
inline constexpr int doubles = int(sizeof(Number) / sizeof(double));

inline Pack conj(const Pack& x) { return x; }
inline ComplexPack conj(const ComplexPack& x) { return {x.re, Pack(0.0) - x.im}; }
inline Pack real(const Pack& x) { return x; }
inline Pack real(const ComplexPack& x) { return x.re; }
inline Pack squared_modulus(const Pack& x) { return x * x; }
inline Pack squared_modulus(const ComplexPack& x) { return x.re * x.re + x.im * x.im; }

inline ComplexPack operator+(const ComplexPack& x, const ComplexPack& y) {
  return {x.re + y.re, x.im + y.im};
}
inline ComplexPack operator-(const ComplexPack& x, const ComplexPack& y) {
  return {x.re - y.re, x.im - y.im};
}
inline ComplexPack operator*(const ComplexPack& x, const ComplexPack& y) {
  return {x.re * y.re - x.im * y.im, x.re * y.im + x.im * y.re};
}
inline ComplexPack operator*(const Pack& x, const ComplexPack& y) { return {x * y.re, x * y.im}; }

/// NaN in `x` gives `y`. Kokkos::max makes GCC 12 warn; operator> of Kokkos 4.5 is operator< on AVX-512.
inline Pack larger(const Pack& x, const Pack& y) { return Kokkos::Experimental::condition(y < x, x, y); }
inline Pack modulus(const Pack& x) { return larger(x, Pack(0.0) - x); }
/// The larger of the moduli of all parts.
inline Pack largest_part(const Pack& x) { return modulus(x); }
inline Pack largest_part(const ComplexPack& x) { return larger(modulus(x.re), modulus(x.im)); }

template <class Number>
Number from_real(const Pack& x);
template <>
inline Pack from_real<Pack>(const Pack& x) {
  return x;
}
template <>
inline ComplexPack from_real<ComplexPack>(const Pack& x) {
  return {x, Pack(0.0)};
}

template <class Number>
Number load(const double* from);
template <>
inline Pack load<Pack>(const double* from) {
  return simd::load(from);
}
template <>
inline ComplexPack load<ComplexPack>(const double* from) {
  return {simd::load(from), simd::load(from + count)};
}
inline void store(const Pack& x, double* to) { simd::store(x, to); }
inline void store(const ComplexPack& x, double* to) {
  simd::store(x.re, to);
  simd::store(x.im, to + count);
}

/// An array of numbers.
template <class Number>
class Array {
 public:
  explicit Array(size_t size) : data_(size * doubles<Number>) {}
  Number operator[](size_t i) const { return load<Number>(data_.data() + i * doubles<Number>); }
  void put(const Number& x, size_t i) { store(x, data_.data() + i * doubles<Number>); }
  /// One part (0: real) of one lane.
  double& part(size_t i, int part, int lane) {
    return data_[i * doubles<Number> + size_t(part * count + lane)];
  }
  void fill_with_zeros() { std::fill(data_.begin(), data_.end(), 0.0); }

 private:
  std::vector<double> data_;
};

}  // namespace danaus::linalg::lanes

#endif
