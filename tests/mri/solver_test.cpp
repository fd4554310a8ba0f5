#include "scans.hpp"

#include <danaus/core/error.hpp>
#include <danaus/mri/models/method.hpp>
#include <danaus/mri/solvers/total_variation.hpp>
#include <danaus/mri/solvers/wavelet.hpp>

#include <support/catch.hpp>

#include <cmath>

using namespace danaus;
using namespace danaus::mri;

namespace {

using Field = Tensor<Complex<double>, 4>;

double norm(const Field& x) { return std::sqrt(test::dot(x, x)); }

Field copy_of(const Field& x) { return to_device<Complex<double>, 4>(to_host(x)); }

double distance(const Field& x, const Field& y) {
  const Field d = copy_of(x);
  combine<double>(Exec(), 1.0, x, -1.0, y, d);
  Exec().fence();
  return norm(d);
}

/// 1/2 ||A x - y||^2
double misfit(const SenseOperator<double>& a, const Field& x, const Field& y) {
  const auto ax = uninitialized<Complex<double>, 4>("ax", a.kspace_shape());
  a.forward(Exec(), x, ax);
  Exec().fence();
  return .5 * std::pow(distance(ax, y), 2);
}

}  // namespace

TEST_CASE("arithmetic is that of each item", "[mri]") {
  const Exec space;
  const Shape<4> shape{3, 50, 101, 2};  // more than two blocks of 4096
  const auto x = test::normal<Complex<double>, 4>(shape, stream::test),
             y = test::normal<Complex<double>, 4>(shape, stream::test + (1 << 8));
  const auto dots = item_dots<double>(space, x, y);
  const auto largest = item_max_abs<double>(space, x);
  const auto hx = to_host(x), hy = to_host(y);
  const size_t n = x.size() / 3;
  for (size_t b = 0; b < 3; ++b) {
    double dot = 0, most = 0;
    for (size_t i = b * n; i < (b + 1) * n; ++i) {
      dot += hx.data()[i].real() * hy.data()[i].real() + hx.data()[i].imag() * hy.data()[i].imag();
      most = std::max(most, Kokkos::abs(hx.data()[i]));
    }
    CHECK(std::abs(dots[b] - dot) <= 1e-11);  // 20000 products of size 1, sums of size 150
    CHECK(std::abs(largest[b] - most) <= 1e-14);
  }
  const auto z = copy_of(y);
  add_scaled_items<double>(space, {2, 0, -1}, x, z);
  scale_and_add_items<double>(space, x, {3, 1, 0}, z);
  space.fence();
  const auto hz = to_host(z);
  const double factor[] = {2, 0, -1}, scale[] = {3, 1, 0};
  for (size_t i = 0; i < x.size(); ++i) {
    const size_t b = i / n;
    const auto expected = hx.data()[i] + scale[b] * (hy.data()[i] + factor[b] * hx.data()[i]);
    REQUIRE(Kokkos::abs(hz.data()[i] - expected) <= 1e-14 * 20);
  }
  CHECK_THROWS_AS(add_scaled_items<double>(space, {1, 2}, x, z), ShapeError);
}

TEST_CASE("cg-sense solves the regularised normal equations", "[mri]") {
  const Exec space;
  const auto maps = test::smooth_maps<double>(24, 20, 4);
  const SenseOperator<double> a(space, 1, maps, test::random_samples<double>(24, 20, .4));
  const auto y = test::normal<Complex<double>, 4>(a.kspace_shape(), stream::test);
  const auto x = uninitialized<Complex<double>, 4>("x", a.image_shape());
  std::vector<double> residuals;
  const double lambda = .05;
  cg_sense<double>(space, a, y, lambda, 200, 1e-12, x,
                   [&](int, const std::vector<double>& r) { residuals.push_back(r[0]); });
  // The gradient A^H (A x - y) + lambda x, by other means than the solver's recurrence.
  const auto ax = uninitialized<Complex<double>, 4>("ax", a.kspace_shape());
  const auto g = uninitialized<Complex<double>, 4>("g", a.image_shape()), right = copy_of(g);
  a.forward(space, x, ax);
  combine<double>(space, 1.0, ax, -1.0, y, ax);
  a.adjoint(space, ax, g);
  combine<double>(space, 1.0, g, lambda, x, g);
  a.adjoint(space, y, right);
  space.fence();
  CHECK(norm(g) <= 1e-10 * norm(right));
  CHECK(residuals.back() <= 1e-12);
  CHECK(residuals.size() < 200);
  CHECK_THROWS_AS(cg_sense<double>(space, a, y, -1, 10, 0, x), UsageError);
}

TEST_CASE("cg-sense of several items is that of each by itself, bit for bit", "[mri]") {
  const Exec space;
  const auto maps = test::smooth_maps<float>(16, 12, 3);
  const auto mask = test::random_samples<float>(16, 12, .5);
  const SenseOperator<float> two(space, 2, maps, mask), one(space, 1, maps, mask);
  const auto y = test::normal<Complex<float>, 4>(two.kspace_shape(), stream::test);
  const auto x = uninitialized<Complex<float>, 4>("x", two.image_shape()),
             x1 = uninitialized<Complex<float>, 4>("x", one.image_shape());
  cg_sense<float>(space, two, y, .01, 12, 0, x);
  const auto second = Kokkos::subview(y, std::make_pair(1, 2), Kokkos::ALL, Kokkos::ALL, Kokkos::ALL);
  const auto y1 = uninitialized<Complex<float>, 4>("y", one.kspace_shape());
  copy(y1, second);
  cg_sense<float>(space, one, y1, .01, 12, 0, x1);
  space.fence();
  const auto hx = to_host(x), h1 = to_host(x1);
  for (size_t i = 0; i < h1.size(); ++i) REQUIRE(hx.data()[h1.size() + i] == h1.data()[i]);
}

TEST_CASE("the wavelet transform is unitary, and its adjoint the inverse", "[mri]") {
  const Exec space;
  for (const auto& [shape, levels] :
       {std::pair{Shape<4>{2, 32, 16, 1}, 3}, std::pair{Shape<4>{1, 8, 24, 2}, 3},
        std::pair{Shape<4>{1, 4, 2, 1}, 1}}) {
    const WaveletTransform<double> w(shape, levels);
    const auto x = test::normal<Complex<double>, 4>(shape, stream::test);
    const auto c = uninitialized<Complex<double>, 4>("c", w.coefficient_shape()),
               d = test::normal<Complex<double>, 4>(w.coefficient_shape(), stream::test + (1 << 8));
    const auto back = copy_of(x);
    w.forward(space, {3, 1}, x, c);
    space.fence();
    CHECK(std::abs(norm(c) - norm(x)) <= 1e-13 * norm(x));
    const double forward = test::dot(c, d);
    w.adjoint(space, {3, 1}, d, back);
    space.fence();
    CHECK(std::abs(forward - test::dot(x, back)) <= 1e-12 * norm(x) * norm(c));
    w.adjoint(space, {3, 1}, c, back);
    space.fence();
    CHECK(test::max_difference(x, back) <= 1e-14 * 40);
  }
}

TEST_CASE("two vanishing moments: a constant has no details, a ramp none away from the edge", "[mri]") {
  const Exec space;
  HostTensor<Complex<double>, 4> ramp("ramp", 1, 16, 32, 1);
  for (size_t j = 0; j < 16; ++j)
    for (size_t k = 0; k < 32; ++k) ramp(0, j, k, 0) = double(k);
  const WaveletTransform<double> w({1, 16, 32, 1}, 1);
  const auto c = uninitialized<Complex<double>, 4>("c", w.coefficient_shape());
  w.forward(space, {}, to_device<Complex<double>, 4>(ramp), c);
  space.fence();
  const auto h = to_host(c);
  for (size_t j = 0; j < 8; ++j) {
    for (size_t k = 16; k < 31; ++k) CHECK(Kokkos::abs(h(0, j, k, 0)) <= 1e-12);  // k = 31 wraps around
    for (size_t k = 0; k < 32; ++k) CHECK(Kokkos::abs(h(0, j + 8, k, 0)) <= 1e-12);
  }
}

TEST_CASE("soft thresholding is the proximal step of the l1 norm", "[mri]") {
  const Exec space;
  const Shape<4> shape{1, 16, 16, 1};
  const WaveletTransform<double> w(shape, 2);
  const auto c = test::normal<Complex<double>, 4>(shape, stream::test);
  const auto before = to_host(c);
  w.soft_threshold(space, to_device_vector<double>({.7}), c);
  space.fence();
  const auto after = to_host(c);
  for (size_t j = 0; j < 16; ++j)
    for (size_t k = 0; k < 16; ++k) {
      const auto v = before(0, j, k, 0);
      const double modulus = Kokkos::abs(v);
      const auto expected = j < 4 && k < 4 ? v
                            : modulus > .7 ? v * ((modulus - .7) / modulus)
                                           : Complex<double>(0);
      CHECK(Kokkos::abs(after(0, j, k, 0) - expected) <= 1e-15 * 4);
    }
}

TEST_CASE("the proximal step of total variation has no better neighbour", "[mri]") {
  const Exec space;
  const Shape<4> shape{1, 9, 7, 1};
  const auto v = test::normal<Complex<double>, 4>(shape, stream::test);
  const double lambda = .3;
  const auto x = copy_of(v);
  const auto proximal = total_variation_proximal<double>(shape, 3000);
  proximal(space, 1, {lambda}, x);
  space.fence();
  const auto objective = [&](const Field& u) {
    return .5 * std::pow(distance(u, v), 2) + lambda * total_variation<double>(space, u)[0];
  };
  const double best = objective(x);
  CHECK(best < objective(v));
  // Strong convexity: f(u) >= f(x) + 1/2 ||u - x||^2 at the minimum; the dual steps leave an error of order 1
  // / steps^2.
  for (std::uint64_t trial = 0; trial < 20; ++trial) {
    const auto u = test::normal<Complex<double>, 4>(shape, stream::test + ((trial + 1) << 8));
    for (double size : {1e-3, 1e-1}) {
      const auto moved = copy_of(x);
      combine<double>(space, 1.0, x, size, u, moved);
      space.fence();
      CHECK(objective(moved) >= best + .5 * std::pow(distance(moved, x), 2) - 1e-5);
    }
  }
}

TEST_CASE("total variation is its definition", "[mri]") {
  const auto x = test::normal<Complex<double>, 4>({1, 5, 4, 1}, stream::test);
  const auto h = to_host(x);
  double expected = 0;
  for (size_t j = 0; j < 5; ++j)
    for (size_t k = 0; k < 4; ++k) {
      const double dy = j < 4 ? Kokkos::abs(h(0, j + 1, k, 0) - h(0, j, k, 0)) : 0;
      const double dz = k < 3 ? Kokkos::abs(h(0, j, k + 1, 0) - h(0, j, k, 0)) : 0;
      expected += std::hypot(dy, dz);
    }
  CHECK(std::abs(total_variation<double>(Exec(), x)[0] - expected) <= 1e-13);
}

TEST_CASE("fista lowers its objective to that of its fixed point", "[mri]") {
  const Exec space;
  const auto truth = test::shapes_image<double>(32, 32);
  const SenseOperator<double> a(space, 1, test::smooth_maps<double>(32, 32, 4),
                                test::random_samples<double>(32, 32, .35));
  const auto y = uninitialized<Complex<double>, 4>("y", a.kspace_shape());
  a.forward(space, truth, y);
  const auto zero_filled = copy_of(truth), x = copy_of(truth);
  a.adjoint(space, y, zero_filled);
  const double lambda = 2e-3, weight = lambda * item_max_abs<double>(space, zero_filled)[0];
  const auto objective = [&](const Field& u) {
    return misfit(a, u, y) + weight * total_variation<double>(space, u)[0];
  };
  std::vector<double> changes;
  fista<double>(space, a, y, lambda, total_variation_proximal<double>(a.image_shape(), 10), 300, x,
                [&](int, const std::vector<double>& change) { changes.push_back(change[0]); });
  space.fence();
  const double reached = objective(x);
  CHECK(reached <= objective(truth));
  CHECK(reached < objective(zero_filled));
  CHECK(changes.back() < 1e-3 * changes.front());
  // Nearly piecewise constant images come back from a third of their samples.
  CHECK(distance(x, truth) < .1 * distance(zero_filled, truth));
}

TEST_CASE("every method of the table improves on its start and needs what it says", "[mri]") {
  const Exec space;
  const auto truth = test::shapes_image<float>(48, 32);
  const SenseOperator<float> a(space, 1, test::smooth_maps<float>(48, 32, 4),
                               test::random_samples<float>(48, 32, .35));
  const auto y = uninitialized<Complex<float>, 4>("y", a.kspace_shape());
  a.forward(space, truth, y);
  const auto error_of = [&](const Method& method) {
    const auto x = uninitialized<Complex<float>, 4>("x", a.image_shape());
    method.run(space, a, y, method.resolve({}), x, {});
    combine<float>(space, 1.0f, x, -1.0f, truth, x);
    space.fence();
    return std::sqrt(test::dot(x, x));
  };
  const double zero_filled = error_of(find_method("zero-filled"));
  for (const auto& method : methods()) {
    INFO(method.name);
    CHECK(method.objective.empty() == (method.iterations == 0));
    if (method.name == "zero-filled") continue;
    const double error = error_of(method);
    CHECK(error < zero_filled);
    // A piecewise constant image: sparsity finds it, least squares does not.
    if (method.name != "cg-sense") CHECK(error < .5 * zero_filled);
  }
  CHECK_THROWS_AS(find_method("cgsense"), UsageError);
}
