#include "report.hpp"
#include "verbs.hpp"

#include <common/program.hpp>
#include <common/training_run.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/progress.hpp>
#include <danaus/io/digest.hpp>
#include <danaus/train/signals.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>

namespace danaus::app {
namespace {

/// "cg-sense:0.01:20,tv:0.002" -> lambda and iterations.
void apply_settings(const Options& options, std::vector<Candidate>& candidates) {
  for (const auto& entry : options.list("settings")) {
    const auto fail = [&] {
      return UsageError(
          "--settings: expected METHOD:LAMBDA or METHOD:LAMBDA:ITERATIONS, comma-separated, found \"" +
          entry + "\"");
    };
    const size_t first = entry.find(':'), second = entry.find(':', first + 1);
    if (first == std::string::npos) throw fail();
    const std::string lambda =
        entry.substr(first + 1, second == std::string::npos ? second : second - first - 1);
    const std::string iterations = second == std::string::npos ? "" : entry.substr(second + 1);
    const std::string name = entry.substr(0, first);
    if (name != self_unrolled) mri::find_method(name);
    const auto parse = [&](const std::string& text, auto& value) {
      const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (fault != std::errc() || end != text.data() + text.size()) throw fail();
    };
    double weight = 0;
    int count = 0;
    parse(lambda, weight);
    if (!iterations.empty()) parse(iterations, count);
    if (!(weight >= 0) || (!iterations.empty() && count < 1)) throw fail();
    for (auto& c : candidates) {
      if (name_of(c) != name) continue;
      if (auto* classical = std::get_if<ClassicalMethod>(&c)) {
        classical->settings.lambda = weight;
        if (count > 0) classical->settings.iterations = count;
      }
      if (auto* network = std::get_if<FittedNetwork>(&c); network && count > 0)
        network->how.steps = size_t(count);
    }
  }
}

std::vector<Candidate> candidates_of(const Options& options) {
  std::vector<Candidate> candidates;
  const auto seed = std::uint64_t(options.integer("seed"));
  // With runs, only the methods that were asked for.
  const bool only_runs = (options.has("run") || options.has("images")) && !options.is_given("method");
  for (const auto& name : only_runs ? std::vector<std::string>{} : options.list("method")) {
    if (name == self_unrolled) {
      candidates.push_back(FittedNetwork{{.seed = seed}});
      continue;
    }
    const auto& method = mri::find_method(name);
    candidates.push_back(ClassicalMethod{&method, method.resolve({.seed = seed})});
  }
  apply_settings(options, candidates);
  for (const auto& run : options.list("run"))
    candidates.push_back(TrainedModel{
        run, std::make_shared<mri::LearnedReconstruction>(checkpoint_path(run, options.text("which")))});
  for (const auto& entry : options.list("images")) {
    const size_t colon = entry.find(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == entry.size())
      throw UsageError("--images: expected NAME:FOLDER, comma-separated, found \"" + entry + "\"");
    candidates.push_back(OthersImages{entry.substr(0, colon), entry.substr(colon + 1)});
  }
  if (candidates.empty())
    throw UsageError(
        "--method, --run, --images: missing; expected names of methods, runs or folders of images, "
        "comma-separated");
  return candidates;
}

Json to_json(const std::vector<double>& values) {
  const Spread s = spread_of(values);
  return {
      {"mean", number_or_null(s.mean)}, {"standard_error", number_or_null(s.standard_error)}, {"n", s.scans}};
}

Json to_json(const MethodScore& row) {
  Json json = {
      {"acceleration", row.acceleration}, {"method", row.method}, {"run", nullptr}, {"echo", row.echo}};
  if (!row.run.empty()) json["run"] = row.run;
  json["parameters"] = row.parameters;
  json["seconds_per_slice"] = number_or_null(spread_of(row.seconds_per_slice).mean);
  json["lambda"] = row.is_method ? Json(row.settings.lambda) : Json(nullptr);
  json["iterations"] = row.is_method ? Json(row.settings.iterations) : Json(nullptr);
  json["psnr"] = to_json(row.psnr);
  json["ssim"] = to_json(row.ssim);
  json["nrmse"] = to_json(row.nrmse);
  return json;
}

/// One digest for all masks of the table.
std::string digest_of_all(const std::vector<MaskRecord>& masks) {
  if (masks.size() == 1) return masks.front().digest;
  std::string all;
  for (const auto& mask : masks) all += mask.digest + "\n";
  return io::to_string(io::digest_of(all));
}

std::string text_table(const std::string& profile, const Scores& scores) {
  char line[512];
  std::string text;
  int width = 12;
  for (const auto& row : scores.methods)
    width = std::max(width, int(std::min<size_t>(row.label.size(), 100)));
  if (scores.is_synthetic) text += "synthetic scans: not scores on clinical data\n";
  text += "metrics " + profile + "\n";
  std::snprintf(line, sizeof line, "%4s  %-*s %5s  %16s  %18s  %16s  %9s\n", "R", width, "method", "echo",
                "PSNR", "SSIM", "NRMSE", "s/slice");
  text += line;
  for (const auto& row : scores.methods) {
    std::snprintf(line, sizeof line, "%4g  %-*s %5zu  %16s  %18s  %16s  %9s\n", row.acceleration, width,
                  row.label.c_str(), row.echo, spread_text(spread_of(row.psnr), 2).c_str(),
                  spread_text(spread_of(row.ssim), 3).c_str(), spread_text(spread_of(row.nrmse), 3).c_str(),
                  seconds_text(row).c_str());
    text += line;
  }
  return text;
}

/// The error of T2 of each tissue, in percent, from both echoes of synthetic scans; empty for others.
std::string tissues_table(const Scores& scores) {
  if (scores.tissues.empty()) return "";
  std::vector<std::string> names;
  for (const auto& row : scores.tissues)
    for (const auto& [name, values] : row.relative_error)
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  char cell[64];
  std::snprintf(cell, sizeof cell, "%4s  %-12s", "R", "T2 error, %");
  std::string text = cell;
  for (const auto& name : names)
    text += "  " + std::string(name.size() < 12 ? 12 - name.size() : 0, ' ') + name;
  for (const auto& row : scores.tissues) {
    std::snprintf(cell, sizeof cell, "\n%4g  %-12s", row.acceleration, row.method.c_str());
    text += cell;
    for (const auto& name : names) {
      auto values = row.relative_error.count(name) ? row.relative_error.at(name) : std::vector<double>();
      for (double& value : values) value *= 100;
      const std::string number = spread_text(spread_of(values), 1);
      // "±" and "–" take more bytes than columns.
      const auto columns =
          size_t(std::count_if(number.begin(), number.end(), [](char c) { return (c & 0xc0) != 0x80; }));
      const size_t width = std::max<size_t>(12, name.size());
      text += "  " + std::string(columns < width ? width - columns : 0, ' ') + number;
    }
  }
  return text + "\n";
}

Outcome run_eval(const Options& options) {
  const auto profile = mri::parse_metrics_profile(options.text("metrics"));
  const auto candidates = candidates_of(options);
  const auto accelerations = parse_accelerations(options);
  if (options.has("images") && accelerations.size() > 1)
    throw UsageError("--images: the images belong to one acceleration; --acceleration has " +
                     std::to_string(accelerations.size()));
  require_new_output(options, "report");
  const auto files = data_files(options);
  size_t slices = 0;
  for (const auto& file : files) {
    const auto scan = mri::open_scan(file);
    const auto& d = scan->description();
    slices += d.slices;
    if (profile == mri::MetricsProfile::meddlr_scan && d.slices < 11)
      throw DataError(d.path + ": metrics meddlr-scan needs at least 11 slices, found " +
                      std::to_string(d.slices) + "; --metrics meddlr-slice scores slices by themselves");
  }
  const size_t total = slices * accelerations.size() * candidates.size();
  const train::SignalGuard signals;
  Progress progress(
      options.toggle("quiet") ? ProgressMode::none : parse_progress_mode(options.text("progress")), "eval",
      double(total), "slices");
  size_t done = 0;
  Scorer scorer(options, profile);
  const auto stop_if_asked = [&] {
    if (signals.signal()) throw Error(ExitCode(128 + signals.signal()), "stopped by a signal");
  };
  const Scores scores = scorer.score(
      files, accelerations, candidates,
      [&] {
        progress.update(double(++done));
        stop_if_asked();
      },
      stop_if_asked);
  progress.finish();
  if (options.has("report")) write_report(options.text("report"), options.text("metrics"), scores);

  Json json = {{"metrics", options.text("metrics")}, {"mask_digest", digest_of_all(scores.masks)}};
  json["results"] = Json::array();
  for (const auto& row : scores.methods) json["results"].push_back(to_json(row));
  json["t2"] = Json::array();
  for (const auto& row : scores.tissues) {
    Json errors = Json::object();
    for (const auto& [name, values] : row.relative_error) errors[name] = to_json(values);
    json["t2"].push_back(
        {{"acceleration", row.acceleration}, {"method", row.method}, {"relative_error", errors}});
  }
  json["masks"] = Json::array();
  for (const auto& m : scores.masks)
    json["masks"].push_back({{"data", m.file},
                             {"mask", m.origin},
                             {"acceleration", m.acceleration},
                             {"acceleration_of_padded_plane", m.padded_acceleration},
                             {"mask_digest", m.digest}});
  if (scores.is_synthetic) json["note"] = "synthetic scans: not scores on clinical data";
  return {json, text_table(options.text("metrics"), scores) + tissues_table(scores)};
}

}  // namespace

Verb eval_verb() {
  Verb verb;
  verb.name = "eval";
  verb.summary = "scores methods on the same masks of fully sampled scans";
  std::string names;
  for (const auto& name : mri::method_names()) names += (names.empty() ? "" : ",") + name;
  verb.options = {
      common_option("config"),
      text_option("data", "", "fully sampled raw data with targets: files or folders, comma-separated")
          .required(),
      text_option("method", names, std::string("methods, comma-separated; also ") + self_unrolled)
          .note("all without --run, none with it"),
      text_option("run", "", "trained models: folders of runs or checkpoints, comma-separated"),
      choice_option("which", "last", {"last", "best"}, "checkpoint of a run"),
      text_option(
          "images", "",
          "NAME:FOLDER, comma-separated: images that another program reconstructed, a file for each scan "
          "with its name (.h5, /reconstruction (x, y, z, echo)), for one acceleration"),
      text_option("settings", "", "METHOD:LAMBDA[:ITERATIONS], comma-separated").note("each method's own"),
      band_limit_option(),
      text_option("acceleration", "4", "accelerations, comma-separated"),
      choice_option("metrics", "meddlr-scan", mri::metrics_profile_names(),
                    "meddlr-scan: PSNR and 3-D SSIM of the volume of an echo; meddlr-slice: SSIM slice by "
                    "slice; fastmri: as "
                    "its leaderboard; bart: complex NRMSE after the best scale"),
      path_option("report", "writes an HTML report with tables and pictures"),
  };
  for (auto& option : mask_choice_options()) verb.options.push_back(option);
  for (const char* name : {"seed", "threads", "device", "json", "quiet", "progress", "overwrite", "help"})
    verb.options.push_back(common_option(name));
  verb.examples = {
      "danaus-mri eval --data data/test --run runs/msense --method zero-filled,cg-sense --acceleration 2,3,4",
      "danaus-mri eval --data data/knees --acceleration 2,3,4 --report report.html",
      "danaus-mri eval --data scan.h5 --method cg-sense,tv --settings cg-sense:0.005,tv:0.0005:80 --json"};
  verb.run = run_eval;
  return verb;
}

}  // namespace danaus::app
