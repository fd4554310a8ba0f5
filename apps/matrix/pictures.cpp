#include "pictures.hpp"

#include <danaus/io/image.hpp>

#include <algorithm>
#include <cmath>

namespace danaus::app {
namespace {

constexpr size_t picture_size = 512;
constexpr double most_decades = 16;

/// As large as fits the picture, one pixel at least.
size_t scale_for(size_t cells) { return std::max<size_t>(1, picture_size / cells); }

}  // namespace

void draw_slice_errors(const std::filesystem::path& path, const monarch::ProjectionReport& report) {
  const std::vector<float> field(report.slice_error.begin(), report.slice_error.end());
  io::write_png(
      path, io::draw_field(field, report.slice_rows, report.slice_columns, {0.0, 1.0}, io::ColourMap::viridis,
                           scale_for(std::max(report.slice_rows, report.slice_columns))));
}

void draw_spectrum(const std::filesystem::path& path, const std::vector<double>& spectrum, size_t kept) {
  // Whole decades, as many as the values span; rounding ends them at 16.
  double span = 1;
  for (double sigma : spectrum)
    if (sigma > 0) span = std::max(span, std::ceil(std::log10(spectrum[0] / sigma)));
  const double decades = std::min(span, most_decades);
  const size_t bars = std::max<size_t>(1, spectrum.size()), height = picture_size / 2;
  std::vector<float> field(bars * height, 0.0F);  // (bar, level), level 0 at the bottom
  for (size_t q = 0; q < spectrum.size(); ++q) {
    if (!(spectrum[q] > 0)) continue;
    const double share = 1 + std::log10(spectrum[q] / spectrum[0]) / decades;
    const size_t top = size_t(std::clamp(share, 0.0, 1.0) * double(height));
    std::fill_n(field.begin() + ptrdiff_t(q * height), std::max<size_t>(top, 1), q < kept ? 1.0F : 0.4F);
  }
  io::Image narrow = io::draw_field(field, bars, height, {0.0, 1.0}, io::ColourMap::viridis);
  const size_t width = scale_for(bars);
  io::Image image{narrow.width * width, narrow.height, narrow.channels, {}};
  for (size_t row = 0; row < narrow.height; ++row)
    for (size_t column = 0; column < image.width; ++column) {
      const auto* pixel = narrow.pixels.data() + 3 * (row * narrow.width + column / width);
      image.pixels.insert(image.pixels.end(), pixel, pixel + 3);
    }
  io::write_png(path, image);
}

}  // namespace danaus::app
