// Fits of structured matrices to dense ones: optimal where the optimum is known, else exact on members and
// never worse from step to step.

#include <danaus/monarch/structured/double_sparse.hpp>
#include <danaus/monarch/structured/pixelated_butterfly.hpp>

#include <monarch/structured/truncated_svd.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

#include <algorithm>
#include <cmath>

using namespace danaus;
using namespace danaus::monarch;

namespace {

template <class T>
HostTensor<T, 2> random_matrix(size_t rows, size_t columns, std::uint64_t stream) {
  return to_host(test::normal<T, 2>({rows, columns}, stream));
}

template <class View>
double norm(const View& a) {
  return std::sqrt(test::dot(a, a));
}

template <class View>
double relative_error(const View& a, const View& fit) {
  double error = 0;
  for (size_t e = 0; e < a.size(); ++e)
    error += std::pow(double(Kokkos::abs(a.data()[e] - fit.data()[e])), 2);
  return std::sqrt(error) / norm(a);
}

void check_report(const FitReport& report, double reached) {
  REQUIRE(!report.relative_error.empty());
  for (size_t step = 1; step < report.relative_error.size(); ++step)
    CHECK(report.relative_error[step] <= report.relative_error[step - 1] * (1 + 1e-12));
  CHECK(report.relative_error.back() == Approx(reached).epsilon(1e-9).margin(1e-13));
}

}  // namespace

TEMPLATE_TEST_CASE("singular value decomposition: triplets, orthogonality, the whole norm",
                   "[monarch][structured]", float, double, Complex<float>, Complex<double>) {
  using T = TestType;
  const auto [rows, columns] = GENERATE(table<size_t, size_t>({{1, 1}, {7, 4}, {4, 7}, {12, 12}}));
  const auto a = random_matrix<T>(rows, columns, 1);
  const size_t rank = std::min(rows, columns);
  const auto svd = truncated_svd<T>(a, rank);
  HostTensor<T, 2> sum("sum", rows, columns);
  double energy = 0;
  for (size_t q = 0; q < rank; ++q) {
    energy += svd.sigma[q] * svd.sigma[q];
    if (q > 0) CHECK(svd.sigma[q] <= svd.sigma[q - 1]);
    for (size_t r = 0; r < rows; ++r)
      for (size_t c = 0; c < columns; ++c)
        sum(r, c) += T(real_t<T>(svd.sigma[q])) * svd.u(r, q) * conjugate(svd.v(c, q));
    for (size_t p = 0; p < rank; ++p) {
      T uu(0), vv(0);
      for (size_t r = 0; r < rows; ++r) uu += conjugate(svd.u(r, p)) * svd.u(r, q);
      for (size_t c = 0; c < columns; ++c) vv += conjugate(svd.v(c, p)) * svd.v(c, q);
      // Orthogonal to within some 10 eps for each of up to 12 vectors.
      CHECK(double(Kokkos::abs(uu - T(p == q))) <= 200 * test::epsilon<T>());
      CHECK(double(Kokkos::abs(vv - T(p == q))) <= 200 * test::epsilon<T>());
    }
  }
  CHECK(relative_error(a, sum) <= 100 * test::epsilon<T>());
  CHECK(std::sqrt(energy) == Approx(norm(a)).epsilon(100 * test::epsilon<T>()));
}

TEMPLATE_TEST_CASE("singular value decomposition: matrices of low rank, of zeros, very small and very large",
                   "[monarch][structured]", float, double, Complex<double>) {
  using T = TestType;
  const double size = GENERATE(0.0, 1e-30, 1.0, 1e30);
  HostTensor<T, 2> a("a", 9, 16);
  for (size_t r = 0; r < 9; ++r)
    for (size_t c = 0; c < 16; ++c)
      a(r, c) = T(real_t<T>(size)) * T(real_t<T>(std::cos(double(r)) + std::sin(double(c)) * double(r)));
  const auto svd = truncated_svd<T>(a, 9);
  const double whole = std::sqrt(std::pow(svd.sigma[0], 2) + std::pow(svd.sigma[1], 2));
  // 144 entries of modulus 9 at most, each rounded to T.
  for (size_t q = 2; q < 9; ++q) CHECK(svd.sigma[q] <= 144 * test::epsilon<T>() * size);
  for (size_t r = 0; r < 9; ++r)
    for (size_t c = 0; c < 16; ++c) {
      T sum(0);
      for (size_t q = 0; q < 9; ++q) sum += T(real_t<T>(svd.sigma[q])) * svd.u(r, q) * conjugate(svd.v(c, q));
      CHECK(double(Kokkos::abs(sum - a(r, c))) <= 20 * test::epsilon<T>() * whole);
    }
}

TEST_CASE("low-rank and block tensor-train fits reach the optimum that singular values give",
          "[monarch][structured]") {
  using T = Complex<double>;
  const auto a = random_matrix<T>(10, 12, 3);
  const double total = std::pow(norm(a), 2);
  const auto all = truncated_svd<T>(a, 10);
  for (size_t rank : {1, 4, 10}) {
    double kept = 0;
    for (size_t q = 0; q < rank; ++q) kept += all.sigma[q] * all.sigma[q];
    const double optimum = std::sqrt(std::max(0.0, 1 - kept / total));
    // The root doubles the digits lost where the optimum is zero.
    CHECK(relative_error(a, fit_low_rank<T>(a, rank).dense()) == Approx(optimum).epsilon(1e-12).margin(1e-7));
  }
  const MonarchShape shape{3, 4, 5, 2};
  for (size_t rank : {1, 2}) {
    double kept = 0;
    for (size_t j = 0; j < 5; ++j)
      for (size_t k = 0; k < 3; ++k) {
        HostTensor<T, 2> slice("slice", 2, 4);
        for (size_t l = 0; l < 2; ++l)
          for (size_t i = 0; i < 4; ++i) slice(l, i) = a(l * 5 + j, k * 4 + i);
        const auto svd = truncated_svd<T>(slice, rank);
        for (double sigma : svd.sigma) kept += sigma * sigma;
      }
    const double optimum = std::sqrt(std::max(0.0, 1 - kept / total));
    const auto fit = fit_block_tensor_train<T>(a, shape, rank);
    CHECK(relative_error(a, fit.dense()) == Approx(optimum).epsilon(1e-12).margin(1e-7));
    // Idempotent: a member is its own projection.
    CHECK(relative_error(fit.dense(), fit_block_tensor_train<T>(fit.dense(), shape, rank).dense()) <= 1e-14);
  }
}

TEMPLATE_TEST_CASE("a block tensor-train of rank one is a Monarch matrix, of full rank any matrix",
                   "[monarch][structured]", double, Complex<double>) {
  using T = TestType;
  const MonarchShape shape{3, 4, 5, 2};
  BlockTensorTrain<T> train(shape, 1);
  initialize(train, 3);
  const auto dense = train.dense();
  for (size_t l = 0; l < 2; ++l)
    for (size_t j = 0; j < 5; ++j)
      for (size_t k = 0; k < 3; ++k)
        for (size_t i = 0; i < 4; ++i)
          CHECK(dense(l * 5 + j, k * 4 + i) == train.left()(j, l, k) * train.right()(k, j, i));
  const auto a = random_matrix<T>(10, 12, 1);
  CHECK(relative_error(a, fit_block_tensor_train<T>(a, shape, 2).dense()) <= 1e-14);
}

TEMPLATE_TEST_CASE("Monarch + low rank: never worse, better than either alone, finds members",
                   "[monarch][structured]", double, Complex<double>) {
  using T = TestType;
  const auto shape = MonarchShape::square(16, 4);
  const auto a = random_matrix<T>(16, 16, 5);
  FitReport report;
  const auto fit = fit_monarch_plus_low_rank<T>(a, shape, 1, 2, {}, &report);
  const double error = relative_error(a, fit.dense());
  check_report(report, error);
  CHECK(error < relative_error(a, fit_block_tensor_train<T>(a, shape, 1).dense()));
  CHECK(error < relative_error(a, fit_low_rank<T>(a, 2).dense()));

  // A member with a small second term is recovered.
  BlockTensorTrain<T> first(shape, 1);
  LowRank<T> second(16, 16, 1);
  initialize(first, 1);
  initialize(second, 2);
  const auto member = StructuredSum(first, second).dense();
  CHECK(relative_error(member, fit_monarch_plus_low_rank<T>(member, shape, 1, 1, {400, 1e-9}).dense()) <=
        1e-3);
}

TEMPLATE_TEST_CASE("Pixelated Butterfly: pattern and fit", "[monarch][structured]", double, Complex<double>) {
  using T = TestType;
  const auto pattern = flat_block_butterfly<T>(8, 8, 2, 8);
  CHECK(pattern.parameters() == 8 * 4 * (1 + 3));
  for (size_t e = 0; e < pattern.block_row().size(); ++e) {
    const size_t bits = pattern.block_row()[e] ^ pattern.block_column()[e];
    CHECK((bits == 0 || bits == 1 || bits == 2 || bits == 4));
  }
  const auto a = random_matrix<T>(16, 16, 5);
  const PixelatedButterflyShape shape{8, 8, 2, 4, 2};
  FitReport report;
  const auto fit = fit_pixelated_butterfly<T>(a, shape, {}, &report);
  check_report(report, relative_error(a, fit.dense()));
  CHECK(fit.parameters() == 8 * 4 * (1 + 2) + 2 * 32);
  CHECK(report.relative_error.back() < report.relative_error.front());
  CHECK_THROWS_AS(flat_block_butterfly<T>(6, 6, 2, 2), ShapeError);
  CHECK_THROWS_AS(flat_block_butterfly<T>(4, 8, 2, 8), ShapeError);
}

TEMPLATE_TEST_CASE("double sparse factorisation: never worse, better than one sparse matrix",
                   "[monarch][structured]", double, Complex<double>) {
  using T = TestType;
  const size_t n = 24, entries = 2 * n;  // of 24 n in a dense matrix
  // Smooth and so compressible, as trained weights are to a degree; plus noise.
  HostTensor<T, 2> a("a", n, n);
  const auto noise = random_matrix<T>(n, n, 9);
  for (size_t r = 0; r < n; ++r)
    for (size_t c = 0; c < n; ++c)
      a(r, c) = T(std::exp(-0.1 * std::pow(double(r) - double(c), 2))) + noise(r, c) * T(0.02);
  FitReport report;
  const auto fit = fit_double_sparse<T>(a, n, 2 * entries, entries, {}, &report);
  const double error = relative_error(a, fit.dense());
  check_report(report, error);
  CHECK(fit.parameters() <= 3 * entries);
  // One sparse matrix with the entries of both: the largest ones.
  std::vector<double> squares;
  for (size_t e = 0; e < a.size(); ++e) squares.push_back(std::pow(double(Kokkos::abs(a.data()[e])), 2));
  std::sort(squares.begin(), squares.end());
  double lost = 0;
  for (size_t e = 0; e + 3 * entries < squares.size(); ++e) lost += squares[e];
  CHECK(error < std::sqrt(lost) / norm(a));

  // A smaller inner size, from singular vectors.
  FitReport narrow;
  const auto thin = fit_double_sparse<T>(a, 8, 8 * n / 2, 8 * n / 2, {}, &narrow);
  check_report(narrow, relative_error(a, thin.dense()));
  CHECK(narrow.relative_error.back() < narrow.relative_error.front());
  CHECK_THROWS_AS(fit_double_sparse<T>(a, 8, 0, 10), ShapeError);
}

TEST_CASE("fits name what does not fit, and numbers that are not finite", "[monarch][structured]") {
  auto a = random_matrix<double>(4, 6, 1);
  CHECK_THROWS_AS(fit_low_rank<double>(a, 5), ShapeError);
  CHECK_THROWS_AS(fit_block_tensor_train<double>(a, MonarchShape::square(4, 2), 1), ShapeError);
  a(2, 3) = NAN;
  CHECK_THROWS_AS(fit_double_sparse<double>(a, 6, 10, 10), DataError);
  CHECK_THROWS_WITH(
      fit_low_rank<double>(a, 2),
      "singular value decomposition: the matrix has an entry that is not finite in row 2, column 3");
}
