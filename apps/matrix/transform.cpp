#include "dense_file.hpp"
#include "monarch_file.hpp"
#include "verbs.hpp"

#include <danaus/core/error.hpp>
#include <danaus/core/timer.hpp>
#include <danaus/monarch/exact/table.hpp>

#include <algorithm>
#include <cstdio>

namespace danaus::app {
namespace {

const monarch::TransformKind& find_kind(const std::string& name) {
  const auto& kinds = monarch::transform_kinds();
  return *std::find_if(kinds.begin(), kinds.end(), [&](const auto& kind) { return kind.name == name; });
}

monarch::TransformArray read_array(const io::ArraySource& source, const std::string& name) {
  monarch::TransformArray array;
  const auto info = source.require(name, -1, {});
  array.shape = info.shape;
  array.is_complex = io::is_complex(info.type);
  if (array.is_complex) {
    array.values = source.read<Complex<double>>(name);
  } else {
    for (double x : source.read<double>(name)) array.values.emplace_back(x);
  }
  return array;
}

/// The arrays that the kind is made from, by name; the only array of a file may have any name if one is
/// needed.
std::map<std::string, monarch::TransformArray> read_arrays(const Options& options,
                                                           const monarch::TransformKind& kind) {
  std::map<std::string, monarch::TransformArray> arrays;
  if (!options.has("from")) return arrays;
  if (kind.arrays.empty()) throw UsageError("--from: " + kind.name + " is made from no array");
  const io::ArraySource source(options.text("from"));
  const auto names = source.names();
  for (const auto& array : kind.arrays)
    if (source.contains("/" + array.name)) arrays[array.name] = read_array(source, "/" + array.name);
  if (arrays.empty() && names.size() == 1) arrays[kind.arrays[0].name] = read_array(source, names[0]);
  for (const auto& array : kind.arrays)
    if (array.is_required && !arrays.contains(array.name))
      throw DataError(options.text("from") + ": no array /" + array.name + "; " + kind.name + " needs it (" +
                      array.meaning + ")");
  return arrays;
}

struct Description {
  size_t rows, columns, parameters, factors;
  bool is_complex;
};

template <class T>
Description describe(const monarch::MonarchMatrix<T>& m) {
  return {m.rows(), m.columns(), m.parameters(), 2, is_complex_v<T>};
}
template <class T>
Description describe(const monarch::BlockProduct<T>& m) {
  return {m.rows(), m.columns(), count_parameters(m), m.factors().size(), is_complex_v<T>};
}

template <class R>
Outcome run_with_precision(const Options& options) {
  const std::string kind = options.text("kind"), out = options.text("out");
  const bool is_dry = options.toggle("dry-run");
  if (!is_dry) require_free(out, options.toggle("overwrite"));
  if (options.is_given("type") && kind != "dct" && kind != "dst")
    throw UsageError("--type: expected with --kind dct or dst");
  monarch::TransformRequest request{kind};
  if (options.has("size")) request.size = options.size("size");
  if (options.has("block")) request.block = options.size("block");
  request.type = int(options.integer("type"));
  request.arrays = read_arrays(options, find_kind(kind));
  const Timer timer;
  const auto transform = monarch::exact_transform<R>(request);
  const double seconds = timer.seconds();
  const Description d = std::visit([](const auto& m) { return describe(m); }, transform);

  Json json = {{"kind", kind}, {"rows", d.rows}, {"columns", d.columns}};
  json["parameters"] = d.parameters;
  json["dense_parameters"] = d.rows * d.columns;
  json["factors"] = d.factors;
  json["numbers"] = d.is_complex ? "complex" : "real";
  if (is_dry) {
    json["memory_bytes"] = d.parameters * sizeof(R) * (d.is_complex ? 2 : 1);
    json["seconds_estimate"] = seconds;
    json["shapes"] = {{"matrix", {d.rows, d.columns}}};
  } else {
    std::visit(
        [&](const auto& m) {
          write_monarch(out, m, d.rows, d.columns, {{"class", "transform"}, {"transform", kind}});
        },
        transform);
    json["out"] = out;
    json["seconds"] = seconds;
  }
  char text[200];
  std::snprintf(text, sizeof text, "%s %zu x %zu: %zu %s parameters instead of %zu\n", kind.c_str(), d.rows,
                d.columns, d.parameters, d.is_complex ? "complex" : "real", d.rows * d.columns);
  return {json, text};
}

Outcome run_transform(const Options& options) {
  return options.text("precision") == "double" ? run_with_precision<double>(options)
                                               : run_with_precision<float>(options);
}

/// "first_column (toeplitz, hankel), first_row (toeplitz)": what --from may hold.
std::string arrays_help() {
  std::vector<std::pair<std::string, std::string>> users;
  for (const auto& kind : monarch::transform_kinds())
    for (const auto& array : kind.arrays) {
      auto known =
          std::find_if(users.begin(), users.end(), [&](const auto& u) { return u.first == array.name; });
      if (known == users.end())
        users.emplace_back(array.name, kind.name);
      else
        known->second += ", " + kind.name;
    }
  std::string text;
  for (const auto& [array, kinds] : users) text += (text.empty() ? "/" : "; /") + array + ": " + kinds;
  return text;
}

}  // namespace

Verb transform_verb() {
  Verb verb;
  verb.name = "transform";
  verb.summary = "writes the exact factors of a known transform";
  std::vector<std::string> kinds;
  std::string kinds_help = "transform";
  for (const auto& kind : monarch::transform_kinds()) {
    kinds.push_back(kind.name);
    kinds_help += "; " + kind.name + ": " + kind.summary;
  }
  verb.options = {
      common_option("config"),
      choice_option("kind", "", kinds, kinds_help).required(),
      integer_option("size", "", 1, 1e9, "points n").note("as the arrays say"),
      integer_option("block", "", 1, 1e9, "block size b, a divisor of n").note("the divisor nearest sqrt(n)"),
      integer_option("type", "2", 2, 4, "of dct and dst"),
      path_option("from", "file with the arrays that the transform is made from; " + arrays_help()),
      choice_option("precision", "double", {"double", "single"}, "of the factors"),
  };
  for (const char* name : {"out", "threads", "json", "quiet", "dry-run", "overwrite", "help"})
    verb.options.push_back(common_option(name));
  verb.examples = {"danaus-matrix transform --kind dft --size 360 --block 18 --out dft.h5",
                   "danaus-matrix transform --kind toeplitz --from columns.h5 --block 16 --out toeplitz.h5"};
  verb.run = run_transform;
  return verb;
}

}  // namespace danaus::app
