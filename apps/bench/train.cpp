#include "results.hpp"
#include "verbs.hpp"

#include <danaus/core/random.hpp>
#include <danaus/nn/relative_l2.hpp>
#include <danaus/optim/adam.hpp>
#include <danaus/pde/models/model_table.hpp>

#include <sys/resource.h>

namespace danaus::app {
namespace {

using Frames = std::vector<Tensor<float, 4>>;

/// Largest resident size of this process so far, in bytes; on a GPU the memory in use there, which a training
/// iteration takes once and keeps.
double peak_bytes() {
#if defined(KOKKOS_ENABLE_CUDA)
  size_t free = 0, total = 0;
  if (cudaMemGetInfo(&free, &total) != cudaSuccess) return 0;
  return double(total - free);
#else
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return 1024.0 * double(usage.ru_maxrss);
#endif
}

/// Normal fields in place of data: the time does not depend on the values.
Frames random_frames(size_t count, size_t batch, size_t points) {
  Frames frames;
  for (size_t f = 0; f < count; ++f) {
    HostTensor<float, 4> frame("frame", batch, points, points, 1);
    const Random random(0, stream::test + (std::uint64_t(f) << 8));
    for (size_t q = 0; q < frame.size(); ++q) frame.data()[q] = float(random.normal(q));
    frames.push_back(to_device<float, 4>(frame));
  }
  return frames;
}

std::vector<train::Frame<float>> history_of(const Frames& frames, size_t count) {
  std::vector<train::Frame<float>> history;
  for (size_t f = 0; f < count; ++f) history.push_back(train::Frame<float>::constant(frames[f]));
  return history;
}

/// Forward through all steps, loss, backward through all steps, Adam: what the training loop does in an
/// iteration.
void training_iteration(Tape& tape, train::Model<float>& model, optim::Adam<float>& adam,
                        const Frames& frames, size_t history_size) {
  tape.reset();
  auto history = history_of(frames, history_size);
  std::vector<Var<float, 0>> losses;
  for (size_t f = history_size; f < frames.size(); ++f) {
    const auto prediction = model.step(tape, history);
    losses.push_back(nn::relative_l2<float>(tape, prediction, frames[f]));
    history.erase(history.begin());
    history.push_back(prediction);
  }
  fill(tape.space(), model.parameters().gradients(), 0.0f);
  tape.backward(losses);
  adam.step(tape.space(), 1e-3);
}

Outcome run_train(const Options& options) {
  const size_t batch = options.size("batch"), points = options.size("resolution"),
               steps = options.size("steps"), repetitions = options.size("iterations");
  Json results = Json::array();
  for (const auto& name : options.list("model")) {
    pde::ModelConfig config;
    config.model = name;
    config.points_x = config.points_y = points;
    config.modes = options.size("modes");
    config.width = options.size("width");
    config.layers = options.size("layers");
    config.history = options.size("history");
    const auto model = pde::create_model(config, options.size("seed"));
    optim::Adam<float> adam(model->parameters(), {});
    const auto frames = random_frames(config.history + steps, batch, points);
    const std::string size = std::to_string(points) + "^2, batch " + std::to_string(batch) + ", width " +
                             std::to_string(config.width) + ", modes " + std::to_string(config.modes) + ", " +
                             std::to_string(steps) + " steps";
    Tape tape;
    const double before = peak_bytes();
    training_iteration(tape, *model, adam, frames, config.history);  // allocates and warms up
    Kokkos::fence();
    const double memory = peak_bytes() - before;
    const auto iterations =
        time_in_turn({{[&] { training_iteration(tape, *model, adam, frames, config.history); }}},
                     {.rounds = repetitions, .sample_seconds = 0});
    Json row = timed_row("training iteration, " + name, size, iterations[0]);
    row["memory_bytes"] = memory;
    results.push_back(row);
    for (const size_t samples : {size_t(1), batch}) {
      const auto few = random_frames(config.history, samples, points);
      Tape inference({}, Recording::off);
      const auto predict = [&] {
        inference.reset();
        model->step(inference, history_of(few, config.history));
      };
      const auto inferences = time_in_turn({{predict}}, {.rounds = 5 * repetitions});
      results.push_back(timed_row("inference, " + name,
                                  std::to_string(points) + "^2, batch " + std::to_string(samples),
                                  inferences[0]));
    }
  }
  // Without the measured roofs: their arrays would count as the memory of a training iteration.
  return outcome_of(machine_json(), results);
}

}  // namespace

Verb bench_train_verb() {
  Verb verb;
  verb.name = "train";
  verb.summary = "times a training iteration (all steps, backward, Adam) and inference of models";
  verb.options = {text_option("model", "fno,monarch-no", "models, comma-separated"),
                  integer_option("resolution", "64", 3, 8192, "points per axis"),
                  integer_option("batch", "20", 1, 1e6, "samples"),
                  integer_option("width", "20", 1, 4096, "channels"),
                  integer_option("modes", "12", 1, 4096, "kept modes per axis"),
                  integer_option("layers", "4", 1, 1000, "operator layers"),
                  integer_option("history", "10", 1, 64, "input frames"),
                  integer_option("steps", "10", 1, 10000, "autoregressive steps"),
                  integer_option("iterations", "7", 1, 100000, "timed iterations; their median is reported"),
                  common_option("seed"),
                  common_option("threads"),
                  common_option("device"),
                  common_option("json"),
                  common_option("quiet"),
                  common_option("help")};
  verb.examples = {"danaus-bench train --json", "danaus-bench train --model fno --width 32 --threads 1"};
  verb.run = run_train;
  return verb;
}

}  // namespace danaus::app
