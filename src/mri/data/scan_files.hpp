#pragma once

#include <danaus/io/hdf5_reader.hpp>
#include <danaus/mri/data/scan.hpp>
#include <mri/data/slice_window.hpp>

/// The readers behind open_scan, one per format.
namespace danaus::mri::detail {

bool is_skm_tea(const io::Hdf5Reader& reader);
std::shared_ptr<const Scan> open_skm_tea(io::Hdf5Reader reader);

bool is_fastmri(const io::Hdf5Reader& reader);
std::shared_ptr<const Scan> open_fastmri(io::Hdf5Reader reader);

std::shared_ptr<const Scan> open_ismrmrd(const std::filesystem::path& path,
                                         size_t window_bytes = default_window_bytes);

std::shared_ptr<const Scan> open_cfl(const std::filesystem::path& path);

}  // namespace danaus::mri::detail
