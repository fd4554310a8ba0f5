#include "report.hpp"

#include <common/program.hpp>
#include <common/report/html.hpp>
#include <common/version.hpp>

#include <danaus/io/atomic_file.hpp>
#include <danaus/io/image.hpp>

#include <algorithm>
#include <cmath>

namespace danaus::app {
namespace {

constexpr size_t shown_height = 256;
constexpr double zoom = 0.35;  // part of each axis that a detail shows

std::string number(const char* format, double x) {
  char text[64];
  std::snprintf(text, sizeof text, format, x);
  return text;
}

/// A part of a picture on square pixels, bilinear; y downwards. `part` of each axis about the middle.
std::vector<float> resampled(const ScanPicture& p, const std::vector<float>& values, size_t width,
                             size_t height, double part) {
  std::vector<float> out(width * height);
  for (size_t i = 0; i < height; ++i)
    for (size_t j = 0; j < width; ++j) {
      const double y = (.5 + part * ((double(i) + .5) / double(height) - .5)) * double(p.rows) - .5;
      const double z = (.5 + part * ((double(j) + .5) / double(width) - .5)) * double(p.columns) - .5;
      const double y0 = std::clamp(std::floor(y), 0.0, double(p.rows - 1)),
                   z0 = std::clamp(std::floor(z), 0.0, double(p.columns - 1));
      const auto a = size_t(y0), b = size_t(z0);
      const size_t c = std::min(a + 1, p.rows - 1), e = std::min(b + 1, p.columns - 1);
      const auto v = float(std::clamp(y - y0, 0.0, 1.0)), w = float(std::clamp(z - z0, 0.0, 1.0));
      out[i * width + j] = (1 - v) * ((1 - w) * values[a * p.columns + b] + w * values[a * p.columns + e]) +
                           v * ((1 - w) * values[c * p.columns + b] + w * values[c * p.columns + e]);
    }
  return out;
}

std::string image_html(const std::vector<float>& values, size_t width, size_t height, double largest,
                       io::ColourMap map, const std::string& alt) {
  io::Image image{width, height, 3, {}};
  image.pixels.reserve(3 * values.size());
  for (float v : values)
    for (auto part : io::colour_at(map, v / largest)) image.pixels.push_back(part);
  // Width and height of the page's field tables are square; a scan keeps its shape.
  return "<img style=\"width:176px;height:auto\" alt=\"" + html_escaped(alt) +
         "\" src=\"data:image/png;base64," + io::base64(io::encode_png(image)) + "\">";
}

const ScanPicture* find(const Scores& s, const std::string& label, double acceleration, size_t echo) {
  for (const auto& p : s.pictures)
    if (p.label == label && p.acceleration == acceleration && p.echo == echo) return &p;
  return nullptr;
}

std::vector<double> accelerations_of(const Scores& s) {
  std::vector<double> list;
  for (const auto& row : s.methods)
    if (std::find(list.begin(), list.end(), row.acceleration) == list.end()) list.push_back(row.acceleration);
  return list;
}

std::vector<std::string> methods_of(const Scores& s) {
  std::vector<std::string> list;
  for (const auto& row : s.methods)
    if (std::find(list.begin(), list.end(), row.label) == list.end()) list.push_back(row.label);
  return list;
}

size_t echoes_of(const Scores& s) {
  size_t echoes = 1;
  for (const auto& row : s.methods) echoes = std::max(echoes, row.echo);
  return echoes;
}

const MethodScore* find_row(const Scores& s, double acceleration, const std::string& method, size_t echo) {
  for (const auto& row : s.methods)
    if (row.acceleration == acceleration && row.label == method && row.echo == echo) return &row;
  return nullptr;
}

void add_table(HtmlPage& page, const Scores& s) {
  std::vector<std::string> head{"R", "method"};
  const size_t echoes = echoes_of(s);
  for (const char* score : {"PSNR", "SSIM", "NRMSE"})
    for (size_t e = 1; e <= echoes; ++e)
      head.push_back(std::string(score) + (echoes > 1 ? " E" + std::to_string(e) : ""));
  head.push_back("s / slice");
  head.push_back("parameters");
  head.push_back("iterations");
  head.push_back("lambda");
  std::vector<std::vector<std::string>> rows;
  for (double r : accelerations_of(s))
    for (const auto& method : methods_of(s)) {
      std::vector<std::string> line{number("%g", r), method}, psnr, ssim, nrmse;
      const MethodScore* row = nullptr;
      for (size_t e = 1; e <= echoes; ++e) {
        row = find_row(s, r, method, e);
        psnr.push_back(row ? spread_text(spread_of(row->psnr), 2) : "–");
        ssim.push_back(row ? spread_text(spread_of(row->ssim), 3) : "–");
        nrmse.push_back(row ? spread_text(spread_of(row->nrmse), 3) : "–");
      }
      for (const auto* cells : {&psnr, &ssim, &nrmse}) line.insert(line.end(), cells->begin(), cells->end());
      line.push_back(row ? seconds_text(*row) : "–");
      line.push_back(row ? std::to_string(row->parameters) : "–");
      line.push_back(row && row->settings.iterations > 0 ? std::to_string(row->settings.iterations) : "–");
      line.push_back(row && row->settings.iterations > 0 ? number("%.3g", row->settings.lambda) : "–");
      rows.push_back(line);
    }
  page.table(head, rows, 2);
}

void add_tissues(HtmlPage& page, const Scores& s) {
  std::vector<std::string> names;
  for (const auto& row : s.tissues)
    for (const auto& [name, errors] : row.relative_error)
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  if (names.empty()) return;
  page.heading("T2 from both echoes");
  page.paragraph(
      "Median T2 of each tissue against its own, in per cent; the method itself overestimates by about 3 % "
      "at "
      "40 ms.");
  std::vector<std::string> head{"R", "method"};
  head.insert(head.end(), names.begin(), names.end());
  std::vector<std::vector<std::string>> rows;
  for (const auto& row : s.tissues) {
    std::vector<std::string> line{number("%g", row.acceleration), row.method};
    for (const auto& name : names) {
      const auto found = row.relative_error.find(name);
      line.push_back(
          found == row.relative_error.end() ? "–" : number("%+.1f %%", 100 * spread_of(found->second).mean));
    }
    rows.push_back(line);
  }
  page.table(head, rows, 2);
}

void add_pictures(HtmlPage& page, const Scores& s, double r, size_t echo) {
  const ScanPicture* target = find(s, "target", 0, echo);
  if (!target) return;
  const double largest =
      std::max(1e-30, double(*std::max_element(target->magnitude.begin(), target->magnitude.end())));
  const size_t width = std::max<size_t>(16, size_t(std::lround(s.aspect * double(shown_height))));
  std::string head = "<tr><th></th><th>target</th>", whole = "<tr><th scope=\"row\">image</th>",
              detail = "<tr><th scope=\"row\">detail</th>",
              error = "<tr><th scope=\"row\">|error|</th><td></td>";
  const auto picture = [&](const ScanPicture& p, double part, const std::string& alt) {
    return "<td>" +
           image_html(resampled(p, p.magnitude, width, shown_height, part), width, shown_height, largest,
                      io::ColourMap::grey, alt) +
           "</td>";
  };
  whole += picture(*target, 1, "target"), detail += picture(*target, zoom, "target, detail");
  double worst = 0;
  std::vector<std::pair<const ScanPicture*, std::vector<float>>> errors;
  for (const auto& method : methods_of(s)) {
    const ScanPicture* p = find(s, method, r, echo);
    if (!p) continue;
    std::vector<float> difference(p->magnitude.size());
    for (size_t i = 0; i < difference.size(); ++i)
      difference[i] = std::abs(p->magnitude[i] - target->magnitude[i]);
    // The scale of the errors: what all but one pixel in a hundred stay below, of the worst method.
    auto sorted = difference;
    const auto at = sorted.begin() + std::ptrdiff_t(sorted.size() * 99 / 100);
    std::nth_element(sorted.begin(), at, sorted.end());
    worst = std::max(worst, double(*at));
    errors.emplace_back(p, std::move(difference));
  }
  worst = std::max(worst, 1e-30);
  for (const auto& [p, difference] : errors) {
    const MethodScore* row = find_row(s, r, p->label, echo);
    head += "<th>" + html_escaped(p->label) + "<br>" + (row ? number("%.2f dB", row->psnr.front()) : "") +
            "</th>";
    whole += picture(*p, 1, p->label), detail += picture(*p, zoom, p->label + ", detail");
    error += "<td>" +
             image_html(resampled(*p, difference, width, shown_height, 1), width, shown_height, worst,
                        io::ColourMap::viridis, p->label + ", error") +
             "</td>";
  }
  page.subheading("R = " + number("%g", r) + ", echo " + std::to_string(echo));
  page.raw("<figure><div class=\"scroll\"><table class=\"fields\">" + head + "</tr>" + whole + "</tr>" +
           detail + "</tr>" + error +
           "</tr></table></div><figcaption>Middle slice of the first scan, magnitudes; errors from 0 to " +
           number("%.3g", worst / largest * 100) + " % of the brightest pixel.</figcaption></figure>\n");
}

}  // namespace

std::string spread_text(const Spread& spread, int digits) {
  if (spread.scans == 0) return "–";
  char text[64];
  if (spread.scans == 1)
    std::snprintf(text, sizeof text, "%.*f", digits, spread.mean);
  else
    std::snprintf(text, sizeof text, "%.*f ± %.*f", digits, spread.mean, digits, spread.standard_error);
  return text;
}

std::string seconds_text(const MethodScore& row) {
  return row.seconds_per_slice.empty() ? "–" : number("%.3g", spread_of(row.seconds_per_slice).mean);
}

void write_report(const std::string& file, const std::string& profile, const Scores& scores) {
  HtmlPage page("Reconstruction of undersampled scans");
  page.subtitle("Danaus " + version() + " (" + commit() + ")");
  if (scores.is_synthetic)
    page.paragraph(
        "These scans are synthetic. Scores on them are not scores on clinical data such as SKM-TEA.");
  page.paragraph("Metrics: " + profile +
                 ", mean over scans ± standard error. All methods use the same masks.");
  add_table(page, scores);
  add_tissues(page, scores);
  page.heading("Pictures");
  for (double r : accelerations_of(scores))
    for (size_t e = 1; e <= echoes_of(scores); ++e) add_pictures(page, scores, r, e);
  page.heading("Masks");
  std::vector<std::vector<std::string>> rows;
  for (const auto& m : scores.masks)
    rows.push_back({m.file, m.origin, number("%g", m.wanted), number("%.4g", m.acceleration),
                    number("%.4g", m.padded_acceleration), m.digest});
  page.table({"scan", "mask", "R asked for", "R", "R of the padded plane", "digest"}, rows, 2);
  page.raw("<footer>Made by <code>" + html_escaped(command_line()) + "</code></footer>\n");
  io::write_file_atomically(file, page.html());
}

}  // namespace danaus::app
