#include "picture.hpp"

#include "html.hpp"

#include <danaus/io/image.hpp>

#include <algorithm>
#include <cstdio>

namespace danaus::app {
namespace {

io::ColourMap map_of(PictureColors colors) {
  return colors == PictureColors::diverging ? io::ColourMap::blue_red : io::ColourMap::viridis;
}

std::string image_html(const io::Image& image, const std::string& alt) {
  return "<img alt=\"" + html_escaped(alt) + "\" src=\"data:image/png;base64," +
         io::base64(io::encode_png(image)) + "\">";
}

std::string number(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", x);
  return text;
}

}  // namespace

ValueRange range_of(const std::vector<const GridField*>& fields, PictureColors colors) {
  double low = 0, high = 0;
  bool first = true;
  for (const GridField* field : fields) {
    const auto [field_low, field_high] = colors == PictureColors::diverging
                                             ? io::symmetric_range(field->values)
                                             : io::value_range(field->values);
    low = first ? field_low : std::min(low, field_low);
    high = first ? field_high : std::max(high, field_high);
    first = false;
  }
  return {low, high > low ? high : low + 1};
}

std::string picture_html(const GridField& field, ValueRange range, PictureColors colors,
                         const std::string& alt) {
  // Few points are enlarged here rather than blurred by the browser.
  const std::size_t scale = std::max<std::size_t>(1, 128 / std::max(field.points_x, field.points_y));
  return image_html(io::draw_field(field.values, field.points_x, field.points_y, {range.low, range.high},
                                   map_of(colors), scale),
                    alt);
}

std::string color_bar_html(ValueRange range, PictureColors colors, const std::string& caption) {
  constexpr std::size_t steps = 128;
  std::vector<float> ramp(steps);
  for (std::size_t i = 0; i < steps; ++i) ramp[i] = float(i) / float(steps - 1);
  const auto bar = io::draw_field(ramp, steps, 1, {0.0, 1.0}, map_of(colors));
  return "<span class=\"bar\"><span>" + html_escaped(caption) + "</span><span>" + number(range.low) +
         "</span>" + image_html(bar, "colour scale") + "<span>" + number(range.high) + "</span></span>";
}

}  // namespace danaus::app
