#include "arguments.hpp"
#include "candidate.hpp"
#include "verbs.hpp"

#include <common/program.hpp>
#include <common/training_run.hpp>
#include <common/version.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/progress.hpp>
#include <danaus/mri/data/image_file.hpp>
#include <danaus/mri/data/mask_file.hpp>
#include <danaus/mri/operators/coil_transform.hpp>
#include <danaus/train/signals.hpp>

#include <algorithm>
#include <utility>

namespace danaus::app {
namespace {

namespace fs = std::filesystem;

/// One reconstruction: scan, maps, mask, method, and the volume that it fills.
class Reconstruction {
 public:
  explicit Reconstruction(const Options& options)
      : options_(options),
        who_(candidate_of(options)),
        scan_(mri::open_scan(options.text("data"))),
        maps_(options.has("maps") ? mri::MapSource(scan_, options.text("maps")) : mri::MapSource(scan_)) {
    if (options.has("mask") && options.has("acceleration"))
      throw UsageError("--mask, --acceleration: expected one of them");
    if (maps_.map_count() == 0) scan_->read_maps(0);  // says what is missing
    if (const auto model = model_of(who_)) model->require_fitting(d(), maps_.map_count());
    if (options.has("mask")) {
      const std::string name = options.text("mask");
      mask_ = describe_mask(mri::fit_mask(mri::read_mask(name), d(), name), d(), name);
    } else if (options.has("acceleration")) {
      mask_ = choose_mask(options, *scan_, options.real("acceleration"));
    }
    if (auto* classical = std::get_if<ClassicalMethod>(&who_))
      classical->settings.band = chosen_band(options, d());
    choose_coil_transform();
    format_ = options.has("format") ? options.text("format") : mri::image_format_of(options.text("out"));
    if (format_ == "fastmri" && d().echoes > 1)
      throw UsageError("--format fastmri: expected a scan of one echo, " + d().path + " has " +
                       std::to_string(d().echoes));
    first_ = options.has("first-slice") ? options.size("first-slice") : 0;
    if (first_ >= d().slices)
      throw UsageError("--first-slice " + std::to_string(first_) + ": the scan has " +
                       std::to_string(d().slices) + " slices");
    count_ =
        options.has("slices") ? std::min(options.size("slices"), d().slices - first_) : d().slices - first_;
  }

  Outcome dry_run() {
    double fitting = 0;
    if (auto* network = std::get_if<FittedNetwork>(&who_)) {  // all its steps, from the time of two
      const size_t steps = std::exchange(network->how.steps, 2);
      fit(*network, {});
      fitting = seconds_ / 2 * double(steps);
    }
    const Timer timer;
    one(first_ + count_ / 2);
    Json json = description();
    json["parameters"] = parameters_of(who_);
    const size_t volume = count_ * d().image_rows * d().image_columns * d().echoes * sizeof(Complex<float>);
    json["memory_bytes"] = mri::reconstruction_bytes(method(), d(), maps_.map_count()) + volume +
                           scan_->held_bytes() + maps_.held_bytes() +
                           (model_of(who_) ? model_of(who_)->tape_bytes() : 0);
    json["seconds_estimate"] = fitting + timer.seconds() * double(count_);
    char text[200];
    std::snprintf(text, sizeof text, "%zu slices of %zux%zu, %zu coils: %.0f MiB of memory, about %s\n",
                  count_, d().rows, d().columns, d().coils, json["memory_bytes"].get<double>() / (1 << 20),
                  format_duration(json["seconds_estimate"].get<double>()).c_str());
    return {json, text};
  }

  Outcome run() {
    require_new();
    const Timer timer;
    const train::SignalGuard signals;
    const bool quiet = options_.toggle("quiet");
    Progress progress(quiet ? ProgressMode::none : parse_progress_mode(options_.text("progress")),
                      "reconstruct", double(count_), "slices");
    mri::ImageVolume image(count_, d().image_rows, d().image_columns, d().echoes), target;
    image.first_slice = first_;
    const bool compares = format_ == "png" && d().has_target;
    if (compares) target = image;
    if (auto* network = std::get_if<FittedNetwork>(&who_)) fit(*network, signals);
    for (size_t i = 0; i < count_; ++i) {
      image.set_slice(i, one(first_ + i));
      if (compares && i == count_ / 2) target.set_slice(i, scan_->read_target(first_ + i));
      progress.update(double(i + 1));
      if (signals.signal() && i + 1 < count_)
        throw Error(ExitCode(128 + signals.signal()), "stopped by a signal");
    }
    progress.finish();
    mri::write_image(options_.text("out"), format_,
                     {"danaus-mri-image", 1, created_by(), command_line(), seed_of(options_)}, d(), image,
                     compares ? &target : nullptr);
    Json json = description();
    json["seconds"] = timer.seconds();
    json["seconds_per_slice"] = seconds_ / double(count_);
    if (!residuals_.empty()) json["convergence"] = residuals_;
    char text[400];
    std::snprintf(text, sizeof text, "%s: %s of %zu slices, %.3g s per slice%s\n",
                  options_.text("out").c_str(), name_of(who_).c_str(), count_, seconds_ / double(count_),
                  unknown_placement());
    return {json, text};
  }

 private:
  static std::uint64_t seed_of(const Options& options) { return std::uint64_t(options.integer("seed")); }

  static Candidate candidate_of(const Options& options) {
    const bool tunes = options.has("lambda") || options.toggle("convergence") || options.toggle("band-limit");
    if (options.has("run")) {
      if (options.is_given("method")) throw UsageError("--method, --run: expected one of them");
      if (tunes || options.has("iterations"))
        throw UsageError(
            "--run: a trained model has no --iterations, --lambda, --convergence and --band-limit");
      const std::string run = options.text("run");
      return TrainedModel{
          run, std::make_shared<mri::LearnedReconstruction>(checkpoint_path(run, options.text("which")))};
    }
    if (options.text("method") == self_unrolled) {
      if (tunes) throw UsageError("--method self-unrolled: has no --lambda, --convergence and --band-limit");
      FittedNetwork network{{.seed = seed_of(options)}};
      if (options.has("iterations")) network.how.steps = options.size("iterations");
      return network;
    }
    const auto& method = mri::find_method(options.text("method"));
    if (method.iterations == 0 && (options.has("iterations") || options.has("lambda")))
      throw UsageError("--method " + method.name + ": has no --iterations and no --lambda");
    mri::MethodSettings settings{.seed = seed_of(options)};
    if (options.has("iterations")) settings.iterations = int(options.integer("iterations"));
    if (options.has("lambda")) settings.lambda = options.real("lambda");
    return ClassicalMethod{&method, method.resolve(settings)};
  }

  /// Of a trained model's memory the operator and the slices are those of the simplest method.
  const mri::Method& method() const {
    const auto* classical = std::get_if<ClassicalMethod>(&who_);
    return classical ? *classical->method : mri::find_method("zero-filled");
  }
  const mri::ScanDescription& d() const { return scan_->description(); }

  /// What a NIfTI or ISMRMRD image cannot say, because the scan does not.
  const char* unknown_placement() const {
    if (format_ != "nifti" && format_ != "ismrmrd") return "";
    if (!d().has_voxel_size) return "; voxel size unknown (1 is written), orientation unknown";
    return d().geometry ? "" : "; orientation unknown";
  }

  void require_new() const {
    const fs::path out = options_.text("out");
    if (options_.toggle("overwrite")) return;
    for (const fs::path& path :
         {out, fs::path(out).replace_extension(".cfl"), fs::path(out).replace_extension(".hdr")})
      if (fs::exists(path) && (path == out || format_ == "cfl"))
        throw UsageError("--out " + path.string() + ": exists; --overwrite replaces it");
  }

  void fit(FittedNetwork& network, const train::SignalGuard& signals) {
    if (coils_) throw UsageError("--method self-unrolled: not with --prewhiten and --virtual-coils");
    const auto mask = mask_ ? mask_->mask : mri::sampled_points(scan_->read_kspace(d().slices / 2));
    if (mask.count() == 0)
      throw DataError(d().path + ": slice " + std::to_string(d().slices / 2) + " has no samples");
    seconds_ += app::fit(network, *scan_, maps_, mask, [&] {
      if (signals.signal()) throw Error(ExitCode(128 + signals.signal()), "stopped by a signal");
    });
  }

  /// Whitening by the scan's noise, then compression by the centre of the middle slice: one transform for all
  /// slices.
  void choose_coil_transform() {
    if (options_.toggle("prewhiten")) {
      const auto covariance = scan_->noise_covariance();
      if (!covariance)
        throw DataError(d().path +
                        ": no noise scan and no /noise_covariance; expected one of them for --prewhiten");
      coils_ = mri::prewhitening(d().coils, *covariance);
    }
    if (!options_.has("virtual-coils")) return;
    auto centre = scan_->read_kspace(d().slices / 2);
    if (coils_) centre = mri::transform_samples(*coils_, centre);
    const auto compression = mri::compress_coils(centre, 24, options_.size("virtual-coils"));
    coils_ = coils_ ? mri::chain(*coils_, compression.transform) : compression.transform;
    kept_energy_ = compression.kept;
  }

  HostTensor<Complex<float>, 3> one(size_t slice) {
    auto kspace = scan_->read_kspace(slice);
    auto maps = maps_.read(slice);
    mri::Mask mask;
    if (mask_) {
      mask = mask_->mask;
    } else {
      mask = mri::sampled_points(kspace);
      if (mask.count() == 0)
        throw DataError(d().path + ": slice " + std::to_string(slice) + " has no samples");
    }
    if (coils_) kspace = mri::transform_samples(*coils_, kspace), maps = mri::transform_maps(*coils_, maps);
    mri::Monitor monitor;
    const bool shows = options_.toggle("convergence");
    residuals_.clear();
    if (shows)
      monitor = [&](int, const std::vector<double>& measure) {
        residuals_.push_back(*std::max_element(measure.begin(), measure.end()));
      };
    const Timer timer;
    const auto x = app::reconstruct(space_, who_, kspace, maps, mask, monitor);
    seconds_ += timer.seconds();
    return mri::to_image(x, d().image_rows, d().image_columns);
  }

  Json description() const {
    Json json = {
        {"out", options_.text("out")}, {"format", format_}, {"data", d().path}, {"layout", d().layout}};
    const auto* classical = std::get_if<ClassicalMethod>(&who_);
    json["method"] = name_of(who_);
    json["run"] = run_of(who_).empty() ? Json(nullptr) : Json(run_of(who_));
    json["iterations"] = classical ? Json(classical->settings.iterations) : Json(nullptr);
    json["lambda"] = classical ? Json(classical->settings.lambda) : Json(nullptr);
    json["mask"] = mask_ ? mask_->origin : "points with samples";
    json["mask_digest"] = mask_ ? Json(mri::digest_of(mask_->mask)) : Json(nullptr);
    json["acceleration"] = mask_ ? Json(mask_->acceleration) : Json(nullptr);
    json["acceleration_of_padded_plane"] = mask_ ? Json(mask_->padded_acceleration) : Json(nullptr);
    json["maps"] = maps_.map_count();
    json["voxel_mm"] = d().has_voxel_size ? Json(d().voxel_mm) : Json(nullptr);
    json["orientation"] = d().geometry ? "of the scanner" : "unknown";
    json["coils"] = coils_ ? coils_->outputs : d().coils;
    if (options_.has("virtual-coils")) json["energy_kept"] = kept_energy_;
    json["shapes"] = {{"/reconstruction", {count_, d().image_rows, d().image_columns, d().echoes}}};
    return json;
  }

  const Options& options_;
  Candidate who_;
  std::shared_ptr<const mri::Scan> scan_;
  mri::MapSource maps_;
  std::optional<ChosenMask> mask_;
  std::optional<mri::CoilTransform> coils_;
  double kept_energy_ = 1;
  std::string format_;
  size_t first_, count_;
  Exec space_;
  double seconds_ = 0;
  std::vector<double> residuals_;
};

Outcome run_reconstruct(const Options& options) {
  Reconstruction reconstruction(options);
  return options.toggle("dry-run") ? reconstruction.dry_run() : reconstruction.run();
}

std::string methods_help() {
  std::string text;
  for (const auto& method : mri::methods()) {
    text += (text.empty() ? "" : "; ") + method.name + ": " + method.summary;
    if (!method.objective.empty()) text += ", minimises " + method.objective;
  }
  return text;
}

std::string defaults_of(const std::function<std::string(const mri::Method&)>& value) {
  std::string text;
  for (const auto& method : mri::methods())
    if (method.iterations > 0) text += (text.empty() ? "" : ", ") + method.name + " " + value(method);
  return text;
}

}  // namespace

Verb reconstruct_verb() {
  Verb verb;
  verb.name = "reconstruct";
  verb.summary = "makes images from raw data";
  verb.options = {
      common_option("config"),
      path_option("data",
                  "raw data of SKM-TEA, fastMRI, ISMRMRD or BART (base name of a cfl, or either file)")
          .required(),
      path_option("maps", "coil sensitivities, as danaus-mri coils writes them, or a cfl")
          .note("those in the data file"),
      path_option("mask", "which samples to use, in the acquired or the full shape: .h5, .cfl or .png"),
      real_option("acceleration", "", 1, 1000,
                  "use the file's mask of that name, or a generated one, instead of --mask"),
      choice_option("method", "cg-sense", all_method_names(),
                    methods_help() + "; self-unrolled: a network of learned patch transforms fitted to this "
                                     "scan alone, in at most --iterations steps"),
      path_option("run", "a trained model instead of --method: the folder of a run, or a checkpoint"),
      choice_option("which", "last", {"last", "best"}, "checkpoint of a run"),
      integer_option("iterations", "", 1, 100000, "iterations").note(defaults_of([](const mri::Method& m) {
        return std::to_string(m.iterations);
      })),
      real_option("lambda", "", 0, 1e9, "weight of the regularisation, as in the objective")
          .note(defaults_of([](const mri::Method& m) { return to_text(m.lambda); })),
      band_limit_option(),
      toggle_option("convergence", "false",
                    "add each iteration's relative change (residual of cg-sense) to the JSON"),
      toggle_option("prewhiten", "false",
                    "make the noise of all coils equal and independent, by the file's noise scan"),
      integer_option("virtual-coils", "", 1, 1024, "compress to so many combinations of coils")
          .note("all coils as they are"),
      choice_option("format", "", mri::image_format_names(), "of --out")
          .note("by its extension: .h5, .cfl, .nii, .png"),
      integer_option("first-slice", "0", 0, 1e6, "first slice"),
      integer_option("slices", "", 1, 1e6, "slices").note("all"),
  };
  for (auto& option : mask_choice_options()) verb.options.push_back(option);
  for (const char* name :
       {"out", "seed", "threads", "device", "json", "quiet", "progress", "dry-run", "overwrite", "help"})
    verb.options.push_back(common_option(name));
  verb.examples = {"danaus-mri reconstruct --data scan.h5 --acceleration 4 --method cg-sense --out image.h5",
                   "danaus-mri reconstruct --data scan --maps maps --method l1-wavelet --out image.cfl"};
  verb.run = run_reconstruct;
  return verb;
}

}  // namespace danaus::app
