#include "dense_file.hpp"
#include "monarch_file.hpp"
#include "verbs.hpp"

#include <danaus/core/error.hpp>
#include <danaus/core/timer.hpp>
#include <danaus/monarch/mm_star.hpp>

#include <cstdio>

namespace danaus::app {
namespace {

/// The matrix, its blocks, and as much again for products and the other precision.
constexpr double copies_in_memory = 6;

std::string gibibytes(double bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g GiB", bytes / (1024.0 * 1024.0 * 1024.0));
  return text;
}

double memory_needed(const DenseFile& file) {
  // Worked on in double precision, in complex numbers where no real factors exist.
  return copies_in_memory * double(file.rows()) * double(file.columns()) * double(sizeof(Complex<double>));
}

size_t checked_block(const Options& options, const DenseFile& file) {
  const std::string size = std::to_string(file.rows()) + " x " + std::to_string(file.columns());
  if (file.rows() != file.columns())
    throw DataError(options.text("in") + ": expected a square matrix, found " + size);
  const size_t n = file.rows();
  const size_t block = options.has("block") ? options.size("block") : monarch::default_block(n);
  if (n % block != 0)
    throw UsageError("--block " + std::to_string(block) + ": does not divide n = " + std::to_string(n));
  return block;
}

void require_memory(const Options& options, const DenseFile& file) {
  const double limit =
      options.has("memory-budget") ? options.real("memory-budget") * 1024 * 1024 * 1024 : available_memory();
  if (memory_needed(file) > limit)
    throw InternalError("out of memory: the factorisation of " + options.text("in") + " needs about " +
                        gibibytes(memory_needed(file)) + ", " + gibibytes(limit) +
                        " are free; project needs less, it reads the matrix in parts");
}

/// Rounding a member to single precision takes it out of the class by some 1e-7, times what the condition of
/// its blocks makes of that.
double tolerance_for(const Options& options, io::ScalarType type) {
  if (options.has("tolerance")) return options.real("tolerance");
  return type == io::ScalarType::f32 || type == io::ScalarType::c64 ? 1e-3 : 1e-6;
}

/// The matrix in double precision, whatever the file has.
template <class T>
HostTensor<T, 2> read_double(const DenseFile& file) {
  if (io::size_of(file.type()) == sizeof(T)) return file.read<T>();
  using Single = std::conditional_t<is_complex_v<T>, Complex<float>, float>;
  const auto single = file.read<Single>();
  const HostTensor<T, 2> a("matrix", file.rows(), file.columns());
  for (size_t e = 0; e < single.size(); ++e) a.data()[e] = T(single.data()[e]);
  return a;
}

template <class T>
Outcome factorize(const Options& options, const DenseFile& file, size_t block) {
  const std::string out = options.text("out");
  require_free(out, options.toggle("overwrite"));
  monarch::FactorizeOptions how;
  how.refinements = options.size("refinements");
  how.approximate = options.toggle("approximate");
  how.seed = std::uint64_t(options.integer("seed"));
  monarch::FactorizeReport report;
  const Timer timer;
  const auto factors = [&] {
    try {
      return monarch::factorize_mm_star<T>(read_double<T>(file), block, how, &report);
    } catch (const DataError& error) {
      throw DataError(options.text("in") + ": " + error.what());
    }
  }();
  const double seconds = timer.seconds();
  const double tolerance = tolerance_for(options, file.type());
  if (!how.approximate && !(report.relative_error <= tolerance)) {
    char text[240];
    std::snprintf(
        text, sizeof text,
        ": MM* factorisation: the matrix is not in MM* for block size %zu: relative error %.3g after %zu "
        "refinements, expected at most --tolerance %.3g; try another --block, or --approximate true",
        block, report.relative_error, report.errors.size(), tolerance);
    throw DataError(options.text("in") + text);
  }
  Json json = {{"in", options.text("in")}, {"out", out}, {"class", "mm-star"}};
  json["block"] = block;
  json["rows"] = json["columns"] = file.rows();
  json["relative_error"] = report.relative_error;
  json["one_shot_error"] = number_or_null(report.one_shot_error);
  json["refinements"] = report.errors.size();
  json["failed_assumption"] =
      report.failed_assumption.empty() ? Json(nullptr) : Json(report.failed_assumption);
  json["block_condition"] = number_or_null(report.block_condition);
  json["factors"] = factors.index() == 0 ? "real" : "complex";
  std::visit(
      [&](const auto& m) {
        json["parameters"] = m.parameters();
        write_monarch(out, m.product(), file.rows(), file.columns(),
                      {{"class", "mm-star"},
                       {"block", std::int64_t(block)},
                       {"relative_error", report.relative_error}});
      },
      factors);
  json["dense_parameters"] = file.rows() * file.columns();
  json["seconds"] = seconds;
  char text[160];
  std::snprintf(text, sizeof text, "%s: relative error %.3g with %s factors, %zu refinements\n", out.c_str(),
                report.relative_error, factors.index() == 0 ? "real" : "complex", report.errors.size());
  return {json, text};
}

Outcome dry_run(const DenseFile& file, size_t block) {
  const size_t n = file.rows(), m = n / block;
  Json json = {{"class", "mm-star"}, {"block", block}, {"parameters", 2 * n * m + n * block}};
  json["dense_parameters"] = n * n;
  json["memory_bytes"] = size_t(memory_needed(file));
  // Some 100 products of each block with another (the random combinations, the refinements), at 2e9 a second.
  json["seconds_estimate"] = 100 * 2 * double(n) * double(n) * double(m) / 2e9;
  json["shapes"] = {
      {"factor_1", {block, m, m}}, {"factor_2", {m, block, block}}, {"factor_3", {block, m, m}}};
  return {json, json.dump() + "\n"};
}

Outcome run_factorize(const Options& options) {
  const DenseFile file(options.text("in"), options.text("name"));
  const size_t block = checked_block(options, file);
  if (options.toggle("dry-run")) return dry_run(file, block);
  require_memory(options, file);
  if (io::is_complex(file.type())) return factorize<Complex<double>>(options, file, block);
  return factorize<double>(options, file, block);
}

}  // namespace

Verb factorize_verb() {
  Verb verb;
  verb.name = "factorize";
  verb.summary = "finds the factors of a matrix that is a product of Monarch matrices";
  verb.options = {
      common_option("config"),
      path_option("in", "dense square matrix: HDF5, NumPy or MATLAB").required(),
      text_option("name", "", "array to read").note("/matrix, or the only one"),
      choice_option("class", "mm-star", {"mm-star"}, "class of the matrix; mm-star: M1 M2*"),
      integer_option("block", "", 1, 1e9, "block size b").note("the divisor of n nearest sqrt(n)"),
      positive_option("tolerance", "", 1, "largest relative error with which the matrix counts as a member")
          .note("1e-6; for single precision 1e-3"),
      integer_option("refinements", "60", 0, 1e6, "alternating steps after the direct method, at most"),
      toggle_option("approximate", "false", "write what was reached, member or not"),
      common_option("seed"),
      positive_option("memory-budget", "", 1e6, "memory that may be used")
          .in("GiB")
          .note("what is free")
          .transient(),
  };
  for (const char* name : {"out", "threads", "json", "quiet", "dry-run", "overwrite", "help"})
    verb.options.push_back(common_option(name));
  verb.examples = {"danaus-matrix factorize --in M.h5 --class mm-star --block 32 --out F.h5"};
  verb.run = run_factorize;
  return verb;
}

}  // namespace danaus::app
