#pragma once

#include <danaus/core/tensor.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace danaus::io {

/// Rows from top to bottom, pixels from left to right, 1 (grey) or 3 (red, green, blue) bytes each.
struct Image {
  size_t width = 0, height = 0, channels = 3;
  std::vector<std::uint8_t> pixels;
};

/// @throws ShapeError if the pixels do not fill the image
std::vector<std::uint8_t> encode_png(const Image& image);
/// @throws IoError
void write_png(const std::filesystem::path& path, const Image& image);
/// As grey or RGB; transparency is dropped. At most 2^26 pixels. @throws DataError naming `name`
Image decode_png(const std::vector<std::uint8_t>& bytes, const std::string& name);
/// @throws MissingInputError, DataError
Image read_png(const std::filesystem::path& path);

/// RFC 4648 with padding, for `data:image/png;base64,...` in a report.
std::string base64(const std::vector<std::uint8_t>& bytes);

using Colour = std::array<std::uint8_t, 3>;

/// `viridis`: perceptually uniform and sequential (van der Walt and Smith, https://bids.github.io/colormap,
/// CC0), ten of its colours at equal distances, linear between them. `blue_red`: diverging about a neutral
/// middle, ColorBrewer's 11-class RdBu reversed (Harrower and Brewer 2003, doi:10.1179/000870403235002042).
/// `grey`: from black to white.
enum class ColourMap { viridis, blue_red, grey };

/// @param position  clamped to [0, 1]; nan gives a purple that no map holds
Colour colour_at(ColourMap map, double position);

/// Smallest and largest finite value; {0, 1} if there are none.
std::pair<double, double> value_range(const std::vector<float>& field);
/// {-a, a} about the largest finite |value| a, for a diverging map; a = 1 if there are none.
std::pair<double, double> symmetric_range(const std::vector<float>& field);

/// A field (x, y), row-major, as a picture with x to the right and y upwards, each entry `scale` x `scale`
/// pixels.
/// @throws ShapeError if the field does not have x_size * y_size entries
Image draw_field(const std::vector<float>& field, size_t x_size, size_t y_size,
                 std::pair<double, double> range, ColourMap map, size_t scale = 1);

}  // namespace danaus::io
