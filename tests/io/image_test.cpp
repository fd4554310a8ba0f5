#include "files.hpp"

#include <danaus/io/image.hpp>

#include <cmath>
#include <limits>

using namespace danaus;
using namespace danaus::io;
using test::TemporaryFolder;

TEST_CASE("a PNG decodes to the pixels that were encoded", "[io]") {
  TemporaryFolder folder;
  for (size_t channels : {1, 3}) {
    Image image{7, 5, channels, {}};
    for (size_t i = 0; i < 35 * channels; ++i) image.pixels.push_back(std::uint8_t(37 * i));
    write_png(folder / "a.png", image);
    const Image decoded = read_png(folder / "a.png");
    CHECK(decoded.width == 7);
    CHECK(decoded.height == 5);
    CHECK(decoded.channels == channels);
    CHECK(decoded.pixels == image.pixels);
  }
  CHECK_THROWS_AS(encode_png({7, 5, 3, std::vector<std::uint8_t>(34)}), ShapeError);
  CHECK_THROWS_AS(encode_png({0, 0, 3, {}}), ShapeError);
  CHECK_THROWS_AS(read_png(folder / "absent.png"), MissingInputError);
}

TEST_CASE("damaged PNG images are refused, or decode to pixels of the stated size", "[io]") {
  const Image image{9, 9, 3, std::vector<std::uint8_t>(243, 100)};
  const auto original = encode_png(image);
  for (size_t size = 0; size < original.size() - 12; ++size)
    CHECK_THROWS_AS(decode_png({original.begin(), original.begin() + std::ptrdiff_t(size)}, "a.png"),
                    DataError);
  for (size_t at = 0; at < original.size(); ++at) {
    auto bytes = original;
    bytes[at] ^= 0x55;
    try {
      const Image decoded = decode_png(bytes, "a.png");
      CHECK(decoded.pixels.size() == decoded.width * decoded.height * decoded.channels);
    } catch (const DataError& error) {
      CHECK(std::string(error.what()).rfind("a.png: ", 0) == 0);
    }
  }
}

TEST_CASE("base64 gives the vectors of RFC 4648", "[io]") {
  const auto encode = [](const std::string& text) { return base64({text.begin(), text.end()}); };
  CHECK(encode("") == "");
  CHECK(encode("f") == "Zg==");
  CHECK(encode("fo") == "Zm8=");
  CHECK(encode("foo") == "Zm9v");
  CHECK(encode("foob") == "Zm9vYg==");
  CHECK(encode("fooba") == "Zm9vYmE=");
  CHECK(encode("foobar") == "Zm9vYmFy");
  CHECK(base64({0xFB, 0xFF}) == "+/8=");
}

TEST_CASE("colour maps begin, end and behave as published", "[io]") {
  CHECK(colour_at(ColourMap::viridis, 0) == Colour{68, 1, 84});
  CHECK(colour_at(ColourMap::viridis, 1) == Colour{253, 231, 37});
  CHECK(colour_at(ColourMap::viridis, 7) == Colour{253, 231, 37});
  CHECK(colour_at(ColourMap::blue_red, 0.5) == Colour{247, 247, 247});
  CHECK(colour_at(ColourMap::blue_red, -1) == Colour{5, 48, 97});
  CHECK(colour_at(ColourMap::grey, 0.5) == Colour{128, 128, 128});
  // matplotlib's viridis at 0.5 is (33, 145, 140); ten points with straight lines between them stay within 4
  // levels.
  const Colour middle = colour_at(ColourMap::viridis, 0.5);
  CHECK(std::abs(middle[0] - 33) <= 4);
  CHECK(std::abs(middle[1] - 145) <= 4);
  CHECK(std::abs(middle[2] - 140) <= 4);

  // Sequential: relative luminance (ITU-R BT.709) grows all the way.
  const auto luminance = [](Colour c) { return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2]; };
  for (int i = 0; i < 100; ++i)
    CHECK(luminance(colour_at(ColourMap::viridis, i / 100.0)) <
          luminance(colour_at(ColourMap::viridis, (i + 1) / 100.0)));
}

TEST_CASE("a field is drawn with x to the right and y upwards", "[io]") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> field{0, 1, 2, 3, 4, nan};  // (x, y) = (2, 3)
  const auto range = value_range(field);
  CHECK(range == std::pair<double, double>{0, 4});
  CHECK(symmetric_range({-3, 1, nan}) == std::pair<double, double>{-3, 3});
  CHECK(value_range({nan}) == std::pair<double, double>{0, 1});
  const Image image = draw_field(field, 2, 3, range, ColourMap::grey, 2);
  REQUIRE(image.width == 4);
  REQUIRE(image.height == 6);
  const auto pixel = [&](size_t column, size_t row) {
    const auto* p = &image.pixels[3 * (row * image.width + column)];
    return Colour{p[0], p[1], p[2]};
  };
  CHECK(pixel(0, 5) == Colour{0, 0, 0});
  CHECK(pixel(1, 4) == Colour{0, 0, 0});
  CHECK(pixel(0, 0) == Colour{128, 128, 128});  // x = 0, y = 2
  CHECK(pixel(3, 3) == Colour{255, 255, 255});  // x = 1, y = 1
  CHECK(pixel(3, 0) == colour_at(ColourMap::grey, nan));
  CHECK(draw_field({5, 5}, 1, 2, {5, 5}, ColourMap::grey).pixels[0] == 128);
  CHECK_THROWS_AS(draw_field(field, 3, 3, range, ColourMap::grey), ShapeError);
}
