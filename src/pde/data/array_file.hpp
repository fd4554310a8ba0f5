#pragma once

#include <danaus/core/error.hpp>
#include <danaus/io/array_type.hpp>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace danaus::pde {

/// Named arrays of numbers, whatever the file format.
class ArrayFile {
 public:
  virtual ~ArrayFile() = default;
  virtual bool has(const std::string& name) const = 0;
  virtual std::vector<std::string> names() const = 0;
  virtual std::vector<std::string> groups() const = 0;
  /// Checks that the array is there and real.
  /// @throws DataError naming file and array
  virtual io::ArrayInfo info(const std::string& name) const = 0;
  virtual void read_slab(const std::string& name, const io::Extents& first, const io::Extents& count,
                         float* data) const = 0;
  virtual std::vector<double> read_vector(const std::string& name) const = 0;
  virtual std::map<std::string, std::string> attributes() const = 0;
  /// Whether arrays have their axes in MATLAB's order, the reverse of what is documented.
  virtual bool is_reversed() const = 0;
  virtual std::string digest() const = 0;
  /// "FILE:NAME: what" as a DataError.
  [[noreturn]] void fail(const std::string& name, const std::string& what) const {
    throw DataError(path().string() + ":" + name + ": " + what);
  }
  virtual const std::filesystem::path& path() const = 0;
};

/// Opens HDF5 and MATLAB (v5, v7.3) files, by content.
std::unique_ptr<ArrayFile> open_array_file(const std::filesystem::path& path);

/// MATLAB v5.
bool is_mat5(const std::filesystem::path& path);
std::unique_ptr<ArrayFile> open_mat5(const std::filesystem::path& path);

/// XXH3-128 of a whole file.
std::string digest_of_file(const std::filesystem::path& path);

}  // namespace danaus::pde
