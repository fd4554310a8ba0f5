#include "verbs.hpp"

#include <danaus/core/error.hpp>
#include <danaus/io/digest.hpp>
#include <danaus/io/finite.hpp>
#include <danaus/mri/data/cfl.hpp>
#include <danaus/mri/data/scan.hpp>

#include <algorithm>
#include <filesystem>

namespace danaus::app {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t newest_format = 1;

/// Reads everything once: samples, maps and targets must be finite and fit together.
std::string check_scan(const fs::path& path) {
  const auto scan = mri::open_scan(path);
  const auto& d = scan->description();
  size_t samples = 0;
  for (size_t slice = 0; slice < d.slices; ++slice) {
    samples += mri::sampled_points(scan->read_kspace(slice)).count();
    if (d.map_count) scan->read_maps(slice);
    if (d.has_target) scan->read_target(slice);
  }
  if (samples == 0) throw DataError(d.path + ": no samples: k-space is zero everywhere");
  for (const auto& name : d.masks)
    if (const auto mask = scan->stored_mask(name)) mri::fit_mask(*mask, d, d.path + ":/masks/" + name);
  return d.layout;
}

std::string check_content(const fs::path& path) {
  if (mri::cfl_base(path) || io::file_state(path) == io::FileState::foreign) return check_scan(path);
  const io::Hdf5Reader reader(path);
  const auto format = reader.attribute<std::string>("/", "format");
  reader.require_format(format, newest_format);
  io::require_all_finite(reader);
  return format == "danaus-mri-raw"      ? check_scan(path)
         : format.starts_with("danaus-") ? format.substr(7)
                                         : format;
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
    const bool is_cfl = mri::cfl_base(path).has_value();
    if (!is_cfl && !fs::exists(path)) throw MissingInputError(path.string() + ": no such file");
    if (!is_cfl && !fs::is_regular_file(path))
      throw DataError(path.string() + ": expected a file, found a folder or device");
    if (reseal && !is_cfl) io::seal(path);
    const std::string kind = check_content(path);
    json["status"] = "ok";
    json["exit_code"] = 0;
    json["kind"] = kind;
    json["sealed"] = !is_cfl && io::file_state(path) == io::FileState::sealed;
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
    if (code == 0)
      outcome.text += path + ": ok, " + file["kind"].get<std::string>() + "\n";
    else
      std::fprintf(stderr, "danaus-mri check: %s\n", file["message"].get<std::string>().c_str());
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
  verb.examples = {"danaus-mri check data/knees/*.h5"};
  verb.run = run_check;
  return verb;
}

}  // namespace danaus::app
