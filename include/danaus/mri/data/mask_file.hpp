#pragma once

#include <danaus/io/hdf5_writer.hpp>
#include <danaus/mri/masks/mask.hpp>

#include <filesystem>

namespace danaus::mri {

/// Reads a mask by content: our HDF5 (/mask (ky, kz)), any HDF5 with a rank-2 or rank-1 array /mask, a cfl
/// pair (its two axes of more than one point, 0 = not sampled), or a PNG (rows ky, columns kz, white =
/// sampled).
/// @throws MissingInputError, DataError if it is none of them
Mask read_mask(const std::filesystem::path& path);

/// Writes by extension: .h5 (with the options as attributes), .cfl or .hdr, .png.
/// @throws UsageError naming the extensions, IoError
void write_mask(const std::filesystem::path& path, const io::FileHeader& header, const MaskOptions& options,
                const Mask& mask);

}  // namespace danaus::mri
