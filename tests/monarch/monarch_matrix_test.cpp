#include <danaus/monarch/block_product.hpp>
#include <danaus/monarch/exact/product_algebra.hpp>
#include <danaus/monarch/projection.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

#include <numeric>

using namespace danaus;
using monarch::BlockProduct, monarch::MonarchMatrix, monarch::MonarchShape;

namespace {

template <class T>
HostTensor<T, 3> blocks(const Shape<3>& shape, std::uint64_t stream) {
  return to_host(test::normal<T, 3>(shape, stream));
}
template <class T>
HostTensor<T, 2> batch(size_t samples, size_t size, std::uint64_t stream) {
  return to_host(test::normal<T, 2>({samples, size}, stream));
}

/// 0, 1, ... shuffled by a step that shares no factor with n.
std::vector<size_t> shuffled(size_t n) {
  size_t step = n / 2 + 1;
  while (std::gcd(step, n) != 1) ++step;
  std::vector<size_t> p(n);
  for (size_t t = 0; t < n; ++t) p[t] = (t * step + 1) % n;
  return p;
}

template <class T>
MonarchMatrix<T> random_monarch(const MonarchShape& shape, bool is_permuted, std::uint64_t stream) {
  return {blocks<T>(shape.left(), stream), blocks<T>(shape.right(), stream + 1),
          is_permuted ? shuffled(shape.columns()) : std::vector<size_t>()};
}

/// A x, one sum at a time.
template <class T>
HostTensor<T, 2> dense_product(const HostTensor<T, 2>& a, const HostTensor<T, 2>& x) {
  const HostTensor<T, 2> y("y", x.extent(0), a.extent(0));
  for (size_t s = 0; s < x.extent(0); ++s)
    for (size_t r = 0; r < a.extent(0); ++r)
      for (size_t c = 0; c < a.extent(1); ++c) y(s, r) += a(r, c) * x(s, c);
  return y;
}

}  // namespace

TEMPLATE_TEST_CASE("a Monarch matrix is what its definition says, and its adjoint is the adjoint",
                   "[monarch]", float, double, Complex<float>, Complex<double>) {
  using T = TestType;
  const auto s = GENERATE(MonarchShape{4, 4, 4, 4}, MonarchShape{3, 5, 4, 2}, MonarchShape{1, 6, 6, 1},
                          MonarchShape{6, 1, 1, 6}, MonarchShape{1, 1, 1, 1}, MonarchShape{2, 3, 7, 5});
  for (const bool is_permuted : {false, true}) {
    const auto m = random_monarch<T>(s, is_permuted, 1);
    const auto p = shuffled(s.columns());
    const HostTensor<T, 2> expected("expected", s.rows(), s.columns());
    for (size_t l = 0; l < s.left_rows; ++l)
      for (size_t j = 0; j < s.left_blocks; ++j)
        for (size_t k = 0; k < s.right_blocks; ++k)
          for (size_t i = 0; i < s.right_columns; ++i) {
            const size_t column = k * s.right_columns + i;
            expected(l * s.left_blocks + j, is_permuted ? p[column] : column) =
                m.left()(j, l, k) * m.right()(k, j, i);
          }
    CHECK(test::max_difference(m.dense(), expected) <= 4 * test::epsilon<T>() * test::max_abs(expected));
    CHECK(m.parameters() == m.left().size() + m.right().size());
    CHECK(m.flops() == double(m.parameters()) * (is_complex_v<T> ? 8 : 2));

    const auto x = batch<T>(3, m.columns(), 5), y = batch<T>(3, m.rows(), 6);
    // Two sums of at most `columns` products, all of some ten standard deviations at most.
    const double bound = 100 * double(s.columns()) * test::epsilon<T>() * test::max_abs(expected);
    CHECK(test::max_difference(m.apply(x), dense_product<T>(expected, x)) <= bound);
    CHECK(std::abs(test::dot(m.apply(x), y) - test::dot(x, m.adjoint(y))) <= 3 * double(s.rows()) * bound);
    // Linear.
    const auto z = batch<T>(3, m.columns(), 7), sum = batch<T>(3, m.columns(), 5);
    const T factor = T(real_t<T>(-1.5));
    for (size_t e = 0; e < sum.size(); ++e) sum.data()[e] += factor * z.data()[e];
    const auto left = m.apply(sum), first = m.apply(x), second = m.apply(z);
    for (size_t e = 0; e < first.size(); ++e) first.data()[e] += factor * second.data()[e];
    CHECK(test::max_difference(left, first) <= 3 * bound);
  }
}

TEMPLATE_TEST_CASE("block sizes 1 and n hold every matrix, others have the paper's parameters", "[monarch]",
                   double, Complex<double>) {
  using T = TestType;
  const auto a = batch<T>(12, 12, 8);
  for (size_t b : {1, 12}) {
    const auto m = monarch::project(monarch::rows_of<T>(a), MonarchShape::square(12, b));
    CHECK(test::max_difference(m.dense(), a) <= 1e-14 * test::max_abs(a));
  }
  for (size_t b : {1, 2, 3, 4, 6, 12})
    CHECK(MonarchShape::square(12, b).parameters() == 12 * 12 / b + 12 * b);
  CHECK(MonarchShape::square(1024, 32).parameters() == 2 * 1024 * 32);  // 2 n sqrt(n)
}

TEMPLATE_TEST_CASE("diagonals and permutations of the inputs stay in the class", "[monarch]", double,
                   Complex<double>) {
  using T = TestType;
  // M diag(d) scales columns, diag(d) M rows: each slice keeps its rank.
  const MonarchShape s{4, 3, 3, 4};
  const auto a = random_monarch<T>(s, false, 20).dense();
  const auto d = batch<T>(2, 12, 22);
  for (size_t r = 0; r < 12; ++r)
    for (size_t c = 0; c < 12; ++c) a(r, c) *= d(0, r) * d(1, c);
  monarch::ProjectionReport report;
  monarch::project(monarch::rows_of<T>(a), s, {}, {}, &report);
  CHECK(report.relative_error() <= 1e-14);
}

TEMPLATE_TEST_CASE("a product of Monarch matrices applies them one after the other", "[monarch]", float,
                   double, Complex<float>, Complex<double>) {
  using T = TestType;
  const auto outer = random_monarch<T>({4, 3, 3, 5}, true, 30),
             inner = random_monarch<T>({2, 5, 4, 3}, true, 32);
  const auto product = monarch::compose(monarch::to_product(outer), monarch::to_product(inner));
  const auto x = batch<T>(4, 10, 34), y = batch<T>(4, 15, 35);
  const double bound =
      100 * 12 * test::epsilon<T>() * test::max_abs(outer.dense()) * test::max_abs(inner.dense());
  CHECK(test::max_difference(product.apply(x), outer.apply(inner.apply(x))) <= 12 * bound);
  CHECK(test::max_difference(product.adjoint(y), inner.adjoint(outer.adjoint(y))) <= 12 * bound);
  CHECK(test::max_difference(product.apply(x), dense_product<T>(product.dense(), x)) <= 12 * bound);
}

TEST_CASE("factors that do not fit are named", "[monarch]") {
  const HostTensor<double, 3> left("left", 3, 5, 4), right("right", 4, 3, 2);
  CHECK_NOTHROW(MonarchMatrix<double>(left, right));
  CHECK_THROWS_WITH(
      MonarchMatrix<double>(right, left),
      "MonarchMatrix: left (4, 3, 2) and right (3, 5, 4); expected (j, l, k) and (k, j, i) with the same "
      "j and k");
  CHECK_THROWS_AS(MonarchMatrix<double>(left, HostTensor<double, 3>()), ShapeError);
  CHECK_THROWS_WITH(MonarchMatrix<double>(left, right, {0, 1, 2, 3, 4, 5, 6, 6}),
                    "MonarchMatrix: expected an input permutation of 8 columns, found 8 numbers without 7");
  const MonarchMatrix<double> m(left, right);
  CHECK_THROWS_WITH(m.apply(HostTensor<double, 2>("x", 1, 7)),
                    "MonarchMatrix::apply: vectors of 7 entries for a matrix side of 8");
  CHECK_THROWS_AS(m.adjoint(HostTensor<double, 2>("y", 1, 8)), ShapeError);
  CHECK_THROWS_WITH(BlockProduct<double>({}), "BlockProduct: no factors; expected one at least");
  CHECK_THROWS_WITH(BlockProduct<double>({{left, {0, 1}}}),
                    "BlockProduct: factor 0: expected a permutation of 12 inputs");
}
