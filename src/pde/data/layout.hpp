#pragma once

#include <danaus/io/array_source.hpp>

namespace danaus::pde {

/// Where a field lies: one array and its logical axes as letters: n sample, t frame, x, y, c channel.
struct FieldArray {
  std::string name;
  std::string axes;
  io::Extents shape;
  std::size_t extent(char axis) const {
    const std::size_t position = axes.find(axis);
    return position == std::string::npos ? 1 : shape[position];
  }
};

/// The arrays of a file in the terms of a DataDescription. The channels of several arrays are stacked in
/// order.
struct Layout {
  std::string name;
  bool is_static = false;
  std::vector<FieldArray> input;   ///< static problems only
  std::vector<FieldArray> output;  ///< the solution, or the series
  /// One array per sample, none of which has axis n: `output` is the pattern, these are the names.
  std::vector<std::string> sample_arrays;
  std::string times;  ///< name of the array of times, or empty
};

/// @throws DataError with what was expected and what was found
Layout recognize_layout(const io::ArraySource& file);

/// "FILE:NAME: what" as a DataError.
[[noreturn]] void fail(const io::ArraySource& file, const std::string& name, const std::string& what);

}  // namespace danaus::pde
