#include <danaus/autograd/gradient_check.hpp>
#include <danaus/io/atomic_file.hpp>
#include <danaus/train/train.hpp>

#include "stencil_model.hpp"
#include "temporary_folder.hpp"

#include <support/catch.hpp>

#include <csignal>
#include <fstream>

using namespace danaus;
using namespace danaus::train;
using test::StencilModel;
using test::TemporaryFolder;

namespace {

TrainOptions options_for(const TemporaryFolder& folder, const std::string& run = "run") {
  TrainOptions o;
  o.run = folder.file(run).string();
  o.epochs = 6;
  o.batch = 4;
  o.history = 2;
  o.steps = 4;
  o.train_samples = 12;
  o.validation_samples = 2;
  o.test_samples = 3;
  o.schedule.base_rate = 0.03;
  o.schedule.kind = optim::Schedule::Kind::cosine;
  o.unroll = UnrollSchedule("1:0.5,2:0.25,full:0.25");
  o.progress = ProgressMode::none;
  o.seed = 11;
  return o;
}

/// Everything that the random parts of training touch: noise, short windows, averaged weights, clipping,
/// decay.
TrainOptions eventful_options(const TemporaryFolder& folder, const std::string& run) {
  auto o = options_for(folder, run);
  o.noise = 0.01;
  o.optimizer = {.decay = optim::Decay::decoupled,
                 .weight_decay = 1e-4,
                 .transform_rate_factor = 0.1,
                 .clip = 0.5,
                 .ema = 0.9};
  return o;
}

template <class T>
MemorySource<T> heat_source(size_t channels = 1) {
  return MemorySource<T>(test::heat_trajectories<T>(15, 8, 6, channels), "heat");
}

template <class T>
Loss<T> relative_l2() {
  return
      [](Tape& tape, const Frame<T>& p, const Tensor<T, 4>& y) { return test::relative_l2<T>(tape, p, y); };
}

/// A loss that sends this process a signal in its n-th call.
template <class T>
Loss<T> interrupting(int n, int signal, int& calls) {
  return [n, signal, &calls](Tape& tape, const Frame<T>& p, const Tensor<T, 4>& y) {
    if (++calls == n) std::raise(signal);
    return test::relative_l2<T>(tape, p, y);
  };
}

std::vector<double> doubles_of(const std::filesystem::path& file) {
  const io::Hdf5Reader reader(file);
  std::vector<double> all;
  for (const auto& name : reader.all_datasets()) {
    if (name.starts_with("/training")) continue;  // times
    if (io::is_complex(reader.type(name))) {
      for (const auto& z : reader.read<Complex<double>>(name)) {
        all.push_back(z.real());
        all.push_back(z.imag());
      }
    } else {
      for (double x : reader.read<double>(name)) all.push_back(x);
    }
  }
  return all;
}

/// metrics.csv without its last column, the seconds.
std::string metrics_of(const TrainOptions& options) {
  std::ifstream file(options.run + "/metrics.csv");
  std::string text;
  for (std::string line; std::getline(file, line);) text += line.substr(0, line.rfind(',')) + "\n";
  return text;
}

}  // namespace

TEST_CASE("the test model's gradients are right", "[train]") {
  StencilModel<double> model(2);
  const auto u = test::heat_trajectories<double>(3, 4, 3);
  MemorySource<double> source(u, "");
  const auto frames = source.load(Exec{}, {{0, 0}, {1, 0}, {2, 0}}, 3);
  HostTensor<double, 3> w("w", 2, 3, 3);
  for (size_t i = 0; i < 18; ++i) w.data()[i] = 0.1 * double(i % 5) - 0.1;
  copy(model.weights().value(), w);
  // Two steps, so that a prediction enters the history.
  const auto report = check_gradients(
      model.parameters(),
      [&](Tape& tape, const Frame<double>& a, const Frame<double>& b) {
        const auto c = model.step(tape, {a, b});
        return test::relative_l2<double>(tape, model.step(tape, {b, c}), frames[2]);
      },
      frames[0], frames[1]);
  INFO(report.details);
  // Central differences of a function of size 1 with step 1e-5: 1e-10, relative to gradients of about 0.1.
  CHECK(report.worst < 1e-7);
}

TEMPLATE_TEST_CASE("training learns the step of the heat equation", "[train]", float, double) {
  using T = TestType;
  TemporaryFolder folder;
  auto o = options_for(folder);
  o.epochs = 60;
  o.schedule.base_rate = 0.06;
  auto source = heat_source<T>(2);
  StencilModel<T> model(2);
  const auto result = train::train<T>(Exec{}, model, source, relative_l2<T>(), o);

  // The first epoch starts from zero weights, whose relative error is 1; the exact step is representable, so
  // what is left is how far 60 epochs of three updates come.
  CHECK(result.score("test_relative_l2") < 0.02);
  CHECK(result.score("train_relative_l2") < 0.02);
  CHECK(result.score("validation_relative_l2") < 0.02);
  CHECK(result.parameters == 18 + 2);
  CHECK(result.parameters_complex_as_one == 18 + 1);
  CHECK(result.model == "stencil");
  CHECK(result.epochs == 60);
  CHECK(result.seconds_per_epoch > 0);
  CHECK(result.seconds_total >= 60 * 0.5 * result.seconds_per_epoch);

  std::ifstream metrics(o.run + "/metrics.csv");
  std::string header, first, last;
  std::getline(metrics, header);
  CHECK(header == "epoch,step,train_relative_l2,validation_relative_l2,learning_rate,seconds");
  std::getline(metrics, first);
  CHECK(first.starts_with("1,3,"));
  size_t rows = 1;
  for (std::string line; std::getline(metrics, line); ++rows) last = line;
  CHECK(rows == 60);
  CHECK(last.starts_with("60,180,"));
}

TEST_CASE("a run has the same bits twice, and others with another seed", "[train]") {
  TemporaryFolder folder;
  const auto run = [&](const std::string& name, std::uint64_t seed) {
    auto o = eventful_options(folder, name);
    o.seed = seed;
    auto source = heat_source<float>();
    StencilModel<float> model(2);
    train::train<float>(Exec{}, model, source, relative_l2<float>(), o);
    return doubles_of(folder.file(name) / "last.h5");
  };
  const auto a = run("a", 1);
  CHECK(a == run("b", 1));
  CHECK(a != run("c", 2));
}

#if defined(KOKKOS_ENABLE_OPENMP) && !defined(KOKKOS_ENABLE_CUDA)
TEST_CASE("one and two threads train to the same bits", "[train]") {
  TemporaryFolder folder;
  const auto run = [&](int threads) {
    const auto o = eventful_options(folder, std::to_string(threads));
    auto source = heat_source<float>(3);
    StencilModel<float> model(2);
    train::train<float>(Kokkos::OpenMP(std::min(threads, Exec().concurrency())), model, source,
                        relative_l2<float>(), o);
    return doubles_of(o.run + "/last.h5");
  };
  CHECK(run(1) == run(2));
}
#endif

TEST_CASE("a run that is interrupted anywhere and resumed has the bits of one that never stopped",
          "[train]") {
  TemporaryFolder folder;
  const auto whole = eventful_options(folder, "whole");
  auto source = heat_source<float>();
  int all_calls = 0;
  {
    StencilModel<float> model(2);
    train::train<float>(Exec{}, model, source, interrupting<float>(-1, 0, all_calls), whole);
  }
  const auto expected = doubles_of(whole.run + "/last.h5"),
             expected_best = doubles_of(whole.run + "/best.h5");
  // 3 epochs of 1 step, 1 or 2 of 2 and of 4 steps, each of 3 iterations.
  REQUIRE(all_calls > 9 + 6 + 12);

  for (int n = 1; n <= all_calls; n += 4) {
    auto o = eventful_options(folder, "interrupted");
    o.existing = ExistingRun::overwrite;
    int calls = 0;
    {
      StencilModel<float> model(2);
      CHECK_THROWS_AS(train::train<float>(Exec{}, model, source,
                                          interrupting<float>(n, n % 8 == 1 ? SIGINT : SIGTERM, calls), o),
                      InterruptedError);
    }
    CHECK(calls - n < 4);  // within the iteration
    o.existing = ExistingRun::resume;
    StencilModel<float> model(2);
    const auto result = train::train<float>(Exec{}, model, source, relative_l2<float>(), o);
    CHECK(doubles_of(o.run + "/last.h5") == expected);
    CHECK(doubles_of(o.run + "/best.h5") == expected_best);
    CHECK(metrics_of(o) == metrics_of(whole));

    // A finished run gives its result again, and trains no more.
    StencilModel<float> again(2);
    const Loss<float> none = [](Tape&, const Frame<float>&, const Tensor<float, 4>&) -> Var<float, 0> {
      throw std::logic_error("trained");
    };
    const auto repeated = train::train<float>(Exec{}, again, source, none, o);
    CHECK(repeated.score("test_relative_l2") == result.score("test_relative_l2"));
    CHECK(repeated.seconds_total == result.seconds_total);
    CHECK(repeated.seconds_per_epoch == result.seconds_per_epoch);
    CHECK(repeated.data_digest == "heat");
  }
}

TEST_CASE("an empty folder is started by resume, and more epochs continue a finished run", "[train]") {
  TemporaryFolder folder;
  auto source = heat_source<float>();
  auto o = options_for(folder);
  o.existing = ExistingRun::resume;
  {
    StencilModel<float> model(2);
    CHECK(train::train<float>(Exec{}, model, source, relative_l2<float>(), o).epochs == 6);
  }
  o.epochs = 9;
  StencilModel<float> model(2);
  CHECK(train::train<float>(Exec{}, model, source, relative_l2<float>(), o).epochs == 9);
  o.epochs = 5;
  CHECK_THROWS_AS(train::train<float>(Exec{}, model, source, relative_l2<float>(), o), UsageError);
  o.epochs = 9;
  o.seed = 12;
  CHECK_THROWS_AS(train::train<float>(Exec{}, model, source, relative_l2<float>(), o), UsageError);
  o.seed = 11;
  MemorySource<float> other(test::heat_trajectories<float>(15, 8, 6), "other");
  CHECK_THROWS_AS(train::train<float>(Exec{}, model, other, relative_l2<float>(), o), UsageError);
  o.existing = ExistingRun::refuse;
  CHECK_THROWS_WITH(train::train<float>(Exec{}, model, source, relative_l2<float>(), o),
                    Catch::Contains("--resume"));
}

void poison(const Exec& space, const Tensor<float, 0>& loss, float value) {
  Kokkos::parallel_for(
      "test::poison", Kokkos::RangePolicy<Exec>(space, 0, 1), KOKKOS_LAMBDA(size_t) { loss() = value; });
}

TEST_CASE("divergence is found and the last good checkpoint is kept", "[train]") {
  // 1e7 is a finite loss; the lowest mean of an epoch is more than 1e-3 here.
  const float value = GENERATE(NAN, INFINITY, 1e7f);
  TemporaryFolder folder;
  auto source = heat_source<float>();
  const auto o = options_for(folder);
  StencilModel<float> model(2);
  int calls = 0;
  const Loss<float> poisoned = [&](Tape& tape, const Frame<float>& p, const Tensor<float, 4>& y) {
    const auto loss = test::relative_l2<float>(tape, p, y);
    if (++calls == 8) poison(tape.space(), loss.value, value);  // in the third epoch
    return loss;
  };
  CHECK_THROWS_AS(train::train<float>(Exec{}, model, source, poisoned, o), DivergedError);
  StencilModel<float> restored(2);
  optim::Adam<float> adam(restored.parameters(), {});
  const auto state = read_checkpoint<float>(o.run + "/last.h5", restored, adam);
  CHECK(state.epoch == 2);
  for (double x : doubles_of(o.run + "/last.h5")) CHECK(std::isfinite(x));
}

TEST_CASE("a gradient that is not finite stops the run too", "[train]") {
  TemporaryFolder folder;
  auto source = heat_source<float>();
  StencilModel<float> model(2);
  int calls = 0;
  const Loss<float> nan_gradient = [&](Tape& tape, const Frame<float>& p, const Tensor<float, 4>& y) {
    const auto loss = test::relative_l2<float>(tape, p, y);
    const auto total = tape.output<float, 0>({});
    copy(tape.space(), total.value, loss.value);
    const bool bad = ++calls == 8;
    tape.record("test::nan_gradient", total, [loss, bad](const Exec& space) {
      loss.claim_grad();
      poison(space, loss.grad(), bad ? NAN : 1.f);
    });
    return total;
  };
  CHECK_THROWS_WITH(train::train<float>(Exec{}, model, source, nan_gradient, options_for(folder)),
                    Catch::Contains("the gradient is not finite"));
}

TEST_CASE("static problems train as one step from the input to the target", "[train]") {
  TemporaryFolder folder;
  const auto u = test::heat_trajectories<float>(12, 6, 2);
  const auto frame = [&](size_t f) {
    auto x = uninitialized<float, 4>("frame", {12, 6, 6, 1});
    Kokkos::deep_copy(x, Kokkos::subview(u, Kokkos::ALL, Kokkos::ALL, Kokkos::ALL, f, Kokkos::ALL));
    return x;
  };
  PairSource<float> source(frame(0), frame(1), "pairs");
  auto o = options_for(folder);
  o.epochs = 60;
  o.schedule.base_rate = 0.06;
  o.history = o.steps = 1;
  o.unroll = UnrollSchedule();
  o.train_samples = 9;
  o.validation_samples = 0;
  StencilModel<float> model(1);
  const auto result = train::train<float>(Exec{}, model, source, relative_l2<float>(), o);
  CHECK(result.score("test_relative_l2") < 0.02);
  CHECK(std::isnan(result.score("validation_relative_l2")));
  // fit_normalizer saw each training sample once as input and once as target.
  CHECK(io::Hdf5Reader(o.run + "/last.h5").read<float>("/normalizer/scale") == std::vector<float>{18});
}

namespace {
// Kokkos calls back through plain functions.
size_t device_allocations = 0;
void count_allocation(const Kokkos::Profiling::SpaceHandle, const char*, const void*, std::uint64_t) {
  ++device_allocations;
}
}  // namespace

TEST_CASE("nothing is allocated in the step loop after the first step", "[train]") {
  TemporaryFolder folder;
  auto o = eventful_options(folder, "run");
  o.unroll = UnrollSchedule("full:1");
  o.epochs = 2;
  o.train_samples = 12;
  auto source = heat_source<float>();
  StencilModel<float> model(2);
  // Two iterations of 4 samples and one of 2 per epoch, 4 losses each; counted from the second to the last
  // loss.
  int calls = 0;
  size_t at_second = 0, at_last = 0;
  const Loss<float> counting = [&](Tape& tape, const Frame<float>& p, const Tensor<float, 4>& y) {
    ++calls;
    if (calls == 5) at_second = device_allocations;
    if (calls == 12) at_last = device_allocations;
    return test::relative_l2<float>(tape, p, y);
  };
  Kokkos::Tools::Experimental::set_allocate_data_callback(count_allocation);
  train::train<float>(Exec{}, model, source, counting, o);
  Kokkos::Tools::Experimental::set_allocate_data_callback(nullptr);
  CHECK(at_second > 0);
  CHECK(at_last == at_second);
}

TEST_CASE("impossible options are named", "[train]") {
  TemporaryFolder folder;
  const auto expect = [&](auto change, const std::string& message) {
    auto o = options_for(folder);
    change(o);
    CHECK_THROWS_WITH(o.validate(15, 6), Catch::Contains(message));
  };
  CHECK_NOTHROW(options_for(folder).validate(15, 6));
  expect([](auto& o) { o.epochs = 0; }, "epochs: expected at least 1, found 0");
  expect([](auto& o) { o.steps = 5; }, "steps: expected history + steps at most the 6 frames");
  expect([](auto& o) { o.validation_samples = 12; }, "validation: expected fewer than the 12");
  expect([](auto& o) { o.test_samples = 4; }, "train: expected train + test at most the 15 samples");
  expect([](auto& o) { o.train_samples = 16; }, "train: expected train + test at most the 15 samples");
  expect([](auto& o) { o.schedule.base_rate = 0; }, "lr: ");
  expect([](auto& o) { o.optimizer.ema = 1; }, "ema: ");
  expect([](auto& o) { o.noise = NAN; }, "noise: ");
  expect([](auto& o) { o.unroll = UnrollSchedule("7:1"); }, "unroll: 7 steps");
}
