// Learned Monarch transforms multiplied out, with Adam's state.

#include <danaus/train/transform_conversion.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

#include <array>

using namespace danaus;
using namespace danaus::train;
using monarch::MonarchShape;

namespace {

using Number = Complex<double>;
using Blocks = TransformState::Blocks;

Blocks normal(const Shape<3>& shape, std::uint64_t stream) {
  return to_host(test::normal<Number, 3>(shape, stream));
}
Blocks constant(const Shape<3>& shape, double value) {
  const auto b = to_host(zeros<Number, 3>("constant", shape));
  fill(b, Number(value, value));
  return b;
}
TransformState random_state(const MonarchShape& s) {
  return {{normal(s.left(), 1), normal(s.left(), 2), constant(s.left(), 1), normal(s.left(), 3)},
          {normal(s.right(), 4), normal(s.right(), 5), constant(s.right(), 1), normal(s.right(), 6)}};
}

/// Visits every entry M[l J + j, i K + k] = left[j, l, k] right[k, j, i].
template <class F>
void for_each(const MonarchShape& s, F f) {
  for (size_t j = 0; j < s.left_blocks; ++j)
    for (size_t l = 0; l < s.left_rows; ++l)
      for (size_t k = 0; k < s.right_blocks; ++k)
        for (size_t i = 0; i < s.right_columns; ++i)
          f(j, l, k, i, l * s.left_blocks + j, i * s.right_blocks + k);
}

/// Gradients of the factors, given that of the matrix (0, row, column).
std::array<Blocks, 2> chain_rule(const MonarchShape& s, const TransformState& state, const Blocks& gradient) {
  const Blocks left = to_host(zeros<Number, 3>("left", s.left())),
               right = to_host(zeros<Number, 3>("right", s.right()));
  for_each(s, [&](size_t j, size_t l, size_t k, size_t i, size_t row, size_t column) {
    left(j, l, k) += Kokkos::conj(state.right.value(k, j, i)) * gradient(0, row, column);
    right(k, j, i) += Kokkos::conj(state.left.value(j, l, k)) * gradient(0, row, column);
  });
  return {left, right};
}

/// Real and imaginary part squared.
Blocks squares(const Blocks& g) {
  const Blocks v = to_host(g);
  for (size_t e = 0; e < v.size(); ++e)
    v.data()[e] = Number(std::pow(g.data()[e].real(), 2), std::pow(g.data()[e].imag(), 2));
  return v;
}

}  // namespace

TEST_CASE("a dense transform is the product of its factors", "[train]") {
  const auto shape = MonarchShape::square(12, GENERATE(2, 3, 4, 6, 12));
  const auto state = random_state(shape);
  const auto dense = to_dense_transform(state, shape, 50);
  REQUIRE(shape_of(dense.right.value) == Shape<3>{1, 12, 12});
  REQUIRE(shape_of(dense.left.value) == Shape<3>{12, 1, 1});
  for_each(shape, [&](size_t j, size_t l, size_t k, size_t i, size_t row, size_t column) {
    CHECK(dense.left.value(row, 0, 0) * dense.right.value(0, row, column) ==
          state.left.value(j, l, k) * state.right.value(k, j, i));
    CHECK(dense.left.average(row, 0, 0) * dense.right.average(0, row, column) ==
          state.left.average(j, l, k) * state.right.average(k, j, i));
  });
  // Once more: dense transforms are what they are.
  const auto again = to_dense_transform(dense, MonarchShape::square(12, 12), 50);
  CHECK(test::max_difference(again.right.value, dense.right.value) == 0);
}

TEST_CASE("moments of a dense transform: the least gradient with the factors' gradients", "[train]") {
  const auto shape = MonarchShape::square(12, GENERATE(2, 3, 6));
  auto state = random_state(shape);
  // Only some outputs exist, as in a truncated transform: rows 0 - 4 and 9 - 11.
  const Blocks gradient = normal({1, 12, 12}, 7);
  for (size_t row = 5; row < 9; ++row)
    for (size_t column = 0; column < 12; ++column) gradient(0, row, column) = 0;
  const auto given = chain_rule(shape, state, gradient);
  state.left.first_moment = given[0];
  state.right.first_moment = given[1];
  state.left.second_moment = squares(given[0]);
  state.right.second_moment = squares(given[1]);
  const auto dense = to_dense_transform(state, shape, 50);
  const Blocks& m = dense.right.first_moment;
  // Quotients of norms of a few normal numbers amplify rounding by some 1e3.
  const auto found = chain_rule(shape, state, m);
  CHECK(test::max_difference(found[0], given[0]) <= 1e-11);
  CHECK(test::max_difference(found[1], given[1]) <= 1e-11);
  Number inner;
  double norm = 0, whole = 0;
  for (size_t e = 0; e < m.size(); ++e) {
    inner += Kokkos::conj(m.data()[e]) * (gradient.data()[e] - m.data()[e]);
    norm += std::pow(Kokkos::abs(m.data()[e]), 2);
    whole += std::pow(Kokkos::abs(gradient.data()[e]), 2);
  }
  CHECK(Kokkos::abs(inner) <= 1e-11 * whole);
  CHECK(norm < 0.99 * whole);
  for (size_t row = 5; row < 9; ++row)
    for (size_t column = 0; column < 12; ++column) CHECK(m(0, row, column) == Number(0));

  // The scales of rows: chain rule; no first step is longer than the rate.
  const double bias1 = 1 - std::pow(0.9, 50), bias2 = 1 - std::pow(0.999, 50);
  double longest = 0, longest_scale = 0;
  for (size_t row = 0; row < 12; ++row) {
    Number scale;
    for (size_t column = 0; column < 12; ++column) {
      scale += Kokkos::conj(dense.right.value(0, row, column)) * m(0, row, column);
      const Number v = dense.right.second_moment(0, row, column);
      if (v.real() > 0) longest = std::max(longest, std::abs(m(0, row, column).real()) / std::sqrt(v.real()));
      if (v.imag() > 0) longest = std::max(longest, std::abs(m(0, row, column).imag()) / std::sqrt(v.imag()));
    }
    CHECK(Kokkos::abs(dense.left.first_moment(row, 0, 0) - scale) <= 1e-12 * (1 + Kokkos::abs(scale)));
    const double v = dense.left.second_moment(row, 0, 0).real();
    if (v > 0) longest_scale = std::max(longest_scale, Kokkos::abs(scale) / std::sqrt(v));
  }
  CHECK(longest / bias1 * std::sqrt(bias2) <= 1 + 1e-12);
  CHECK(longest_scale / bias1 * std::sqrt(bias2) <= 1 + 1e-12);
  CHECK(longest_scale > 0);
}

TEST_CASE("second moments of a dense transform are those of equal, uncorrelated entries", "[train]") {
  const auto shape = MonarchShape::square(12, 3);
  auto state = random_state(shape);
  fill(state.left.first_moment, Number(0));
  fill(state.right.first_moment, Number(0));
  fill(state.left.second_moment, Number(0));
  fill(state.right.second_moment, Number(0));
  // Variance 4 of real and of imaginary part: each factor adds |other|^2 times it.
  for_each(shape, [&](size_t j, size_t l, size_t k, size_t i, size_t, size_t) {
    const double right = 4 * std::pow(Kokkos::abs(state.right.value(k, j, i)), 2),
                 left = 4 * std::pow(Kokkos::abs(state.left.value(j, l, k)), 2);
    state.left.second_moment(j, l, k) += Number(right, right);
    state.right.second_moment(k, j, i) += Number(left, left);
  });
  const auto dense = to_dense_transform(state, shape, 50);
  for (size_t e = 0; e < dense.right.second_moment.size(); ++e) {
    CHECK(dense.right.second_moment.data()[e].real() == Approx(4).epsilon(1e-12));
    CHECK(dense.right.second_moment.data()[e].imag() == Approx(4).epsilon(1e-12));
  }
}

TEST_CASE("transforms that do not fit are named", "[train]") {
  auto state = random_state(MonarchShape::square(12, 3));
  CHECK_THROWS_WITH(to_dense_transform(state, MonarchShape::square(12, 4), 1),
                    "to_dense_transform: left: expected shape (4, 3, 3), found (3, 4, 4)");
  state.right.second_moment = constant({1, 1, 1}, 0);
  CHECK_THROWS_AS(to_dense_transform(state, MonarchShape::square(12, 3), 1), ShapeError);
}
