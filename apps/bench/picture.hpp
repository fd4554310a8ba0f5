#pragma once

#include <danaus/io/image.hpp>

#include <string>
#include <vector>

namespace danaus::app {

enum class Anchor { start, middle, end };

/// A drawing of lines, discs and text that is written as SVG or painted as pixels. The origin is above left,
/// y points down, lengths are in pixels.
class Picture {
 public:
  struct Point {
    double x, y;
  };
  struct Stroke {
    io::Colour colour;
    double width = 1;
    bool is_dashed = false;
  };

  Picture(size_t width, size_t height) : width_(width), height_(height) {}

  void line(Point from, Point to, const Stroke& stroke);
  void disc(Point centre, double radius, io::Colour colour);
  /// @param position  left end, middle or right end of the base line
  void text(Point position, const std::string& text, double size, Anchor anchor, io::Colour colour,
            bool is_vertical = false);

  std::string svg() const;
  /// `scale` pixels per unit of length, edges smoothed; text in a plain stroke font.
  io::Image pixels(size_t scale = 2) const;

 private:
  enum class Kind { line, disc, text };
  struct Mark {
    Kind kind;
    Point a, b;
    double size;  ///< width of a line, radius, size of text
    io::Colour colour;
    bool flag = false;  ///< dashed, or vertical
    std::string text = {};
    Anchor anchor = Anchor::start;
  };

  size_t width_, height_;
  std::vector<Mark> marks_;
};

}  // namespace danaus::app
