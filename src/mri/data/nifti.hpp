#pragma once

#include <danaus/mri/data/image_file.hpp>

namespace danaus::mri::detail {

/// NIfTI-1 single file (https://nifti.nimh.nih.gov/nifti-1): 348-byte header, no extension, f32 magnitudes
/// with x fastest. The affine (sform, scanner anatomy unknown: code 1) has the voxel sizes on its diagonal
/// and the centre of the volume at the origin.
void write_nifti(const std::filesystem::path& path, const ScanDescription& scan, const ImageVolume& image);

}  // namespace danaus::mri::detail
