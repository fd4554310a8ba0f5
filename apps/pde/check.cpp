#include "verbs.hpp"

#include <danaus/core/error.hpp>
#include <danaus/io/digest.hpp>
#include <danaus/io/finite.hpp>
#include <danaus/pde/data/data_set.hpp>

#include <filesystem>

namespace danaus::app {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t newest_format = 1;

/// Our own files by what their format says; of others, that they are data which train would take.
std::string check_content(const fs::path& path) {
  if (io::file_state(path) == io::FileState::foreign) {
    pde::DataOptions options;
    options.memory_budget_bytes = 0;  // read sample by sample: the file may be larger than memory
    const pde::DataSet data(path.string(), options);
    const auto& d = data.description();
    const size_t part =
        std::max(d.points_x * d.points_y * std::max(d.input_channels, d.output_channels), size_t(1));
    std::vector<float> sample(part * d.frames);
    for (size_t s = 0; s < d.samples; ++s) data.read_sample(s, 0, d.frames, sample.data());
    return d.layout;
  }
  const io::Hdf5Reader reader(path);
  const auto format = reader.attribute<std::string>("/", "format");
  reader.require_format(format, newest_format);
  io::require_all_finite(reader);
  if (format == "danaus-checkpoint") {
    if (!reader.has_group("/parameters") || !reader.has_group("/model"))
      reader.fail("/", "expected the groups /parameters and /model of a checkpoint");
    return "checkpoint";
  }
  pde::DataOptions options;
  options.memory_budget_bytes = 0;
  return pde::DataSet(path.string(), options).description().layout;
}

Json check_file(const fs::path& path, bool reseal) {
  Json json = {{"file", path.string()}};
  const auto failed = [&](ExitCode code, const std::string& message) {
    json["status"] = "failed";
    json["exit_code"] = int(code);
    json["message"] = message;
    return json;
  };
  try {
    if (!fs::exists(path)) throw MissingInputError(path.string() + ": no such file");
    if (!fs::is_regular_file(path))
      throw DataError(path.string() + ": expected a file, found a folder or device");
    if (reseal) io::seal(path);
    if (io::file_state(path) == io::FileState::partial)
      throw DataError(path.string() + ": an unfinished generation; the same generate command continues it");
    const std::string kind = check_content(path);
    json["status"] = "ok";
    json["exit_code"] = 0;
    json["kind"] = kind;
    json["sealed"] = io::file_state(path) == io::FileState::sealed;
    return json;
  } catch (const Error& error) {
    return failed(error.code(), error.what());
  }
}

Outcome run_check(const Options& options) {
  if (options.operands().empty()) throw UsageError("expected files, found none");
  Outcome outcome;
  Json files = Json::array();
  for (const auto& path : options.operands()) {
    const Json file = check_file(path, options.toggle("reseal"));
    const int code = file["exit_code"].get<int>();
    if (code == 0) {
      outcome.text += path + ": ok, " + file["kind"].get<std::string>() + "\n";
    } else {
      std::fprintf(stderr, "danaus-pde check: %s\n", file["message"].get<std::string>().c_str());
    }
    // Damage is worse than absence.
    if (outcome.exit_code == 0 || code == int(ExitCode::data))
      outcome.exit_code = code ? code : outcome.exit_code;
    files.push_back(file);
  }
  outcome.json = {{"status", outcome.exit_code == 0 ? "ok" : "failed"}, {"files", std::move(files)}};
  return outcome;
}

}  // namespace

Verb check_verb() {
  Verb verb;
  verb.name = "check";
  verb.summary = "verifies files: digest, schema, finite values";
  verb.operands = "FILE...";
  verb.options = {
      toggle_option("reseal", "false", "renew the digest of our own files after a deliberate edit")
          .transient(),
      common_option("json"), common_option("quiet"), common_option("threads"), common_option("help")};
  verb.examples = {"danaus-pde check data/*.h5", "danaus-pde check --reseal data/edited.h5"};
  verb.run = run_check;
  return verb;
}

}  // namespace danaus::app
