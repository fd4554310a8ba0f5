#include <danaus/linalg/hermitian.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/random.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

#include <cmath>

using namespace danaus;

namespace {

template <class R>
std::vector<Complex<R>> random_matrix(size_t rows, size_t columns) {
  std::vector<Complex<R>> a(rows * columns);
  for (size_t i = 0; i < a.size(); ++i) {
    const auto [re, im] = Random(1, stream::test).normal_pair(i);
    a[i] = Complex<R>(R(re), R(im));
  }
  return a;
}

}  // namespace

TEMPLATE_TEST_CASE("gram, cholesky and eigenvectors rebuild the matrix", "[hermitian]", float, double) {
  using R = TestType;
  const size_t rows = 9, n = 5;
  const auto a = random_matrix<R>(rows, n);
  const auto c = linalg::gram<R>(rows, n, a);
  const auto l = linalg::cholesky<R>(n, c);
  const auto eigen = linalg::hermitian_eigen<R>(n, c);
  // Entries are sums of about 10 products of size 4; LAPACK's backward error is n eps of the norm, about 40.
  const double tolerance = 5 * 40 * test::epsilon<R>();
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < n; ++j) {
      Complex<R> product = 0, from_l = 0, from_v = 0;
      for (size_t k = 0; k < rows; ++k) product += Kokkos::conj(a[k * n + i]) * a[k * n + j];
      for (size_t k = 0; k < n; ++k) from_l += l[i * n + k] * Kokkos::conj(l[j * n + k]);
      for (size_t k = 0; k < n; ++k)
        from_v += eigen.values[k] * eigen.vectors[i * n + k] * Kokkos::conj(eigen.vectors[j * n + k]);
      CHECK(Kokkos::abs(c[i * n + j] - product) <= tolerance);
      CHECK(Kokkos::abs(from_l - product) <= tolerance);
      CHECK(Kokkos::abs(from_v - product) <= tolerance);
      if (j > i) CHECK(l[i * n + j] == Complex<R>(0));
    }
  for (size_t k = 1; k < n; ++k) CHECK(eigen.values[k - 1] <= eigen.values[k]);
}

TEST_CASE("hermitian matrices that are none are refused", "[hermitian]") {
  CHECK_THROWS_AS(linalg::cholesky<double>(2, {{1, 0}, {0, 0}, {2, 0}, {1, 0}}), DataError);
  CHECK_THROWS_AS(linalg::hermitian_eigen<double>(2, {{1, 0}}), ShapeError);
}
