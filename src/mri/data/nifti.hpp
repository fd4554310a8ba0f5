#pragma once

#include <danaus/mri/data/image_file.hpp>

namespace danaus::mri::detail {

/// NIfTI-1 single file (https://nifti.nimh.nih.gov/nifti-1): 348-byte header, no extension, f32 magnitudes
/// (x, y, z, echo) with x fastest. Where the scan says how it lies in the patient, qform and sform say it in
/// scanner coordinates (code 1; right, anterior, superior). Else both codes are 0 and only the voxel sizes
/// hold; without those either they are 1, of unknown unit. The description says what is unknown.
void write_nifti(const std::filesystem::path& path, const ScanDescription& scan, const ImageVolume& image);

}  // namespace danaus::mri::detail
