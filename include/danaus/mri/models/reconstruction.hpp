#pragma once

#include <danaus/mri/data/scan.hpp>
#include <danaus/mri/models/method.hpp>

namespace danaus::mri {

/// Where sensitivities come from: the scan itself, or a file of maps for it.
class MapSource {
 public:
  explicit MapSource(std::shared_ptr<const Scan> scan) : scan_(std::move(scan)) {}
  /// @param path  HDF5 with /maps (x, y, z, coil, map), or a cfl with axes as the scan's and MAPS
  /// @throws DataError naming both shapes if they are not of this scan
  MapSource(std::shared_ptr<const Scan> scan, const std::filesystem::path& path);

  size_t map_count() const;
  /// Bytes of maps that it keeps in memory.
  size_t held_bytes() const;
  /// (y, z, coil, map)
  HostTensor<Complex<float>, 4> read(size_t slice) const;

 private:
  struct File;
  std::shared_ptr<const Scan> scan_;
  std::shared_ptr<const File> file_;
};

/// Image of one slice, (echo, y, z) of the wanted size. Several map sets become one image: the root sum of
/// squares of the magnitudes with the phase of the first.
HostTensor<Complex<float>, 3> to_image(const HostTensor<Complex<float>, 4>& x, size_t image_rows,
                                       size_t image_columns);

/// Reconstructs a slice: copies it to the device, runs the method, limits the image to a band where the
/// settings say one, copies it back. Pixels where all sensitivities are zero are zero.
///
/// @param kspace  (echo, ky, kz, coil); samples outside the mask are ignored
/// @param maps    (y, z, coil, map)
/// @param mask    of the full plane
HostTensor<Complex<float>, 4> reconstruct_slice(const Exec& space, const Method& method,
                                                const MethodSettings& settings,
                                                const HostTensor<Complex<float>, 4>& kspace,
                                                const HostTensor<Complex<float>, 4>& maps, const Mask& mask,
                                                const Monitor& monitor = {});

/// Host and device bytes while a slice is reconstructed.
size_t reconstruction_bytes(const Method& method, const ScanDescription& scan, size_t map_count);

}  // namespace danaus::mri
