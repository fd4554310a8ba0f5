#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/core/tensor.hpp>

#include <cmath>
#include <complex>
#include <functional>
#include <numbers>
#include <vector>

namespace danaus::test {

/// The numbers of the references: extended precision, so that their own rounding does not count.
using Extended = std::complex<long double>;

/// A dense matrix by its definition, one entry at a time.
struct Dense {
  size_t rows = 0, columns = 0;
  std::vector<Extended> entries = {};

  Extended& operator()(size_t row, size_t column) { return entries[row * columns + column]; }
  const Extended& operator()(size_t row, size_t column) const { return entries[row * columns + column]; }
};

inline Dense dense(size_t rows, size_t columns, const std::function<Extended(size_t, size_t)>& entry) {
  Dense a{rows, columns, std::vector<Extended>(rows * columns)};
  for (size_t row = 0; row < rows; ++row)
    for (size_t column = 0; column < columns; ++column) a(row, column) = entry(row, column);
  return a;
}

inline Dense operator*(const Dense& a, const Dense& b) {
  return dense(a.rows, b.columns, [&](size_t row, size_t column) {
    Extended sum = 0;
    for (size_t t = 0; t < a.columns; ++t) sum += a(row, t) * b(t, column);
    return sum;
  });
}

inline Dense adjoint(const Dense& a) {
  return dense(a.columns, a.rows, [&](size_t row, size_t column) { return std::conj(a(column, row)); });
}

template <class T>
Dense diagonal(const std::vector<T>& numbers) {
  return dense(numbers.size(), numbers.size(), [&](size_t row, size_t column) {
    const std::complex<long double> z(Kokkos::real(numbers[row]), Kokkos::imag(numbers[row]));
    return row == column ? z : Extended(0);
  });
}

/// cos(2 pi p / q) + i sin(2 pi p / q), reduced modulo one turn in integers.
inline Extended turn(long p, long q) {
  const long double angle =
      2 * std::numbers::pi_v<long double> * (long double)(((p % q) + q) % q) / (long double)q;
  return {std::cos(angle), std::sin(angle)};
}

template <class T>
Extended extended(T x) {
  return {(long double)Kokkos::real(x), (long double)Kokkos::imag(x)};
}

/// ‖found - expected‖ / ‖expected‖, Frobenius.
template <class View>
double relative_error(const View& found, const Dense& expected) {
  if (found.extent(0) != expected.rows || found.extent(1) != expected.columns) return INFINITY;
  long double error = 0, norm = 0;
  for (size_t row = 0; row < expected.rows; ++row)
    for (size_t column = 0; column < expected.columns; ++column) {
      error += std::norm(extended(found(row, column)) - expected(row, column));
      norm += std::norm(expected(row, column));
    }
  return double(std::sqrt(error / norm));
}

}  // namespace danaus::test
