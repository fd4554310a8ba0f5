#include "roofline.hpp"

#include "picture.hpp"

#include <danaus/core/error.hpp>
#include <danaus/io/atomic_file.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace danaus::app {
namespace {

using Point = Picture::Point;

struct Entry {
  std::string name, size;
  double intensity, gflops;
};

/// Okabe and Ito's colours, told apart by all readers (https://jfly.uni-koeln.de/color).
constexpr io::Colour family_colours[] = {{0, 114, 178}, {213, 94, 0},   {0, 158, 115}, {204, 121, 167},
                                         {230, 159, 0}, {86, 180, 233}, {0, 0, 0},     {120, 120, 120}};
constexpr io::Colour ink{40, 40, 40}, pale{225, 225, 225}, grey{110, 110, 110};

/// One entry for each thing timed, whatever it was compared with; summaries repeat others and are left out.
std::vector<Entry> entries_of(const Json& results) {
  std::vector<Entry> entries;
  for (const auto& row : results) {
    if (!row.contains("gflops") || !row.contains("intensity") || row.contains("variant")) continue;
    const Entry entry{row["case"].get<std::string>(), row["size"].get<std::string>(),
                      row["intensity"].get<double>(), row["gflops"].get<double>()};
    const bool known = std::any_of(entries.begin(), entries.end(), [&](const Entry& other) {
      return other.name == entry.name && other.size == entry.size;
    });
    if (!known) entries.push_back(entry);
  }
  // The entries of a family stand together, in the order of first appearance.
  std::vector<std::string> order;
  for (const Entry& e : entries)
    if (std::find(order.begin(), order.end(), e.name) == order.end()) order.push_back(e.name);
  const auto rank = [&](const Entry& e) { return std::find(order.begin(), order.end(), e.name); };
  std::stable_sort(entries.begin(), entries.end(),
                   [&](const Entry& a, const Entry& b) { return rank(a) < rank(b); });
  return entries;
}

/// Two logarithmic axes over a rectangle.
struct Axes {
  double left, right, top, bottom;  // pixels
  double x_low, x_high, y_low, y_high;

  double x(double value) const {
    return left + (right - left) * std::log(value / x_low) / std::log(x_high / x_low);
  }
  double y(double value) const {
    return bottom - (bottom - top) * std::log(value / y_low) / std::log(y_high / y_low);
  }
};

std::string rounded(double value) {
  char text[32];
  std::snprintf(text, sizeof text, value < 1 ? "%.2g" : value < 10 ? "%.3g" : "%.0f", value);
  return text;
}

void draw_grid(Picture& picture, const Axes& axes) {
  for (double x = std::exp2(std::ceil(std::log2(axes.x_low))); x <= axes.x_high * 1.001; x *= 2) {
    picture.line({axes.x(x), axes.top}, {axes.x(x), axes.bottom}, {pale});
    picture.text({axes.x(x), axes.bottom + 18}, rounded(x), 12, Anchor::middle, ink);
  }
  for (double decade = std::pow(10, std::floor(std::log10(axes.y_low))); decade <= axes.y_high; decade *= 10)
    for (const double y : {decade, 2 * decade, 5 * decade}) {
      if (y < axes.y_low || y > axes.y_high) continue;
      picture.line({axes.left, axes.y(y)}, {axes.right, axes.y(y)}, {pale});
      picture.text({axes.left - 8, axes.y(y) + 4}, rounded(y), 12, Anchor::end, ink);
    }
  picture.line({axes.left, axes.bottom}, {axes.right, axes.bottom}, {ink});
  picture.line({axes.left, axes.top}, {axes.left, axes.bottom}, {ink});
  picture.text({(axes.left + axes.right) / 2, axes.bottom + 42},
               "arithmetic intensity: operations per byte, each input read and each output written once", 13,
               Anchor::middle, ink);
  picture.text({axes.left - 48, (axes.top + axes.bottom) / 2}, "GF/s", 13, Anchor::middle, ink, true);
}

void draw_roofs(Picture& picture, const Axes& axes, double peak, double bandwidth) {
  const double ridge = peak / bandwidth;
  const double start = std::max(axes.x_low, axes.y_low / bandwidth);
  const Picture::Stroke roof{ink, 2};
  if (start < ridge)
    picture.line({axes.x(start), axes.y(start * bandwidth)}, {axes.x(ridge), axes.y(peak)}, roof);
  picture.line({axes.x(std::max(ridge, axes.x_low)), axes.y(peak)}, {axes.right, axes.y(peak)}, roof);
  picture.line({axes.left, axes.y(peak)}, {axes.x(ridge), axes.y(peak)}, {grey, 1, true});
  picture.text({axes.right - 4, axes.y(peak) - 8}, "measured peak " + rounded(peak) + " GF/s", 12,
               Anchor::end, ink);
  const double label = std::sqrt(start * ridge);
  picture.text({axes.x(label) + 10, axes.y(label * bandwidth) + 14}, "memory " + rounded(bandwidth) + " GB/s",
               12, Anchor::start, ink);
}

/// Numbers beside the points, each at the first free place on a widening ring around its point.
void draw_points(Picture& picture, const Axes& axes, const std::vector<Entry>& entries,
                 const std::vector<io::Colour>& colours) {
  std::vector<Point> taken, points;
  for (const Entry& e : entries) points.push_back({axes.x(e.intensity), axes.y(e.gflops)});
  taken = points;
  const auto is_free = [&](Point p) {
    return p.x > axes.left + 8 && p.x < axes.right - 8 && p.y < axes.bottom - 6 && p.y > axes.top + 6 &&
           std::none_of(taken.begin(), taken.end(), [&](Point other) {
             return std::abs(other.x - p.x) < 17 && std::abs(other.y - p.y) < 13;
           });
  };
  std::vector<Point> labels;
  for (const Point& p : points) {
    Point place{p.x + 14, p.y};
    [&] {
      for (double radius = 14; radius < 120; radius += 6)
        for (int turn = 0; turn < 16; ++turn) {
          const double angle = turn * std::acos(-1.0) / 8;
          const Point tried{p.x + radius * std::cos(angle), p.y - radius * std::sin(angle)};
          if (is_free(tried)) return void(place = tried);
        }
    }();
    taken.push_back(place), labels.push_back(place);
  }
  for (size_t e = 0; e < entries.size(); ++e)
    if (std::hypot(labels[e].x - points[e].x, labels[e].y - points[e].y) > 16)
      picture.line(points[e], labels[e], {{190, 190, 190}, 0.7});
  for (size_t e = 0; e < entries.size(); ++e) picture.disc(points[e], 4.5, colours[e]);
  for (size_t e = 0; e < entries.size(); ++e) {
    picture.disc(labels[e], 7, {255, 255, 255});
    picture.text({labels[e].x, labels[e].y + 4}, std::to_string(e + 1), 11, Anchor::middle, colours[e]);
  }
}

void draw_legend(Picture& picture, double left, double top, const std::vector<Entry>& entries,
                 const std::vector<io::Colour>& colours) {
  double y = top;
  for (size_t e = 0; e < entries.size(); ++e) {
    if (e == 0 || entries[e].name != entries[e - 1].name) {
      y += e ? 8 : 0;
      picture.disc({left + 5, y - 4}, 4.5, colours[e]);
      picture.text({left + 18, y}, entries[e].name, 12, Anchor::start, ink);
      y += 16;
    }
    picture.text({left + 34, y}, std::to_string(e + 1), 11, Anchor::end, colours[e]);
    picture.text({left + 42, y}, entries[e].size, 11, Anchor::start, grey);
    picture.text({left + 395, y}, rounded(entries[e].gflops) + " GF/s", 11, Anchor::end, ink);
    y += 15;
  }
}

Picture draw_roofline(const Json& report) {
  const auto entries = entries_of(report["results"]);
  const Json& machine = report["machine"];
  const double peak = machine["peak_gflops"].get<double>(),
               bandwidth = machine["bandwidth_gigabytes"].get<double>();
  std::vector<io::Colour> colours;
  std::vector<std::string> families;
  double x_low = 2, x_high = 32, y_low = peak / 10;
  for (const Entry& e : entries) {
    auto found = std::find(families.begin(), families.end(), e.name);
    if (found == families.end()) found = families.insert(families.end(), e.name);
    colours.push_back(family_colours[size_t(found - families.begin()) % std::size(family_colours)]);
    x_low = std::min(x_low, e.intensity / 1.3), x_high = std::max(x_high, e.intensity * 1.3);
    y_low = std::min(y_low, e.gflops / 1.3);
  }
  const double legend = 15.0 * double(entries.size()) + 24.0 * double(families.size());
  const size_t height = size_t(std::max(620.0, legend + 110));
  const Axes axes{80, 760, 70, double(height) - 70, x_low, x_high, y_low, peak * 1.35};
  Picture picture(1200, height);
  picture.text({80, 30}, "danaus-bench transform: roofline", 17, Anchor::start, ink);
  picture.text({80, 50},
               machine["cpu"].get<std::string>() +
                   ", threads: " + std::to_string(machine["threads"].get<int>()) + ", vectors of " +
                   std::to_string(machine["simd_floats"].get<int>()) +
                   " floats. Above the slanted roof the data stay in a cache.",
               12, Anchor::start, grey);
  draw_grid(picture, axes);
  draw_roofs(picture, axes, peak, bandwidth);
  draw_points(picture, axes, entries, colours);
  draw_legend(picture, 790, 80, entries, colours);
  return picture;
}

}  // namespace

void require_picture_name(const std::string& file) {
  const std::string ending = std::filesystem::path(file).extension().string();
  if (ending != ".svg" && ending != ".png")
    throw UsageError("--picture: expected a file that ends in .svg or .png, found \"" + file + "\"");
}

void write_roofline(const std::string& file, const Json& report) {
  require_picture_name(file);
  const Picture picture = draw_roofline(report);
  if (file.ends_with(".svg"))
    io::write_file_atomically(file, picture.svg());
  else
    io::write_png(file, picture.pixels());
}

}  // namespace danaus::app
