#include "verbs.hpp"

#include <common/describe_file.hpp>

#include <danaus/core/error.hpp>
#include <danaus/io/hdf5.hpp>
#include <danaus/pde/data/data_set.hpp>

#include <algorithm>
#include <filesystem>

namespace danaus::app {
namespace {

namespace fs = std::filesystem;

bool is_hdf5(const fs::path& path) {
  return io::has_matlab_header(path) || io::file_state(path) != io::FileState::foreign ||
         io::read_file(path).compare(0, 4, "\x89HDF") == 0;
}

Json describe_matlab(const fs::path& path) {
  const pde::DataSet data(path.string());
  const auto& d = data.description();
  Json json = {{"kind", d.layout}, {"format_version", nullptr}};
  json["shapes"] = {{"samples", d.samples}, {"frames", d.frames}, {"x", d.points_x}, {"y", d.points_y}};
  json["parameters"] = nullptr;
  json["attributes"] = Json::object();
  json["digest"] = d.digest;
  return json;
}

Json describe_run(const fs::path& folder, bool with_digests) {
  const fs::path checkpoint = folder / "last.h5";
  if (!fs::exists(checkpoint))
    throw MissingInputError(folder.string() +
                            ": no last.h5 in this folder; expected a file or the folder of a run");
  Json json = describe_hdf5(checkpoint, with_digests);
  json["kind"] = "run";
  Json files = Json::array();
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path().filename().string());
  std::sort(files.begin(), files.end());
  json["files"] = std::move(files);
  return json;
}

Outcome describe(const fs::path& path, bool with_digests) {
  if (!fs::exists(path)) throw MissingInputError(path.string() + ": no such file or folder");
  Json json = fs::is_directory(path) ? describe_run(path, with_digests)
              : is_hdf5(path)        ? describe_hdf5(path, with_digests)
                                     : describe_matlab(path);
  json["file"] = path.string();
  return {json, description_text(path.string(), json)};
}

}  // namespace

Verb info_verb() {
  Verb verb =
      info_verb("says what a file or the folder of a run holds", InfoOperand::file_or_folder, describe);
  verb.examples = {"danaus-pde info data/ns.h5", "danaus-pde info runs/ns --json"};
  return verb;
}

}  // namespace danaus::app
