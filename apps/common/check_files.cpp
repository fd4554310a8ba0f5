#include "check_files.hpp"

#include <danaus/core/error.hpp>
#include <danaus/io/digest.hpp>

#include <cstdio>

namespace danaus::app {
namespace {

namespace fs = std::filesystem;
using CheckContent = std::function<std::string(const fs::path&)>;

Json check_file(const fs::path& path, bool reseal, bool is_set, const CheckContent& check_content) {
  Json json = {{"file", path.string()}};
  const auto failed = [&](ExitCode code, const std::string& message) {
    json["status"] = "failed";
    json["exit_code"] = int(code);
    json["message"] = message;
    return json;
  };
  try {
    if (!is_set && !fs::exists(path)) throw MissingInputError(path.string() + ": no such file");
    if (!is_set && !fs::is_regular_file(path))
      throw DataError(path.string() + ": expected a file, found a folder or device");
    if (reseal && !is_set) io::seal(path);
    const std::string kind = check_content(path);
    json["status"] = "ok";
    json["exit_code"] = 0;
    json["kind"] = kind;
    json["sealed"] = !is_set && io::file_state(path) == io::FileState::sealed;
    return json;
  } catch (const Error& error) {
    return failed(error.code(), error.what());
  }
}

}  // namespace

Verb check_files_verb(const std::string& program, const CheckContent& check_content,
                      const std::function<bool(const fs::path&)>& is_set) {
  Verb verb;
  verb.name = "check";
  verb.summary = "verifies files: digest, schema, finite values";
  verb.operands = "FILE...";
  verb.options = {
      toggle_option("reseal", "false", "renew the digest of our own files after a deliberate edit")
          .transient(),
      common_option("json"), common_option("quiet"), common_option("threads"), common_option("help")};
  verb.run = [program, check_content, is_set](const Options& options) {
    if (options.operands().empty()) throw UsageError("expected files, found none");
    Outcome outcome;
    Json files = Json::array();
    for (const auto& path : options.operands()) {
      const Json file = check_file(path, options.toggle("reseal"), is_set(path), check_content);
      const int code = file["exit_code"].get<int>();
      if (code == 0)
        outcome.text += path + ": ok, " + file["kind"].get<std::string>() + "\n";
      else
        std::fprintf(stderr, "%s check: %s\n", program.c_str(), file["message"].get<std::string>().c_str());
      // Damage is worse than absence.
      if (outcome.exit_code == 0 || code == int(ExitCode::data))
        outcome.exit_code = code ? code : outcome.exit_code;
      files.push_back(file);
    }
    outcome.json = {{"status", outcome.exit_code == 0 ? "ok" : "failed"}, {"files", std::move(files)}};
    return outcome;
  };
  return verb;
}

}  // namespace danaus::app
