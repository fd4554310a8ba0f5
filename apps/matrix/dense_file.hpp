#pragma once

#include <danaus/io/array_source.hpp>
#include <danaus/monarch/projection.hpp>

#include <filesystem>
#include <memory>
#include <optional>

namespace danaus::app {

/// A dense matrix in a file: HDF5, NumPy or MATLAB. Rows are read when they are needed.
class DenseFile {
 public:
  /// @param name  of the array; empty: `/matrix`, or the only array of the file
  /// @throws MissingInputError, DataError unless it is a matrix of numbers
  DenseFile(const std::filesystem::path& path, const std::string& name);

  size_t rows() const { return info_.shape[0]; }
  size_t columns() const { return info_.shape[1]; }
  /// f32, f64, c64 or c128: what the numbers are worked on as. Integers are f64.
  io::ScalarType type() const;
  size_t bytes() const { return rows() * columns() * io::size_of(type()); }

  /// T: type() or, for real numbers and complex ones each, the other precision.
  template <class T>
  void read_rows(size_t first, size_t count, T* data) const;
  template <class T>
  monarch::RowSource<T> source() const;
  template <class T>
  HostTensor<T, 2> read() const;

 private:
  std::filesystem::path path_;
  std::string name_;
  io::ArrayInfo info_;
  std::optional<io::NpyHeader> npy_;
  std::shared_ptr<io::ArraySource> source_;
};

/// Calls work(T()) with the C++ type of f32, f64, c64 or c128.
template <class Work>
auto with_scalar(io::ScalarType type, const Work& work) {
  switch (type) {
    case io::ScalarType::f32:
      return work(float());
    case io::ScalarType::c64:
      return work(Complex<float>());
    case io::ScalarType::c128:
      return work(Complex<double>());
    default:
      return work(double());
  }
}

/// The type that holds the products of numbers of both types.
io::ScalarType promoted(io::ScalarType a, io::ScalarType b);

/// Writes a dense matrix (row, column): NumPy if the path ends in .npy, else HDF5 as `/matrix`.
template <class T>
void write_dense(const std::filesystem::path& path, const HostTensor<T, 2>& a);

/// @throws UsageError if --out exists and may not be replaced
void require_free(const std::filesystem::path& out, bool overwrite);

/// Bytes that this process may still use.
double available_memory();

}  // namespace danaus::app
