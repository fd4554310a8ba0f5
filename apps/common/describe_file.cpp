#include "describe_file.hpp"

#include <danaus/core/error.hpp>
#include <danaus/io/hdf5.hpp>

#include <algorithm>

namespace danaus::app {
namespace {

namespace fs = std::filesystem;

Json to_json(const io::AttributeValue& value) {
  return std::visit([](const auto& v) { return Json(v); }, value);
}

/// Numbers in /parameters, complex ones as two; the running statistics of normalisers lie beside them and do
/// not count.
std::size_t count_parameters(const io::Hdf5Reader& reader) {
  std::size_t count = 0;
  for (const auto& name : reader.all_datasets()) {
    if (!name.starts_with("/parameters/")) continue;
    const io::ArrayInfo array = reader.info(name);
    count += array.size() * (io::is_complex(array.type) ? 2 : 1);
  }
  return count;
}

Json attributes_of(const io::Hdf5Reader& reader, const std::string& object) {
  Json attributes = Json::object();
  for (const auto& name : reader.attributes(object)) {
    try {
      attributes[name] = to_json(reader.attribute_value(object, name));
    } catch (const DataError&) {
      attributes[name] = nullptr;  // a type that we do not read, such as a reference
    }
  }
  return attributes;
}

/// "danaus-navier-stokes" is a "navier-stokes".
std::string kind_of_format(const std::string& format) {
  return format.starts_with("danaus-") ? format.substr(7) : format;
}

/// XXH3-128 of an array's bytes as this machine has them in memory: equal arrays, equal digests.
std::string digest_of_array(const io::Hdf5Reader& reader, const std::string& name,
                            const io::ArrayInfo& array) {
  const auto of = [&]<class T>(T) {
    io::Hasher hasher;
    const size_t rows = array.rank() == 0 ? 1 : array.shape[0];
    const size_t row = std::max<size_t>(1, array.size() / std::max<size_t>(1, rows));
    const size_t together = std::max<size_t>(1, (size_t(16) << 20) / (row * sizeof(T)));
    if (array.rank() == 0) {
      const auto value = reader.read<T>(name);
      hasher.update(value.data(), value.size() * sizeof(T));
    } else {
      for (size_t first = 0; first < rows; first += together) {
        const auto slab = reader.read_slab<T>(name, first, std::min(together, rows - first));
        hasher.update(slab.data(), slab.size() * sizeof(T));
      }
    }
    return io::to_string(hasher.digest());
  };
  switch (array.type) {
    case io::ScalarType::f32:
      return of(float());
    case io::ScalarType::f64:
      return of(double());
    case io::ScalarType::c64:
      return of(Complex<float>());
    case io::ScalarType::c128:
      return of(Complex<double>());
    default:
      return io::is_integer(array.type) ? of(std::int64_t()) : "";
  }
}

std::string shape_text(const Json& shape) {
  std::string text;
  for (const auto& extent : shape) text += (text.empty() ? "(" : ", ") + extent.dump();
  return shape.is_array() ? (text.empty() ? "()" : text + ")") : shape.dump();
}

}  // namespace

Json describe_hdf5(const fs::path& path, bool with_digests) {
  const io::Hdf5Reader reader(path);
  Json attributes = attributes_of(reader, "/");
  Json json = {{"kind", "hdf5"}, {"format_version", nullptr}};
  if (attributes.contains("format") && attributes["format"].is_string())
    json["kind"] = kind_of_format(attributes["format"].get<std::string>());
  if (attributes.contains("format_version")) json["format_version"] = attributes["format_version"];
  Json shapes = Json::object(), types = Json::object();
  for (const auto& name : reader.all_datasets()) {
    try {
      const io::ArrayInfo array = reader.info(name);
      shapes[name] = array.shape;
      types[name] = io::name_of(array.type);
    } catch (const DataError&) {
      shapes[name] = types[name] = nullptr;  // not an array of numbers, such as a text of others
    }
  }
  json["shapes"] = std::move(shapes);
  json["types"] = std::move(types);
  if (with_digests) {
    Json digests = Json::object();
    for (const auto& name : reader.all_datasets())
      if (!json["shapes"][name].is_null()) digests[name] = digest_of_array(reader, name, reader.info(name));
    json["digests"] = std::move(digests);
  }
  json["parameters"] = nullptr;
  if (reader.has_group("/parameters")) json["parameters"] = count_parameters(reader);
  json["attributes"] = std::move(attributes);
  for (const char* group : {"model", "training"})
    if (reader.has_group(std::string("/") + group))
      json[group] = attributes_of(reader, std::string("/") + group);
  json["digest"] = reader.is_sealed() ? Json(io::to_string(reader.digest())) : Json(nullptr);
  return json;
}

std::string description_text(const std::string& path, const Json& json) {
  std::string text = path + ": " + json["kind"].get<std::string>();
  if (json["format_version"].is_number()) text += ", format version " + json["format_version"].dump();
  text += "\n";
  if (json["parameters"].is_number()) text += "parameters  " + json["parameters"].dump() + "\n";
  for (const auto& [name, shape] : json["shapes"].items())
    text += "  " + name + "  " + shape_text(shape) + "\n";
  for (const char* group : {"attributes", "model", "training"}) {
    if (!json.contains(group)) continue;
    text += std::string(group) + "\n";
    for (const auto& [name, value] : json[group].items())
      text += "  " + name + " = " + (value.is_string() ? value.get<std::string>() : value.dump()) + "\n";
  }
  return text;
}

Verb info_verb(const std::string& summary, InfoOperand operand,
               const std::function<Outcome(const fs::path&, bool with_digests)>& describe) {
  const bool takes_folders = operand == InfoOperand::file_or_folder;
  Verb verb;
  verb.name = "info";
  verb.summary = summary;
  verb.operands = takes_folders ? "FILE|DIR" : "FILE";
  verb.options = {toggle_option("digests", "false", "add the digest of every array (JSON)"),
                  common_option("json"), common_option("quiet"), common_option("help")};
  verb.run = [takes_folders, describe](const Options& options) {
    if (options.operands().size() != 1)
      throw UsageError(std::string("expected one file") + (takes_folders ? " or folder" : "") + ", found " +
                       std::to_string(options.operands().size()));
    return describe(options.operands().front(), options.toggle("digests"));
  };
  return verb;
}

}  // namespace danaus::app
