#pragma once

#include <danaus/core/complex.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace danaus::io {

/// What ISMRMRD's header of an image says, as far as it is known here.
struct IsmrmrdImage {
  std::array<float, 3> field_of_view{};                       ///< mm
  std::array<float, 3> position{};                            ///< of its centre, mm
  std::array<float, 3> read_dir{}, phase_dir{}, slice_dir{};  ///< unit vectors, patient coordinates
  std::uint16_t slice = 0, contrast = 0;
};

/// Writes complex images of one size as Dataset::appendImage of the reference library does (libismrmrd; Inati
/// et al. 2017, doi:10.1002/mrm.26089):
///
///     /dataset/NAME/header      (image) ISMRMRD_ImageHeader, a compound
///     /dataset/NAME/data        (image, channel = 1, z, y, x) compound {real, imag} f32, x fastest
///     /dataset/NAME/attributes  (image) texts of variable length: `meta`, an ISMRMRD meta container
///
/// It appears under its name complete and re-read, or not at all. It carries no digest block: the reference
/// library opens files for writing, and would break it.
///
/// @param matrix_size  x, y, z
/// @param meta         names and values
/// @param data_of      (z, y, x) of an image; asked for in order, twice: to write and to compare
/// @throws IoError naming the file and the reason; ShapeError for extents above 65535
void write_ismrmrd_images(const std::filesystem::path& path, const std::string& name,
                          const std::array<std::size_t, 3>& matrix_size,
                          const std::vector<IsmrmrdImage>& images,
                          const std::vector<std::pair<std::string, std::string>>& meta,
                          const std::function<std::vector<Complex<float>>(std::size_t image)>& data_of);

}  // namespace danaus::io
