// What a U-Net needs beside convolutions: normalisation, pooling, concatenation, padding.

#include <danaus/autograd/gradient_check.hpp>
#include <danaus/nn/instance_norm.hpp>
#include <danaus/nn/pooling.hpp>
#include <danaus/nn/rearrange.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

using namespace danaus;
using namespace danaus::nn;

namespace {

constexpr double bound = 1e-7;  // of gradients, as in layer_contract_test.cpp

/// Odd numbers of points; channels that fill blocks of 16, leave some over, or both.
const Shape<4> shapes[] = {{2, 5, 7, 3}, {1, 4, 9, 16}, {2, 3, 4, 18}, {3, 2, 2, 33}};

template <class Operation>
void check(const Operation& operation, const Shape<4>& shape) {
  INFO(to_string(shape));
  ParameterStore<double> store;
  store.freeze();
  const auto report = check_gradients(
      store, [&](Tape& tape, const Var<double, 4>& x) { return operation(tape, x); },
      test::normal<double, 4>(shape, 1));
  INFO(report.details);
  CHECK(report.worst < bound);
}

template <class Operation, class View>
auto apply(const Operation& operation, const View& x) {
  using T = typename View::value_type;
  Tape tape({}, Recording::off);
  return to_host(operation(tape, Var<T, 4>::constant(x)).value);
}

}  // namespace

TEST_CASE("instance normalisation: gradients", "[nn]") {
  const double slope = GENERATE(0.2, 1.0);
  for (const auto& shape : shapes)
    check([&](Tape& tape, const Var<double, 4>& x) { return instance_norm<double>(tape, x, slope); }, shape);
}

TEMPLATE_TEST_CASE("instance normalisation equals its formula, far from 0 as well", "[nn]", float, double) {
  using T = TestType;
  const double offset = GENERATE(0.0, 100.0);
  for (const auto& shape : shapes) {
    INFO(to_string(shape));
    auto x = to_host(test::normal<T, 4>(shape, 1));
    for (size_t q = 0; q < x.size(); ++q) x.data()[q] += T(offset);
    const auto y = apply([](Tape& tape, const Var<T, 4>& v) { return instance_norm<T>(tape, v, 0.2); },
                         to_device<T, 4>(x));
    const double points = double(shape[1] * shape[2]);
    double worst = 0;
    for (size_t b = 0; b < shape[0]; ++b)
      for (size_t c = 0; c < shape[3]; ++c) {
        double mean = 0, variance = 0;
        for (size_t i = 0; i < shape[1]; ++i)
          for (size_t j = 0; j < shape[2]; ++j) mean += double(x(b, i, j, c)) / points;
        for (size_t i = 0; i < shape[1]; ++i)
          for (size_t j = 0; j < shape[2]; ++j)
            variance += std::pow(double(x(b, i, j, c)) - mean, 2) / points;
        for (size_t i = 0; i < shape[1]; ++i)
          for (size_t j = 0; j < shape[2]; ++j) {
            const double n = (double(x(b, i, j, c)) - mean) / std::sqrt(variance + 1e-5);
            worst = std::max(worst, std::abs(double(y(b, i, j, c)) - (n > 0 ? n : 0.2 * n)));
          }
      }
    // The mean is rounded to T, half an eps of 100, and divided by a deviation that is above 0.1 here even
    // for four points; then a few roundings of numbers below 8.
    CHECK(worst <= ((offset + 4) / 2 / 0.1 + 32) * test::epsilon<T>());
  }
}

TEST_CASE("instance normalisation: golden values", "[nn]") {
  // torch.nn.functional.leaky_relu(torch.nn.functional.instance_norm(x), 0.2) of one channel 1, 2, 4, 8, 16,
  // 32
  HostTensor<double, 4> x("x", 1, 2, 3, 1);
  for (int q = 0; q < 6; ++q) x.data()[q] = double(1 << q);
  const double expected[] = {-0.17546768920242137, -0.1569974061284823, -0.12005683998060408,
                             -0.04617570768484774, 0.5079327845333249,  1.9855554304484522};
  const auto y =
      apply([](Tape& tape, const Var<double, 4>& v) { return instance_norm<double>(tape, v, 0.2); },
            to_device<double, 4>(x));
  // Both round the mean, the variance and the result: a few eps of 2.
  for (int q = 0; q < 6; ++q) CHECK(std::abs(y.data()[q] - expected[q]) <= 16 * test::epsilon<double>());
}

TEST_CASE("pooling equals its formula, and leaves the last row and column of odd axes out", "[nn]") {
  for (const auto& shape : shapes) {
    INFO(to_string(shape));
    const auto x = test::normal<double, 4>(shape, 1);
    const auto v = to_host(x);
    const auto mean =
        apply([](Tape& tape, const Var<double, 4>& t) { return average_pool<double>(tape, t); }, x);
    const auto largest =
        apply([](Tape& tape, const Var<double, 4>& t) { return max_pool<double>(tape, t); }, x);
    REQUIRE(shape_of(mean) == Shape<4>{shape[0], shape[1] / 2, shape[2] / 2, shape[3]});
    REQUIRE(shape_of(largest) == shape_of(mean));
    double worst = 0;
    for (size_t b = 0; b < shape[0]; ++b)
      for (size_t i = 0; i < shape[1] / 2; ++i)
        for (size_t j = 0; j < shape[2] / 2; ++j)
          for (size_t c = 0; c < shape[3]; ++c) {
            const double values[] = {v(b, 2 * i, 2 * j, c), v(b, 2 * i, 2 * j + 1, c),
                                     v(b, 2 * i + 1, 2 * j, c), v(b, 2 * i + 1, 2 * j + 1, c)};
            const double sum = values[0] + values[1] + values[2] + values[3];
            worst = std::max(worst, std::abs(mean(b, i, j, c) - sum / 4));
            worst = std::max(worst, std::abs(largest(b, i, j, c) - *std::max_element(values, values + 4)));
          }
    CHECK(worst <= 8 * test::epsilon<double>());  // three sums below 16, divided by 4
  }
}

TEST_CASE("pooling: gradients", "[nn]") {
  for (const auto& shape : shapes) {
    check([](Tape& tape, const Var<double, 4>& x) { return average_pool<double>(tape, x); }, shape);
    check([](Tape& tape, const Var<double, 4>& x) { return max_pool<double>(tape, x); }, shape);
  }
}

TEST_CASE("concatenation puts channels side by side; gradients", "[nn]") {
  const size_t first = GENERATE(3, 16, 20), second = GENERATE(5, 32);
  const auto a = test::normal<double, 4>({2, 3, 5, first}, 1),
             b = test::normal<double, 4>({2, 3, 5, second}, 2);
  Tape tape({}, Recording::off);
  const auto y =
      to_host(concatenate<double>(tape, Var<double, 4>::constant(a), Var<double, 4>::constant(b)).value);
  const auto ha = to_host(a), hb = to_host(b);
  size_t wrong = 0;
  for (size_t p = 0; p < 30; ++p)
    for (size_t c = 0; c < first + second; ++c)
      wrong += y.data()[p * (first + second) + c] !=
               (c < first ? ha.data()[p * first + c] : hb.data()[p * second + c - first]);
  CHECK(wrong == 0);

  ParameterStore<double> store;
  store.freeze();
  const auto report = check_gradients(
      store,
      [](Tape& t, const Var<double, 4>& u, const Var<double, 4>& v) { return concatenate<double>(t, u, v); },
      a, b);
  INFO(report.details);
  CHECK(report.worst < bound);
}

TEST_CASE("padding keeps the middle, cropping takes it back; gradients", "[nn]") {
  const auto x = test::normal<double, 4>({2, 5, 6, 3}, 1);
  const auto larger = [](Tape& tape, const Var<double, 4>& v) { return pad_or_crop<double>(tape, v, 8, 7); };
  const auto y = apply(larger, x);
  const auto h = to_host(x);
  size_t wrong = 0;
  for (size_t b = 0; b < 2; ++b)
    for (size_t i = 0; i < 8; ++i)
      for (size_t j = 0; j < 7; ++j)
        for (size_t c = 0; c < 3; ++c)  // (8 - 5) / 2 = 1 row before, (7 - 6) / 2 = 0 columns
          wrong += y(b, i, j, c) != (i >= 1 && i < 6 && j < 6 ? h(b, i - 1, j, c) : 0.0);
  CHECK(wrong == 0);
  const auto back =
      apply([](Tape& tape, const Var<double, 4>& v) { return pad_or_crop<double>(tape, v, 5, 6); },
            to_device<double, 4>(y));
  CHECK(test::max_difference(back, x) == 0);
  check(larger, {2, 5, 6, 3});
  check([](Tape& tape, const Var<double, 4>& v) { return pad_or_crop<double>(tape, v, 4, 9); }, {2, 5, 6, 3});
}

TEST_CASE("operations on images name the shapes that do not fit", "[nn]") {
  Tape tape;
  const auto x = Var<float, 4>::constant(zeros<float, 4>("x", {1, 1, 4, 2}));
  const auto y = Var<float, 4>::constant(zeros<float, 4>("y", {1, 2, 4, 3}));
  CHECK_THROWS_WITH(average_pool<float>(tape, x),
                    "pooling: expected at least 2 x 2 points, found shape (1, 1, 4, 2)");
  CHECK_THROWS_WITH(concatenate<float>(tape, x, y),
                    "concatenate: expected shape (1, 1, 4, 3), found (1, 2, 4, 3)");
}
