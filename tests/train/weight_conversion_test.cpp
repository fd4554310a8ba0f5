// Dense weights <-> Monarch matrices with Adam's state.

#include <danaus/train/weight_conversion.hpp>

#include <danaus/linalg/svd.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

using namespace danaus;
using namespace danaus::train;
using nn::MonarchWeightsShape;

namespace {

using Matrix = HostTensor<double, 2>;
using Blocks = HostTensor<double, 3>;

Matrix normal_matrix(size_t rows, size_t columns, std::uint64_t stream) {
  return to_host(test::normal<double, 2>({rows, columns}, stream));
}
Blocks normal_blocks(const Shape<3>& shape, std::uint64_t stream) {
  return to_host(test::normal<double, 3>(shape, stream));
}
template <class View>
View squared(const View& a) {
  const View b = to_host(a);
  for (size_t e = 0; e < b.size(); ++e) b.data()[e] *= b.data()[e];
  return b;
}

DenseWeightState random_dense(size_t inputs, size_t outputs) {
  return {normal_matrix(inputs, outputs, 1), normal_matrix(inputs, outputs, 2),
          squared(normal_matrix(inputs, outputs, 3)), Matrix()};
}

Matrix product(const MonarchWeightsShape& shape, const Blocks& left, const Blocks& right) {
  const auto weights = zeros<double, 2>("weights", {shape.inputs, shape.outputs});
  nn::multiply_out<double>(Exec{}, shape, to_device<double, 3>(left), to_device<double, 3>(right), weights);
  return to_host(weights);
}

struct FactorGradients {
  Blocks left, right;
};
FactorGradients chain_rule(const MonarchWeightsShape& shape, const Blocks& left, const Blocks& right,
                           const Matrix& gradient) {
  const auto l = zeros<double, 3>("left", shape.left()), r = zeros<double, 3>("right", shape.right());
  nn::multiply_out_backward<double>(Exec{}, shape, to_device<double, 3>(left), to_device<double, 3>(right),
                                    to_device<double, 2>(gradient), l, r);
  return {to_host(l), to_host(r)};
}

MonarchWeightsShape any_shape() {
  return GENERATE(MonarchWeightsShape::from_nblocks(16, 16, 4), MonarchWeightsShape::from_nblocks(16, 32, 2),
                  MonarchWeightsShape::from_nblocks(12, 19, 4), MonarchWeightsShape::from_block(16, 16, 4),
                  MonarchWeightsShape::from_block(11, 14, 4));
}

/// Factors with random moments; products of two normal numbers and sums of a few stay below some 100.
MonarchWeightState random_monarch(const MonarchWeightsShape& shape) {
  MonarchWeightState m;
  m.left = {normal_blocks(shape.left(), 1), normal_blocks(shape.left(), 2),
            squared(normal_blocks(shape.left(), 3)), normal_blocks(shape.left(), 7)};
  m.right = {normal_blocks(shape.right(), 4), normal_blocks(shape.right(), 5),
             squared(normal_blocks(shape.right(), 6)), normal_blocks(shape.right(), 8)};
  return m;
}

}  // namespace

TEST_CASE("sparsifying what was densified is the identity", "[train]") {
  const auto shape = any_shape();
  const auto before = random_monarch(shape);
  const auto dense = to_dense(before, shape, 100);
  double error = 1;
  const auto after = to_monarch(dense, shape, &error);
  // The factors may be scaled and turned, their product may not: of magnitude 10, to some 100 roundings.
  CHECK(error <= 1e-14);
  CHECK(test::max_difference(product(shape, before.left.value, before.right.value), dense.value) <= 1e-14);
  CHECK(test::max_difference(product(shape, after.left.value, after.right.value), dense.value) <= 2e-13);
  CHECK(test::max_difference(product(shape, before.left.average, before.right.average), dense.average) <=
        1e-14);
  CHECK(test::max_difference(product(shape, after.left.average, after.right.average), dense.average) <=
        2e-13);
}

TEST_CASE("the error of a conversion is the optimum that singular values give", "[train]") {
  const size_t n = 16, nblocks = 4;
  const auto shape = MonarchWeightsShape::from_nblocks(n, n, nblocks);  // slices 4 x 4 of rank 1
  const auto dense = random_dense(n, n);
  double error = 0;
  to_monarch(dense, shape, &error);
  double left_out = 0, total = 0;
  for (size_t j = 0; j < nblocks; ++j)
    for (size_t k = 0; k < nblocks; ++k) {
      std::vector<double> slice;
      for (size_t i = 0; i < 4; ++i)
        for (size_t row = 0; row < 4; ++row) slice.push_back(dense.value(4 * k + i, row * nblocks + j));
      const auto sigma = linalg::singular_values<double>(slice.data(), 4, 4);
      for (size_t q = 0; q < 4; ++q) {
        total += sigma[q] * sigma[q];
        if (q > 0) left_out += sigma[q] * sigma[q];
      }
    }
  CHECK(error == Approx(std::sqrt(left_out / total)).epsilon(1e-12));
}

TEST_CASE("first moments follow the chain rule, and come back as its gradient of least norm", "[train]") {
  const auto shape = any_shape();
  const auto dense = random_dense(shape.inputs, shape.outputs);
  const auto monarch = to_monarch(dense, shape);
  const auto expected = chain_rule(shape, monarch.left.value, monarch.right.value, dense.first_moment);
  // Sums of up to 32 products of numbers below 10.
  CHECK(test::max_difference(monarch.left.first_moment, expected.left) <= 1e-13);
  CHECK(test::max_difference(monarch.right.first_moment, expected.right) <= 1e-13);

  const auto again = to_dense(monarch, shape, 100);
  const auto gradients = chain_rule(shape, monarch.left.value, monarch.right.value, again.first_moment);
  // The inverses of the slices' Gram matrices, of condition below 1e3, amplify rounding.
  CHECK(test::max_difference(gradients.left, expected.left) <= 1e-10);
  CHECK(test::max_difference(gradients.right, expected.right) <= 1e-10);
  // Least norm: a projection is orthogonal to what it leaves out, which here is not nothing.
  double inner = 0, norm = 0, whole = 0;
  for (size_t e = 0; e < dense.first_moment.size(); ++e) {
    const double m = again.first_moment.data()[e], g = dense.first_moment.data()[e];
    inner += m * (g - m);
    norm += m * m;
    whole += g * g;
  }
  CHECK(std::abs(inner) <= 1e-10 * whole);
  CHECK(norm < 0.95 * whole);
}

TEST_CASE("second moments of factors bound those of every sequence of gradients", "[train]") {
  const auto shape = any_shape();
  auto dense = random_dense(shape.inputs, shape.outputs);
  const auto factors = to_monarch(dense, shape);
  // Means over 50 gradients that have a common part, so that their entries are correlated.
  const size_t count = 50;
  fill(dense.first_moment, 0.0);
  fill(dense.second_moment, 0.0);
  const Blocks left = normal_blocks(shape.left(), 1), right = normal_blocks(shape.right(), 1);
  fill(left, 0.0);
  fill(right, 0.0);
  for (size_t s = 0; s < count; ++s) {
    const Matrix g = normal_matrix(shape.inputs, shape.outputs, 100 + s);
    const double common = g(0, 0);
    for (size_t e = 0; e < g.size(); ++e) {
      g.data()[e] += common;
      dense.first_moment.data()[e] += g.data()[e] / double(count);
      dense.second_moment.data()[e] += g.data()[e] * g.data()[e] / double(count);
    }
    const auto chained = chain_rule(shape, factors.left.value, factors.right.value, g);
    for (size_t e = 0; e < left.size(); ++e)
      left.data()[e] += std::pow(chained.left.data()[e], 2) / double(count);
    for (size_t e = 0; e < right.size(); ++e)
      right.data()[e] += std::pow(chained.right.data()[e], 2) / double(count);
  }
  const auto monarch = to_monarch(dense, shape);
  double longest = 0;
  for (size_t e = 0; e < dense.value.size(); ++e)
    longest =
        std::max(longest, std::abs(dense.first_moment.data()[e]) / std::sqrt(dense.second_moment.data()[e]));
  const auto check = [&](const MonarchWeightState::Factor& factor, const Blocks& found) {
    double ratio = 0, step = 0, tightest = 1e300;
    for (size_t e = 0; e < found.size(); ++e) {
      const double v = factor.second_moment.data()[e];
      if (v == 0) continue;  // of an input or output beyond the last
      ratio = std::max(ratio, found.data()[e] / v);
      tightest = std::min(tightest, v / found.data()[e]);
      step = std::max(step, std::abs(factor.first_moment.data()[e]) / std::sqrt(v));
    }
    CHECK(ratio <= 1 + 1e-12);
    CHECK(tightest < 20);  // a bound, not just any large number
    CHECK(step <= longest * (1 + 1e-12));
  };
  check(monarch.left, left);
  check(monarch.right, right);
}

TEST_CASE("second moments of dense weights are those of equal, uncorrelated entries", "[train]") {
  const auto shape = any_shape();
  auto monarch = random_monarch(shape);
  // Gradients of variance 4 in every entry give factors' gradients these variances.
  const auto unit = [&](const Blocks& of, const Blocks& other, bool is_left) {
    const Blocks v = normal_blocks(shape_of(of), 1);
    fill(v, 0.0);
    const Matrix g = normal_matrix(shape.inputs, shape.outputs, 1);
    for (size_t input = 0; input < shape.inputs; ++input)
      for (size_t output = 0; output < shape.outputs; ++output) {
        fill(g, 0.0);
        g(input, output) = 2;
        const auto chained =
            is_left ? chain_rule(shape, of, other, g).left : chain_rule(shape, other, of, g).right;
        for (size_t e = 0; e < v.size(); ++e) v.data()[e] += chained.data()[e] * chained.data()[e];
      }
    return v;
  };
  monarch.left.second_moment = unit(monarch.left.value, monarch.right.value, true);
  monarch.right.second_moment = unit(monarch.right.value, monarch.left.value, false);
  fill(monarch.left.first_moment, 0.0);
  fill(monarch.right.first_moment, 0.0);
  const auto dense = to_dense(monarch, shape, 100);
  for (size_t e = 0; e < dense.second_moment.size(); ++e)
    CHECK(dense.second_moment.data()[e] == Approx(4).epsilon(1e-12));
}

TEST_CASE("no first step of densified weights is longer than the rate", "[train]") {
  const auto shape = any_shape();
  const auto monarch = random_monarch(shape);
  for (const std::uint64_t updates : {1u, 10u, 10000u}) {
    const auto dense = to_dense(monarch, shape, updates);
    const double t = double(updates), bias1 = 1 - std::pow(0.9, t), bias2 = 1 - std::pow(0.999, t);
    double longest = 0;
    for (size_t e = 0; e < dense.value.size(); ++e)
      if (const double v = dense.second_moment.data()[e]; v > 0)
        longest = std::max(longest, std::abs(dense.first_moment.data()[e]) / bias1 / std::sqrt(v / bias2));
    CHECK(longest <= 1 + 1e-12);
    CHECK(longest > 0.1);
  }
}

TEST_CASE("factors of the average lie near the factors, whatever their gauge", "[train]") {
  const auto shape = any_shape();
  auto dense = random_dense(shape.inputs, shape.outputs);
  // A member, so that slices have a gap behind their rank and the projection is smooth.
  dense.value = to_dense(random_monarch(shape), shape, 1).value;
  dense.average = to_host(dense.value);
  const Matrix change = normal_matrix(shape.inputs, shape.outputs, 9);
  for (size_t e = 0; e < change.size(); ++e) dense.average.data()[e] += 1e-6 * change.data()[e];
  double error = 0;
  const auto monarch = to_monarch(dense, shape, &error);
  CHECK(error <= 1e-5);
  // 1e-6 times the inverse gaps of singular values, some 100 at most.
  CHECK(test::max_difference(monarch.left.average, monarch.left.value) <= 1e-3);
  CHECK(test::max_difference(monarch.right.average, monarch.right.value) <= 1e-3);
  CHECK(test::max_difference(product(shape, monarch.left.average, monarch.right.average), dense.average) <=
        1e-5);
}

TEST_CASE("conversions refuse what is not finite and what does not fit", "[train]") {
  const auto shape = MonarchWeightsShape::from_nblocks(8, 8, 4);
  auto dense = random_dense(8, 8);
  dense.value(3, 2) = std::nan("");
  CHECK_THROWS_AS(to_monarch(dense, shape), DataError);
  CHECK_THROWS_WITH(to_monarch(random_dense(8, 9), shape),
                    "to_monarch: value: expected shape (8, 8), found (8, 9)");
  CHECK_THROWS_AS(to_dense(random_monarch(shape), MonarchWeightsShape::from_nblocks(8, 12, 4), 1),
                  ShapeError);
  // Zero weights are a member, of zero factors, and stay finite.
  dense = random_dense(8, 8);
  fill(dense.value, 0.0);
  const auto monarch = to_monarch(dense, shape);
  const auto again = to_dense(monarch, shape, 3);
  CHECK(test::max_abs(again.value) == 0);
  CHECK(std::isfinite(test::max_abs(again.first_moment) + test::max_abs(again.second_moment)));
}
