#pragma once

#include <danaus/io/hdf5_reader.hpp>
#include <danaus/io/mat5.hpp>
#include <danaus/io/npy.hpp>

#include <memory>
#include <variant>

namespace danaus::io {

/// Numeric arrays in the logical order of their axes, (sample, x, y, t), whatever file they come from: HDF5
/// of ours or of others, MATLAB 7.3 (HDF5 with its axes reversed on disk), MATLAB 5 to 7.2, NumPy.
///
/// An HDF5 array is taken as reversed if the file begins with the MATLAB header or the array has the
/// attribute `MATLAB_class`, and never for the look of its shape; `axes` overrides. Names are as in HDF5,
/// "/u"; the array of u.npy is "/u". HDF5 files are read slab by slab; an array of a MATLAB 5 file is held in
/// memory once it is used, as the last one used is.
class ArraySource {
 public:
  /// @param axes  the axis, as the file's own tools count it (h5ls, MATLAB for version 5, NumPy), that
  /// becomes axis
  ///     0, 1, ...; for arrays with as many axes as it has entries. {}: by the rules above. See
  ///     axis_permutation.
  /// @throws MissingInputError, DataError
  explicit ArraySource(const std::filesystem::path& path, std::vector<size_t> axes = {});

  const std::filesystem::path& path() const { return path_; }
  /// "Danaus HDF5", "HDF5", "MATLAB 7.3", "MATLAB 5" or "NumPy".
  std::string container() const;
  /// The HDF5 file beneath, for attributes; null for the others.
  const Hdf5Reader* hdf5() const;

  /// Full names of all arrays of numbers.
  std::vector<std::string> names() const;
  bool contains(const std::string& name) const;
  /// Logical shape, and the type in the file.
  ArrayInfo info(const std::string& name) const;
  Extents shape(const std::string& name) const { return info(name).shape; }
  /// As Hdf5Reader::require.
  ArrayInfo require(const std::string& name, int rank, const std::vector<ScalarType>& types,
                    const std::string& hint = "") const;

  /// Entries [first, first + count) along the first logical axis, row-major. T: float, double, Complex<float>
  /// or Complex<double>; real types are converted to T, and complex ones, but not into each other.
  template <class T>
  std::vector<T> read_slab(const std::string& name, size_t first, size_t count) const;
  template <class T>
  std::vector<T> read(const std::string& name) const;

 private:
  struct Npy {
    std::string name;
    NpyHeader header;
  };
  /// The last array that was read whole.
  struct Cache {
    std::string name;
    std::variant<std::vector<float>, std::vector<double>, std::vector<Complex<float>>,
                 std::vector<Complex<double>>>
        data;
  };

  [[noreturn]] void fail(const std::string& name, const std::string& what) const;
  /// Shape as it lies on disk, slowest axis first.
  ArrayInfo stored_info(const std::string& name) const;
  /// Which stored axis each logical axis is.
  std::vector<size_t> order(const std::string& name, size_t rank) const;
  template <class T>
  const std::vector<T>& whole(const std::string& name) const;

  std::filesystem::path path_;
  std::vector<size_t> axes_;
  bool matlab_header_ = false;
  std::variant<std::unique_ptr<Hdf5Reader>, std::unique_ptr<Mat5Reader>, Npy> file_;
  mutable Cache cache_;
};

/// The permutation that brings axes called `found`, "t,y,x,sample", into the order `wanted`, "sample,x,y,t".
/// @throws UsageError unless both name the same axes
std::vector<size_t> axis_permutation(const std::string& wanted, const std::string& found);

}  // namespace danaus::io
