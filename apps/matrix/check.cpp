#include "dense_file.hpp"
#include "monarch_file.hpp"
#include "verbs.hpp"

#include <common/check_files.hpp>

#include <danaus/core/error.hpp>
#include <danaus/io/finite.hpp>

#include <cmath>

namespace danaus::app {
namespace {

namespace fs = std::filesystem;

std::string check_dense(const fs::path& path) {
  const DenseFile file(path, "");
  with_scalar(file.type(), [&]<class T>(T) {
    std::vector<T> row(file.columns());
    for (size_t r = 0; r < file.rows(); ++r) {
      file.read_rows(r, 1, row.data());
      for (size_t c = 0; c < row.size(); ++c)
        if (!std::isfinite(Kokkos::real(row[c])) || !std::isfinite(Kokkos::imag(row[c])))
          throw DataError(path.string() + ": a number that is not finite in row " + std::to_string(r) +
                          ", column " + std::to_string(c));
    }
  });
  return "matrix";
}

std::string check_content(const fs::path& path) {
  if (io::is_npy(path)) return check_dense(path);
  const io::Hdf5Reader reader(path);
  io::require_all_finite(reader);
  if (!is_monarch(reader)) return check_dense(path);
  with_scalar(describe_monarch(reader).type, [&]<class T>(T) { read_monarch<T>(reader); });
  return "monarch";
}

}  // namespace

Verb check_verb() {
  Verb verb = check_files_verb("danaus-matrix", check_content);
  verb.examples = {"danaus-matrix check M.h5 A.npy"};
  return verb;
}

}  // namespace danaus::app
