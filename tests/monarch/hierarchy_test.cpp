#include <danaus/monarch/hierarchy.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

using namespace danaus;
using monarch::HierarchyShape;

TEMPLATE_TEST_CASE("(MM*)^w_e is a corner of a product of w matrices", "[monarch]", double, Complex<double>) {
  using T = TestType;
  const auto [n, block, width, expansion] = GENERATE(
      table<size_t, size_t, size_t, size_t>({{12, 3, 1, 1}, {12, 4, 2, 1}, {7, 2, 2, 2}, {6, 3, 3, 2}}));
  const auto shape = HierarchyShape::make(n, block, width, expansion);
  const size_t points = shape.points(), m = points / block;
  std::vector<monarch::MMStar<T>> pairs;
  auto expected = HostTensor<T, 2>("identity", points, points);
  for (size_t t = 0; t < points; ++t) expected(t, t) = 1.0;
  for (size_t w = 0; w < width; ++w) {
    const auto random = [&](const Shape<3>& s, size_t which) {
      return to_host(test::normal<T, 3>(s, 10 * w + which));
    };
    pairs.push_back({random({block, m, m}, 0), random({m, block, block}, 1), random({block, m, m}, 2)});
    const auto dense = pairs.back().dense();
    const HostTensor<T, 2> next("next", points, points);
    for (size_t r = 0; r < points; ++r)
      for (size_t t = 0; t < points; ++t)
        for (size_t c = 0; c < points; ++c) next(r, c) += expected(r, t) * dense(t, c);
    expected = next;
  }
  const auto product = monarch::hierarchy<T>(pairs, n);
  const auto corner = product.dense();
  REQUIRE(product.rows() == n);
  REQUIRE(product.columns() == n);
  double worst = 0;
  for (size_t r = 0; r < n; ++r)
    for (size_t c = 0; c < n; ++c)
      worst = std::max(worst, double(Kokkos::abs(corner(r, c) - expected(r, c))));
  // 3 w sums of at most 12 products each, in another order.
  CHECK(worst <= 100 * double(width) * test::epsilon<T>() * test::max_abs(expected));
  // The order of the outputs is a factor of ones.
  CHECK(product.parameters() == shape.parameters() + points);
  CHECK(product.matrix().factors().size() == 2 * width + 2);

  const auto x = to_host(test::normal<T, 2>({2, n}, 90)), y = to_host(test::normal<T, 2>({2, n}, 91));
  CHECK(std::abs(test::dot(product.apply(x), y) - test::dot(x, product.adjoint(y))) <=
        1000 * double(n) * test::epsilon<T>() * test::max_abs(expected));
}

TEST_CASE("sizes that make no hierarchy are named", "[monarch]") {
  CHECK_THROWS_AS(HierarchyShape::make(7, 4, 1, 2), ShapeError);
  CHECK_THROWS_AS(HierarchyShape::make(8, 4, 0, 2), ShapeError);
  CHECK_THROWS_AS(monarch::hierarchy<double>({}, 4), ShapeError);
}
