#include "verbs.hpp"

#include <common/describe_file.hpp>

#include <danaus/core/error.hpp>
#include <danaus/mri/data/cfl.hpp>
#include <danaus/mri/data/scan.hpp>

#include <algorithm>

namespace danaus::app {
namespace {

namespace fs = std::filesystem;

/// The file's raw data as the other verbs see them; nothing for files without.
Json describe_scan(const fs::path& path) {
  std::shared_ptr<const mri::Scan> scan;
  try {
    scan = mri::open_scan(path);
  } catch (const DataError&) {
    return nullptr;
  }
  const auto& d = scan->description();
  Json json = {{"layout", d.layout}, {"slices", d.slices}, {"plane", {d.rows, d.columns}}};
  json["acquired_plane"] = {d.acquired_rows, d.acquired_columns};
  json["image"] = {d.image_rows, d.image_columns};
  json["echoes"] = d.echoes;
  json["coils"] = d.coils;
  json["maps"] = d.map_count;
  json["has_target"] = d.has_target;
  json["masks"] = d.masks;
  return json;
}

std::string scan_text(const Json& scan) {
  std::string text = "raw data\n";
  for (const auto& [name, value] : scan.items())
    text += "  " + name + " = " + (value.is_string() ? value.get<std::string>() : value.dump()) + "\n";
  return text;
}

Json describe_cfl(const fs::path& base) {
  const mri::CflArray array = mri::read_cfl(base);
  std::vector<size_t> shape(array.shape.begin(), array.shape.end());
  while (shape.size() > 1 && shape.back() == 1) shape.pop_back();
  Json json = {{"kind", "cfl"}, {"format_version", nullptr}, {"shapes", {{"data", shape}}}};
  json["parameters"] = nullptr;
  json["attributes"] = Json::object();
  return json;
}

Json describe_folder(const fs::path& folder) {
  Json files = Json::array();
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path().filename().string());
  std::sort(files.begin(), files.end());
  Json json = {
      {"kind", "folder"}, {"format_version", nullptr}, {"shapes", Json::object()}, {"parameters", nullptr}};
  json["attributes"] = Json::object();
  json["files"] = files;
  return json;
}

Outcome describe(const fs::path& path, bool with_digests) {
  const auto base = mri::cfl_base(path);
  if (!base && !fs::exists(path)) throw MissingInputError(path.string() + ": no such file or folder");
  Json json = base                     ? describe_cfl(*base)
              : fs::is_directory(path) ? describe_folder(path)
                                       : describe_hdf5(path, with_digests);
  json["file"] = path.string();
  std::string text = description_text(path.string(), json);
  const Json scan = fs::is_directory(path) ? Json(nullptr) : describe_scan(path);
  json["scan"] = scan;
  if (!scan.is_null()) text += scan_text(scan);
  return {json, text};
}

}  // namespace

Verb info_verb() {
  Verb verb = info_verb("says what a file or folder holds", InfoOperand::file_or_folder, describe);
  verb.examples = {"danaus-mri info data/knees/subject_000.h5", "danaus-mri info scan.cfl --json"};
  return verb;
}

}  // namespace danaus::app
