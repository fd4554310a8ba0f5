#include <danaus/core/tensor.hpp>
#include <danaus/linalg/dense.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

using namespace danaus;
using linalg::DenseMatrix;

namespace {

template <class T>
DenseMatrix<T> random_dense(size_t rows, size_t columns, std::uint64_t stream) {
  const auto numbers = to_host(test::normal<T, 1>({rows * columns}, stream));
  DenseMatrix<T> a(rows, columns);
  std::copy_n(numbers.data(), numbers.size(), a.entries.begin());
  return a;
}

template <class A, class B>
double difference(const A& a, const B& b) {
  double worst = 0;
  for (size_t e = 0; e < a.entries.size(); ++e)
    worst = std::max(worst, double(Kokkos::abs(a.entries[e] - b.entries[e])));
  return worst;
}

}  // namespace

TEMPLATE_TEST_CASE("products, norms and inverses of small matrices", "[linalg]", double, Complex<double>) {
  using T = TestType;
  const auto a = random_dense<T>(7, 5, 1), b = random_dense<T>(5, 6, 2);
  DenseMatrix<T> expected(7, 6);
  double squares = 0;
  for (size_t r = 0; r < 7; ++r)
    for (size_t c = 0; c < 6; ++c)
      for (size_t t = 0; t < 5; ++t) expected(r, c) += a(r, t) * b(t, c);
  for (const T& x : a.entries) squares += std::pow(double(Kokkos::abs(x)), 2);
  CHECK(difference(linalg::multiply(a, b), expected) <= 1e-14);
  CHECK(linalg::norm(a) == Approx(std::sqrt(squares)).epsilon(1e-14));
  CHECK_THROWS_AS(linalg::multiply(b, a), ShapeError);

  const auto square = random_dense<T>(9, 9, 3);
  const auto inverse = linalg::inverse(square);
  auto identity = linalg::multiply(square, inverse.matrix);
  for (size_t t = 0; t < 9; ++t) identity(t, t) -= 1.0;
  CHECK(linalg::norm(identity) <= 20 * inverse.condition * test::epsilon<double>());
  CHECK(inverse.condition >= 1);

  DenseMatrix<T> diagonal(2, 2);
  diagonal(0, 0) = 4.0, diagonal(1, 1) = 0.5;
  CHECK(linalg::inverse(diagonal).condition == 8);
  diagonal(1, 1) = 0.0;
  CHECK(std::isinf(linalg::inverse(diagonal).condition));
  CHECK_THROWS_WITH(linalg::inverse(a), "inverse: expected a square matrix, found 7 x 5");
}

TEMPLATE_TEST_CASE("eigenvectors are mapped to multiples of themselves", "[linalg]", double,
                   Complex<double>) {
  using T = TestType;
  using Z = Complex<double>;
  const auto a = random_dense<T>(10, 10, 4);
  const auto [values, vectors] = linalg::eigen(a);
  DenseMatrix<Z> wide(10, 10);
  for (size_t e = 0; e < 100; ++e) wide.entries[e] = Z(a.entries[e]);
  const auto mapped = linalg::multiply(wide, vectors);
  Z trace(0);
  for (size_t c = 0; c < 10; ++c) {
    double length = 0;
    for (size_t r = 0; r < 10; ++r) {
      // Backward stable: the residual is some eps of the norm.
      CHECK(Kokkos::abs(mapped(r, c) - values[c] * vectors(r, c)) <= 1e-14 * linalg::norm(a));
      length += std::pow(Kokkos::abs(vectors(r, c)), 2);
    }
    CHECK(length == Approx(1).epsilon(1e-13));
    trace += values[c] - Z(a(c, c));
  }
  CHECK(Kokkos::abs(trace) <= 1e-13 * linalg::norm(a));
}
