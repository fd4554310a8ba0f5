#include "report.hpp"
#include "train_options.hpp"
#include "train_setup.hpp"
#include "trained_model.hpp"
#include "verbs.hpp"

#include <common/program.hpp>
#include <common/train_verb.hpp>
#include <common/training_run.hpp>
#include <common/version.hpp>

#include <danaus/core/error.hpp>
#include <danaus/io/atomic_file.hpp>
#include <danaus/nn/relative_l2.hpp>
#include <danaus/pde/data/data_set_source.hpp>
#include <danaus/train/train.hpp>

#include <filesystem>
#include <numeric>

namespace danaus::app {
namespace {

namespace fs = std::filesystem;

std::vector<size_t> all_samples(const pde::DataSet& data) {
  std::vector<size_t> samples(data.description().samples);
  std::iota(samples.begin(), samples.end(), 0);
  return samples;
}

train::Loss<float> loss() {
  return [](Tape& tape, const train::Frame<float>& prediction, const Tensor<float, 4>& target) {
    return nn::relative_l2(tape, prediction, target);
  };
}

/// One iteration on few samples and steps, from which memory and time of the run follow in proportion.
Json estimate(train::Model<float>& model, train::SampleSource<float>& data, const train::TrainOptions& t) {
  const size_t batch = std::min<size_t>({t.batch, data.samples(), 4}), steps = std::min<size_t>(t.steps, 2);
  std::vector<train::Window> windows;
  for (size_t s = 0; s < batch; ++s) windows.push_back({s, 0});
  const Exec space;
  Tape tape(space);
  model.set_training(true);
  double seconds = 0;
  for (int repeat = 0; repeat < 2; ++repeat) {
    const Timer timer;
    const auto frames = data.load(space, windows, t.history + steps);
    std::vector<train::Frame<float>> history;
    for (size_t f = 0; f < t.history; ++f) history.push_back(train::Frame<float>::constant(frames[f]));
    tape.reset();
    std::vector<Var<float, 0>> losses;
    for (size_t s = 0; s < steps; ++s) {
      const auto prediction = model.step(tape, history);
      losses.push_back(loss()(tape, prediction, frames[t.history + s]));
      history.erase(history.begin());
      history.push_back(prediction);
    }
    tape.backward(losses);
    space.fence("danaus::app::estimate");
    seconds = timer.seconds();
  }
  double steps_of_run = 0;
  size_t longest = 0;
  for (size_t epoch = 0; epoch < t.epochs; ++epoch) {
    const size_t unroll = t.unroll.steps_at(epoch, t.epochs, t.steps);
    steps_of_run += double(unroll);
    longest = std::max(longest, unroll);
  }
  const double scale = double(t.batch) / double(batch),
               samples = double(t.train_samples - t.validation_samples);
  const double tape_bytes = double(tape.capacity()) * scale * double(longest) / double(steps);
  // Weights, gradients, two moments.
  const double parameter_bytes = 4.0 * double(model.parameters().values().size()) * sizeof(float);
  Json json;
  json["memory_bytes"] = std::int64_t(tape_bytes + parameter_bytes);
  json["seconds_estimate"] = seconds / double(batch * steps) * samples * steps_of_run;
  return json;
}

Outcome dry_run(train::Model<float>& model, train::SampleSource<float>& source, const train::TrainOptions& t,
                const Options& options) {
  const auto frame_json = [&](size_t frame) {
    const Shape<3> shape = source.frame_shape(frame);
    return Json{t.batch, shape[0], shape[1], shape[2]};
  };
  Json json = {{"model", options.text("model")}};
  json["parameters"] = model.parameters().count_reals();
  json["parameters_complex_as_one"] = model.parameters().count_complex_as_one();
  json.update(estimate(model, source, t));
  Json shapes = {{"input_frame", frame_json(0)}, {"history", t.history}, {"steps", t.steps}};
  shapes["predicted_frame"] = frame_json(t.history);
  shapes["parameters"] = parameter_shapes(model.parameters());
  json["shapes"] = std::move(shapes);
  json["options"] = options.to_map();
  return dry_run_outcome(json, model.parameters());
}

Json to_json(const train::TrainResult& r) {
  return result_json(r, {{"train_relative_l2", r.score("train_relative_l2")},
                         {"validation_relative_l2", r.score("validation_relative_l2")},
                         {"test_relative_l2", r.score("test_relative_l2")}});
}

std::string to_text(const train::TrainResult& r) {
  char text[256];
  std::snprintf(
      text, sizeof text,
      "model             %s, %zu parameters\nepochs            %zu, %.3g s each\ntrain relative L2 %.4e\n"
      "valid relative L2 %.4e\ntest relative L2  %.4e\n",
      r.model.c_str(), r.parameters, r.epochs, r.seconds_per_epoch, r.score("train_relative_l2"),
      r.score("validation_relative_l2"), r.score("test_relative_l2"));
  return text;
}

void announce(const Options& options, const pde::DataDescription& d, const train::Model<float>& model) {
  if (options.toggle("quiet") || options.text("progress") == "none") return;
  std::fprintf(stderr, "data   %s  %lld train / %lld validation / %lld test  %zux%zu, %zu frames\n",
               d.path.c_str(), (long long)(options.integer("train") - options.integer("validation")),
               (long long)options.integer("validation"), (long long)options.integer("test"), d.points_x,
               d.points_y, d.frames);
  std::fprintf(stderr, "model  %s  %s layers, width %s, modes %s  %zu parameters  recipe %s\n",
               options.text("model").c_str(), options.text("layers").c_str(), options.text("width").c_str(),
               options.text("modes").c_str(), model.parameters().count_reals(),
               options.text("recipe").c_str());
}

Outcome run_train(const Options& given) {
  Options options = given;
  require_usable_run(options);
  if (options.toggle("resume")) resume_options(options);
  if (!options.has("data")) throw UsageError("--data: missing; expected a path (a data set)");
  const auto data = std::make_shared<const pde::DataSet>(options.text("data"), data_options(options));
  const auto& d = data->description();
  resolve_train_options(options, *data);
  const pde::ModelConfig config = model_config(options, d);
  const train::TrainOptions t = train_options_of(options, d);
  t.validate(d.samples, d.frames);

  const auto model = pde::create_model(config, t.seed);
  // The block size that was chosen is part of the configuration.
  const auto hyper = model->hyper_parameters();
  if (const auto block = hyper.find("block"); block != hyper.end() && block->second != "0")
    options.resolve("block", block->second);
  if (options.has("init-from"))
    train::read_parameters(checkpoint_path(options.text("init-from"), "last"), *model,
                           train::WeightsKind::averaged);

  pde::DataSetSource source(data, all_samples(*data));
  if (options.toggle("dry-run")) return dry_run(*model, source, t, options);
  prepare_run(options, "danaus-pde");
  announce(options, d, *model);
  const train::TrainResult result = train::train(Exec(), *model, source, loss(), t);
  std::vector<Score> scores;
  scores.push_back(score(t.run, data, {}));
  write_report((fs::path(t.run) / "report.html").string(), scores);
  return {to_json(result), to_text(result)};
}

}  // namespace

Verb train_verb() {
  Verb verb;
  verb.name = "train";
  verb.summary = "trains a neural operator on a data set";
  verb.options = train_options();
  verb.run = run_train;
  verb.examples = {
      "danaus-pde train --data data/ns.h5 --model monarch-no --epochs 500 --seed 7 --out runs/n1",
      "danaus-pde train --out runs/n1 --resume",
      "danaus-pde train --config runs/n1/config.ini --seed 8 --out runs/n2"};
  return verb;
}

}  // namespace danaus::app
