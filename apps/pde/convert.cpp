#include "train_options.hpp"
#include "verbs.hpp"

#include <common/program.hpp>
#include <common/version.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/timer.hpp>
#include <danaus/io/atomic_file.hpp>
#include <danaus/io/config.hpp>
#include <danaus/pde/models/convert_checkpoint.hpp>
#include <danaus/pde/models/monarch_weights.hpp>
#include <danaus/train/checkpoint.hpp>
#include <danaus/train/run_directory.hpp>

#include <filesystem>

namespace danaus::app {
namespace {

namespace fs = std::filesystem;
using Weights = std::vector<pde::LinearWeightsEntry>;

/// The run that is converted, its checkpoints verified before anything is written.
struct SourceRun {
  fs::path folder;
  std::vector<std::string> checkpoints{"last.h5"};
  pde::ModelConfig config;

  explicit SourceRun(const std::string& path) : folder(path) {
    if (!fs::exists(folder)) throw MissingInputError("--run " + path + ": no such folder");
    if (!fs::is_directory(folder))
      throw UsageError("--run " + path + ": is a file; expected the folder of a run");
    if (!fs::exists(folder / "last.h5"))
      throw MissingInputError((folder / "last.h5").string() + ": no such file; expected the folder of a run");
    if (fs::exists(folder / "best.h5")) checkpoints.push_back("best.h5");
    for (const auto& name : checkpoints) {
      const auto found = pde::ModelConfig::from_map(train::read_hyper_parameters(folder / name));
      if (name == "last.h5")
        config = found;
      else if (found.to_map() != config.to_map())
        throw DataError((folder / name).string() + ": is of another model than last.h5");
    }
  }
};

/// Writes what describes the new run.
void write_description(const train::RunDirectory& out, const SourceRun& run,
                       const pde::ConversionTarget& target) {
  out.write("command.txt", command_line() + "\n");
  out.write("build.json", version_json("danaus-pde").dump(2) + "\n");
  // The log goes on where training does.
  if (fs::exists(run.folder / "metrics.csv"))
    out.write("metrics.csv", io::read_file(run.folder / "metrics.csv"));
  if (!fs::exists(run.folder / "config.ini")) return;
  const auto given = io::Config::read(run.folder / "config.ini");
  io::Config config;
  for (const auto& option : train_options()) {
    auto value = given.get(option.name).value_or("");
    if (option.name == "monarch-weights") value = target.monarch_weights;
    if (option.name == "block" && target.dense_transforms)
      value = std::to_string(pde::converted(run.config, target).block);
    // The weights no longer come from where the first run took them.
    if (!value.empty() && option.name != "init-from") config.set(option.name, value, option.help);
  }
  out.write(
      "config.ini",
      "# Converted from " + fs::weakly_canonical(run.folder).string() + ".\n" +
          "# danaus-pde train --resume --out THIS_RUN --epochs MORE goes on with the optimiser's state;\n"
          "# danaus-pde train --config THIS --init-from THIS_RUN --out NEW starts anew from the weights.\n" +
          config.to_string());
}

Json to_json(const pde::WeightConversion& w) {
  Json json = {
      {"name", w.name}, {"inputs", w.inputs}, {"outputs", w.outputs}, {"from", w.from}, {"to", w.to}};
  json["parameters_before"] = w.parameters_before;
  json["parameters_after"] = w.parameters_after;
  json["relative_error"] = w.relative_error;
  json["seconds"] = w.seconds;
  return json;
}

Outcome report(const Options& options, const SourceRun& run, const pde::CheckpointConversion& last,
               double seconds) {
  Json json = {{"run", options.text("run")}, {"out", options.text("out")}, {"model", run.config.model}};
  json["checkpoints"] = run.checkpoints;
  json["parameters_before"] = last.parameters_before;
  json["parameters_after"] = last.parameters_after;
  json["weights"] = Json::array();
  char line[256];
  std::snprintf(line, sizeof line, "%-24s %10s  %-11s %-11s %18s  %14s\n", "weight", "shape", "from", "to",
                "parameters", "relative error");
  std::string text = line;
  for (const auto& w : last.weights) {
    json["weights"].push_back(to_json(w));
    const std::string shape = std::to_string(w.inputs) + "x" + std::to_string(w.outputs);
    const std::string count =
        std::to_string(w.parameters_before) + " -> " + std::to_string(w.parameters_after);
    std::snprintf(line, sizeof line, "%-24s %10s  %-11s %-11s %18s  %14.4e\n", w.name.c_str(), shape.c_str(),
                  w.from.c_str(), w.to.c_str(), count.c_str(), w.relative_error);
    text += line;
  }
  json["seconds"] = seconds;
  std::snprintf(line, sizeof line, "%s, %zu -> %zu parameters, %.2f s\n", options.text("out").c_str(),
                last.parameters_before, last.parameters_after, seconds);
  return {json, text + line};
}

Outcome convert(const Options& options, const SourceRun& run, const pde::ConversionTarget& target) {
  const Timer timer;
  const fs::path out = options.text("out");
  if (fs::weakly_canonical(out) == fs::weakly_canonical(run.folder))
    throw UsageError("--out " + out.string() + ": is the run itself; expected another folder");
  const train::RunDirectory folder(
      out, options.toggle("overwrite") ? train::ExistingRun::overwrite : train::ExistingRun::refuse);
  write_description(folder, run, target);
  io::FileHeader header;
  header.created_by = created_by();
  header.command = command_line();
  pde::CheckpointConversion last;
  // In this order: a folder with last.h5 is complete.
  for (size_t c = run.checkpoints.size(); c-- > 0;)
    last = pde::convert_checkpoint(run.folder / run.checkpoints[c], folder.file(run.checkpoints[c]), target,
                                   header);
  return report(options, run, last, timer.seconds());
}

std::vector<size_t> chosen(const Options& options, const Weights& weights) {
  return pde::matching(weights, options.has("layers") ? options.text("layers") : "*");
}

Outcome run_sparsify(const Options& options) {
  if (options.has("nblocks") && options.has("block"))
    throw UsageError("--nblocks, --block: expected one of them");
  pde::MonarchKind kind;
  if (options.has("block"))
    kind = {pde::MonarchClass::block, options.size("block")};
  else if (options.has("nblocks"))
    kind = {pde::MonarchClass::nblocks, options.size("nblocks")};

  const SourceRun run(options.text("run"));
  Weights weights = pde::linear_weights(run.config);
  bool any = false;
  for (const size_t e : chosen(options, weights)) {
    auto& w = weights[e];
    if (w.monarch || kind.shape(w.inputs, w.outputs).parameters() >= w.inputs * w.outputs) continue;
    w.monarch = kind;
    any = true;
  }
  if (!any)
    throw UsageError("--layers " + (options.has("layers") ? options.text("layers") : "*") +
                     ": none of these in " + options.text("run") +
                     " is dense and smaller as a Monarch matrix of " + kind.to_string());
  return convert(options, run, {pde::to_text(weights)});
}

Outcome run_densify(const Options& options) {
  const SourceRun run(options.text("run"));
  Weights weights = pde::linear_weights(run.config);
  bool any = false;
  for (const size_t e : chosen(options, weights)) {
    any = any || weights[e].monarch;
    weights[e].monarch.reset();
  }
  const pde::ConversionTarget target{pde::to_text(weights), options.toggle("transforms")};
  if (target.dense_transforms && pde::converted(run.config, target).block != run.config.block) any = true;
  if (!any)
    throw UsageError("--layers " + (options.has("layers") ? options.text("layers") : "*") +
                     ": none of these in " + options.text("run") + " is a Monarch matrix");
  return convert(options, run, target);
}

Verb conversion_verb(const std::string& name, const std::string& summary, std::vector<Option> options) {
  Verb verb;
  verb.name = name;
  verb.summary = summary;
  verb.options = {common_option("config"), path_option("run", "folder of the run").required()};
  for (auto& option : options) verb.options.push_back(std::move(option));
  for (const char* common : {"out", "threads", "device", "json", "quiet", "overwrite", "help"})
    verb.options.push_back(common_option(common));
  return verb;
}

}  // namespace

Verb sparsify_verb() {
  Verb verb = conversion_verb(
      "sparsify",
      "projects a run's dense linear weights on Monarch matrices, the optimiser's state with them",
      {text_option("layers", "",
                   "weights to convert: patterns of parameter paths such as layer_*/weights, comma-separated")
           .note("all that become smaller"),
       integer_option("nblocks", "", 1, 65536, "blocks in both factors, the layer of Monarch's authors")
           .note("4, unless --block is given"),
       integer_option("block", "", 1, 65536, "block size of slices of rank one, instead of --nblocks")
           .note("none")});
  verb.examples = {
      "danaus-pde sparsify --run runs/ns --layers 'layer_*/weights' --nblocks 4 --out runs/ns-sparse",
      "danaus-pde eval --run runs/ns,runs/ns-sparse",
      "danaus-pde train --config runs/ns-sparse/config.ini --init-from runs/ns-sparse --epochs 10 --out "
      "runs/ns-tuned"};
  verb.run = run_sparsify;
  return verb;
}

Verb densify_verb() {
  Verb verb = conversion_verb(
      "densify", "multiplies a run's Monarch weights out to dense ones, the optimiser's state with them",
      {text_option("layers", "",
                   "weights to convert: patterns of parameter paths such as layer_*/weights, comma-separated")
           .note("all Monarch weights"),
       toggle_option(
           "transforms", "false",
           "multiply the learned transforms of every layer out too: blocks of all points of an axis")});
  verb.examples = {
      "danaus-pde densify --run runs/ns-sparse --out runs/ns-dense",
      "danaus-pde train --resume --out runs/ns-dense --epochs 100",
      "danaus-pde densify --run runs/ns-monarch --transforms true --out runs/ns-dense-transforms"};
  verb.run = run_densify;
  return verb;
}

}  // namespace danaus::app
