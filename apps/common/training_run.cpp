#include "training_run.hpp"

#include "program.hpp"
#include "version.hpp"

#include <danaus/core/error.hpp>
#include <danaus/io/atomic_file.hpp>
#include <danaus/io/config.hpp>
#include <danaus/train/run_directory.hpp>

#include <sstream>

namespace danaus::app {

namespace fs = std::filesystem;

namespace {

/// The same value, however it was typed.
bool is_same(const Option& option, const std::string& a, const std::string& b) {
  if (option.type == OptionType::integer || option.type == OptionType::real)
    return std::stod(a) == std::stod(b);
  if (option.type == OptionType::path) return absolute_path(a) == absolute_path(b);
  return a == b;
}

}  // namespace

std::string absolute_path(const std::string& path) { return fs::weakly_canonical(path).string(); }

void require_usable_run(const Options& options) {
  const fs::path out = options.text("out");
  if (options.toggle("resume") && options.toggle("overwrite"))
    throw UsageError("--resume and --overwrite: expected one of them");
  if (options.toggle("resume") || options.toggle("overwrite") || options.toggle("dry-run") ||
      !fs::exists(out))
    return;
  if (!fs::is_directory(out)) throw UsageError("--out " + out.string() + ": exists and is not a folder");
  if (!fs::is_empty(out))
    throw UsageError("--out " + out.string() +
                     ": is not empty; --resume continues it, --overwrite replaces it");
}

void resume_options(Options& options) {
  const fs::path config = fs::path(options.text("out")) / "config.ini";
  if (!fs::exists(config)) return;
  std::string differences;
  const io::Config stored = io::Config::read(config);
  for (const auto& entry : stored.entries()) {
    const Option* option = options.verb().find(entry.key);
    if (!option || !option->in_config) continue;
    if (!options.is_given(entry.key)) {
      options.resolve(entry.key, entry.value);
    } else if (entry.key != "epochs" && !is_same(*option, options.text(entry.key), entry.value)) {
      differences += (differences.empty() ? "--" : ", --") + entry.key + " (" + entry.value + " there, " +
                     options.text(entry.key) + " here)";
    }
  }
  if (!differences.empty())
    throw UsageError("--resume: " + config.string() + " differs in " + differences +
                     "; only epochs, threads and progress may change");
}

void prepare_run(const Options& options, const std::string& program) {
  const auto existing = options.toggle("resume")      ? train::ExistingRun::resume
                        : options.toggle("overwrite") ? train::ExistingRun::overwrite
                                                      : train::ExistingRun::refuse;
  const train::RunDirectory folder(options.text("out"), existing);
  folder.write(
      "config.ini",
      "# " + program + " train --config THIS --out NEW repeats this run bit for bit.\n" + options.to_ini());
  if (folder.is_resumed()) return;
  folder.write("command.txt", command_line() + "\n");
  folder.write("build.json", version_json(program).dump(2) + "\n");
}

std::string checkpoint_path(const std::string& path, const std::string& which) {
  if (!fs::exists(path)) throw MissingInputError(path + ": no such run or checkpoint");
  if (!fs::is_directory(path)) return path;
  const std::string checkpoint = (fs::path(path) / (which + ".h5")).string();
  if (!fs::exists(checkpoint))
    throw MissingInputError(checkpoint + ": no such file; expected the folder of a run");
  return checkpoint;
}

std::map<std::string, std::string> run_options(const std::string& checkpoint) {
  std::map<std::string, std::string> options;
  const fs::path path = fs::path(checkpoint).parent_path() / "config.ini";
  if (!fs::exists(path)) return options;
  const io::Config config = io::Config::read(path);
  for (const auto& entry : config.entries()) options[entry.key] = entry.value;
  return options;
}

std::map<std::string, std::vector<double>> training_log(const std::string& checkpoint) {
  std::map<std::string, std::vector<double>> columns;
  const fs::path path = fs::path(checkpoint).parent_path() / "metrics.csv";
  if (!fs::exists(path)) return columns;
  std::istringstream file(io::read_file(path));
  std::string line, cell;
  std::vector<std::string> names;
  for (bool is_head = true; std::getline(file, line); is_head = false) {
    std::istringstream cells(line);
    for (size_t column = 0; std::getline(cells, cell, ','); ++column) {
      if (is_head)
        names.push_back(cell);
      else if (column < names.size())
        columns[names[column]].push_back(std::atof(cell.c_str()));
    }
  }
  return columns;
}

}  // namespace danaus::app
