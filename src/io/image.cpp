#include <danaus/io/image.hpp>

#include <danaus/core/error.hpp>
#include <danaus/io/atomic_file.hpp>

#include <png.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace danaus::io {

namespace {

constexpr size_t most_pixels = size_t(1) << 26;

constexpr Colour viridis[] = {{0x44, 0x01, 0x54}, {0x48, 0x28, 0x78}, {0x3e, 0x49, 0x89}, {0x31, 0x68, 0x8e},
                              {0x26, 0x82, 0x8e}, {0x1f, 0x9e, 0x89}, {0x35, 0xb7, 0x79}, {0x6e, 0xce, 0x58},
                              {0xb5, 0xde, 0x2b}, {0xfd, 0xe7, 0x25}};
constexpr Colour blue_red[] = {{0x05, 0x30, 0x61}, {0x21, 0x66, 0xac}, {0x43, 0x93, 0xc3}, {0x92, 0xc5, 0xde},
                               {0xd1, 0xe5, 0xf0}, {0xf7, 0xf7, 0xf7}, {0xfd, 0xdb, 0xc7}, {0xf4, 0xa5, 0x82},
                               {0xd6, 0x60, 0x4d}, {0xb2, 0x18, 0x2b}, {0x67, 0x00, 0x1f}};
constexpr Colour grey[] = {{0, 0, 0}, {255, 255, 255}};
constexpr Colour not_a_number = {0xc0, 0x00, 0xc0};

template <size_t N>
Colour interpolate(const Colour (&points)[N], double position) {
  const double place = position * double(N - 1);
  const size_t left = std::min(size_t(place), N - 2);
  const double weight = place - double(left);
  Colour colour;
  for (size_t c = 0; c < 3; ++c)
    colour[c] = std::uint8_t(std::lround((1 - weight) * points[left][c] + weight * points[left + 1][c]));
  return colour;
}

/// libpng's simplified interface: no callbacks, no setjmp.
struct Png {
  png_image image{};
  Png() { image.version = PNG_IMAGE_VERSION; }
  ~Png() { png_image_free(&image); }
};

}  // namespace

std::vector<std::uint8_t> encode_png(const Image& image) {
  if ((image.channels != 1 && image.channels != 3) || image.pixels.empty() ||
      image.pixels.size() != image.width * image.height * image.channels)
    throw ShapeError("encode_png: expected " + std::to_string(image.width * image.height) +
                     " pixels of 1 or 3 bytes, found " + std::to_string(image.pixels.size()) + " bytes");
  Png png;
  png.image.width = png_uint_32(image.width);
  png.image.height = png_uint_32(image.height);
  png.image.format = image.channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png.image);
  std::vector<std::uint8_t> bytes(size);
  if (!png_image_write_to_memory(&png.image, bytes.data(), &size, 0, image.pixels.data(), 0, nullptr))
    throw InternalError(std::string("encode_png: ") + png.image.message);
  bytes.resize(size);
  return bytes;
}

void write_png(const std::filesystem::path& path, const Image& image) {
  const auto bytes = encode_png(image);
  write_file_atomically(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Image decode_png(const std::vector<std::uint8_t>& bytes, const std::string& name) {
  Png png;
  if (!png_image_begin_read_from_memory(&png.image, bytes.data(), bytes.size()))
    throw DataError(name + ": expected a PNG image: " + png.image.message);
  Image image{png.image.width, png.image.height, 3, {}};
  if (image.height == 0 || image.width > most_pixels / image.height)
    throw DataError(name + ": expected an image of at most " + std::to_string(most_pixels) +
                    " pixels, found " + std::to_string(image.width) + " x " + std::to_string(image.height));
  image.channels = png.image.format & PNG_FORMAT_FLAG_COLOR ? 3 : 1;
  png.image.format = image.channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  image.pixels.resize(PNG_IMAGE_SIZE(png.image));
  const png_color black{0, 0, 0};  // what shows through transparent pixels
  if (!png_image_finish_read(&png.image, &black, image.pixels.data(), 0, nullptr))
    throw DataError(name + ": damaged PNG image: " + png.image.message);
  return image;
}

Image read_png(const std::filesystem::path& path) {
  const std::string bytes = read_file(path);
  return decode_png({bytes.begin(), bytes.end()}, path.string());
}

std::string base64(const std::vector<std::uint8_t>& bytes) {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t at = 0; at < bytes.size(); at += 3) {
    const size_t count = std::min<size_t>(3, bytes.size() - at);
    std::uint32_t word = 0;
    for (size_t i = 0; i < 3; ++i) word = word << 8 | (i < count ? bytes[at + i] : 0);
    for (size_t i = 0; i < 4; ++i) text += i <= count ? digits[word >> (18 - 6 * i) & 63] : '=';
  }
  return text;
}

Colour colour_at(ColourMap map, double position) {
  if (std::isnan(position)) return not_a_number;
  position = std::clamp(position, 0.0, 1.0);
  switch (map) {
    case ColourMap::viridis:
      return interpolate(viridis, position);
    case ColourMap::blue_red:
      return interpolate(blue_red, position);
    case ColourMap::grey:
      break;
  }
  return interpolate(grey, position);
}

std::pair<double, double> value_range(const std::vector<float>& field) {
  bool found = false;
  double low = 0, high = 1;
  for (const float value : field) {
    if (!std::isfinite(value)) continue;
    low = found ? std::min(low, double(value)) : value;
    high = found ? std::max(high, double(value)) : value;
    found = true;
  }
  return {low, high};
}

std::pair<double, double> symmetric_range(const std::vector<float>& field) {
  const auto [low, high] = value_range(field);
  const double bound = std::max(std::abs(low), std::abs(high));
  return {-bound, bound};
}

Image draw_field(const std::vector<float>& field, size_t x_size, size_t y_size,
                 std::pair<double, double> range, ColourMap map, size_t scale) {
  if (field.empty() || field.size() != x_size * y_size || scale == 0)
    throw ShapeError("draw_field: expected a field of " + std::to_string(x_size) + " x " +
                     std::to_string(y_size) + " entries, found " + std::to_string(field.size()));
  const double width = range.second - range.first;
  Image image{x_size * scale, y_size * scale, 3, {}};
  image.pixels.resize(image.width * image.height * 3);
  for (size_t row = 0; row < image.height; ++row)
    for (size_t column = 0; column < image.width; ++column) {
      const double value = field[column / scale * y_size + (y_size - 1 - row / scale)];
      // A constant field has no range; it is drawn in the middle of the map.
      const double position = std::isnan(value) || width != 0 ? (value - range.first) / width : 0.5;
      const Colour colour = colour_at(map, position);
      std::copy(colour.begin(), colour.end(),
                image.pixels.begin() + std::ptrdiff_t(3 * (row * image.width + column)));
    }
  return image;
}

}  // namespace danaus::io
