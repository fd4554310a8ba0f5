#pragma once

#include <string>
#include <vector>

namespace danaus::app {

/// A field on a grid, (x, y).
struct GridField {
  std::size_t points_x = 0, points_y = 0;
  std::vector<float> values;
};

/// `diverging` for fields with both signs, `sequential` for others and for errors.
enum class PictureColors { diverging, sequential };

/// Values at the ends of the colour scale.
struct ValueRange {
  double low = 0, high = 1;
};

/// The range of all values, symmetric about 0 for diverging colours.
ValueRange range_of(const std::vector<const GridField*>& fields, PictureColors colors);

/// `<img>` with the field as a PNG inside; x to the right, y upwards.
std::string picture_html(const GridField& field, ValueRange range, PictureColors colors,
                         const std::string& alt);

/// The colour scale with its ends and a caption.
std::string color_bar_html(ValueRange range, PictureColors colors, const std::string& caption);

}  // namespace danaus::app
