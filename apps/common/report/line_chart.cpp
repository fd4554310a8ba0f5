#include "line_chart.hpp"

#include "html.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace danaus::app {
namespace {

constexpr double width = 500, height = 320, left = 62, right = 14, top = 34, bottom = 52;

std::string number(double x, const char* format = "%.6g") {
  char text[32];
  std::snprintf(text, sizeof text, format, x);
  return text;
}

bool is_drawable(double x, double y) { return std::isfinite(x) && std::isfinite(y) && y > 0; }

/// About five round steps over [low, high], multiples of `smallest` at least.
std::vector<double> linear_ticks(double low, double high, double smallest = 0) {
  const double raw = (high - low) / 5, power = std::pow(10.0, std::floor(std::log10(raw)));
  const double ratio = raw / power;
  const double step = std::max(smallest, power * (ratio < 1.5 ? 1 : ratio < 3.5 ? 2 : ratio < 7.5 ? 5 : 10));
  std::vector<double> ticks;
  for (double k = std::ceil(low / step); k * step <= high * (1 + 1e-12); ++k) ticks.push_back(k * step);
  return ticks;
}

/// Powers of ten, with 2 and 5 times them where there are few; round numbers where there would be fewer.
std::vector<double> y_ticks(double low, double high) {
  const double decades = std::log10(high / low);
  if (decades < 0.9) return linear_ticks(low, high);
  const std::vector<double> factors = decades > 3 ? std::vector<double>{1} : std::vector<double>{1, 2, 5};
  std::vector<double> ticks;
  for (int power = int(std::floor(std::log10(low))); power <= int(std::ceil(std::log10(high))); ++power)
    for (double factor : factors) {
      const double tick = factor * std::pow(10.0, power);
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push_back(tick);
    }
  return ticks;
}

std::string line(const char* kind, double x1, double y1, double x2, double y2) {
  return std::string("<line class=\"") + kind + "\" x1=\"" + number(x1) + "\" y1=\"" + number(y1) +
         "\" x2=\"" + number(x2) + "\" y2=\"" + number(y2) + "\"/>";
}

std::string text(double x, double y, const char* anchor, const std::string& words,
                 const std::string& more = "") {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor + "\"" + more + ">" +
         html_escaped(words) + "</text>";
}

}  // namespace

std::string LineChart::svg() const {
  double x_low = INFINITY, x_high = -INFINITY, y_low = INFINITY, y_high = 0;
  for (const auto& s : series)
    for (size_t i = 0; i < s.x.size(); ++i) {
      if (!is_drawable(s.x[i], s.y[i])) continue;
      x_low = std::min(x_low, s.x[i]), x_high = std::max(x_high, s.x[i]);
      y_low = std::min(y_low, s.y[i]), y_high = std::max(y_high, s.y[i]);
    }
  if (!std::isfinite(x_low)) return "";
  if (x_high <= x_low) x_high = x_low + 1;
  // Room above and below the curves; at least a factor of two in all.
  y_low *= 0.85, y_high *= 1.15;
  if (y_high < 2 * y_low) {
    const double middle = std::sqrt(y_low * y_high);
    y_low = middle / std::sqrt(2.0), y_high = middle * std::sqrt(2.0);
  }

  const size_t legend_rows = (series.size() + 1) / 2;
  const double total = height + 18.0 * double(legend_rows);
  const auto px = [&](double x) { return left + (x - x_low) / (x_high - x_low) * (width - left - right); };
  const auto py = [&](double y) {
    return height - bottom - std::log(y / y_low) / std::log(y_high / y_low) * (height - top - bottom);
  };

  std::string svg = "<svg viewBox=\"0 0 " + number(width) + " " + number(total) +
                    "\" role=\"img\" aria-label=\"" + html_escaped(title) + "\">";
  svg += text(left, 18, "start", title, " font-weight=\"600\" font-size=\"14\"");
  for (double y : y_ticks(y_low, y_high)) {
    svg += line("grid", left, py(y), width - right, py(y));
    svg += text(left - 8, py(y) + 4, "end", y < 1e-3 ? number(y, "%.0e") : number(y, "%.3g"));
  }
  // Epochs and steps are whole numbers.
  for (double x : linear_ticks(x_low, x_high, 1)) {
    svg += line("grid", px(x), top, px(x), height - bottom);
    svg += text(px(x), height - bottom + 18, "middle", number(x));
  }
  svg += line("axis", left, height - bottom, width - right, height - bottom);
  svg += line("axis", left, top, left, height - bottom);
  svg += text((left + width - right) / 2, height - bottom + 40, "middle", x_label);
  svg += text(0, 0, "middle", y_label,
              " transform=\"translate(16 " + number((top + height - bottom) / 2) + ") rotate(-90)\"");

  for (size_t index = 0; index < series.size(); ++index) {
    const auto& s = series[index];
    const std::string color = "s" + std::to_string(s.color % 6);
    std::string points;
    for (size_t i = 0; i < s.x.size(); ++i)
      if (is_drawable(s.x[i], s.y[i])) points += number(px(s.x[i])) + "," + number(py(s.y[i])) + " ";
    svg += "<polyline class=\"curve " + color + (s.is_dashed ? " dashed" : "") + "\" points=\"" + points +
           "\"/>";
    if (s.has_points || s.x.size() == 1)
      for (size_t i = 0; i < s.x.size(); ++i)
        if (is_drawable(s.x[i], s.y[i]))
          svg += "<circle class=\"" + color + "\" r=\"3\" cx=\"" + number(px(s.x[i])) + "\" cy=\"" +
                 number(py(s.y[i])) + "\"><title>" + html_escaped(s.label) + ": " + number(s.y[i], "%.4g") +
                 "</title></circle>";
    const double x = left + double(index % 2) * (width - left - right) / 2;
    const size_t row = index / 2;
    const double y = height + 4 + 18.0 * double(row);
    svg += "<line class=\"curve " + color + (s.is_dashed ? " dashed" : "") + "\" x1=\"" + number(x) +
           "\" y1=\"" + number(y - 4) + "\" x2=\"" + number(x + 26) + "\" y2=\"" + number(y - 4) + "\"/>";
    svg += text(x + 34, y, "start", s.label);
  }
  return svg + "</svg>";
}

}  // namespace danaus::app
