#pragma once

#include <danaus/io/ismrmrd_file.hpp>
#include <mri/data/ismrmrd_geometry.hpp>
#include <mri/data/ismrmrd_header.hpp>

namespace danaus::mri::detail {

/// A line of k-space along the readout: of slice 0 of a volume, of z = 0 of a plane.
struct IsmrmrdLine {
  size_t slice, echo, y, z;
  size_t first, last;  ///< of `readouts`: those that fill it, later ones over earlier ones
};

/// Where the readouts of a Cartesian scan belong, from their headers alone.
struct IsmrmrdLines {
  size_t slices = 0, echoes = 0, coils = 0;
  size_t samples = 0;              ///< of all image readouts and coils
  size_t largest_readout = 0;      ///< samples of all coils
  std::vector<IsmrmrdLine> lines;  ///< by slice; within one by their first readout, as they lie in the file
  std::vector<size_t> readouts;    ///< numbers in the file
  std::vector<size_t> noise;       ///< numbers of noise readouts
  std::vector<std::optional<SlicePlace>> places;  ///< per slice, of its first readout
};

/// Calibration lines that are not images too, navigators, feedback and dummies are left out.
/// @throws DataError naming `file` and what lies outside the encoded matrix, or series, or slabs
IsmrmrdLines find_lines(const io::IsmrmrdReader& reader, const IsmrmrdHeader& header,
                        const std::string& file);

/// The samples [first, last) of a readout that belong to the image, of which the first lies at `x`. A readout
/// that was taken backwards is counted from its end.
struct IsmrmrdSpan {
  size_t first, last, x;
  bool is_reversed;
};
/// @param coils, extent  that it must have and fit into
/// @throws DataError naming `file`
IsmrmrdSpan image_span(const io::IsmrmrdHead& readout, size_t coils, size_t extent, const std::string& file);

}  // namespace danaus::mri::detail
