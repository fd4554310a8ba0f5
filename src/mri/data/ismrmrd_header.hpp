#pragma once

#include <array>
#include <optional>
#include <string>

namespace danaus::mri::detail {

/// What placing samples needs of ISMRMRD's flexible header: the first encoding.
struct IsmrmrdHeader {
  std::array<size_t, 3> encoded{}, reconstructed{};  ///< matrix sizes x, y, z
  std::array<double, 3> field_mm{};                  ///< of the reconstruction
  std::string trajectory;                            ///< "cartesian", "radial", ...
  std::optional<size_t> centre_1, centre_2;          ///< k-space centre of both phase encodings
};

/// Reads the elements it needs and no others. Document types and entities are refused: nothing is ever
/// expanded.
/// @throws DataError naming `file` and the element
IsmrmrdHeader parse_ismrmrd_header(const std::string& xml, const std::string& file);

}  // namespace danaus::mri::detail
