#pragma once

#include <danaus/io/hdf5_writer.hpp>
#include <danaus/mri/data/scan.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace danaus::mri {

/// A reconstructed scan: (x, y, z, echo), echoes side by side.
struct ImageVolume {
  size_t slices = 0, rows = 0, columns = 0, echoes = 1;
  size_t first_slice = 0;  ///< of the scan
  std::vector<Complex<float>> values;

  ImageVolume() = default;
  ImageVolume(size_t slices, size_t rows, size_t columns, size_t echoes)
      : slices(slices),
        rows(rows),
        columns(columns),
        echoes(echoes),
        values(slices * rows * columns * echoes) {}
  Complex<float>& at(size_t x, size_t y, size_t z, size_t echo) {
    return values[((x * rows + y) * columns + z) * echoes + echo];
  }
  Complex<float> at(size_t x, size_t y, size_t z, size_t echo) const {
    return values[((x * rows + y) * columns + z) * echoes + echo];
  }
  /// Puts (echo, y, z) in its place.
  void set_slice(size_t x, const HostTensor<Complex<float>, 3>& image);
};

/// "danaus", "fastmri", "ismrmrd", "cfl", "nifti", "png".
const std::vector<std::string>& image_format_names();
/// By extension: .h5 danaus, .cfl or .hdr cfl, .nii nifti, .png png. @throws UsageError naming them
std::string image_format_of(const std::filesystem::path& path);

/// Writes a reconstruction:
///
/// - danaus: HDF5, /reconstruction (x, y, z, echo) c64
/// - fastmri: HDF5, /reconstruction (slice, height, width) f32 magnitudes; a submission has this and the
///   scan's file name
/// - ismrmrd: complex images /dataset/image_0/{header, data, attributes}: one volume per echo, or of a stack
///   of planes one image per slice and echo; no digest block, for it is other programs' layout
/// - cfl: axes as BART's for the scan: READ, PHS1, PHS2 and TE, or READ, PHS1, TE and SLICE of flat scans
/// - nifti: NIfTI-1 (.nii), f32 magnitudes (x, y, z, echo), with voxel sizes and orientation where the scan's
///   format carries them
/// - png: the middle slice: for each echo magnitude and phase, and with a target that and the error
///
/// @param target  for png; may be null
/// @throws UsageError for fastmri with several echoes
void write_image(const std::filesystem::path& path, const std::string& format, const io::FileHeader& header,
                 const ScanDescription& scan, const ImageVolume& image, const ImageVolume* target = nullptr);

/// Reads what write_image() writes as danaus, or another program in the same layout: HDF5, /reconstruction
/// (x, y, z, echo), complex or real.
/// @throws DataError unless it has the shape of the scan's image and finite numbers
ImageVolume read_image(const std::filesystem::path& path, const ScanDescription& scan);

}  // namespace danaus::mri
