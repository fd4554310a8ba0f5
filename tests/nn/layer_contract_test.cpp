// The contract of every layer: gradients equal central differences, shapes are checked.

#include <danaus/autograd/gradient_check.hpp>
#include <danaus/nn/batch_norm.hpp>
#include <danaus/nn/frame_arithmetic.hpp>
#include <danaus/nn/lifting.hpp>
#include <danaus/nn/operator_layer.hpp>
#include <danaus/nn/projection.hpp>
#include <danaus/nn/relative_l2.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

#include "randomize.hpp"

#include <array>
#include <limits>
#include <vector>

using namespace danaus;
using namespace danaus::nn;

namespace {

/// Central differences with step 1e-5: truncation about 1e-10 of third derivatives of size 1 to 100, rounding
/// about 1e-16 * |loss| / 1e-5; the loss sums some thousand normal numbers.
constexpr double bound = 1e-7;

SpectralShape small_shape(size_t groups = 1) {
  SpectralShape s{};
  s.nx = 12, s.ny = 8, s.modes = 3, s.channels = 4, s.block_x = 3, s.block_y = 2, s.groups = groups;
  return s;
}

}  // namespace

TEST_CASE("lifting: gradients", "[nn]") {
  const size_t padding = GENERATE(0, 3), channels = GENERATE(1, 2);
  ParameterStore<double> store;
  const Lifting<double> layer(store, "lifting", 2, channels, 5, padding);
  randomize(store);
  const auto a = test::normal<double, 4>({3, 4, 6, channels}, 1),
             b = test::normal<double, 4>({3, 4, 6, channels}, 2);
  const auto report = check_gradients(
      store,
      [&](Tape& tape, const Var<double, 4>& x, const Var<double, 4>& y) {
        return layer(tape, {x, y});
      },
      a, b);
  INFO(report.details);
  CHECK(report.worst < bound);
}

TEST_CASE("lifting equals its formula, and the padding is zero", "[nn]") {
  ParameterStore<double> store;
  const Lifting<double> layer(store, "lifting", 2, 1, 5, 2);
  randomize(store);
  const auto a = test::normal<double, 4>({2, 3, 5, 1}, 1), b = test::normal<double, 4>({2, 3, 5, 1}, 2);
  Tape tape({}, Recording::off);
  const auto y = to_host(layer(tape, {Var<double, 4>::constant(a), Var<double, 4>::constant(b)}).value);
  const auto w = to_host(layer.weights().dense().value());
  const auto bias = to_host(layer.bias().value());
  const auto ha = to_host(a), hb = to_host(b);
  double worst = 0;
  for (size_t s = 0; s < 2; ++s)
    for (size_t i = 0; i < 5; ++i)
      for (size_t j = 0; j < 7; ++j)
        for (size_t c = 0; c < 5; ++c) {
          const double expected = i < 3 && j < 5
                                      ? bias(c) + w(0, c) * ha(s, i, j, 0) + w(1, c) * hb(s, i, j, 0) +
                                            w(2, c) * double(i) / 2 + w(3, c) * double(j) / 4
                                      : 0.0;
          worst = std::max(worst, std::abs(expected - y(s, i, j, c)));
        }
  CHECK(worst <= 32 * test::epsilon<double>());  // five products of numbers below 4
}

TEST_CASE("projection: gradients", "[nn]") {
  const size_t padding = GENERATE(0, 2), channels = GENERATE(1, 3);
  const auto activation = GENERATE(Activation::gelu, Activation::identity);
  ParameterStore<double> store;
  const Projection<double> layer(store, "projection", 5, 11, channels, padding, activation);
  randomize(store);
  const auto x = test::normal<double, 4>({2, 4 + padding, 9 + padding, 5}, 1);
  const auto report = check_gradients(
      store, [&](Tape& tape, const Var<double, 4>& v) { return layer(tape, v); }, x);
  INFO(report.details);
  CHECK(report.worst < bound);
}

TEST_CASE("operator layer: gradients with fixed and learned transforms", "[nn]") {
  const bool learned = GENERATE(false, true);
  const size_t groups = GENERATE(1, 2);
  const auto activation = GENERATE(Activation::gelu, Activation::identity);
  if (!learned && groups == 2) return;
  ParameterStore<double> store;
  const auto basis = learned
                         ? std::make_shared<const SpectralBasis<double>>(store, "basis", small_shape(groups))
                         : std::make_shared<const SpectralBasis<double>>(small_shape());
  const OperatorLayer<double> layer(store, "layer", basis, activation);
  randomize(store);  // away from the DFT, where symmetries could hide mistakes
  const auto x = test::normal<double, 4>({3, 12, 8, 4}, 1);
  const auto report = check_gradients(
      store, [&](Tape& tape, const Var<double, 4>& v) { return layer(tape, v, basis->pack(tape)); }, x);
  INFO(report.details);
  CHECK(report.worst < bound);
}

TEST_CASE("a sequence of operator layers needs its activated values in the forward pass only", "[nn]") {
  const bool learned = GENERATE(false, true);
  const auto activation = GENERATE(Activation::gelu, Activation::relu);
  ParameterStore<double> store;
  const auto basis = learned ? std::make_shared<const SpectralBasis<double>>(store, "basis", small_shape())
                             : std::make_shared<const SpectralBasis<double>>(small_shape());
  const OperatorLayer<double> first(store, "first", basis, activation),
      second(store, "second", basis, activation), last(store, "last", basis, Activation::identity);
  randomize(store);
  const auto x = test::normal<double, 4>({3, 12, 8, 4}, 1),
             target = test::normal<double, 4>({3, 12, 8, 4}, 2);

  const auto append = [](const auto& tensor, std::vector<double>& numbers) {
    numbers.insert(numbers.end(), tensor.data(), tensor.data() + tensor.size());
  };
  // Output, gradient of x and of the parameters, with values kept, or in room that is spoilt before the
  // backward pass.
  const auto run = [&](bool keeps) {
    Tape tape;
    fill(store.gradients(), 0.0);
    std::array<Tensor<double, 4>, 2> room;
    if (!keeps)
      for (auto& place : room) place = zeros<double, 4>("room", shape_of(x));
    const auto packed = basis->pack(tape);
    const auto in = tape.variable<double, 4>(x);
    const Activated<double> a = first(tape, in, packed, room[0]), b = second(tape, a, packed, room[1]);
    const auto out = last(tape, b, packed, room[0]);
    CHECK((a.value.value.data() == room[0].data()) == !keeps);
    CHECK(out.value.value.data() != room[0].data());
    const auto loss = relative_l2<double>(tape, out.value, target);
    std::vector<double> result;
    append(to_host(out.value.value), result);
    for (const auto& place : room)
      if (place.data()) fill(place, std::numeric_limits<double>::quiet_NaN());
    tape.backward(loss);
    append(to_host(in.grad()), result);
    append(to_host(store.gradients()), result);
    return result;
  };
  CHECK(run(true) == run(false));
}

TEST_CASE("batch normalisation: gradients in training and evaluation", "[nn]") {
  const bool training = GENERATE(false, true);
  ParameterStore<double> store;
  const BatchNorm<double> layer(store, "norm", 3, Activation::gelu);
  randomize(store);
  layer.initialize();
  const auto x = test::normal<double, 4>({2, 4, 5, 3}, 1);
  const auto report = check_gradients(
      store, [&](Tape& tape, const Var<double, 4>& v) { return layer(tape, v, training); }, x);
  INFO(report.details);
  CHECK(report.worst < bound);
}

TEST_CASE("batch normalisation: output has mean 0 and variance 1, running moments follow", "[nn]") {
  ParameterStore<double> store;
  const BatchNorm<double> layer(store, "norm", 3, Activation::identity);
  store.freeze();
  layer.initialize();
  const auto x = test::normal<double, 4>({4, 8, 8, 3}, 5);
  Tape tape({}, Recording::off);
  const auto y = to_host(layer(tape, Var<double, 4>::constant(x), true).value);
  const auto hx = to_host(x);
  const auto stored = to_host(store.values());
  for (size_t c = 0; c < 3; ++c) {
    double mean = 0, square = 0, x_mean = 0;
    for (size_t q = c; q < y.size(); q += 3) {
      mean += y.data()[q] / 256;
      square += y.data()[q] * y.data()[q] / 256;
      x_mean += hx.data()[q] / 256;
    }
    CHECK(std::abs(mean) <= 1e-14);
    CHECK(std::abs(square - 1) <= 2e-5);  // epsilon 1e-5 under the root
    const auto& running = store.parameters()[2];
    CHECK(running.name == "norm/running_mean");
    CHECK(std::abs(stored(running.offset + c) - 0.1 * x_mean) <= 1e-15);
  }
}

TEST_CASE("relative L2: value and gradient", "[nn]") {
  ParameterStore<double> store;
  store.freeze();
  const auto p = test::normal<double, 4>({3, 4, 5, 2}, 1), y = test::normal<double, 4>({3, 4, 5, 2}, 2);
  const auto report = check_gradients(
      store, [&](Tape& tape, const Var<double, 4>& v) { return relative_l2<double>(tape, v, y); }, p);
  INFO(report.details);
  CHECK(report.worst < bound);

  Tape tape({}, Recording::off);
  const auto loss = relative_l2<double>(tape, Var<double, 4>::constant(p), y);
  const auto hp = to_host(p), hy = to_host(y);
  double expected = 0;
  for (size_t b = 0; b < 3; ++b) {
    double d = 0, n = 0;
    for (size_t q = 40 * b; q < 40 * (b + 1); ++q) {
      d += std::pow(hp.data()[q] - hy.data()[q], 2);
      n += std::pow(hy.data()[q], 2);
    }
    expected += std::sqrt(d / n);
  }
  CHECK(to_host(loss.value)() == Approx(expected).epsilon(1e-14));
}

TEST_CASE("frame arithmetic: gradients", "[nn]") {
  ParameterStore<double> store;
  store.freeze();
  const auto a = test::normal<double, 4>({2, 3, 4, 2}, 1), b = test::normal<double, 4>({2, 3, 4, 2}, 2);
  const auto scale = test::normal<double, 3>({3, 4, 2}, 3), shift = test::normal<double, 3>({3, 4, 2}, 4);
  const auto report = check_gradients(
      store,
      [&](Tape& tape, const Var<double, 4>& x, const Var<double, 4>& y) {
        return affine<double>(tape, add<double>(tape, x, add<double>(tape, y, x)), scale, shift);
      },
      a, b);
  INFO(report.details);
  CHECK(report.worst < bound);
}

TEST_CASE("layers name the shapes that do not fit", "[nn]") {
  ParameterStore<double> store;
  const Lifting<double> lifting(store, "lifting", 2, 1, 4, 0);
  const auto basis = std::make_shared<const SpectralBasis<double>>(small_shape());
  const OperatorLayer<double> layer(store, "layer", basis, Activation::gelu);
  store.freeze();
  Tape tape;
  const auto frame = Var<double, 4>::constant(zeros<double, 4>("frame", {1, 12, 8, 1}));
  CHECK_THROWS_WITH(lifting(tape, {frame}),
                    "Lifting: 1 frames of 1 channels and the position for weights of shape (4, 4)");
  CHECK_THROWS_WITH(layer(tape, frame, basis->pack(tape)),
                    "OperatorLayer: expected shape (1, 12, 8, 4), found (1, 12, 8, 1)");
  auto shape = small_shape();
  shape.modes = 7;
  CHECK_THROWS_WITH(SpectralBasis<double>(shape), "modes 7 do not fit a grid of 12 x 8 points; at most 5");
  shape = small_shape();
  shape.block_x = 5;
  CHECK_THROWS_AS(SpectralBasis<double>(shape), UsageError);
}
