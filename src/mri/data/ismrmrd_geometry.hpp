#pragma once

#include <danaus/mri/data/scan.hpp>

namespace danaus::mri::detail {

/// What a readout's header says of its slice: centre in mm and unit vectors along readout, phase encoding and
/// slice, in patient coordinates.
struct SlicePlace {
  std::array<float, 3> position, read_dir, phase_dir, slice_dir;
};

/// Sets the scan's geometry, if the places say one: directions that are orthonormal and the same for all
/// slices, and slices that lie side by side at equal distances, which then is the size of a voxel along x
/// (gaps between slices included). Without it the scan keeps voxel sizes alone.
///
/// @param is_volume  axes (readout, phase, slice direction); else a stack: (slice direction, readout, phase)
/// @param places     per slice; one of a volume
void find_geometry(ScanDescription& scan, bool is_volume,
                   const std::vector<std::optional<SlicePlace>>& places);

}  // namespace danaus::mri::detail
