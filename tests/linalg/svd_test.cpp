#include <danaus/core/tensor.hpp>
#include <danaus/linalg/blas.hpp>
#include <danaus/linalg/svd.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

using namespace danaus;

namespace {

/// Column-major (rows, columns) with the singular values given and random singular vectors: reflections of a
/// diagonal matrix.
template <class T>
std::vector<T> with_singular_values(size_t rows, size_t columns, const std::vector<double>& sigma,
                                    std::uint64_t stream) {
  std::vector<T> a(rows * columns);
  for (size_t q = 0; q < std::min({sigma.size(), rows, columns}); ++q) a[q * rows + q] = sigma[q];
  for (int turn = 0; turn < 3; ++turn) {
    const auto x = to_host(test::normal<T, 1>({rows}, stream + size_t(turn)));
    const auto y = to_host(test::normal<T, 1>({columns}, stream + 100 + size_t(turn)));
    double xx = 0, yy = 0;
    for (size_t r = 0; r < rows; ++r) xx += std::pow(double(Kokkos::abs(x(r))), 2);
    for (size_t c = 0; c < columns; ++c) yy += std::pow(double(Kokkos::abs(y(c))), 2);
    for (size_t c = 0; c < columns; ++c) {
      T sum(0);
      for (size_t r = 0; r < rows; ++r) sum += conjugate(x(r)) * a[c * rows + r];
      for (size_t r = 0; r < rows; ++r) a[c * rows + r] -= 2 / xx * sum * x(r);
    }
    for (size_t r = 0; r < rows; ++r) {
      T sum(0);
      for (size_t c = 0; c < columns; ++c) sum += a[c * rows + r] * y(c);
      for (size_t c = 0; c < columns; ++c) a[c * rows + r] -= 2 / yy * sum * conjugate(y(c));
    }
  }
  return a;
}

template <class T>
double residual(const std::vector<T>& a, size_t rows, size_t columns, const T* u, const double* sigma,
                const T* v, size_t rank) {
  double sum = 0;
  for (size_t c = 0; c < columns; ++c)
    for (size_t r = 0; r < rows; ++r) {
      T x = a[c * rows + r];
      for (size_t q = 0; q < rank; ++q) x -= u[q * rows + r] * sigma[q] * conjugate(v[q * columns + c]);
      sum += std::pow(double(Kokkos::abs(x)), 2);
    }
  return std::sqrt(sum);
}

double norm_from(const std::vector<double>& sigma, size_t first) {
  double sum = 0;
  for (size_t q = first; q < sigma.size(); ++q) sum += sigma[q] * sigma[q];
  return std::sqrt(sum);
}

std::vector<double> geometric(size_t count, double ratio, double first = 1) {
  std::vector<double> sigma(count);
  for (size_t q = 0; q < count; ++q) sigma[q] = first * std::pow(ratio, double(q));
  return sigma;
}

}  // namespace

TEMPLATE_TEST_CASE("leading singular triplets leave what the singular values say", "[linalg]", double,
                   Complex<double>) {
  using T = TestType;
  linalg::set_blas_threads(1);
  const auto [rows, columns] =
      GENERATE(table<size_t, size_t>({{1, 1}, {2, 1}, {1, 5}, {7, 7}, {24, 9}, {9, 24}, {40, 33}}));
  const size_t side = std::min(rows, columns);
  // Flat, decaying, exactly of low rank, far below sqrt(eps) of the first, and nearly of low rank.
  std::vector<std::vector<double>> spectra{std::vector<double>(side, 1.0), geometric(side, 0.9),
                                           geometric(std::min<size_t>(side, 3), 0.5), geometric(side, 1e-2),
                                           geometric(side, 1e-6)};
  std::vector<double> noisy(side, 1e-9);
  noisy[0] = 1;
  if (side > 1) noisy[1] = 0.7;
  spectra.push_back(noisy);
  for (const auto& sigma : spectra)
    for (const double size : {1.0, 1e-200, 1e180})
      for (const size_t rank : {size_t(1), std::min<size_t>(2, side), (side + 1) / 2, side}) {
        const auto a = with_singular_values<T>(rows, columns, sigma, 7);
        auto scaled = a;
        for (T& x : scaled) x *= size;
        auto t = linalg::leading_svd(scaled.data(), rows, columns, rank);
        for (double& s : t.sigma) s /= size;
        const double optimum = norm_from(sigma, rank), norm = norm_from(sigma, 0);
        // The reflections that make the matrix round to some 10 eps of its norm, as the triplets do.
        CHECK(std::abs(residual(a, rows, columns, t.u.data(), t.sigma.data(), t.v.data(), rank) - optimum) <=
              40 * test::epsilon<double>() * norm);
        CHECK(std::abs(t.sigma[0] - sigma[0]) <= 40 * test::epsilon<double>() * norm);
        CHECK(std::is_sorted(t.sigma.rbegin(), t.sigma.rend(),
                             [&](double x, double y) { return x < y - 1e-14 * norm; }));
      }
}

TEMPLATE_TEST_CASE("dominant triplets of many matrices are those of each", "[linalg]", double,
                   Complex<double>) {
  using T = TestType;
  linalg::set_blas_threads(1);
  const auto [rows, columns] = GENERATE(
      table<size_t, size_t>({{1, 1}, {1, 4}, {6, 1}, {2, 2}, {16, 16}, {12, 20}, {33, 17}, {5, 200}}));
  constexpr size_t count = 19;  // no multiple of any vector's width
  const size_t side = std::min(rows, columns);
  std::vector<T> a;
  std::vector<std::vector<double>> spectra;
  for (size_t m = 0; m < count; ++m) {
    // From flat to rank one, zero among them, of any magnitude.
    auto sigma = geometric(side,
                           m == 3   ? 1.0
                           : m == 4 ? 0.0
                                    : 1.0 / double(m + 1),
                           std::pow(10.0, 8.0 * double(m)));
    if (m == 5) sigma.assign(side, 0.0);
    if (m == 6 && side > 1) sigma[1] = sigma[0] * (1 - 1e-13);  // two that cannot be told apart
    spectra.push_back(sigma);
    const auto matrix = with_singular_values<T>(rows, columns, sigma, 31 * m);
    a.insert(a.end(), matrix.begin(), matrix.end());
  }
  std::vector<T> u(count * rows), v(count * columns);
  std::vector<double> sigma(count);
  linalg::dominant_svd(count, a.data(), rows, columns, u.data(), sigma.data(), v.data());
  for (size_t m = 0; m < count; ++m) {
    const std::vector<T> matrix(&a[m * rows * columns], &a[m * rows * columns] + rows * columns);
    const double unit = std::max(norm_from(spectra[m], 0), 1e-300);
    std::vector<T> scaled = matrix;
    for (T& x : scaled) x = x / unit;
    const double s = sigma[m] / unit;
    CAPTURE(rows, columns, m);
    CHECK(std::abs(residual(scaled, rows, columns, &u[m * rows], &s, &v[m * columns], 1) -
                   norm_from(spectra[m], 1) / unit) <= 40 * test::epsilon<double>());
    CHECK(sigma[m] == Approx(spectra[m][0]).epsilon(1e-13));
    // The same bits alone as in company.
    std::vector<T> lone_u(rows), lone_v(columns);
    double lone_sigma;
    linalg::dominant_svd(1, matrix.data(), rows, columns, lone_u.data(), &lone_sigma, lone_v.data());
    CHECK(lone_sigma == sigma[m]);
    CHECK(std::equal(lone_u.begin(), lone_u.end(), &u[m * rows]));
  }
}

TEST_CASE("singular values are those the matrix was made from", "[linalg]") {
  const auto sigma = geometric(12, 0.5);
  const auto a = with_singular_values<double>(20, 12, sigma, 3);
  const auto found = linalg::singular_values(a.data(), 20, 12);
  for (size_t q = 0; q < 12; ++q) CHECK(std::abs(found[q] - sigma[q]) <= 40 * test::epsilon<double>());
  CHECK_THROWS_AS(linalg::leading_svd(a.data(), 20, 12, 13), ShapeError);
  CHECK_THROWS_AS(linalg::leading_svd(a.data(), 20, 12, 0), ShapeError);
}
