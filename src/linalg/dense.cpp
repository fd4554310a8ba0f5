#include <danaus/linalg/dense.hpp>

#include <linalg/lapack.hpp>

#include <cmath>
#include <limits>

namespace danaus::linalg {

namespace {

using Z = Complex<double>;
using lapack::Int;

std::string size_text(std::size_t rows, std::size_t columns) {
  return std::to_string(rows) + " x " + std::to_string(columns);
}

template <class T>
void require_square(const char* what, const DenseMatrix<T>& a) {
  if (a.rows == 0 || a.rows != a.columns)
    throw ShapeError(std::string(what) + ": expected a square matrix, found " + size_text(a.rows, a.columns));
}

/// The largest sum of moduli of a column.
template <class T>
double one_norm(const DenseMatrix<T>& a) {
  double largest = 0;
  for (std::size_t c = 0; c < a.columns; ++c) {
    double sum = 0;
    for (std::size_t r = 0; r < a.rows; ++r) sum += double(Kokkos::abs(a(r, c)));
    largest = std::max(largest, sum);
  }
  return largest;
}

/// @return whether no pivot is zero
bool invert(Int n, double* a, Int* pivots) {
  const Int info = LAPACKE_dgetrf(LAPACK_COL_MAJOR, n, n, a, n, pivots);
  if (info > 0) return false;
  lapack::require_success("dgetrf", info);
  lapack::require_success("dgetri", LAPACKE_dgetri(LAPACK_COL_MAJOR, n, a, n, pivots));
  return true;
}
bool invert(Int n, Z* a, Int* pivots) {
  const Int info = LAPACKE_zgetrf(LAPACK_COL_MAJOR, n, n, lapack::raw(a), n, pivots);
  if (info > 0) return false;
  lapack::require_success("zgetrf", info);
  lapack::require_success("zgetri", LAPACKE_zgetri(LAPACK_COL_MAJOR, n, lapack::raw(a), n, pivots));
  return true;
}

}  // namespace

template <class T>
DenseMatrix<T> multiply(const DenseMatrix<T>& a, const DenseMatrix<T>& b) {
  if (a.columns != b.rows)
    throw ShapeError("multiply: " + size_text(a.rows, a.columns) + " times " + size_text(b.rows, b.columns));
  DenseMatrix<T> c(a.rows, b.columns);
  if (!c.entries.empty() && a.columns > 0)
    lapack::multiply(CblasNoTrans, Int(a.rows), Int(b.columns), Int(a.columns), a.entries.data(),
                     b.entries.data(), c.entries.data());
  return c;
}

template <class T>
double norm(const DenseMatrix<T>& a) {
  double scale = 0, sum = 0;
  for (const T& x : a.entries) scale = std::max(scale, double(Kokkos::abs(x)));
  if (scale == 0 || !std::isfinite(scale)) return scale;
  for (const T& x : a.entries) {
    const double re = Kokkos::real(x) / scale, im = Kokkos::imag(x) / scale;
    sum += re * re + im * im;
  }
  return scale * std::sqrt(sum);
}

template <class T>
Inverse<T> inverse(const DenseMatrix<T>& a) {
  require_square("inverse", a);
  Inverse<T> result{a, 0};
  std::vector<Int> pivots(a.rows);
  if (!invert(Int(a.rows), result.matrix.entries.data(), pivots.data()))
    return {{}, std::numeric_limits<double>::infinity()};
  result.condition = one_norm(a) * one_norm(result.matrix);
  if (!std::isfinite(result.condition)) return {{}, std::numeric_limits<double>::infinity()};
  return result;
}

template <>
EigenDecomposition eigen(const DenseMatrix<double>& a) {
  require_square("eigen", a);
  const Int n = Int(a.rows);
  auto copy = a.entries;
  std::vector<double> re(a.rows), im(a.rows), packed(a.rows * a.rows);
  lapack::require_success("dgeev", LAPACKE_dgeev(LAPACK_COL_MAJOR, 'N', 'V', n, copy.data(), n, re.data(),
                                                 im.data(), nullptr, 1, packed.data(), n));
  EigenDecomposition result{std::vector<Z>(a.rows), DenseMatrix<Z>(a.rows, a.rows)};
  for (std::size_t c = 0; c < a.rows; ++c) {
    result.values[c] = Z(re[c], im[c]);
    // A pair shares two columns: real and imaginary part.
    const bool is_second = im[c] < 0;
    const double* real = packed.data() + (is_second ? c - 1 : c) * a.rows;
    for (std::size_t r = 0; r < a.rows; ++r)
      result.vectors(r, c) = Z(real[r], im[c] == 0 ? 0 : (is_second ? -1 : 1) * real[a.rows + r]);
  }
  return result;
}

template <>
EigenDecomposition eigen(const DenseMatrix<Z>& a) {
  require_square("eigen", a);
  const Int n = Int(a.rows);
  auto copy = a.entries;
  EigenDecomposition result{std::vector<Z>(a.rows), DenseMatrix<Z>(a.rows, a.rows)};
  lapack::require_success("zgeev", LAPACKE_zgeev(LAPACK_COL_MAJOR, 'N', 'V', n, lapack::raw(copy.data()), n,
                                                 lapack::raw(result.values.data()), nullptr, 1,
                                                 lapack::raw(result.vectors.entries.data()), n));
  return result;
}

#define DANAUS_INSTANTIATE(T)                                                        \
  template DenseMatrix<T> multiply<T>(const DenseMatrix<T>&, const DenseMatrix<T>&); \
  template double norm<T>(const DenseMatrix<T>&);                                    \
  template Inverse<T> inverse<T>(const DenseMatrix<T>&);
DANAUS_INSTANTIATE(double)
DANAUS_INSTANTIATE(Z)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::linalg
