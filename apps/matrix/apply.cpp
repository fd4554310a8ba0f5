#include "dense_file.hpp"
#include "monarch_file.hpp"
#include "verbs.hpp"

#include <danaus/core/error.hpp>
#include <danaus/core/progress.hpp>
#include <danaus/core/timer.hpp>

#include <algorithm>
#include <cmath>

namespace danaus::app {
namespace {

/// Rows first .. first + count - 1 as T, widened from real where it must be.
template <class T>
HostTensor<T, 2> read_rows(const DenseFile& file, size_t first, size_t count) {
  const HostTensor<T, 2> x("rows", count, file.columns());
  if (io::is_complex(file.type()) == is_complex_v<T>) {
    file.read_rows(first, count, x.data());
  } else {
    std::vector<real_t<T>> real(x.size());
    file.read_rows(first, count, real.data());
    std::copy(real.begin(), real.end(), x.data());
  }
  for (size_t e = 0; e < x.size(); ++e)
    if (!std::isfinite(Kokkos::real(x.data()[e])) || !std::isfinite(Kokkos::imag(x.data()[e])))
      throw DataError("a number that is not finite in row " + std::to_string(first + e / file.columns()) +
                      ", column " + std::to_string(e % file.columns()));
  return x;
}

template <class T>
Outcome apply(const Options& options, const io::Hdf5Reader& reader, const DenseFile& vectors) {
  const auto m = read_monarch<T>(reader);
  const bool adjoint = options.toggle("adjoint");
  const auto [rows, columns] =
      std::visit([](const auto& matrix) { return std::pair(matrix.rows(), matrix.columns()); }, m);
  const size_t inputs = adjoint ? rows : columns, outputs = adjoint ? columns : rows;
  if (vectors.columns() != inputs)
    throw DataError(options.text("in") + ": rows of " + std::to_string(vectors.columns()) + " numbers; " +
                    options.text("matrix") + (adjoint ? ", adjoint, takes " : " takes ") +
                    std::to_string(inputs));
  const size_t count = vectors.rows(), batch = std::min(count, options.size("batch"));
  Progress progress(
      options.toggle("quiet") ? ProgressMode::none : parse_progress_mode(options.text("progress")), "apply",
      double(count), "vectors");
  const Timer timer;
  const HostTensor<T, 2> y("result", count, outputs);
  for (size_t first = 0; first < count; first += batch) {
    const size_t now = std::min(batch, count - first);
    const auto x = [&] {
      try {
        return read_rows<T>(vectors, first, now);
      } catch (const DataError& error) {
        throw DataError(options.text("in") + ": " + error.what());
      }
    }();
    const auto part =
        std::visit([&](const auto& matrix) { return adjoint ? matrix.adjoint(x) : matrix.apply(x); }, m);
    std::copy_n(part.data(), part.size(), y.data() + first * outputs);
    progress.update(double(first + now));
  }
  progress.finish();
  const double seconds = timer.seconds();
  write_dense<T>(options.text("out"), y);
  Json json = {{"matrix", options.text("matrix")}, {"in", options.text("in")}, {"out", options.text("out")}};
  json["shape"] = {count, outputs};
  json["seconds"] = seconds;
  return {json, options.text("out") + ": " + std::to_string(count) + " vectors of " +
                    std::to_string(outputs) + " numbers\n"};
}

Outcome run_apply(const Options& options) {
  require_free(options.text("out"), options.toggle("overwrite"));
  const io::Hdf5Reader reader(options.text("matrix"));
  const MonarchDescription d = describe_monarch(reader);
  const DenseFile vectors(options.text("in"), options.text("name"));
  return with_scalar(promoted(d.type, vectors.type()),
                     [&]<class T>(T) { return apply<T>(options, reader, vectors); });
}

}  // namespace

Verb apply_verb() {
  Verb verb;
  verb.name = "apply";
  verb.summary = "multiplies vectors by a Monarch matrix: each row x of the input becomes M x";
  verb.options = {
      common_option("config"),
      path_option("matrix", "Monarch matrix, as the other verbs write it").required(),
      path_option("in", "vectors, one in each row of /matrix: HDF5, NumPy or MATLAB").required(),
      text_option("name", "", "array to read").note("/matrix, or the only one"),
      toggle_option("adjoint", "false", "multiply by M* instead"),
      integer_option("batch", "256", 1, 1e9, "vectors at a time"),
  };
  for (const char* name : {"out", "threads", "json", "quiet", "progress", "overwrite", "help"})
    verb.options.push_back(common_option(name));
  verb.examples = {"danaus-matrix apply --matrix M.h5 --in X.h5 --out Y.h5"};
  verb.run = run_apply;
  return verb;
}

}  // namespace danaus::app
