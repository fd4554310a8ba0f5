#include "train_setup.hpp"

#include "recipes.hpp"

#include <common/train_verb.hpp>
#include <common/training_run.hpp>

#include <danaus/core/error.hpp>

#include <filesystem>

namespace danaus::app {
namespace {

void set_default(Options& options, const std::string& name, size_t value) {
  if (!options.has(name)) options.resolve(name, std::to_string(value));
}

void resolve_split(Options& options, size_t samples) {
  const size_t sixth = std::max<size_t>(1, (samples + 3) / 6);
  if (options.has("train")) {
    const size_t left = samples > options.size("train") ? samples - options.size("train") : 0;
    set_default(options, "test", std::max<size_t>(1, std::min(sixth, left)));
  }
  set_default(options, "test", sixth);
  const size_t left = samples > options.size("test") ? samples - options.size("test") : 1;
  set_default(options, "train", std::min(std::max<size_t>(1, samples - sixth), left));
  set_default(options, "validation", options.size("train") / 10);
}

}  // namespace

void resolve_train_options(Options& options, const pde::DataSet& data) {
  const auto& d = data.description();
  options.resolve("data", absolute_path(options.text("data")));
  if (options.has("init-from")) options.resolve("init-from", absolute_path(options.text("init-from")));
  set_default(options, "history", d.is_static ? 0 : 10);
  const size_t history = options.size("history");
  if (d.is_static && history != 0)
    throw UsageError("--history " + std::to_string(history) + ": " + d.path +
                     " is a static problem; expected 0");
  if (!d.is_static && history == 0)
    throw UsageError("--history 0: " + d.path + " is a time series; expected at least 1");
  if (d.is_static) {
    set_default(options, "steps", 1);
  } else {
    data.require_frames(history + 1, "history " + std::to_string(history) + " and one to predict");
    set_default(options, "steps", d.frames - history);
    const size_t steps = options.size("steps");
    data.require_frames(history + steps,
                        "history " + std::to_string(history) + ", steps " + std::to_string(steps));
  }
  resolve_split(options, d.samples);
  set_default(options, "resolution", d.points_x);
  // Trajectories too short for the phases of the tuned recipe: one step first, then all.
  const size_t steps = options.size("steps");
  if (!options.has("unroll") && options.text("recipe") == "tuned" && steps < 5)
    options.resolve("unroll", steps == 1 ? "full:1" : "1:0.4,full:0.6");
  apply_recipe(options, d.is_static);
  resolve_step_schedule(options);
}

pde::DataOptions data_options(const Options& options) {
  pde::DataOptions data;
  data.axes = options.text("axes");
  if (options.has("resolution")) data.resolution = options.size("resolution");
  data.memory_budget_bytes = options.real("memory-budget") * 1024 * 1024 * 1024;
  return data;
}

pde::ModelConfig model_config(const Options& options, const pde::DataDescription& data) {
  pde::ModelConfig config;
  config.model = options.text("model");
  config.points_x = data.points_x;
  config.points_y = data.points_y;
  config.history = options.size("history");
  config.input_channels = data.input_channels;
  config.output_channels = data.output_channels;
  config.modes = options.size("modes");
  config.width = options.size("width");
  config.layers = options.size("layers");
  if (options.has("block")) config.block = options.size("block");
  config.groups = options.size("groups");
  config.shared = options.toggle("shared");
  config.padding = options.size("padding");
  config.norm = options.text("norm");
  config.activation = options.text("activation");
  config.monarch_weights = options.text("monarch-weights");
  config.increment = options.toggle("increment");
  config.normalize = options.toggle("normalize");
  return config;
}

train::TrainOptions train_options_of(const Options& options, const pde::DataDescription& data) {
  train::TrainOptions t;
  static_cast<train::LoopOptions&>(t) = loop_options(options);
  t.history = data.is_static ? 1 : options.size("history");
  t.steps = options.size("steps");
  t.unroll = train::UnrollSchedule(options.text("unroll"));
  t.noise = options.real("noise");
  t.train_samples = options.size("train");
  t.validation_samples = options.size("validation");
  t.test_samples = options.size("test");
  return t;
}

}  // namespace danaus::app
