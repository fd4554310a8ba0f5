#include "report.hpp"

#include <common/program.hpp>
#include <common/report/html.hpp>
#include <common/report/line_chart.hpp>
#include <common/version.hpp>

#include <danaus/io/atomic_file.hpp>

namespace danaus::app {
namespace {

std::string number(const char* format, double x) {
  char text[64];
  std::snprintf(text, sizeof text, format, x);
  return text;
}

std::string curve(const std::map<std::string, std::vector<double>>& log, const std::string& title,
                  const std::string& label, const std::vector<std::pair<std::string, std::string>>& columns) {
  LineChart chart{title, "epoch", label, {}};
  int color = 0;
  for (const auto& [column, name] : columns)
    if (log.contains(column))
      chart.series.push_back({name, log.at("epoch"), log.at(column), color++, false, false});
  const std::string svg = chart.svg();
  return svg.empty() ? "" : "<figure>" + svg + "</figure>";
}

}  // namespace

void write_training_report(const std::string& file, const train::TrainResult& result,
                           const std::map<std::string, std::string>& options,
                           const std::map<std::string, std::vector<double>>& log) {
  HtmlPage page("Run report: " + result.model);
  page.subtitle("Danaus " + version() + " (" + commit() + ")");
  page.table({"model", "PSNR", "SSIM", "parameters", "s / epoch", "epochs", "seed"},
             {{result.model, number("%.2f", result.score("psnr")), number("%.4f", result.score("ssim")),
               std::to_string(result.parameters), number("%.3g", result.seconds_per_epoch),
               std::to_string(result.epochs), std::to_string(result.seed)}});
  page.paragraph(
      "Scores on the validation scans, mean over echoes, scans and accelerations. Scores on synthetic scans "
      "are "
      "not scores on clinical data. danaus-mri eval --run compares runs and methods on test scans.");
  if (log.contains("epoch"))
    page.raw("<div class=\"pair\">" +
             curve(log, "Error during training", "relative L2",
                   {{"train_relative_l2", "training"}, {"validation_relative_l2", "validation"}}) +
             curve(log, "Loss during training", "loss", {{"train_loss", "training"}}) + "</div>\n" +
             curve(log, "Validation", "PSNR in dB", {{"psnr", "PSNR"}}));
  page.heading("Options");
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, value] : options) rows.push_back({name, value});
  page.table({"option", "value"}, rows);
  page.raw("<footer>Made by <code>" + html_escaped(command_line()) + "</code></footer>\n");
  io::write_file_atomically(file, page.html());
}

}  // namespace danaus::app
