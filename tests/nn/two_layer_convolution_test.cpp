#include <danaus/autograd/gradient_check.hpp>
#include <danaus/nn/axis_monarch.hpp>
#include <danaus/nn/two_layer_convolution.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

#include "randomize.hpp"

using namespace danaus;
using namespace danaus::nn;

namespace {

/// Central differences with step 1e-5: truncation about 1e-10 of third derivatives of size 1 to 100, rounding
/// about 1e-16 * |loss| / 1e-5.
constexpr double bound = 1e-7;

}  // namespace

TEST_CASE("two-layer convolution: gradients", "[nn]") {
  const size_t hidden = GENERATE(8, 16, 32), columns = GENERATE(3, 6, 11), channels = columns == 11 ? 7 : 2;
  ParameterStore<double> store;
  const TwoLayerConvolution<double> layer(store, "convolution", channels, hidden);
  randomize(store, 0.2);
  const auto x = test::normal<double, 4>({2, 4, columns, channels}, 1);
  const auto report = check_gradients(
      store, [&](Tape& tape, const Var<double, 4>& v) { return layer(tape, v); }, x);
  INFO(report.details);
  CHECK(report.worst < bound);
}

TEMPLATE_TEST_CASE("two-layer convolution equals its formula", "[nn]", float, double) {
  using T = TestType;
  const size_t hidden_channels = GENERATE(8, 16), m = GENERATE(6, 21), channels = GENERATE(2, 4, 7), n = 5;
  ParameterStore<T> store;
  const TwoLayerConvolution<T> layer(store, "convolution", channels, hidden_channels);
  randomize(store, 0.2);
  const auto x = test::normal<T, 4>({1, n, m, channels}, 1);
  Tape tape({}, Recording::off);
  const auto y = to_host(layer(tape, Var<T, 4>::constant(x)).value);
  const auto w1 = to_host(layer.weights_1().value()), w2 = to_host(layer.weights_2().value());
  const auto all = to_host(store.values());
  const T* b1 = all.data() + store.parameters()[2].offset;
  const T* b2 = all.data() + store.parameters()[3].offset;
  const auto h = to_host(x);
  std::vector<double> hidden((n + 2) * (m + 2) * hidden_channels);  // zero outside
  const auto inside = [&](long i, long j) { return i >= 0 && j >= 0 && i < long(n) && j < long(m); };
  for (long i = 0; i < long(n); ++i)
    for (long j = 0; j < long(m); ++j)
      for (size_t k = 0; k < hidden_channels; ++k) {
        double sum = b1[k];
        for (long t = 0; t < 9; ++t)
          for (size_t c = 0; c < channels; ++c)
            if (inside(i + t / 3 - 1, j + t % 3 - 1))
              sum += double(w1(t, c, k)) * h(0, size_t(i + t / 3 - 1), size_t(j + t % 3 - 1), c);
        hidden[(size_t(i + 1) * (m + 2) + size_t(j + 1)) * hidden_channels + k] = gelu(sum).value;
      }
  double worst = 0;
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < m; ++j)
      for (size_t c = 0; c < channels; ++c) {
        double sum = b2[c];
        for (size_t t = 0; t < 9; ++t)
          for (size_t k = 0; k < hidden_channels; ++k)
            sum += double(w2(t, c, k)) * hidden[((i + t / 3) * (m + 2) + j + t % 3) * hidden_channels + k];
        worst = std::max(worst, std::abs(sum - y(0, i, j, c)));
      }
  // Two sums, of 9 x 7 and 9 x 16 products of size 1; in float GELU's error is 2.4e-7, two units.
  CHECK(worst <= double(9 * (channels + 3 * hidden_channels)) * test::epsilon<T>());
}

TEST_CASE("learned transform along an axis: gradients", "[nn]") {
  const int axis = GENERATE(1, 2);
  monarch::TransformSpec spec;
  spec.shape = monarch::MonarchShape::square(12, 3);
  spec.kept_inputs = {2, 3, 4, 5, 6, 7, 8};
  spec.output_weights.assign(12, 0.3);
  ParameterStore<double> store;
  const AxisMonarch<double> layer(store, "axis", spec, axis);
  randomize(store, 0.2);
  const auto x = test::normal<Complex<double>, 4>(axis == 1 ? Shape<4>{2, 7, 3, 2} : Shape<4>{2, 3, 7, 2}, 1);
  const auto report = check_gradients(
      store, [&](Tape& tape, const Var<Complex<double>, 4>& v) { return layer(tape, v, layer.pack(tape)); },
      x);
  INFO(report.details);
  CHECK(report.worst < bound);
  Tape tape;
  CHECK_THROWS_WITH(
      layer(tape, Var<Complex<double>, 4>::constant(zeros<Complex<double>, 4>("x", {1, 5, 5, 1})),
            layer.pack(tape)),
      Catch::Contains("expected 7 entries along axis"));
}
