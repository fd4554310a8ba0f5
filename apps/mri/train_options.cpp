#include "train_options.hpp"

#include "arguments.hpp"

#include <common/train_verb.hpp>
#include <common/training_run.hpp>

#include <danaus/core/error.hpp>
#include <danaus/mri/models/scaling.hpp>

#include <algorithm>

namespace danaus::app {

namespace fs = std::filesystem;

namespace {

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const auto& entry : mri::learned_models()) names.push_back(entry.name);
  return names;
}

std::string models_help() {
  std::string text;
  for (const auto& entry : mri::learned_models())
    text += (text.empty() ? "" : "; ") + entry.name + ": " + entry.summary;
  return text;
}

std::string rates_note() {
  std::string text;
  for (const auto& entry : mri::learned_models())
    text += (text.empty() ? "" : ", ") + entry.name + " " + to_text(entry.learning_rate);
  return text;
}

}  // namespace

std::vector<Option> train_options() {
  std::vector<Option> options{
      common_option("config"),
      path_option("data",
                  "fully sampled scans with maps and complex targets: a folder, with train and validation "
                  "inside or of scans alone"),
      common_option("out"),
      choice_option("model", "msense", model_names(), models_help()),
      integer_option("scans", "", 1, 1e6, "training scans: the first of the folder")
          .note("all that do not validate"),
      integer_option("validation", "", 0, 1e6, "validation scans: the last of the folder, not trained on")
          .note("a tenth of the folder, at least one of two"),

      // The model.
      choice_option("scale", "p95", mri::scale_names(),
                    "units that the model works in: the slice's zero-filled magnitudes have 95th percentile, "
                    "deviation or maximum 1"),
      integer_option("block-y", "", 1, 65536, "msense: block size of the transform along y")
          .note("the divisor of the extent nearest to its root"),
      integer_option("block-z", "", 1, 65536, "msense: along z").note("likewise"),
      choice_option("density", "none", {"none", "computed", "learned"},
                    "msense: weights of the samples, from the mask's density, times learned ones"),
      integer_option("iterations", "5", 1, 64, "unrolled: iterations"),
      integer_option("patch", "16", 2, 64, "unrolled: edge of a patch"),
      integer_option("grids", "4", 1, 64, "unrolled: shifted grids of patches"),
      integer_option("channels", "16", 0, 256, "unrolled: channels of the convolution; 0: none"),
      toggle_option("tied", "false", "unrolled: the same parameters in every iteration"),
      toggle_option("joint", "true", "unrolled: coefficients of all echoes are shrunk together"),
      toggle_option("band-limit", "true",
                    "unrolled: clear its image beyond the acquired part of a zero-padded k-space"),
      integer_option("width", "32", 1, 1024, "unet: channels after the first convolution"),
      integer_option("poolings", "4", 1, 8, "unet: how often the grid is halved"),
      toggle_option("residual", "false", "unet: predict what is added to the zero-filled image"),

      // What is learned.
      choice_option("loss", "ssim-l1", mri::image_loss_names(),
                    "of complex images; ssim-l1 adds 1 - SSIM of the magnitudes"),
      text_option("acceleration", "4", "accelerations, comma-separated; each visit of a slice draws one"),
      choice_option("masks", "fixed", {"fixed", "fresh"},
                    "fixed: those that eval uses; fresh: one of 64 others for each visit of a slice"),
      toggle_option("augment", "true", "reflect, shift and turn the phase of training slices at random"),
      choice_option("metrics", "", mri::metrics_profile_names(), "profile of the validation scores")
          .note("meddlr-scan; meddlr-slice for scans of fewer than 11 slices"),

      // How.
      integer_option("epochs", "20", 1, 1e7, "passes over the training slices"),
      integer_option("batch", "1", 1, 4096, "slices per step"),
      positive_option("lr", "", 1000, "learning rate").note(rates_note()),
      choice_option("optimizer", "adam", {"adam", "adamw"},
                    "adam adds decay to the gradient, adamw to the weights"),
      real_option("weight-decay", "0", 0, 1, "weight decay; learned transforms have none"),
      real_option("transform-lr-factor", "1", 0, 1000, "learning rate of learned transforms / --lr"),
      text_option("schedule", "cosine:0.02",
                  "learning rate over time: constant, step[:EPOCHS:FACTOR], cosine[:FLOOR] or one-cycle"),
      real_option("warm-up", "0", 0, 1, "share of the epochs in which the learning rate rises"),
      real_option("clip", "1", 0, 1e9, "largest norm of a gradient, learned transforms apart; 0: none"),
      real_option("ema", "0", 0, 0.9999999, "decay of the running average of the weights; 0: none"),
      integer_option("validate-every", "1", 1, 1e7, "epochs from one validation to the next"),
  };
  for (auto& option : mask_choice_options()) options.push_back(option);
  for (const char* name :
       {"seed", "threads", "device", "json", "quiet", "progress", "dry-run", "resume", "overwrite", "help"})
    options.push_back(common_option(name));
  return options;
}

TrainingFiles training_files(Options& options) {
  if (!options.has("data")) throw UsageError("--data: missing; expected a folder of scans");
  options.resolve("data", absolute_path(options.text("data")));
  const fs::path data = options.text("data");
  TrainingFiles files;
  if (fs::is_directory(data / "train")) {
    files.training = scans_in({(data / "train").string()});
    if (fs::is_directory(data / "validation")) files.validation = scans_in({(data / "validation").string()});
    if (options.has("validation")) {
      if (options.size("validation") > files.validation.size())
        throw UsageError("--validation " + options.text("validation") + ": found " +
                         std::to_string(files.validation.size()) + " scans in " +
                         (data / "validation").string());
      files.validation.resize(options.size("validation"));
    }
  } else {
    auto all = scans_in({data.string()});
    if (!options.has("validation"))
      options.resolve("validation",
                      std::to_string(all.size() < 2 ? 0 : std::max<size_t>(1, all.size() / 10)));
    const size_t validation = options.size("validation");
    if (validation >= all.size())
      throw UsageError("--validation " + options.text("validation") + ": expected fewer than the " +
                       std::to_string(all.size()) + " scans of " + data.string());
    files.validation.assign(all.end() - std::ptrdiff_t(validation), all.end());
    all.resize(all.size() - validation);
    files.training = all;
  }
  options.resolve("validation", std::to_string(files.validation.size()));
  if (!options.has("scans")) options.resolve("scans", std::to_string(files.training.size()));
  if (options.size("scans") > files.training.size())
    throw UsageError("--scans " + options.text("scans") + ": found " + std::to_string(files.training.size()) +
                     " training scans beside " + std::to_string(files.validation.size()) +
                     " that validate in " + data.string());
  files.training.resize(options.size("scans"));
  return files;
}

void resolve_train_options(Options& options, const mri::ScanSet& training, const mri::ScanSet* validation) {
  size_t fewest = 1u << 30;
  const mri::ScanSet& scored = validation ? *validation : training;
  for (size_t s = 0; s < scored.size(); ++s) fewest = std::min(fewest, scored.scan(s).description().slices);
  if (!options.has("metrics")) options.resolve("metrics", fewest < 11 ? "meddlr-slice" : "meddlr-scan");
  if (options.text("metrics") == "bart") throw UsageError("--metrics bart: has no SSIM; expected another");
  if (options.text("metrics") == "meddlr-scan" && validation && fewest < 11)
    throw UsageError("--metrics meddlr-scan: needs scans of at least 11 slices, found " +
                     std::to_string(fewest) + "; meddlr-slice does not");
  for (const auto& entry : mri::learned_models())
    if (entry.name == options.text("model") && !options.has("lr"))
      options.resolve("lr", to_text(entry.learning_rate));
  resolve_step_schedule(options);
}

mri::LearnedModelConfig model_config(const Options& options, const mri::ScanDescription& d) {
  mri::LearnedModelConfig config;
  config.model = options.text("model");
  config.rows = d.rows, config.columns = d.columns;
  config.acquired_rows = d.acquired_rows, config.acquired_columns = d.acquired_columns;
  config.echoes = d.echoes;
  config.scale = options.text("scale");
  if (options.has("block-y")) config.block_y = options.size("block-y");
  if (options.has("block-z")) config.block_z = options.size("block-z");
  config.density = options.text("density");
  config.iterations = options.size("iterations");
  config.patch = options.size("patch"), config.grids = options.size("grids");
  config.channels = options.size("channels");
  config.tied = options.toggle("tied"), config.joint = options.toggle("joint");
  config.band_limit = options.toggle("band-limit");
  config.width = options.size("width"), config.poolings = options.size("poolings");
  config.residual = options.toggle("residual");
  return config;
}

mri::ReconstructionTaskOptions task_options(const Options& options) {
  mri::ReconstructionTaskOptions task;
  task.loss = mri::parse_image_loss(options.text("loss"));
  task.undersampling.accelerations = parse_accelerations(options);
  task.undersampling.fresh = options.text("masks") == "fresh";
  task.undersampling.mask = [options](const mri::Scan& scan, double acceleration,
                                      std::optional<std::uint64_t> fresh) {
    return (fresh ? fresh_mask(options, scan, acceleration, *fresh)
                  : choose_mask(options, scan, acceleration))
        .mask;
  };
  task.augment = options.toggle("augment");
  task.metrics = mri::parse_metrics_profile(options.text("metrics"));
  task.seed = std::uint64_t(options.integer("seed"));
  return task;
}

}  // namespace danaus::app
