#include "report.hpp"
#include "train_options.hpp"
#include "verbs.hpp"

#include <common/program.hpp>
#include <common/train_verb.hpp>
#include <common/training_run.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/timer.hpp>
#include <danaus/train/loop.hpp>

#include <cmath>
#include <limits>

namespace danaus::app {
namespace {

namespace fs = std::filesystem;

/// One iteration and the slices of one validation scan, measured.
Json estimate(mri::ReconstructionTask& task, const mri::ScanSet& training, const mri::ScanSet* validation,
              const Options& options) {
  const Exec space;
  Tape tape(space);
  task.model().set_training(true);
  const size_t batch = std::min(options.size("batch"), training.slices());
  std::vector<size_t> samples;
  for (size_t s = 0; s < batch; ++s) samples.push_back(s);
  double seconds = 0;
  for (int repeat = 0; repeat < 2; ++repeat) {  // the first one allocates
    const Timer timer;
    tape.reset();
    const auto losses = task.losses(tape, 0, samples);
    tape.backward(losses.losses);
    space.fence("danaus::app::estimate");
    seconds = timer.seconds() / double(batch);
  }
  const auto& d = training.description();
  const double epochs = options.real("epochs");
  double validations = 0;
  if (validation)
    validations = (epochs / options.real("validate-every") + 1) * double(validation->slices()) *
                  double(parse_accelerations(options).size());
  const size_t slice = d.rows * d.columns * d.coils * (d.echoes + 1) * sizeof(Complex<float>);
  Json json;
  // Tape; a slice as read, augmented, on the device and in the operator; weights, gradients, two moments.
  json["memory_bytes"] =
      tape.capacity() + 5 * batch * slice + 4 * task.model().parameters().values().size() * sizeof(float);
  json["seconds_estimate"] = seconds * (epochs * double(training.slices()) + validations / 3);
  return json;
}

Outcome dry_run(mri::ReconstructionTask& task, const mri::ScanSet& training, const mri::ScanSet* validation,
                const Options& options) {
  const auto& store = task.model().parameters();
  Json json = {{"model", options.text("model")}};
  json["parameters"] = store.count_reals();
  json["parameters_complex_as_one"] = store.count_complex_as_one();
  json.update(estimate(task, training, validation, options));
  const auto& d = training.description();
  json["shapes"] = {{"kspace", {options.size("batch"), d.echoes, d.rows, d.columns, d.coils}},
                    {"image", {options.size("batch"), d.echoes, d.rows, d.columns}},
                    {"training_slices", training.slices()},
                    {"validation_slices", validation ? validation->slices() : 0}};
  json["shapes"]["parameters"] = parameter_shapes(store);
  json["options"] = options.to_map();
  return dry_run_outcome(json, store);
}

Json to_json(const train::TrainResult& r, const std::vector<double>& train_relative_l2) {
  constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  return result_json(r,
                     {{"train_relative_l2", train_relative_l2.empty() ? unknown : train_relative_l2.back()},
                      {"validation_relative_l2", r.score("validation_relative_l2")},
                      {"test_relative_l2", unknown},
                      {"psnr", r.score("psnr")},
                      {"ssim", r.score("ssim")}});
}

std::string to_text(const train::TrainResult& r) {
  char text[256];
  std::snprintf(text, sizeof text, "model            %s, %zu parameters\nepochs           %zu, %.3g s each\n",
                r.model.c_str(), r.parameters, r.epochs, r.seconds_per_epoch);
  std::string all = text;
  if (std::isnan(r.score("psnr"))) return all;  // nothing validates
  std::snprintf(text, sizeof text, "validation PSNR  %.3f dB\nvalidation SSIM  %.4f\n", r.score("psnr"),
                r.score("ssim"));
  return all + text;
}

void announce(const Options& options, const mri::ScanSet& training, const mri::ScanSet* validation,
              size_t parameters) {
  if (options.toggle("quiet") || options.text("progress") == "none") return;
  const auto& d = training.description();
  std::fprintf(
      stderr, "data   %s  %zu scans, %zu slices train / %zu scans, %zu slices validate  %zux%zu, %zu coils\n",
      options.text("data").c_str(), training.size(), training.slices(), validation ? validation->size() : 0,
      validation ? validation->slices() : 0, d.rows, d.columns, d.coils);
  std::fprintf(stderr, "model  %s  %zu parameters  loss %s, R = %s\n", options.text("model").c_str(),
               parameters, options.text("loss").c_str(), options.text("acceleration").c_str());
}

Outcome run_train(const Options& given) {
  Options options = given;
  require_usable_run(options);
  if (options.toggle("resume")) resume_options(options);
  const TrainingFiles files = training_files(options);
  const mri::ScanSet training(files.training);
  std::optional<mri::ScanSet> validating;
  if (!files.validation.empty()) validating.emplace(files.validation, training.description());
  const mri::ScanSet* validation = validating ? &*validating : nullptr;
  resolve_train_options(options, training, validation);

  mri::LearnedModelConfig config = model_config(options, training.description());
  const auto model = mri::create_learned_model(config, std::uint64_t(options.integer("seed")));
  // What the model chose is part of the configuration.
  config = mri::LearnedModelConfig::from_map(model->hyper_parameters());
  if (config.block_y) options.resolve("block-y", std::to_string(config.block_y));
  if (config.block_z) options.resolve("block-z", std::to_string(config.block_z));
  const train::LoopOptions loop = loop_options(options);
  loop.validate();
  mri::ReconstructionTask task(Exec(), *model, config, training, validation, task_options(options));
  if (options.toggle("dry-run")) return dry_run(task, training, validation, options);

  prepare_run(options, "danaus-mri");
  announce(options, training, validation, model->parameters().count_reals());
  const train::TrainResult result = train::run_training<float>(Exec(), task, loop);
  auto log = training_log((fs::path(loop.run) / "last.h5").string());
  write_training_report((fs::path(loop.run) / "report.html").string(), result, options.to_map(), log);
  return {to_json(result, log["train_relative_l2"]), to_text(result)};
}

}  // namespace

Verb train_verb() {
  Verb verb;
  verb.name = "train";
  verb.summary = "trains a reconstruction model on fully sampled scans";
  verb.options = train_options();
  verb.run = run_train;
  verb.examples = {"danaus-mri train --data data/knees --model msense --acceleration 2,3,4 --out runs/msense",
                   "danaus-mri train --out runs/msense --resume",
                   "danaus-mri train --config runs/msense/config.ini --seed 8 --out runs/msense-8"};
  return verb;
}

}  // namespace danaus::app
