#include "monarch_file.hpp"
#include "verbs.hpp"

#include <common/describe_file.hpp>

#include <danaus/core/error.hpp>
#include <danaus/io/npy.hpp>

#include <filesystem>

namespace danaus::app {
namespace {

namespace fs = std::filesystem;

Json describe_npy(const fs::path& path) {
  const auto header = io::read_npy_header(path);
  const std::string name = "/" + path.stem().string();
  Json json = {{"kind", "npy"}, {"format_version", nullptr}};
  json["shapes"] = {{name, header.info.shape}};
  json["types"] = {{name, io::name_of(header.info.type)}};
  json["parameters"] = nullptr;
  json["attributes"] = {{"fortran_order", header.fortran_order}};
  json["digest"] = nullptr;
  return json;
}

Outcome describe(const fs::path& path, bool with_digests) {
  if (!fs::exists(path)) throw MissingInputError(path.string() + ": no such file");
  if (!fs::is_regular_file(path))
    throw DataError(path.string() + ": expected a file, found a folder or device");
  const bool is_npy = io::is_npy(path);
  Json json = is_npy ? describe_npy(path) : describe_hdf5(path, with_digests);
  json["file"] = path.string();
  std::string size;
  if (!is_npy) {
    const io::Hdf5Reader reader(path);
    if (is_monarch(reader)) {
      const auto d = describe_monarch(reader);
      json["rows"] = d.rows;
      json["columns"] = d.columns;
      json["parameters"] = d.parameters;
      json["dense_parameters"] = d.rows * d.columns;
      size = "size  " + std::to_string(d.rows) + " x " + std::to_string(d.columns) + "\n";
    }
  }
  return {json, description_text(path.string(), json) + size};
}

}  // namespace

Verb info_verb() {
  Verb verb = info_verb("says what a file holds", InfoOperand::file, describe);
  verb.examples = {"danaus-matrix info M.h5 --json"};
  return verb;
}

}  // namespace danaus::app
