#include "dense_file.hpp"
#include "monarch_file.hpp"
#include "pictures.hpp"
#include "project_class.hpp"
#include "verbs.hpp"

#include <danaus/core/error.hpp>
#include <danaus/core/progress.hpp>
#include <danaus/core/random.hpp>
#include <danaus/core/timer.hpp>
#include <danaus/linalg/svd.hpp>

#include <algorithm>
#include <cstdio>

namespace danaus::app {
namespace {

/// Rows that are read in one go.
double memory_budget(const Options& options) {
  if (options.has("memory-budget")) return options.real("memory-budget") * 1024 * 1024 * 1024;
  return available_memory() / 2;
}

/// Seconds for all slices, from some random ones.
template <class T>
double estimate_seconds(const ProjectionClass& what) {
  using W = std::conditional_t<is_complex_v<T>, Complex<double>, double>;
  const size_t rows = what.slice_rows(), columns = what.slice_columns();
  const size_t rank = std::min({what.slice_rank(), rows, columns}), count = rank == 1 ? 16 : 1;
  std::vector<W> slices(count * rows * columns), u(count * rows), v(count * columns);
  std::vector<double> sigma(count);
  const Random random(0, stream::test);
  for (size_t e = 0; e < slices.size(); ++e) slices[e] = W(random.normal(e));
  const Timer timer;
  if (rank == 1)
    linalg::dominant_svd(count, slices.data(), rows, columns, u.data(), sigma.data(), v.data());
  else
    linalg::leading_svd(slices.data(), rows, columns, rank);
  const double threads = double(Kokkos::DefaultHostExecutionSpace().concurrency());
  return timer.seconds() * double(what.slices()) / double(count) / threads;
}

template <class T>
class Projection {
 public:
  Projection(const Options& options, const DenseFile& file)
      : options_(options), file_(file), what_(projection_class(options, file.rows(), file.columns())) {}

  Outcome dry_run() const {
    const double rows = std::min(double(file_.bytes()), memory_budget(options_));
    Json json = description();
    json["memory_bytes"] = size_t(rows) + what_.parameters() * sizeof(T);
    json["seconds_estimate"] = estimate_seconds<T>(what_);
    json["shapes"] = {{"matrix", {file_.rows(), file_.columns()}},
                      {"slices", {what_.slices(), what_.slice_rows(), what_.slice_columns()}}};
    char text[160];
    std::snprintf(text, sizeof text, "%zu slices of %zu x %zu, %zu parameters, about %s\n", what_.slices(),
                  what_.slice_rows(), what_.slice_columns(), what_.parameters(),
                  format_duration(json["seconds_estimate"].get<double>()).c_str());
    return {json, text};
  }

  Outcome run() {
    const std::string out = options_.text("out");
    require_free(out, options_.toggle("overwrite"));
    const bool quiet = options_.toggle("quiet");
    Progress progress(quiet ? ProgressMode::none : parse_progress_mode(options_.text("progress")), "project",
                      double(what_.slices()), "slices");
    how_.memory_bytes = size_t(memory_budget(options_));
    how_.progress = [&](double share) { progress.update(share * double(what_.slices())); };
    how_.with_spectrum = options_.has("spectrum");
    const Timer timer;
    std::visit([&](const auto& shape) { project_onto(shape); }, what_.shape);
    progress.finish();
    draw();

    Json json = {{"in", options_.text("in")}, {"out", out}};
    json.update(description());
    json["relative_error"] = report_.relative_error();
    json["seconds"] = seconds_;
    json["seconds_reading"] = seconds_reading_;
    json["seconds_total"] = timer.seconds();
    char text[200];
    std::snprintf(text, sizeof text, "%s: relative error %.6g with %zu of %zu parameters, in %s\n",
                  out.c_str(), report_.relative_error(), what_.parameters(), file_.rows() * file_.columns(),
                  format_duration(timer.seconds()).c_str());
    return {json, text};
  }

 private:
  Json description() const {
    Json json = what_.sizes();
    json["rows"] = file_.rows();
    json["columns"] = file_.columns();
    json["type"] = io::name_of(file_.type());
    json["parameters"] = what_.parameters();
    json["dense_parameters"] = file_.rows() * file_.columns();
    return json;
  }

  /// Rows from the file, and how long they took.
  monarch::RowSource<T> source() {
    auto source = file_.source<T>();
    source.read = [this, read = source.read](size_t first, size_t count, T* data) {
      const Timer timer;
      read(first, count, data);
      seconds_reading_ += timer.seconds();
    };
    return source;
  }

  void project_onto(const monarch::MonarchShape& shape) {
    if (what_.is_padded)
      write(timed([&] { return monarch::project_padded(source(), shape, how_, &report_); }).matrix());
    else if (what_.rank > 1)
      write(monarch::to_product(
          timed([&] { return monarch::project_with_rank(source(), shape, what_.rank, how_, &report_); })));
    else
      write(
          timed([&] { return monarch::project(source(), shape, what_.input_permutation, how_, &report_); }));
  }
  void project_onto(const monarch::RectangularShape& shape) {
    const auto m = timed([&] { return monarch::project(source(), shape, how_, &report_); });
    if (shape.left_rows % shape.right_rows == 0)
      write(monarch::to_monarch(m));
    else
      write(monarch::to_product(monarch::to_block_tensor_train(m)));
  }
  void project_onto(const monarch::NblocksShape& shape) {
    write(timed([&] { return monarch::project(source(), shape, how_, &report_); }).matrix());
  }

  template <class Work>
  auto timed(const Work& work) {
    const Timer timer;
    try {
      auto result = work();
      seconds_ = timer.seconds();
      return result;
    } catch (const DataError& error) {
      throw DataError(options_.text("in") + ": " + error.what());
    }
  }

  template <class M>
  void write(const M& m) const {
    MonarchAttributes attributes{{"relative_error", report_.relative_error()}};
    const Json sizes = what_.sizes();
    for (const auto& [name, value] : sizes.items()) {
      if (value.is_string())
        attributes[name] = value.template get<std::string>();
      else if (value.is_array())
        attributes[name] = value.template get<std::vector<std::int64_t>>();
      else
        attributes[name] = value.template get<std::int64_t>();
    }
    write_monarch<T>(options_.text("out"), m, file_.rows(), file_.columns(), attributes);
  }

  void draw() const {
    if (options_.has("error-picture")) draw_slice_errors(options_.text("error-picture"), report_);
    if (options_.has("spectrum"))
      draw_spectrum(options_.text("spectrum"), report_.spectrum, what_.slice_rank());
  }

  const Options& options_;
  const DenseFile& file_;
  ProjectionClass what_;
  monarch::ProjectionOptions how_;
  monarch::ProjectionReport report_;
  double seconds_ = 0, seconds_reading_ = 0;
};

Outcome run_project(const Options& options) {
  const DenseFile file(options.text("in"), options.text("name"));
  return with_scalar(file.type(), [&]<class T>(T) {
    Projection<T> projection(options, file);
    return options.toggle("dry-run") ? projection.dry_run() : projection.run();
  });
}

}  // namespace

Verb project_verb() {
  Verb verb;
  verb.name = "project";
  verb.summary = "finds the closest Monarch matrix to a dense one, in the Frobenius norm";
  verb.options = {
      common_option("config"),
      path_option("in", "dense matrix: /matrix of an HDF5 file, a NumPy .npy, a MATLAB file").required(),
      text_option("name", "", "array to read").note("/matrix, or the only one"),
      text_option("block", "", "block size b; or b1,b2,b3 of a rectangular Monarch matrix")
          .note("of a square matrix the divisor of n nearest sqrt(n)"),
      integer_option("nblocks", "", 1, 1e6,
                     "project onto the layer with this many blocks in both factors instead"),
      integer_option("rank", "1", 1, 1e6, "rank of each slice"),
      toggle_option("pad", "false", "fill up with zeros where the block size does not divide"),
      choice_option("order", "natural", {"natural", "strided"},
                    "order of the inputs; strided is that in which the DFT is a Monarch matrix"),
      path_option("spectrum", "PNG of the singular values of all slices").transient(),
      path_option("error-picture", "PNG of the relative error of each slice").transient(),
      positive_option("memory-budget", "", 1e6, "rows of the matrix held in memory")
          .in("GiB")
          .note("half of the memory that is free")
          .transient(),
  };
  for (const char* name : {"out", "threads", "json", "quiet", "progress", "dry-run", "overwrite", "help"})
    verb.options.push_back(common_option(name));
  verb.examples = {"danaus-matrix project --in A.h5 --block 32 --out M.h5",
                   "danaus-matrix project --in weight.npy --nblocks 4 --error-picture error.png --out M.h5"};
  verb.run = run_project;
  return verb;
}

}  // namespace danaus::app
