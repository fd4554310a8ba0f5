#include <danaus/autograd/gradient_check.hpp>
#include <danaus/pde/models/neural_operator.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

using namespace danaus;
using namespace danaus::pde;

namespace {

ModelConfig published(size_t modes) {
  ModelConfig config;
  config.modes = modes;
  return config;
}

std::vector<train::Frame<double>> frames(const Tensor<double, 4>& a, const Tensor<double, 4>& b) {
  return {train::Frame<double>::constant(a), train::Frame<double>::constant(b)};
}

ModelConfig small() {
  ModelConfig config;
  config.points_x = 8, config.points_y = 8, config.history = 2, config.modes = 2, config.width = 4,
  config.layers = 2;
  return config;
}

}  // namespace

TEST_CASE("parameter counts are the published ones", "[pde]") {
  const auto count = [](const ModelConfig& config, Basis basis) {
    return NeuralOperator<float>(config, basis).parameters().count_reals();
  };
  CHECK(count(published(12), Basis::fourier) == 926357);
  CHECK(count(published(8), Basis::fourier) == 414357);
  auto with_norm = published(12);
  with_norm.norm = "batch";
  CHECK(count(with_norm, Basis::fourier) == 926517);
  with_norm.modes = 8;
  CHECK(count(with_norm, Basis::fourier) == 414517);
  CHECK(count(published(12), Basis::monarch) == 926357 + 32768);
  // Complex numbers counted once.
  CHECK(NeuralOperator<float>(published(12), Basis::fourier).parameters().count_complex_as_one() ==
        926357 - 460800);
}

TEST_CASE("equal seeds give FNO and Monarch-NO the same start, other seeds another", "[pde]") {
  auto config = small();
  config.increment = GENERATE(false, true);
  config.norm = GENERATE("none", "batch");
  NeuralOperator<double> fourier(config, Basis::fourier), monarch(config, Basis::monarch),
      other(config, Basis::fourier);
  fourier.initialize(7);
  monarch.initialize(7);
  other.initialize(8);
  const auto a = test::normal<double, 4>({2, 8, 8, 1}, 1), b = test::normal<double, 4>({2, 8, 8, 1}, 2);
  Tape tape({}, Recording::off);
  const auto y = fourier.step(tape, frames(a, b)).value;
  CHECK(test::max_difference(y, monarch.step(tape, frames(a, b)).value) <= 1e-14);
  CHECK(test::max_difference(y, other.step(tape, frames(a, b)).value) > 1e-3);
  if (config.increment) {
    // The same weights without the increment predict what the increment adds.
    config.increment = false;
    NeuralOperator<double> plain(config, Basis::fourier);
    plain.initialize(7);
    const auto change = to_host(plain.step(tape, frames(a, b)).value), last = to_host(b), next = to_host(y);
    double worst = 0;
    for (size_t q = 0; q < next.size(); ++q)
      worst = std::max(worst, std::abs(next.data()[q] - last.data()[q] - change.data()[q]));
    CHECK(worst <= 8 * test::epsilon<double>());
  }
}

TEST_CASE("gradients flow through two steps of a model", "[pde]") {
  auto config = small();
  const auto basis = GENERATE(Basis::fourier, Basis::monarch);
  config.increment = GENERATE(false, true);
  config.monarch_weights = config.increment ? "*:nblocks=2" : "";
  config.padding = 1;
  config.block = 3;
  config.groups = basis == Basis::monarch ? 2 : 1;
  config.shared = true;
  NeuralOperator<double> model(config, basis);
  // Initial spectral weights are so small that rounding would hide behind their gradients: larger ones.
  auto weights = to_host(model.parameters().values());
  const Random random(3, stream::test);
  for (const auto& p : model.parameters().parameters()) {
    // Of Monarch weights the products should be as large as dense weights.
    const bool is_factor = p.group == ParameterGroup::weights && p.shape.size() == 3;
    for (size_t i = 0; i < p.reals(); ++i)
      weights(p.offset + i) = (is_factor ? 0.7 : 0.4) * random.normal(p.offset + i);
  }
  copy(model.parameters().values(), weights);
  const auto a = test::normal<double, 4>({2, 8, 8, 1}, 1), b = test::normal<double, 4>({2, 8, 8, 1}, 2);
  const auto report = check_gradients(
      model.parameters(),
      [&](Tape& tape, const Var<double, 4>& x, const Var<double, 4>& y) {
        return model.step(tape, {y, model.step(tape, {x, y})});
      },
      GradientCheckOptions{.step = 1e-4}, a, b);
  INFO(report.details);
  // The loss, some hundreds, rounds to 1e-13: 1e-9 of a difference, against gradients of some tensors near
  // 1e-2.
  CHECK(report.worst < 1e-6);
}

TEST_CASE("normalised models are unit Gaussian inside and in physical units outside", "[pde]") {
  auto config = small();
  config.history = 0;
  config.normalize = true;
  NeuralOperator<double> model(config, Basis::fourier);
  model.initialize(1);
  const auto x = test::normal<double, 4>({6, 8, 8, 1}, 1), y = test::normal<double, 4>({6, 8, 8, 1}, 2);
  Tape tape({}, Recording::off);
  const auto predict = [&](const Tensor<double, 4>& input) {
    return to_host(model.step(tape, {train::Frame<double>::constant(input)}).value);
  };
  model.fit_normalizer({x}, {y});
  const auto before = predict(x);
  // Ten times the input and 100 times the output, both shifted: the same model in other units.
  const auto scaled = [](const Tensor<double, 4>& t, double factor, double shift) {
    auto host = to_host(t);
    for (size_t q = 0; q < host.size(); ++q) host.data()[q] = host.data()[q] * factor + shift;
    return to_device<double, 4>(host);
  };
  const auto x10 = scaled(x, 10, 3), y100 = scaled(y, 100, -5);
  model.fit_normalizer({x10}, {y100});
  const auto after = predict(x10);
  double worst = 0;
  for (size_t q = 0; q < after.size(); ++q)
    worst = std::max(worst, std::abs(after.data()[q] - (before.data()[q] * 100 - 5)));
  // The deviation carries a constant 1e-5, relative 1e-5 here.
  CHECK(worst <= 100 * 20e-5);
}

TEST_CASE("the chosen block size is stored with the model", "[pde]") {
  CHECK(NeuralOperator<float>(published(12), Basis::monarch).hyper_parameters().at("block") == "8");
  auto config = published(12);
  config.padding = 3;  // 67 is prime
  CHECK_THROWS_WITH(
      NeuralOperator<float>(config, Basis::monarch),
      "a Monarch transform of n = 67 points has no block size between sqrt(n)/2 and 2 sqrt(n); append 3 "
      "points more with --padding (n = 70), or choose --block");
}

TEST_CASE("a configuration survives its text, and bad ones are named", "[pde]") {
  auto config = small();
  config.increment = true;
  config.padding = 3;
  config.activation = "relu";
  const auto again = ModelConfig::from_map(config.to_map());
  CHECK(again.to_map() == config.to_map());
  auto map = config.to_map();
  map.erase("width");
  CHECK_THROWS_WITH(ModelConfig::from_map(map), "the model's hyper-parameter 'width' is missing");
  map["width"] = "4x";
  CHECK_THROWS_WITH(ModelConfig::from_map(map), "the model's hyper-parameter 'width' is '4x'");
  config.model = "fon";
  CHECK_THROWS_WITH(create_model(config, 0), "unknown model 'fon'; did you mean 'fno'?");
  config.model = "fno";
  config.activation = "tanh";
  CHECK_THROWS_AS(create_model(config, 0), UsageError);
}
