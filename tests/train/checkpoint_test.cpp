#include <danaus/train/checkpoint.hpp>

#include <danaus/core/random.hpp>
#include <danaus/io/atomic_file.hpp>
#include <danaus/io/hdf5_reader.hpp>

#include "stencil_model.hpp"
#include "temporary_folder.hpp"

#include <support/catch.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <fstream>
#include <thread>

using namespace danaus;
using namespace danaus::train;
using test::StencilModel;

namespace {

/// A model with random weights whose optimiser has made three updates.
template <class T>
struct Trained {
  StencilModel<T> model{2};
  optim::Adam<T> adam;
  explicit Trained(double ema = 0.9, std::uint64_t seed = 1)
      : adam((fill(seed), model.parameters()), {.ema = ema}) {
    for (int i = 0; i < 3; ++i) {
      copy(model.parameters().gradients(), model.parameters().values());
      adam.step(Exec{}, 0.01);
    }
    Kokkos::fence();
  }
  void fill(std::uint64_t seed) {
    const auto host = to_host(model.parameters().values());
    const Random random(seed, stream::test);
    for (const auto& p : model.parameters().parameters())
      for (size_t i = 0; i < p.reals(); ++i) host(p.offset + i) = T(random.normal(p.offset + i));
    copy(model.parameters().values(), host);
  }
};

template <class T>
bool same(const Tensor<T, 1>& a, const Tensor<T, 1>& b, size_t size) {
  const auto x = to_host(a), y = to_host(b);
  return std::equal(x.data(), x.data() + size, y.data(), y.data() + size);
}

TrainingState some_state() {
  TrainingState s;
  s.epoch = 3;
  s.batch = 2;
  s.step = 17;
  s.loss_sum = 1.0 / 3;
  s.loss_terms = 40;
  s.best = 0.25;
  s.validation = {{"relative_l2", 0.5}};
  s.elapsed_seconds = 9.5;
  s.epoch_seconds = 0.5;
  s.seconds_of_epochs = {3, 2, 1};
  s.seed = 0xFFFFFFFFFFFFFFF0ull;
  s.data_digest = "abc";
  return s;
}

const io::FileHeader header{.format = "", .created_by = "danaus test", .command = "test"};

class SmallerModel : public StencilModel<float> {
 public:
  SmallerModel() : StencilModel<float>(1) {}
};

class OtherModel : public train::Model<float> {
 public:
  OtherModel() {
    parameters_.add<float, 3>("layer_0/stencil", {2, 3, 3});
    parameters_.add<float, 1>("layer_0/gain", {1}, ParameterGroup::transform);
    parameters_.add<float, 1>("layer_1/bias", {4});
    parameters_.freeze();
  }
  Frame<float> step(Tape&, const std::vector<Frame<float>>& history) override { return history[0]; }
  std::map<std::string, std::string> hyper_parameters() const override { return {}; }
};

}  // namespace

TEMPLATE_TEST_CASE("a checkpoint gives everything back, bit for bit", "[train]", float, double) {
  using T = TestType;
  test::TemporaryFolder folder;
  const auto path = folder.file("last.h5");
  Trained<T> written;
  auto state = some_state();
  state.result.emplace();
  state.result->model = "stencil";
  state.result->scores["test_relative_l2"] = 0.125;
  write_checkpoint<T>(path, header, written.model, written.adam, state);

  Trained<T> read(0.9, /*seed=*/2);
  const auto found = read_checkpoint<T>(path, read.model, read.adam);
  // What is averaged and optimised are the learned parameters; state comes behind them.
  const size_t all = read.model.parameters().values().size();
  const size_t learned = read.model.parameters().range(ParameterGroup::state).begin;
  CHECK(same<T>(read.model.parameters().values(), written.model.parameters().values(), all));
  CHECK(same<T>(read.adam.average(), written.adam.average(), learned));
  CHECK(same<T>(read.adam.first_moment(), written.adam.first_moment(), learned));
  CHECK(same<T>(read.adam.second_moment(), written.adam.second_moment(), learned));
  CHECK(read.adam.updates() == 3);
  CHECK(found.epoch == 3);
  CHECK(found.batch == 2);
  CHECK(found.step == 17);
  CHECK(found.loss_sum == 1.0 / 3);
  CHECK(found.loss_terms == 40);
  CHECK(found.best == 0.25);
  CHECK(std::isinf(found.lowest_loss));
  CHECK(found.validation == Scores{{"relative_l2", 0.5}});
  CHECK(found.seconds_of_epochs == std::vector<double>{3, 2, 1});
  CHECK(found.seed == 0xFFFFFFFFFFFFFFF0ull);
  CHECK(found.data_digest == "abc");
  REQUIRE(found.result);
  CHECK(found.result->model == "stencil");
  CHECK(found.result->score("test_relative_l2") == 0.125);
  CHECK(read_hyper_parameters(path) == written.model.hyper_parameters());

  StencilModel<T> averaged(2);
  read_parameters<T>(path, averaged, WeightsKind::averaged);
  const auto w = to_host(averaged.parameters().values()), e = to_host(written.adam.average());
  CHECK(w(0) == e(0));
  StencilModel<T> raw(2);
  read_parameters<T>(path, raw, WeightsKind::raw);
  CHECK(same<T>(raw.parameters().values(), written.model.parameters().values(), all));
}

TEST_CASE("parameters lie in a checkpoint under their names in their natural shapes", "[train]") {
  test::TemporaryFolder folder;
  const auto path = folder.file("last.h5");
  Trained<float> written;
  write_checkpoint<float>(path, header, written.model, written.adam, some_state());
  const io::Hdf5Reader file(path);
  CHECK(file.shape("/parameters/layer_0/stencil") == io::Extents{2, 3, 3});
  CHECK(file.type("/parameters/layer_0/gain") == io::ScalarType::c64);
  CHECK(file.has_dataset("/parameters/layer_0/steps"));
  CHECK(file.has_dataset("/normalizer/scale"));
  CHECK(file.has_dataset("/ema/layer_0/stencil"));
  CHECK_FALSE(file.has_dataset("/ema/layer_0/steps"));
  CHECK(file.has_dataset("/optimizer/first_moment/layer_0/gain"));
  CHECK(file.attribute<std::string>("/", "format") == "danaus-checkpoint");
}

TEST_CASE("a checkpoint of another model is refused and the differences are listed", "[train]") {
  test::TemporaryFolder folder;
  const auto path = folder.file("last.h5");
  Trained<float> written;
  write_checkpoint<float>(path, header, written.model, written.adam, some_state());

  SmallerModel smaller;
  CHECK_THROWS_WITH(read_parameters<float>(path, smaller, WeightsKind::raw),
                    Catch::Contains("/parameters/layer_0/stencil: expected real (1, 3, 3), found"));
  OtherModel other;
  CHECK_THROWS_WITH(read_parameters<float>(path, other, WeightsKind::raw),
                    Catch::Contains("/parameters/layer_0/gain: expected real (1)") &&
                        Catch::Contains("/parameters/layer_1/bias: missing") &&
                        Catch::Contains("/parameters/layer_0/steps: not in the model"));
  CHECK_THROWS_AS(read_parameters<float>(path, other, WeightsKind::raw), DataError);
  CHECK_THROWS_AS(read_parameters<float>(folder.file("none.h5"), other, WeightsKind::raw), MissingInputError);
}

TEST_CASE("any change to a checkpoint is found", "[train]") {
  test::TemporaryFolder folder;
  const auto path = folder.file("last.h5"), changed = folder.file("changed.h5");
  Trained<float> written;
  write_checkpoint<float>(path, header, written.model, written.adam, some_state());
  const std::string bytes = io::read_file(path);
  const Random random(1, stream::test);
  size_t found = 0;
  for (std::uint64_t n = 0; n < 500; ++n) {
    std::string mutant = bytes;
    // A fifth of the changes are in the first KiB.
    const size_t at = random.integer(2 * n, n % 5 ? bytes.size() : 1024);
    switch (n % 3) {
      case 0:
        mutant[at] = char(mutant[at] ^ (1 << random.integer(2 * n + 1, 8)));
        break;
      case 1:
        mutant.resize(at);
        break;
      case 2:
        std::fill(mutant.begin() + std::ptrdiff_t(at), mutant.end(), '\0');
        if (mutant == bytes) mutant.back() ^= 1;
    }
    std::ofstream(changed, std::ios::binary).write(mutant.data(), std::streamsize(mutant.size()));
    StencilModel<float> model(2);
    try {
      read_parameters<float>(changed, model, WeightsKind::raw);
    } catch (const DataError&) {
      ++found;
    }
  }
  CHECK(found == 500);
}

// Run by the next test in a process of its own.
TEST_CASE("write checkpoints until killed", "[.checkpoint-loop]") {
  const std::string path = std::getenv("DANAUS_TEST_CHECKPOINT");
  Trained<float> trained;
  auto state = some_state();
  for (;;) {
    ++state.step;
    write_checkpoint<float>(path, header, trained.model, trained.adam, state);
  }
}

TEST_CASE("a process killed at any time leaves a checkpoint that loads", "[train]") {
  test::TemporaryFolder folder;
  const auto path = folder.file("last.h5");
  ::setenv("DANAUS_TEST_CHECKPOINT", path.c_str(), 1);
  const Random random(2, stream::test);
  StencilModel<float> model(2);
  optim::Adam<float> adam(model.parameters(), {});
  std::uint64_t steps = 0;
  for (std::uint64_t n = 0; n < 20; ++n) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::execl("/proc/self/exe", "danaus_train_test", "[.checkpoint-loop]", nullptr);
      ::_exit(127);
    }
    // The first one until there is a file, the others at an instant of their own.
    for (int i = 0; n == 0 && i < 1000 && !std::filesystem::exists(path); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    std::this_thread::sleep_for(std::chrono::microseconds(20000 + random.integer(n, 80000)));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
    const auto state = read_checkpoint<float>(path, model, adam);
    steps += state.step - 17;
  }
  CHECK(steps >= 20);
}
