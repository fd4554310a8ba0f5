#include "report.hpp"
#include "score.hpp"
#include "verbs.hpp"

#include <common/program.hpp>
#include <common/training_run.hpp>

#include <danaus/core/error.hpp>

#include <filesystem>

namespace danaus::app {
namespace {

namespace fs = std::filesystem;

/// Which data each run is scored on: the only one given; of several the one it was trained on; with none
/// given, that of its own configuration. Data sets are opened once.
class DataOfRuns {
 public:
  explicit DataOfRuns(const Options& options) : options_(options) {
    for (const auto& path : options.list("data")) open(path);
  }

  std::shared_ptr<const pde::DataSet> of(const std::string& run, const std::string& which) {
    const std::string checkpoint = checkpoint_path(run, which);
    const auto given = options_.list("data");
    if (given.size() == 1) return open(given.front());
    if (given.empty()) return open(configured(checkpoint));
    const std::string digest = training_digest(checkpoint);
    for (const auto& path : given)
      if (open(path)->description().digest == digest) return open(path);
    throw UsageError("--data: " + run + " was trained on none of the " + std::to_string(given.size()) +
                     " files; with several files each run needs its own among them");
  }

 private:
  std::string configured(const std::string& checkpoint) const {
    const auto run = run_options(checkpoint);
    const auto data = run.find("data");
    if (data == run.end())
      throw UsageError("--data: missing; expected a path (" + checkpoint +
                       " has no config.ini beside it that says)");
    return data->second;
  }

  std::shared_ptr<const pde::DataSet> open(const std::string& path) {
    auto& data = open_[path];
    if (!data) {
      pde::DataOptions how;
      how.axes = options_.text("axes");
      if (options_.has("resolution")) how.resolution = options_.size("resolution");
      how.memory_budget_bytes = options_.real("memory-budget") * 1024 * 1024 * 1024;
      data = std::make_shared<const pde::DataSet>(path, how);
    }
    return data;
  }

  const Options& options_;
  std::map<std::string, std::shared_ptr<const pde::DataSet>> open_;
};

Json to_json(const Score& s) {
  Json json = {{"run", s.name}, {"model", s.trained.config.model}, {"data", s.data->description().path}};
  json["relative_l2"] = s.evaluation.relative_l2;
  json["relative_l2_per_step"] = s.evaluation.relative_l2_per_step;
  json["parameters"] = s.parameters;
  json["samples"] = s.evaluation.samples;
  json["steps"] = s.steps;
  if (s.metrics) {
    json["rmse"] = s.metrics->rmse;
    json["nrmse"] = s.metrics->nrmse;
    json["crmse"] = s.metrics->crmse;
    json["max_error"] = s.metrics->max_error;
    json["boundary_rmse"] = s.metrics->boundary_rmse;
    json["fourier_rmse"] = {{"low", s.metrics->fourier_rmse[0]},
                            {"middle", s.metrics->fourier_rmse[1]},
                            {"high", s.metrics->fourier_rmse[2]}};
  }
  return json;
}

std::string table(const std::vector<Score>& scores) {
  size_t width = 4;
  for (const auto& s : scores) width = std::max(width, s.name.size());
  char line[512];
  std::snprintf(line, sizeof line, "%-*s  %-12s %12s %8s %14s\n", int(width), "run", "model", "parameters",
                "samples", "relative L2");
  std::string text = line;
  for (const auto& s : scores) {
    std::snprintf(line, sizeof line, "%-*s  %-12s %12zu %8zu %14.4e\n", int(width), s.name.c_str(),
                  s.trained.config.model.c_str(), s.parameters, s.evaluation.samples,
                  s.evaluation.relative_l2);
    text += line;
  }
  for (const auto& s : scores) {
    if (!s.metrics) continue;
    const auto& m = *s.metrics;
    std::snprintf(
        line, sizeof line,
        "%s\n  RMSE %.4e  nRMSE %.4e  cRMSE %.4e  max %.4e  boundary %.4e  Fourier %.4e %.4e %.4e\n",
        s.name.c_str(), m.rmse, m.nrmse, m.crmse, m.max_error, m.boundary_rmse, m.fourier_rmse[0],
        m.fourier_rmse[1], m.fourier_rmse[2]);
    text += line;
  }
  return text;
}

Outcome run_eval(const Options& options) {
  auto runs = options.list("run");
  for (const auto& checkpoint : options.list("checkpoint")) runs.push_back(checkpoint);
  if (runs.empty()) throw UsageError("--run: missing; expected folders of runs, or --checkpoint FILE");
  const std::string report = options.text("report");
  if (!report.empty() && fs::exists(report) && !options.toggle("overwrite"))
    throw UsageError("--report " + report + ": exists; --overwrite replaces it");

  ScoreOptions how;
  how.which = options.text("which");
  how.profile = pde::parse_metrics_profile(options.text("metrics"));
  how.batch = options.size("batch");
  if (options.has("steps")) how.steps = options.size("steps");
  if (options.has("samples")) how.samples = options.size("samples");

  DataOfRuns data(options);
  std::vector<Score> scores;
  for (const auto& run : runs) scores.push_back(score(run, data.of(run, how.which), how));
  if (!report.empty()) write_report(report, scores);

  Json list = Json::array();
  for (const auto& s : scores) list.push_back(to_json(s));
  return {scores.size() == 1 ? list.front() : list, table(scores)};
}

}  // namespace

Verb eval_verb() {
  Verb verb;
  verb.name = "eval";
  verb.summary = "scores trained models on held-out samples and compares them";
  verb.options = {
      common_option("config"),
      text_option("run", "", "folders of runs, comma-separated"),
      text_option("checkpoint", "", "checkpoints, comma-separated"),
      choice_option("which", "last", {"last", "best"},
                    "checkpoint of a run: after the last epoch, or best on validation"),
      text_option(
          "data", "",
          "data sets, comma-separated: one for all runs, or several of which each run takes the one it "
          "was trained on")
          .note("of the run"),
      choice_option("metrics", "fno", {"fno", "pdebench", "corrected"},
                    "fno: relative L2; pdebench: also RMSE, nRMSE, cRMSE, max, boundary, Fourier as "
                    "published; corrected: "
                    "the same without its faults"),
      integer_option("steps", "", 1, 65536, "frames to predict").note("as trained; all of other files"),
      integer_option("samples", "", 1, 1e9, "score the last N samples")
          .note("the test samples of the training file, all of any other"),
      integer_option("resolution", "", 1, 65536, "points per axis: every k-th of the file's")
          .note("the file's"),
      text_option("axes", "", "axes of /u as the file's own tools list them, such as t,y,x,sample")
          .note("as documented; reversed in MATLAB files"),
      integer_option("batch", "20", 1, 65536, "samples at a time"),
      path_option("report", "writes an HTML report with tables, curves and pictures"),
      positive_option("memory-budget", "4", 1e6, "data sets larger than this are streamed from the disk")
          .in("GiB"),
      common_option("threads"),
      common_option("device"),
      common_option("json"),
      common_option("quiet"),
      common_option("overwrite"),
      common_option("help"),
  };
  verb.examples = {"danaus-pde eval --run runs/ns-fno,runs/ns-monarch --report report.html",
                   "danaus-pde eval --run runs/ns-fno --data data/other.h5 --metrics corrected --json"};
  verb.run = run_eval;
  return verb;
}

}  // namespace danaus::app
