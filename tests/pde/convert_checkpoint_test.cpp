// Checkpoints with dense and with Monarch weights, one made from the other.

#include <danaus/io/hdf5_reader.hpp>
#include <danaus/pde/models/convert_checkpoint.hpp>
#include <danaus/pde/models/monarch_weights.hpp>
#include <danaus/train/checkpoint.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>
#include <train/temporary_folder.hpp>

using namespace danaus;
using namespace danaus::pde;

namespace {

ModelConfig small(const std::string& monarch_weights = "") {
  ModelConfig config;
  config.points_x = 8, config.points_y = 8, config.history = 2, config.modes = 2, config.width = 8,
  config.layers = 2;
  config.monarch_weights = monarch_weights;
  return config;
}

const io::FileHeader header{.format = "", .created_by = "danaus test", .command = "test"};

/// Writes the checkpoint of a model after three updates from random gradients.
void write(const std::string& path, const ModelConfig& config, double ema) {
  const auto model = create_model(config, 5);
  optim::Adam<float> adam(model->parameters(), {.ema = ema});
  for (int i = 0; i < 3; ++i) {
    const auto gradients = to_host(model->parameters().gradients());
    const Random random(std::uint64_t(i), stream::test);
    for (const auto& p : model->parameters().parameters())
      for (size_t e = 0; e < p.reals(); ++e) gradients(p.offset + e) = float(random.normal(p.offset + e));
    copy(model->parameters().gradients(), gradients);
    adam.step(Exec{}, 0.01);
  }
  Kokkos::fence();
  train::TrainingState state;
  state.epoch = 3;
  state.step = 3;
  state.best = 0.25;
  state.lowest_loss = 0.5;
  state.seed = 5;
  state.data_digest = "abc";
  state.result.emplace();
  train::write_checkpoint<float>(path, header, *model, adam, state);
}

train::TrainingState state_of(const std::string& path) {
  const auto config = ModelConfig::from_map(train::read_hyper_parameters(path));
  const auto model = create_model(config, 0);
  optim::Adam<float> adam(model->parameters(), {.ema = io::Hdf5Reader(path).has_group("/ema") ? 0.5 : 0.0});
  const auto state = train::read_checkpoint(path, *model, adam);
  CHECK(adam.updates() == 3);
  return state;
}

std::vector<float> prediction(const std::string& path) {
  const auto model = create_model(ModelConfig::from_map(train::read_hyper_parameters(path)), 0);
  train::read_parameters(path, *model, train::WeightsKind::averaged);
  model->set_training(false);
  Tape tape({}, Recording::off);
  std::vector<train::Frame<float>> history;
  for (std::uint64_t f : {1, 2})
    history.push_back(train::Frame<float>::constant(test::normal<float, 4>({2, 8, 8, 1}, f)));
  const auto y = to_host(model->step(tape, history).value);
  return {y.data(), y.data() + y.size()};
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  double worst = 0;
  for (size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(double(a[i]) - double(b[i])));
  return worst;
}

}  // namespace

TEST_CASE("a densified model is the Monarch model, and sparsified again stays it", "[pde]") {
  const test::TemporaryFolder folder;
  const auto a = (folder.path() / "a.h5").string(), b = (folder.path() / "b.h5").string(),
             c = (folder.path() / "c.h5").string();
  const double ema = GENERATE(0.0, 0.9);
  const std::string patterns = GENERATE("*", "layer_*:block=2,projection/*:nblocks=4");
  write(a, small(patterns), ema);
  const auto dense = convert_checkpoint(a, b, {}, header);
  const auto sparse = convert_checkpoint(b, c, {patterns}, header);
  // Values of size 1 through some ten sums of a hundred products, in float.
  const auto reference = prediction(a);
  CHECK(largest_difference(reference, prediction(b)) <= 1e-5);
  CHECK(largest_difference(reference, prediction(c)) <= 1e-5);
  CHECK(largest_difference(reference, std::vector<float>(reference.size(), 0)) > 1e-2);

  CHECK(dense.weights.size() == (patterns == "*" ? 4 : 3));
  CHECK(dense.parameters_after == create_model(small(), 0)->parameters().count_reals());
  CHECK(sparse.parameters_after == dense.parameters_before);
  for (const auto& w : sparse.weights)
    CHECK(w.relative_error <= 1e-6);  // dense weights were rounded to float
}

TEST_CASE("a conversion leaves the other weights and the state of the training alone", "[pde]") {
  const test::TemporaryFolder folder;
  const auto a = (folder.path() / "a.h5").string(), b = (folder.path() / "b.h5").string(),
             c = (folder.path() / "c.h5").string();
  write(a, small(), 0.9);
  const auto sparse = convert_checkpoint(a, b, {"layer_1/weights:nblocks=4"}, header);
  REQUIRE(sparse.weights.size() == 1);
  CHECK(sparse.weights[0].name == "layer_1/weights");
  CHECK(sparse.weights[0].from == "dense");
  CHECK(sparse.weights[0].to == "nblocks=4");
  CHECK(sparse.weights[0].parameters_before == 64);
  CHECK(sparse.weights[0].parameters_after == 2 * 8 * 8 / 4);
  CHECK(sparse.weights[0].relative_error > 0.1);
  CHECK(sparse.parameters_after + 32 == sparse.parameters_before);

  const io::Hdf5Reader before(a), after(b);
  size_t same = 0;
  for (const auto& path : after.all_datasets()) {
    if (path.find("layer_1/weights") != std::string::npos) continue;
    REQUIRE(before.has_dataset(path));
    if (before.info(path).type == io::ScalarType::f32) {
      CHECK(before.read<float>(path) == after.read<float>(path));
      ++same;
    }
  }
  CHECK(same > 30);  // weights, averages and two moments of nine parameters, and more
  CHECK(!after.has_dataset("/parameters/layer_1/weights"));
  CHECK(after.has_dataset("/optimizer/second_moment/layer_1/weights/left"));

  const auto state = state_of(b);
  CHECK(state.epoch == 3);
  CHECK(state.step == 3);
  CHECK(state.data_digest == "abc");
  CHECK(!state.result);
  CHECK(std::isinf(state.best));  // other weights: no longer reached
  convert_checkpoint(b, c, {}, header);
  CHECK(train::read_hyper_parameters(c) == train::read_hyper_parameters(a));
  write(a, small("*"), 0);
  convert_checkpoint(a, c, {}, header);
  CHECK(state_of(c).best == 0.25);  // the same weights
}

TEST_CASE("dense transforms are the Monarch transforms multiplied out", "[pde]") {
  const test::TemporaryFolder folder;
  const auto a = folder.file("a.h5").string(), b = folder.file("b.h5").string();
  auto config = small("layer_*");
  config.model = "monarch-no";
  config.padding = 4;
  config.groups = GENERATE(1, 2);
  config.shared = GENERATE(false, true);
  write(a, config, GENERATE(0.0, 0.9));
  const auto done = convert_checkpoint(a, b, {"layer_*", true}, header);
  const size_t transforms = (config.shared ? 1 : 2) * 4 * config.groups;
  REQUIRE(done.weights.size() == transforms);
  CHECK(done.parameters_after - done.parameters_before == transforms * 2 * (144 + 12 - 36 - 48));
  const auto reference = prediction(a);
  // As above: values of size 1 in float.
  CHECK(largest_difference(reference, prediction(b)) <= 1e-5);
  CHECK(largest_difference(reference, std::vector<float>(reference.size(), 0)) > 1e-2);
  CHECK(state_of(b).best == 0.25);

  config.points_y = 16;
  CHECK_THROWS_AS(converted(config, {"", true}), UsageError);
  CHECK_THROWS_AS(converted(small(), {"", true}), UsageError);
}

TEST_CASE("Monarch weights are chosen by patterns, and bad ones are named", "[pde]") {
  const auto text = [](const std::string& patterns) { return to_text(linear_weights(small(patterns))); };
  CHECK(text("") == "");
  CHECK(text("layer_*") == "layer_0/weights:nblocks=4,layer_1/weights:nblocks=4");
  CHECK(text("layer_1/weights:block=2,layer_*:nblocks=8") ==
        "layer_0/weights:nblocks=8,layer_1/weights:block=2");
  CHECK(text(text("*:nblocks=2")) == text("*:nblocks=2"));
  CHECK_THROWS_WITH(text("layers*"),
                    "'layers*' fits no linear weight; there are lifting/weights, layer_0/weights, "
                    "layer_1/weights, projection/weights_1");
  for (const char* bad : {"*:blocks=4", "*:nblocks=0", "*:nblocks=x", "*:nblocks", ":block=2", "*:block=2x"})
    CHECK_THROWS_AS(text(bad), UsageError);
  CHECK_THROWS_AS(create_model(small("nothing"), 0), UsageError);

  CHECK(small().to_map().count("monarch-weights") == 0);
  const auto config = small("layer_*:block=2");
  CHECK(ModelConfig::from_map(config.to_map()).to_map() == config.to_map());
}

TEST_CASE("a model with Monarch weights starts with the other weights of the dense model", "[pde]") {
  const auto dense = create_model(small(), 3), sparse = create_model(small("layer_0/weights"), 3);
  const auto a = to_host(dense->parameters().values()), b = to_host(sparse->parameters().values());
  for (const auto& p : sparse->parameters().parameters()) {
    const bool is_right = p.name.ends_with("/right");
    if (is_right || p.name.ends_with("/left")) {
      // Uniform in +-1/sqrt(columns of a block): blocks of 2 x 2.
      double largest = 0, smallest = 0;
      for (size_t e = 0; e < p.reals(); ++e) {
        largest = std::max(largest, double(b(p.offset + e)));
        smallest = std::min(smallest, double(b(p.offset + e)));
      }
      CHECK(largest <= std::sqrt(0.5));
      CHECK(smallest >= -std::sqrt(0.5));
      CHECK(largest - smallest > 1);
      continue;
    }
    for (const auto& q : dense->parameters().parameters())
      if (q.name == p.name)
        for (size_t e = 0; e < p.reals(); ++e) REQUIRE(b(p.offset + e) == a(q.offset + e));
  }
}
