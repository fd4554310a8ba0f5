#include "results.hpp"

#include <danaus/core/error.hpp>

#include <algorithm>
#include <cmath>

namespace danaus::app {
namespace {

std::string seconds_text(const Json& seconds) {
  if (seconds.is_null()) return "";
  const double s = seconds.get<double>();
  char text[32];
  std::snprintf(text, sizeof text,
                s < 1e-3 ? "%.1f us"
                : s < 1  ? "%.2f ms"
                         : "%.3f s",
                s < 1e-3 ? 1e6 * s
                : s < 1  ? 1e3 * s
                         : s);
  return text;
}

std::string number_text(const Json& value) {
  if (value.is_null()) return "";
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", value.get<double>());
  return text;
}

bool is_met(const Json& row) {
  const double ratio = row["ratio"].get<double>(), goal = row["goal"].get<double>();
  return row.value("smaller_is_better", false) ? ratio <= goal : ratio >= goal;
}

}  // namespace

Json compared_row(const Case& what, const Paired& times, const Roofs& roofs) {
  Json row = {{"case", what.name},
              {"size", what.size},
              {"ours_seconds", times.ours},
              {"rival", what.rival},
              {"rival_seconds", times.rival},
              {"ratio", times.ratio},
              {"goal", what.goal ? Json(*what.goal) : Json(nullptr)},
              {"spread", {times.lower_ratio, times.upper_ratio}}};
  if (what.flops > 0) {
    row["gflops"] = 1e-9 * what.flops / times.ours;
    if (roofs.gflops > 0) row["share_of_peak"] = 1e-9 * what.flops / times.ours / roofs.gflops;
  }
  if (what.bytes > 0) {
    if (what.flops > 0) row["intensity"] = what.flops / what.bytes;
    if (roofs.gigabytes > 0) row["share_of_bandwidth"] = 1e-9 * what.bytes / times.ours / roofs.gigabytes;
  }
  return row;
}

Json timed_row(const std::string& name, const std::string& size, const std::vector<double>& seconds) {
  return {{"case", name},
          {"size", size},
          {"ours_seconds", quantile(seconds, 0.5)},
          {"rival", nullptr},
          {"rival_seconds", nullptr},
          {"ratio", nullptr},
          {"goal", nullptr},
          {"spread", {quantile(seconds, 0.25), quantile(seconds, 0.75)}}};
}

void invert_ratio(Json& row) {
  const double lower = row["spread"][0].get<double>(), upper = row["spread"][1].get<double>();
  row["ratio"] = 1 / row["ratio"].get<double>();
  row["spread"] = {1 / upper, 1 / lower};
  row["smaller_is_better"] = true;
}

std::string results_text(const Json& results) {
  using Line = std::array<std::string, 9>;
  std::vector<Line> lines{{"case", "size", "ours", "rival", "rival's", "ratio", "goal", "", "of peak"}};
  for (const auto& row : results) {
    Line line;
    line[0] = row["case"].get<std::string>(), line[1] = row["size"].get<std::string>();
    line[2] = seconds_text(row["ours_seconds"]);
    if (!row["rival"].is_null()) line[3] = row["rival"].get<std::string>();
    line[4] = seconds_text(row["rival_seconds"]);
    line[5] = number_text(row["ratio"]);
    if (!row["goal"].is_null()) {
      line[6] = (row.value("smaller_is_better", false) ? "<= " : ">= ") + number_text(row["goal"]);
      line[7] = is_met(row) ? "met" : "missed";
    }
    if (row.contains("share_of_peak")) line[8] = number_text(row["share_of_peak"]);
    lines.push_back(line);
  }
  std::array<size_t, 9> width{};
  for (const auto& line : lines)
    for (size_t column = 0; column < line.size(); ++column)
      width[column] = std::max(width[column], line[column].size());
  std::string text;
  for (const auto& line : lines) {
    std::string written;
    for (size_t column = 0; column < line.size(); ++column) {
      const std::string blanks(width[column] - line[column].size(), ' ');
      const bool is_number = column == 2 || (column >= 4 && column != 7);
      written += (column ? "  " : "") + (is_number ? blanks + line[column] : line[column] + blanks);
    }
    text += written.substr(0, written.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

Outcome outcome_of(const Json& machine, const Json& results) {
  return {{{"machine", machine}, {"results", results}}, machine_text(machine) + results_text(results)};
}

void require_same(const std::string& rival, size_t vectors, size_t points, const Values& ours,
                  const Values& theirs, double tolerance) {
  double difference = 0, size = 0;
  for (size_t v = 0; v < vectors; ++v)
    for (size_t p = 0; p < points; ++p) {
      const std::complex<double> a(ours(v, p)), b(theirs(v, p));
      difference += std::norm(a - b);
      size += std::norm(b);
    }
  const double error = std::sqrt(difference / size);
  if (!(error <= tolerance))
    throw InternalError(rival + " and Danaus compute different numbers (relative difference " +
                        std::to_string(error) + "): their times cannot be compared");
}

}  // namespace danaus::app
