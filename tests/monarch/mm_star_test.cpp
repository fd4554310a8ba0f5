#include <danaus/monarch/exact/kronecker.hpp>
#include <danaus/monarch/exact/toeplitz.hpp>
#include <danaus/monarch/mm_star.hpp>
#include <danaus/monarch/projection.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

using namespace danaus;
using Z = Complex<double>;

namespace {

template <class T>
HostTensor<T, 3> random_blocks(const Shape<3>& shape, std::uint64_t stream) {
  return to_host(test::normal<T, 3>(shape, stream));
}

/// Makes the rows of each block orthonormal, by Gram and Schmidt, twice.
template <class T>
HostTensor<T, 3> orthonormal(const HostTensor<T, 3>& blocks) {
  const size_t n = blocks.extent(2);
  for (size_t k = 0; k < blocks.extent(0); ++k)
    for (int pass = 0; pass < 2; ++pass)
      for (size_t r = 0; r < blocks.extent(1); ++r) {
        for (size_t s = 0; s < r; ++s) {
          T product(0);
          for (size_t c = 0; c < n; ++c) product += blocks(k, r, c) * conjugate(blocks(k, s, c));
          for (size_t c = 0; c < n; ++c) blocks(k, r, c) -= product * blocks(k, s, c);
        }
        double length = 0;
        for (size_t c = 0; c < n; ++c) length += std::pow(double(Kokkos::abs(blocks(k, r, c))), 2);
        for (size_t c = 0; c < n; ++c) blocks(k, r, c) /= std::sqrt(length);
      }
  return blocks;
}

enum class Kind { orthonormal, gaussian };

template <class T>
monarch::MMStar<T> member(size_t n, size_t b, Kind kind, std::uint64_t stream) {
  const size_t m = n / b;
  auto outer = random_blocks<T>({b, m, m}, stream), middle = random_blocks<T>({m, b, b}, stream + 1),
       inner = random_blocks<T>({b, m, m}, stream + 2);
  if (kind == Kind::orthonormal) {
    orthonormal<T>(outer);
    orthonormal<T>(inner);
    for (size_t e = 0; e < middle.size(); ++e)
      middle.data()[e] = T(std::exp(double(Kokkos::real(middle.data()[e]))));
  }
  return {outer, middle, inner};
}

template <class A, class B>
double relative_difference(const A& a, const B& b) {
  REQUIRE(a.size() == b.size());
  double difference = 0, norm = 0;
  for (size_t e = 0; e < a.size(); ++e) {
    difference += std::pow(double(Kokkos::abs(Z(a.data()[e]) - Z(b.data()[e]))), 2);
    norm += std::pow(double(Kokkos::abs(a.data()[e])), 2);
  }
  return std::sqrt(difference / norm);
}

/// Factorises; the error of the report is that of the factors.
template <class T>
monarch::FactorizeReport factorize(const HostTensor<T, 2>& a, size_t b,
                                   const monarch::FactorizeOptions& options = {}, bool* is_real = nullptr) {
  monarch::FactorizeReport report;
  const auto result = monarch::factorize_mm_star<T>(a, b, options, &report);
  if (is_real) *is_real = result.index() == 0;
  std::visit(
      [&](const auto& m) {
        // Three sums of n/b, b and n/b products.
        CHECK(std::abs(relative_difference(a, m.dense()) - report.relative_error) <=
              1e-14 + 1e-6 * report.relative_error);
        CHECK(m.parameters() == 2 * a.extent(0) * a.extent(0) / b + a.extent(0) * b);
      },
      result);
  return report;
}

}  // namespace

TEMPLATE_TEST_CASE("M1 M2* and M1* M2 are the products of the dense matrices", "[monarch]", float, double,
                   Complex<float>, Complex<double>) {
  using T = TestType;
  const monarch::MonarchShape s{3, 5, 4, 6}, wider{3, 5, 2, 7}, taller{4, 3, 4, 6};
  const auto random = [](const monarch::MonarchShape& shape, std::uint64_t stream) {
    return monarch::MonarchMatrix<T>(random_blocks<T>(shape.left(), stream),
                                     random_blocks<T>(shape.right(), stream + 1));
  };
  const auto m1 = random(s, 1), m2 = random(wider, 3), m3 = random(taller, 5);
  const auto a = m1.dense(), b = m2.dense(), c = m3.dense();
  const HostTensor<T, 2> mm_star("mm*", a.extent(0), b.extent(0)), m_star_m("m*m", a.extent(1), c.extent(1));
  for (size_t r = 0; r < a.extent(0); ++r)
    for (size_t t = 0; t < a.extent(1); ++t) {
      for (size_t q = 0; q < b.extent(0); ++q) mm_star(r, q) += a(r, t) * conjugate(b(q, t));
      for (size_t q = 0; q < c.extent(1); ++q) m_star_m(t, q) += conjugate(a(r, t)) * c(r, q);
    }
  // Sums of some 20 products of numbers of size 1, in another order.
  const double bound = 40 * test::epsilon<T>();
  const auto product = monarch::mm_star(m1, m2);
  CHECK(relative_difference(mm_star, product.dense()) <= bound);
  CHECK(product.parameters() == 4 * 6 * 3 + 3 * 4 * 2 + 2 * 3 * 7);
  CHECK(relative_difference(m_star_m, monarch::m_star_m(m1, m3).dense()) <= bound);
  CHECK_THROWS_AS(monarch::mm_star(m1, m3), ShapeError);
  CHECK_THROWS_AS(monarch::m_star_m(m1, m2), ShapeError);

  const auto x = to_host(test::normal<T, 2>({2, product.columns()}, 8)),
             y = to_host(test::normal<T, 2>({2, product.rows()}, 9));
  CHECK(std::abs(test::dot(product.apply(x), y) - test::dot(x, product.adjoint(y))) <=
        100 * bound * double(product.rows()));
}

TEMPLATE_TEST_CASE("MM* with orthogonal or unitary blocks is factorised to rounding", "[monarch]", double,
                   Complex<double>) {
  using T = TestType;
  const auto [n, b] = GENERATE(table<size_t, size_t>({{64, 8}, {64, 16}, {144, 12}, {256, 16}}));
  monarch::FactorizeOptions direct;
  direct.refinements = 0;
  const auto a = member<T>(n, b, Kind::orthonormal, 10).dense();
  bool is_real;
  CHECK(factorize<T>(a, b, direct, &is_real).relative_error <= 1e-11);
  CHECK(is_real == !is_complex_v<T>);
  CHECK(factorize<T>(a, b).relative_error <= 1e-13);
}

TEMPLATE_TEST_CASE("MM* with Gaussian factors is factorised directly and refined", "[monarch]", double,
                   Complex<double>) {
  using T = TestType;
  const auto [n, b] = GENERATE(table<size_t, size_t>({{64, 8}, {144, 12}, {256, 16}}));
  for (std::uint64_t stream : {20, 30}) {
    bool is_real;
    const auto report = factorize<T>(member<T>(n, b, Kind::gaussian, stream).dense(), b, {}, &is_real);
    CHECK(report.one_shot_error <= 1e-7);
    CHECK(report.relative_error <= 1e-10);
    CHECK(report.relative_error <= report.one_shot_error);
    CHECK(is_real == !is_complex_v<T>);
  }
}

TEST_CASE("a pivot other than the first serves when the first block is singular", "[monarch]") {
  const auto m = member<double>(64, 8, Kind::orthonormal, 40);
  for (size_t k = 0; k < 4; ++k) m.middle()(k, 0, 0) = 0;  // block (0, 0) has rank 4
  const auto report = factorize<double>(m.dense(), 8);
  CHECK(report.relative_error <= 1e-13);
}

TEST_CASE("complex factors are found where there are no real ones", "[monarch]") {
  // A circulant without zeros in its blocks.
  const auto taps = to_host(test::normal<double, 1>({36}, 50));
  const auto a = monarch::circulant(std::vector<double>(taps.data(), taps.data() + 36), 6).dense();
  bool is_real;
  CHECK(factorize<double>(a, 6, {}, &is_real).relative_error <= 1e-10);
  CHECK(!is_real);
}

TEST_CASE("the assumption that fails is named", "[monarch]") {
  const auto identity = monarch::identity_matrix<double>(36, 6).dense();
  CHECK_THROWS_WITH(monarch::factorize_mm_star<double>(identity, 6),
                    Catch::Contains("singular blocks") && Catch::Contains("transform --kind"));
  CHECK_THROWS_WITH(monarch::factorize_mm_star<double>(HostTensor<double, 2>("zero", 36, 36), 6),
                    Catch::Contains("the matrix is zero"));
  const auto nan = to_host(test::normal<double, 2>({36, 36}, 60));
  nan(4, 7) = std::nan("");
  CHECK_THROWS_WITH(monarch::factorize_mm_star<double>(nan, 6),
                    "the matrix has an entry that is not finite in row 4, column 7");
  CHECK_THROWS_WITH(monarch::factorize_mm_star<double>(identity, 5),
                    "factorize_mm_star: block size 5 does not divide n = 36");
  CHECK_THROWS_AS(monarch::factorize_mm_star<double>(HostTensor<double, 2>("wide", 4, 6), 2), ShapeError);

  SECTION("and approximation goes on without it, reporting what it reached") {
    monarch::FactorizeOptions options;
    options.approximate = true;
    const auto report = factorize<double>(identity, 6, options);
    CHECK(!report.failed_assumption.empty());
    CHECK(report.relative_error <= 1e-14);  // the identity is a Monarch matrix
  }
}

TEST_CASE("a matrix outside of the class is approximated, and the error says so", "[monarch]") {
  const auto a = to_host(test::normal<double, 2>({64, 64}, 70));
  const auto direct = factorize<double>(a, 8);
  CHECK(direct.relative_error > 0.1);
  CHECK(direct.relative_error <= direct.one_shot_error);
  monarch::FactorizeOptions options;
  options.approximate = true;
  monarch::ProjectionReport single;
  monarch::project(monarch::rows_of<double>(a), monarch::MonarchShape::square(64, 8), {}, {}, &single);
  CHECK(factorize<double>(a, 8, options).relative_error <= single.relative_error() + 1e-14);
}
