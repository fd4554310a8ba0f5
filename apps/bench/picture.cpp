#include "picture.hpp"

#include "stroke_font.hpp"

#include <common/report/html.hpp>

#include <algorithm>
#include <cmath>

namespace danaus::app {
namespace {

using Point = Picture::Point;

constexpr double dash = 6, gap = 4;

std::string number(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", x);
  return text;
}

std::string hex(io::Colour colour) {
  char text[16];
  std::snprintf(text, sizeof text, "#%02x%02x%02x", colour[0], colour[1], colour[2]);
  return text;
}

/// Paints round-ended lines on white; a disc is a line without length.
class Painter {
 public:
  Painter(size_t width, size_t height, double scale) : scale_(scale) {
    image_.width = size_t(double(width) * scale), image_.height = size_t(double(height) * scale);
    image_.channels = 3;
    image_.pixels.assign(image_.width * image_.height * 3, 255);
  }

  void line(Point from, Point to, double width, io::Colour colour) {
    const Point a{from.x * scale_, from.y * scale_}, b{to.x * scale_, to.y * scale_};
    const double radius = 0.5 * width * scale_, reach = radius + 1;
    const auto first = [](double low) { return size_t(std::max(0.0, std::floor(low))); };
    const auto last = [](double high, size_t end) {
      return std::min(end, size_t(std::max(0.0, std::ceil(high))));
    };
    for (size_t y = first(std::min(a.y, b.y) - reach); y < last(std::max(a.y, b.y) + reach, image_.height);
         ++y)
      for (size_t x = first(std::min(a.x, b.x) - reach); x < last(std::max(a.x, b.x) + reach, image_.width);
           ++x) {
        // The share of the pixel that is covered, from its distance to the edge.
        const double distance = distance_to({double(x) + 0.5, double(y) + 0.5}, a, b);
        blend(x, y, std::clamp(radius - distance + 0.5, 0.0, 1.0), colour);
      }
  }

  io::Image image() && { return std::move(image_); }

 private:
  static double distance_to(Point p, Point a, Point b) {
    const double dx = b.x - a.x, dy = b.y - a.y, length2 = dx * dx + dy * dy;
    const double t =
        length2 > 0 ? std::clamp(((p.x - a.x) * dx + (p.y - a.y) * dy) / length2, 0.0, 1.0) : 0.0;
    return std::hypot(p.x - a.x - t * dx, p.y - a.y - t * dy);
  }

  void blend(size_t x, size_t y, double share, io::Colour colour) {
    std::uint8_t* pixel = &image_.pixels[3 * (y * image_.width + x)];
    for (int c = 0; c < 3; ++c)
      pixel[c] = std::uint8_t(std::lround((1 - share) * pixel[c] + share * colour[c]));
  }

  double scale_;
  io::Image image_;
};

void paint_dashed(Painter& painter, Point a, Point b, double width, io::Colour colour) {
  const double length = std::hypot(b.x - a.x, b.y - a.y);
  const auto at = [&](double s) {
    const double t = length > 0 ? std::min(s, length) / length : 0;
    return Point{a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)};
  };
  for (double s = 0; s <= length; s += dash + gap) painter.line(at(s), at(s + dash), width, colour);
}

void paint_text(Painter& painter, Point position, const std::string& text, double size, Anchor anchor,
                io::Colour colour, bool is_vertical) {
  const auto stroked = stroked_text(text);
  const double share = anchor == Anchor::start ? 0 : anchor == Anchor::middle ? 0.5 : 1;
  const auto place = [&](FontPoint p) {
    const double x = size * (p.x - share * stroked.width), y = size * p.y;
    return is_vertical ? Point{position.x - y, position.y - x} : Point{position.x + x, position.y - y};
  };
  for (const auto& stroke : stroked.strokes)
    for (size_t p = 0; p + 1 < stroke.size(); ++p)
      painter.line(place(stroke[p]), place(stroke[p + 1]), 0.1 * size, colour);
}

}  // namespace

void Picture::line(Point from, Point to, const Stroke& stroke) {
  marks_.push_back({.kind = Kind::line,
                    .a = from,
                    .b = to,
                    .size = stroke.width,
                    .colour = stroke.colour,
                    .flag = stroke.is_dashed});
}

void Picture::disc(Point centre, double radius, io::Colour colour) {
  marks_.push_back({.kind = Kind::disc, .a = centre, .b = centre, .size = radius, .colour = colour});
}

void Picture::text(Point position, const std::string& text, double size, Anchor anchor, io::Colour colour,
                   bool is_vertical) {
  marks_.push_back({.kind = Kind::text,
                    .a = position,
                    .b = position,
                    .size = size,
                    .colour = colour,
                    .flag = is_vertical,
                    .text = text,
                    .anchor = anchor});
}

std::string Picture::svg() const {
  const std::string size =
      "width=\"" + std::to_string(width_) + "\" height=\"" + std::to_string(height_) + "\"";
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" " + size + " viewBox=\"0 0 " +
                    std::to_string(width_) + " " + std::to_string(height_) +
                    "\" font-family=\"Helvetica, Arial, sans-serif\">\n<rect " + size +
                    " fill=\"#ffffff\"/>\n";
  for (const auto& m : marks_) {
    const std::string x = number(m.a.x), y = number(m.a.y);
    if (m.kind == Kind::line) {
      svg += "<line x1=\"" + x + "\" y1=\"" + y + "\" x2=\"" + number(m.b.x) + "\" y2=\"" + number(m.b.y) +
             "\" stroke=\"" + hex(m.colour) + "\" stroke-width=\"" + number(m.size) + "\"" +
             (m.flag ? " stroke-dasharray=\"6 4\"" : "") + "/>\n";
    } else if (m.kind == Kind::disc) {
      svg += "<circle cx=\"" + x + "\" cy=\"" + y + "\" r=\"" + number(m.size) + "\" fill=\"" +
             hex(m.colour) + "\"/>\n";
    } else {
      const char* anchors[] = {"start", "middle", "end"};
      svg += "<text x=\"" + x + "\" y=\"" + y + "\" font-size=\"" + number(m.size) + "\" fill=\"" +
             hex(m.colour) + "\" text-anchor=\"" + anchors[int(m.anchor)] + "\"" +
             (m.flag ? " transform=\"rotate(-90 " + x + " " + y + ")\"" : "") + ">" + html_escaped(m.text) +
             "</text>\n";
    }
  }
  return svg + "</svg>\n";
}

io::Image Picture::pixels(size_t scale) const {
  Painter painter(width_, height_, double(scale));
  for (const auto& m : marks_) {
    if (m.kind == Kind::text)
      paint_text(painter, m.a, m.text, m.size, m.anchor, m.colour, m.flag);
    else if (m.kind == Kind::disc)
      painter.line(m.a, m.a, 2 * m.size, m.colour);
    else if (m.flag)
      paint_dashed(painter, m.a, m.b, m.size, m.colour);
    else
      painter.line(m.a, m.b, m.size, m.colour);
  }
  return std::move(painter).image();
}

}  // namespace danaus::app
