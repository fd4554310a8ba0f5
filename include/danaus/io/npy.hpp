#pragma once

#include <danaus/io/array_type.hpp>

#include <filesystem>

namespace danaus::io {

/// An array in memory, row-major.
template <class T>
struct Array {
  Extents shape;
  std::vector<T> data;
};

/// What the header of a NumPy file says.
/// Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, versions 1 to 3.
struct NpyHeader {
  ArrayInfo info;
  bool fortran_order = false;  ///< the first axis is the fastest in the file
  std::uint64_t data_offset = 0;
};

/// Checks the header and that the file holds exactly the data it describes. Little-endian numbers of any
/// size; bool is u8. @throws DataError, MissingInputError
NpyHeader read_npy_header(const std::filesystem::path& path);

/// Whether the file begins with NumPy's magic.
bool is_npy(const std::filesystem::path& path);

/// The whole array, row-major whatever its order in the file. T: float, double or complex; converts real to
/// real and complex to complex.
template <class T>
Array<T> read_npy(const std::filesystem::path& path);

/// Entries [first, first + count) along the first axis of an array of rank 1 or 2 with this header,
/// row-major, without reading the others: for arrays larger than memory. Conversions as read_npy.
/// @throws DataError, ShapeError if the array has no such entries
template <class T>
void read_npy_rows(const std::filesystem::path& path, const NpyHeader& header, size_t first, size_t count,
                   T* data);

/// Version 1, row-major, the type of T. Written atomically. @throws IoError
template <class T>
void write_npy(const std::filesystem::path& path, const Extents& shape, const T* data);

}  // namespace danaus::io
