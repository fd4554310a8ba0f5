// Convolutions of the build's library against plain loops, layers against their formulas and gradients.

#include <danaus/autograd/gradient_check.hpp>
#include <danaus/nn/convolution.hpp>

#include <nn/convolution_direct.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

#if defined(_OPENMP)
#include <omp.h>
#endif

using namespace danaus;
using namespace danaus::nn;

namespace {

/// (batch, in_x, in_y, in_channels, out_channels, kernel_x, kernel_y, stride, padding_x, padding_y)
const ConvolutionShape shapes[] = {
    {1, 1, 1, 1, 1, 1, 1, 1, 0, 0},     {2, 5, 7, 3, 4, 3, 3, 1, 1, 1},
    {1, 33, 17, 2, 32, 3, 3, 1, 1, 1},  {3, 9, 31, 16, 5, 5, 3, 1, 2, 0},
    {2, 13, 8, 4, 16, 3, 3, 1, 2, 2},   {1, 24, 10, 32, 48, 3, 3, 1, 1, 1},
    {2, 12, 10, 16, 32, 2, 2, 2, 0, 0}, {1, 11, 13, 3, 7, 2, 2, 2, 0, 0},
    {2, 23, 19, 5, 6, 3, 4, 2, 1, 1},   {17, 6, 5, 4, 3, 3, 3, 1, 1, 1},
    {1, 40, 21, 32, 2, 1, 1, 1, 0, 0},  {20, 16, 16, 16, 16, 3, 3, 1, 1, 1},
};

std::string name(const ConvolutionShape& s) {
  return to_string(s.input()) + " by " + to_string(s.weights()) + ", stride " + std::to_string(s.stride);
}

/// The definition, entry by entry, in double.
HostTensor<double, 4> reference(const ConvolutionShape& s, const Tensor<double, 4>& weights,
                                const Tensor<double, 4>& x) {
  HostTensor<double, 4> y("reference", layout_of<4>(s.output()));
  const auto w = to_host(weights), v = to_host(x);
  for (size_t b = 0; b < s.batch; ++b)
    for (size_t i = 0; i < s.out_x(); ++i)
      for (size_t j = 0; j < s.out_y(); ++j)
        for (size_t o = 0; o < s.out_channels; ++o)
          for (long k = 0; k < long(s.kernel_x); ++k)
            for (long l = 0; l < long(s.kernel_y); ++l)
              for (size_t c = 0; c < s.in_channels; ++c) {
                const long m = long(s.stride * i) + k - long(s.padding_x);
                const long n = long(s.stride * j) + l - long(s.padding_y);
                if (m >= 0 && m < long(s.in_x) && n >= 0 && n < long(s.in_y))
                  y(b, i, j, o) += w(o, k, l, c) * v(b, m, n, c);
              }
  return y;
}

template <class T>
Tensor<T, 4> cast(const Tensor<double, 4>& from) {
  const auto host = to_host(from);
  HostTensor<T, 4> result("cast", layout_of<4>(shape_of(from)));
  for (size_t q = 0; q < host.size(); ++q) result.data()[q] = T(host.data()[q]);
  return to_device<T, 4>(result);
}

/// All results of a plan, one after the other.
std::vector<float> results(const ConvolutionShape& s) {
  const auto x = test::normal<float, 4>(s.input(), 1), weights = test::normal<float, 4>(s.weights(), 2);
  const auto g = test::normal<float, 4>(s.output(), 3);
  const auto y = zeros<float, 4>("y", s.output()), x_grad = zeros<float, 4>("x_grad", s.input());
  const auto weights_grad = zeros<float, 4>("weights_grad", s.weights());
  Workspace scratch;
  const ConvolutionPlan<float> plan(s);
  plan.forward({}, weights, x, scratch, y);
  plan.adjoint({}, weights, g, scratch, Write::overwrite, x_grad);
  plan.gradient({}, x, g, scratch, weights_grad);
  std::vector<float> all;
  for (const auto& tensor : {y, x_grad, weights_grad}) {
    const auto host = to_host(tensor);
    all.insert(all.end(), host.data(), host.data() + host.size());
  }
  return all;
}

void randomize(ParameterStore<double>& store) {
  store.freeze();
  const auto values = test::normal<double, 1>({store.values().size()}, 9);
  copy(store.values(), values);
}

}  // namespace

TEST_CASE("plain convolutions equal the definition; adjoint and gradient belong to them", "[nn]") {
  for (const auto& s : shapes) {
    INFO(name(s));
    const auto x = test::normal<double, 4>(s.input(), 1), weights = test::normal<double, 4>(s.weights(), 2);
    const auto g = test::normal<double, 4>(s.output(), 3);
    const auto y = zeros<double, 4>("y", s.output()), x_grad = zeros<double, 4>("x_grad", s.input());
    const auto weights_grad = zeros<double, 4>("weights_grad", s.weights());
    convolve_direct<double>({}, s, weights, x, y);
    convolve_direct_adjoint<double>({}, s, weights, g, Write::overwrite, x_grad);
    convolve_direct_gradient<double>({}, s, x, g, weights_grad);

    // A sum of n products of normal numbers, which stay below 20, rounds by at most 20 n eps.
    const double terms = double(s.kernel_x * s.kernel_y * s.in_channels);
    CHECK(test::max_difference(y, reference(s, weights, x)) <= 20 * terms * test::epsilon<double>());
    // y is linear in x and in the weights, so the three inner products are one number: a sum of as many terms
    // of size sqrt(terms), with rounding errors that add up like a random walk of steps 4 terms eps.
    const double bound = 4 * terms * std::sqrt(terms * double(g.size())) * test::epsilon<double>();
    CHECK(std::abs(test::dot(y, g) - test::dot(x, x_grad)) <= bound);
    CHECK(std::abs(test::dot(y, g) - test::dot(weights, weights_grad)) <= bound);
  }
}

TEMPLATE_TEST_CASE("the build's convolutions equal the plain ones", "[nn]", float, double) {
  using T = TestType;
  const Exec space;
  for (const auto& s : shapes) {
    INFO(name(s));
    const ConvolutionPlan<T> plan(s);
    Workspace scratch;
    const auto x = test::normal<T, 4>(s.input(), 1), weights = test::normal<T, 4>(s.weights(), 2);
    const auto g = test::normal<T, 4>(s.output(), 3);
    const auto in_double = [](const Tensor<T, 4>& t) {
      const auto host = to_host(t);
      HostTensor<double, 4> result("double", layout_of<4>(shape_of(t)));
      for (size_t q = 0; q < host.size(); ++q) result.data()[q] = double(host.data()[q]);
      return to_device<double, 4>(result);
    };
    const auto xd = in_double(x), wd = in_double(weights), gd = in_double(g);
    const double eps = test::epsilon<T>(), terms = double(s.kernel_x * s.kernel_y);

    // Each bound: n products of normal numbers, below 20, round by at most 20 n eps.
    auto y = zeros<T, 4>("y", s.output());
    plan.forward(space, weights, x, scratch, y);
    auto y_double = zeros<double, 4>("y", s.output());
    convolve_direct<double>(space, s, wd, xd, y_double);
    CHECK(test::max_difference(in_double(y), y_double) <= 20 * terms * double(s.in_channels) * eps);

    // Overwrites, then adds.
    auto x_grad = test::normal<T, 4>(s.input(), 4);
    auto x_grad_double = zeros<double, 4>("x_grad", s.input());
    convolve_direct_adjoint<double>(space, s, wd, gd, Write::overwrite, x_grad_double);
    plan.adjoint(space, weights, g, scratch, Write::overwrite, x_grad);
    CHECK(test::max_difference(in_double(x_grad), x_grad_double) <=
          20 * terms * double(s.out_channels) * eps);
    plan.adjoint(space, weights, g, scratch, Write::accumulate, x_grad);
    convolve_direct_adjoint<double>(space, s, wd, gd, Write::accumulate, x_grad_double);
    CHECK(test::max_difference(in_double(x_grad), x_grad_double) <=
          40 * terms * double(s.out_channels) * eps);

    // Adds to what is there.
    auto weights_grad = zeros<T, 4>("weights_grad", s.weights());
    auto weights_grad_double = zeros<double, 4>("weights_grad", s.weights());
    for (int times = 0; times < 2; ++times) {
      plan.gradient(space, x, g, scratch, weights_grad);
      convolve_direct_gradient<double>(space, s, xd, gd, weights_grad_double);
    }
    CHECK(test::max_difference(in_double(weights_grad), weights_grad_double) <=
          40 * double(s.batch * s.out_x() * s.out_y()) * eps);
  }
}

TEST_CASE("convolutions have the same bits again, and for any number of threads", "[nn]") {
  for (const auto& s : shapes) {
    INFO(name(s));
    const auto once = results(s);
    CHECK(results(s) == once);
#if defined(_OPENMP) && !defined(KOKKOS_ENABLE_CUDA)
    // As many threads as oneDNN would take, with those of our own as they are.
    const int before = omp_get_max_threads();
    for (const int threads : {1, 3}) {
      omp_set_num_threads(threads);
      CHECK(results(s) == once);
    }
    omp_set_num_threads(before);
    // Inside a parallel region our loops run on one thread.
    std::vector<float> serial;
#pragma omp parallel num_threads(2)
    {
#pragma omp master
      serial = results(s);
    }
    CHECK(serial == once);
#endif
  }
}

TEST_CASE("convolution layers: gradients", "[nn]") {
  const bool bias = GENERATE(true, false);
  ParameterStore<double> store;
  const Convolution<double> layer(store, "convolution", 3, 4, {3, 2, 1, 1, 0, bias});
  const TransposedConvolution<double> transposed(store, "transposed", 4, 2);
  randomize(store);
  const auto x = test::normal<double, 4>({2, 5, 4, 3}, 1);
  const auto report = check_gradients(
      store, [&](Tape& tape, const Var<double, 4>& v) { return transposed(tape, layer(tape, v)); }, x);
  INFO(report.details);
  CHECK(report.worst < 1e-7);  // as in layer_contract_test.cpp
  // An input whose gradient something wrote before.
  const auto y = test::normal<double, 4>({2, 3, 4, 4}, 1);
  const auto added = check_gradients(
      store, [&](Tape& tape, const Var<double, 4>& v) { return transposed(tape, v); }, y);
  INFO(added.details);
  CHECK(added.worst < 1e-7);
}

TEST_CASE("convolution layers equal their formulas", "[nn]") {
  ParameterStore<double> store;
  const Convolution<double> layer(store, "convolution", 3, 4);
  const TransposedConvolution<double> transposed(store, "transposed", 3, 5, 2);
  randomize(store);
  const auto x = test::normal<double, 4>({2, 5, 7, 3}, 1);
  Tape tape({}, Recording::off);
  const auto y = to_host(layer(tape, Var<double, 4>::constant(x)).value);
  const auto plain = reference({2, 5, 7, 3, 4}, layer.weights().value(), x);
  const auto bias = to_host(layer.bias().value());
  double worst = 0;
  for (size_t q = 0; q < y.size(); ++q)
    worst = std::max(worst, std::abs(y.data()[q] - plain.data()[q] - bias(q % 4)));
  CHECK(worst <= 20 * 28 * test::epsilon<double>());  // 27 products and a sum, each below 20

  const auto z = to_host(transposed(tape, Var<double, 4>::constant(x)).value);
  REQUIRE(shape_of(z) == Shape<4>{2, 10, 14, 5});
  const auto w = to_host(transposed.weights().value()), v = to_host(x);
  worst = 0;
  for (size_t b = 0; b < 2; ++b)
    for (size_t i = 0; i < 10; ++i)
      for (size_t j = 0; j < 14; ++j)
        for (size_t o = 0; o < 5; ++o) {
          double sum = 0;
          for (size_t c = 0; c < 3; ++c) sum += w(c, i % 2, j % 2, o) * v(b, i / 2, j / 2, c);
          worst = std::max(worst, std::abs(sum - z(b, i, j, o)));
        }
  CHECK(worst <= 20 * 3 * test::epsilon<double>());
}

TEST_CASE("initial weights lie in their bounds, fill them, and depend on the seed alone", "[nn]") {
  ParameterStore<float> store;
  const Convolution<float> layer(store, "convolution", 8, 16);
  const TransposedConvolution<float> transposed(store, "transposed", 8, 16);
  store.freeze();
  layer.initialize(7, 0);
  transposed.initialize(7, 2);
  const auto first = to_host(store.values());
  // 1152 and 512 draws: the largest is within 5 % of the bound unless something of probability 1e-11 happens.
  CHECK(test::max_abs(layer.weights().value()) <= 1 / std::sqrt(72.0));
  CHECK(test::max_abs(layer.weights().value()) >= 0.95 / std::sqrt(72.0));
  CHECK(test::max_abs(transposed.weights().value()) <= 1 / std::sqrt(64.0));
  CHECK(test::max_abs(transposed.weights().value()) >= 0.95 / std::sqrt(64.0));
  layer.initialize(8, 0);
  CHECK(test::max_difference(first, store.values()) > 0.01);
  layer.initialize(7, 0);
  CHECK(test::max_difference(first, store.values()) == 0);
}

TEST_CASE("convolutions name the shapes that do not fit", "[nn]") {
  CHECK_THROWS_WITH(
      ConvolutionPlan<float>({1, 2, 9, 3, 4, 5, 3, 1, 1, 1}),
      "convolution: a grid of 2 x 9 points with padding 1 x 1 is smaller than the kernel of 5 x 3");
  CHECK_THROWS_WITH(ConvolutionPlan<float>({1, 9, 9, 3, 4, 3, 3, 1, 3, 1}),
                    "convolution: stride must be 1 to the kernel's size and padding below it, found kernel "
                    "3 x 3, stride 1, padding 3 x 1");
  CHECK_THROWS_AS(ConvolutionPlan<float>({0, 9, 9, 3, 4}), ShapeError);
  ParameterStore<float> store;
  const Convolution<float> layer(store, "convolution", 3, 4);
  const TransposedConvolution<float> transposed(store, "transposed", 3, 4);
  store.freeze();
  Tape tape;
  const auto x = Var<float, 4>::constant(zeros<float, 4>("x", {1, 4, 4, 2}));
  CHECK_THROWS_WITH(layer(tape, x), "Convolution: expected shape (1, 4, 4, 3), found (1, 4, 4, 2)");
  CHECK_THROWS_WITH(transposed(tape, x),
                    "TransposedConvolution: expected shape (1, 4, 4, 3), found (1, 4, 4, 2)");
  const ConvolutionPlan<float> plan({1, 4, 4, 3, 4});
  Workspace scratch;
  const auto y = zeros<float, 4>("y", {1, 4, 4, 4}), weights = zeros<float, 4>("w", {4, 3, 3, 2});
  CHECK_THROWS_WITH(plan.forward({}, weights, x.value, scratch, y),
                    "convolution: weights: expected shape (4, 3, 3, 3), found (4, 3, 3, 2)");
}
