#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/mri/data/cfl.hpp>
#include <mri/data/slice_window.hpp>

#include <memory>

namespace danaus::io {
class FileDescriptor;
}

namespace danaus::mri::detail {

/// The extents of a cfl pair and its data file, whose size is that of the extents.
struct OpenCfl {
  std::filesystem::path base;
  std::array<size_t, CflArray::rank> shape;
  std::shared_ptr<const io::FileDescriptor> file;
};
/// @throws as read_cfl
OpenCfl open_cfl_file(const std::filesystem::path& base);

/// A cfl pair of coil data slice by slice, in the order (set, row, column, coil): sets are the file's echoes
/// or its maps. Some slices at a time are held in memory, `window_bytes` of them: a volume, whose slices lie
/// along READ, the file's fastest axis, is read through once for each window.
///
/// Of a volume, the plane is (PHS1, PHS2); of a flat scan, without PHS2, it is (READ, PHS1) and slices lie
/// along SLICE.
class CflSlices {
 public:
  /// @param set_axis  CflArray::echo or CflArray::maps; other axes than that and those above have one point
  /// @param inverse   slices are inverse-transformed along READ, centred and unitary; for volumes
  /// @throws DataError naming the axis
  CflSlices(const OpenCfl& cfl, size_t set_axis, bool inverse, size_t window_bytes = default_window_bytes);

  size_t slices() const { return slices_; }
  size_t rows() const { return rows_; }
  size_t columns() const { return columns_; }
  size_t coils() const { return coils_; }
  size_t sets() const { return sets_; }
  bool is_flat() const { return flat_; }

  /// (set, row, column, coil). Valid until the next call. @throws IoError
  const Complex<float>* slice(size_t index) const;
  /// Most that is held.
  size_t held_bytes() const { return window_.held_bytes(); }

 private:
  size_t stride(size_t axis) const;
  void load_flat(size_t first, size_t count, Complex<float>* samples) const;
  void load_volume(size_t first, size_t count, Complex<float>* samples) const;
  void require_axes() const;

  OpenCfl cfl_;
  size_t set_axis_;
  bool flat_, inverse_;
  size_t slices_, rows_, columns_, coils_, sets_;
  mutable SliceWindow window_;  // (slice, set, row, column, coil)
};

}  // namespace danaus::mri::detail
