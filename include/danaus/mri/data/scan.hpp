#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/core/tensor.hpp>
#include <danaus/mri/masks/mask.hpp>

#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace danaus::mri {

/// Where a reconstructed volume lies in the patient. Coordinates in mm: left, posterior, superior, as in
/// ISMRMRD and DICOM.
struct ScanGeometry {
  std::array<std::array<double, 3>, 3> axes;  ///< unit vectors along x, y and z of the image
  std::array<double, 3> centre;               ///< of voxel (slices / 2, rows / 2, columns / 2)
};

/// A scan as slices of a phase-encoding plane, whatever file it comes from. Names of axes are those of the
/// reconstruction: slice x, plane (y, z), k-space plane (ky, kz).
struct ScanDescription {
  std::string path;
  std::string layout;  ///< "skm-tea", "fastmri", "fastmri-singlecoil", "cfl", "ismrmrd"
  size_t slices = 0, rows = 0, columns = 0, echoes = 1, coils = 1;
  /// The centre rectangle of the plane that the scanner can sample: masks are made at this shape.
  size_t acquired_rows = 0, acquired_columns = 0;
  /// Size of the wanted image: smaller than the plane where a format carries readout oversampling.
  size_t image_rows = 0, image_columns = 0;
  size_t map_count = 0;  ///< sets of sensitivity maps in the file; 0: none
  bool has_target = false;
  /// The target holds magnitudes only (fastMRI).
  bool has_magnitude_target = false;
  /// A stack of planes (readout, phase encoding), as in fastMRI, 2-D ISMRMRD scans and cfl files without
  /// PHS2; else a volume whose slices lie along the readout.
  bool has_flat_axes = false;
  std::vector<double> voxel_mm{1, 1, 1};  ///< x, y, z
  bool has_voxel_size = false;            ///< the file says it; else it is 1
  std::optional<ScanGeometry> geometry;   ///< where the file says it
  std::vector<std::string> masks;         ///< names of stored masks, "poisson_4.0x"
  std::string digest;                     ///< of a file of ours; empty for others
};

/// Reads one slice at a time: memory holds a slice, never the volume. Where slices lie along the readouts of
/// the file (volumes of cfl and ISMRMRD) it holds as many as fit into 256 MiB, at least one.
/// Samples are checked to be finite. Not for use by several threads at once.
///
/// @throws DataError naming the file, the array, what was expected and what was found
class Scan {
 public:
  virtual ~Scan() = default;
  const ScanDescription& description() const { return description_; }

  /// (echo, ky, kz, coil), centred.
  virtual HostTensor<Complex<float>, 4> read_kspace(size_t slice) const = 0;
  /// (y, z, coil, map). @throws DataError, saying how to make them, if the file has none
  virtual HostTensor<Complex<float>, 4> read_maps(size_t slice) const;
  /// (echo, y, z), of the image's size; the first map's where there are several.
  virtual HostTensor<Complex<float>, 3> read_target(size_t slice) const;
  /// In the acquired shape or that of the full plane; nothing if the file has no such mask.
  virtual std::optional<Mask> stored_mask(const std::string& name) const;
  /// (coil, coil), from noise scans or the file's /noise_covariance; nothing if it has neither.
  virtual std::optional<std::vector<Complex<double>>> noise_covariance() const { return std::nullopt; }
  /// Most bytes of samples that it keeps in memory; 0 if it reads each slice from the file.
  virtual size_t held_bytes() const { return 0; }
  /// Tissue index of each pixel of a synthetic scan, with names and T2 in seconds; empty for others.
  struct Tissues {
    std::vector<std::string> names;
    std::vector<double> t2;
  };
  virtual std::optional<Tissues> tissues() const { return std::nullopt; }
  virtual std::vector<std::uint8_t> read_tissues(size_t) const { return {}; }

 protected:
  ScanDescription description_;
};

/// Opens a file and finds out from its content what it is.
/// @throws MissingInputError, DataError naming the formats that are known; DICOM and non-Cartesian data are
/// named as
///     what they are
std::shared_ptr<const Scan> open_scan(const std::filesystem::path& path);

/// A mask for the scan's plane: one of the full shape as it is, one of the acquired shape padded centrally.
/// @throws DataError naming both shapes, or if no point is sampled
Mask fit_mask(const Mask& mask, const ScanDescription& scan, const std::string& name);

/// Which points of a slice any coil of any echo has samples at: what an undersampled file says about its
/// mask.
Mask sampled_points(const HostTensor<Complex<float>, 4>& kspace);

/// @throws DataError "FILE:NAME: expected finite values, found an infinity or nan in slice 3"
void require_finite_slice(const Complex<float>* values, size_t count, const std::string& where, size_t slice);

}  // namespace danaus::mri
