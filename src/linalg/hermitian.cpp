#include <danaus/linalg/hermitian.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/instantiate.hpp>

#include <linalg/lapack.hpp>

namespace danaus::linalg {

namespace {

template <class R>
struct Lapack;
template <>
struct Lapack<float> {
  static constexpr auto eigen = LAPACKE_cheevd;
  static constexpr auto cholesky = LAPACKE_cpotrf;
  static constexpr auto rank_k = cblas_cherk;
};
template <>
struct Lapack<double> {
  static constexpr auto eigen = LAPACKE_zheevd;
  static constexpr auto cholesky = LAPACKE_zpotrf;
  static constexpr auto rank_k = cblas_zherk;
};

template <class R>
std::complex<R>* raw(std::vector<Complex<R>>& a) {
  return reinterpret_cast<std::complex<R>*>(a.data());
}

template <class R>
void require_square(const char* what, size_t n, const std::vector<Complex<R>>& a) {
  if (a.size() != n * n)
    throw ShapeError(std::string(what) + ": expected " + std::to_string(n * n) + " entries, found " +
                     std::to_string(a.size()));
}

}  // namespace

template <class R>
HermitianEigen<R> hermitian_eigen(size_t n, std::vector<Complex<R>> a) {
  require_square("linalg::hermitian_eigen", n, a);
  HermitianEigen<R> eigen{std::vector<R>(n), std::move(a)};
  const auto info =
      Lapack<R>::eigen(LAPACK_ROW_MAJOR, 'V', 'L', int(n), raw(eigen.vectors), int(n), eigen.values.data());
  if (info != 0)
    throw InternalError("linalg::hermitian_eigen: LAPACK stopped with " + std::to_string(info) +
                        "; is an entry not finite?");
  return eigen;
}

template <class R>
std::vector<Complex<R>> cholesky(size_t n, std::vector<Complex<R>> a) {
  require_square("linalg::cholesky", n, a);
  const auto info = Lapack<R>::cholesky(LAPACK_ROW_MAJOR, 'L', int(n), raw(a), int(n));
  if (info != 0)
    throw DataError("linalg::cholesky: the matrix is not positive definite (row " + std::to_string(info) +
                    ")");
  for (size_t i = 0; i < n; ++i)
    for (size_t j = i + 1; j < n; ++j) a[i * n + j] = 0;
  return a;
}

template <class R>
std::vector<Complex<R>> gram(size_t rows, size_t columns, const std::vector<Complex<R>>& a) {
  if (a.size() != rows * columns)
    throw ShapeError("linalg::gram: expected " + std::to_string(rows * columns) + " entries, found " +
                     std::to_string(a.size()));
  std::vector<Complex<R>> c(columns * columns);
  Lapack<R>::rank_k(CblasRowMajor, CblasLower, CblasConjTrans, int(columns), int(rows), R(1), a.data(),
                    int(columns), R(0), c.data(), int(columns));
  for (size_t i = 0; i < columns; ++i)
    for (size_t j = i + 1; j < columns; ++j) c[i * columns + j] = Kokkos::conj(c[j * columns + i]);
  return c;
}

#define DANAUS_INSTANTIATE(R)                                                     \
  template HermitianEigen<R> hermitian_eigen<R>(size_t, std::vector<Complex<R>>); \
  template std::vector<Complex<R>> cholesky<R>(size_t, std::vector<Complex<R>>);  \
  template std::vector<Complex<R>> gram<R>(size_t, size_t, const std::vector<Complex<R>>&);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::linalg
