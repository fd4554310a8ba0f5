#include "report.hpp"

#include "report_pictures.hpp"

#include <common/program.hpp>
#include <common/report/html.hpp>
#include <common/report/line_chart.hpp>
#include <common/training_run.hpp>
#include <common/version.hpp>

#include <danaus/io/atomic_file.hpp>
#include <danaus/io/hdf5_reader.hpp>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <sstream>

namespace danaus::app {
namespace {

namespace fs = std::filesystem;

/// The runs on one data set.
struct Section {
  std::shared_ptr<const pde::DataSet> data;
  std::vector<Score*> scores;
};

std::vector<Section> sections_of(std::vector<Score>& scores) {
  std::vector<Section> sections;
  for (auto& s : scores) {
    const auto known = std::find_if(sections.begin(), sections.end(), [&](const Section& x) {
      return x.data->description().digest == s.data->description().digest &&
             x.data->description().points_x == s.data->description().points_x;
    });
    if (known != sections.end())
      known->scores.push_back(&s);
    else
      sections.push_back({s.data, {&s}});
  }
  return sections;
}

std::string seconds_per_epoch(const Score& s) {
  const io::Hdf5Reader reader(s.trained.checkpoint);
  const char* name = "result_seconds_per_epoch";
  if (!reader.has_group("/training") || !reader.has_attribute("/training", name)) return "–";
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", reader.attribute<double>("/training", name));
  return text;
}

std::string option(const Score& s, const std::string& name) {
  const auto found = s.trained.run.find(name);
  return found == s.trained.run.end() ? "–" : found->second;
}

std::string grouped(size_t number) {
  std::string text = std::to_string(number);
  for (int i = int(text.size()) - 3; i > 0; i -= 3) text.insert(size_t(i), ",");
  return text;
}

std::string error_text(double error) {
  char text[32];
  std::snprintf(text, sizeof text, error < 0.001 ? "%.2e" : "%.4f", error);
  return text;
}

std::string describe(const pde::DataDescription& d, const Section& section) {
  std::string text = fs::path(d.path).filename().string() + ": " + grouped(d.samples) + " samples on " +
                     std::to_string(d.points_x) + "×" + std::to_string(d.points_y) + " points";
  if (!d.is_static) text += ", " + std::to_string(d.frames) + " frames";
  for (const char* name : {"viscosity", "nu", "coefficient"})
    if (d.attributes.contains(name)) {
      text += ", " + std::string(name) + " " + d.attributes.at(name);
      break;
    }
  const Score& first = *section.scores.front();
  text += "; scored on " + grouped(first.samples.size()) + " held-out samples";
  if (!d.is_static)
    text += ", " + std::to_string(first.steps) + " steps predicted from the first " +
            std::to_string(first.trained.history()) + " frames";
  return text + ".";
}

std::string title_of(const pde::DataDescription& d) {
  if (d.problem == "navier-stokes") return "Navier–Stokes, vorticity";
  if (d.problem == "darcy") return "Darcy flow";
  if (d.problem == "burgers") return "Burgers";
  return d.problem == "own" ? fs::path(d.path).filename().string() : d.problem;
}

void add_table(HtmlPage& page, const std::vector<Section>& sections) {
  std::vector<std::vector<std::string>> rows;
  for (const auto& section : sections)
    for (const Score* s : section.scores)
      rows.push_back({title_of(section.data->description()), s->trained.config.model,
                      error_text(s->evaluation.relative_l2), grouped(s->parameters), seconds_per_epoch(*s),
                      option(*s, "epochs"), option(*s, "seed"), option(*s, "recipe"), s->name});
  // What people look for first stands first: a narrow window cuts the end.
  page.table(
      {"problem", "model", "test relative L2", "parameters", "s / epoch", "epochs", "seed", "recipe", "run"},
      rows, 2);
}

void add_curves(HtmlPage& page, const Section& section) {
  LineChart losses{"Error during training", "epoch", "relative L2", {}};
  LineChart steps{"Error growth over the roll-out", "predicted step", "test relative L2", {}};
  int color = 0;
  for (const Score* s : section.scores) {
    const auto log = training_log(s->trained.checkpoint);
    const std::string name = label_of(*s, section.scores);
    if (log.contains("epoch")) {
      losses.series.push_back(
          {name + ", training loss", log.at("epoch"), log.at("train_relative_l2"), color, true, false});
      losses.series.push_back(
          {name + ", validation", log.at("epoch"), log.at("validation_relative_l2"), color, false, false});
    }
    std::vector<double> number;
    for (size_t k = 1; k <= s->evaluation.relative_l2_per_step.size(); ++k) number.push_back(double(k));
    steps.series.push_back({name, number, s->evaluation.relative_l2_per_step, color, false, true});
    ++color;
  }
  page.raw("<div class=\"pair\">");
  if (const std::string svg = losses.svg(); !svg.empty())
    page.raw(
        "<figure>" + svg +
        "<figcaption>Training loss: mean over the samples and unrolled steps of the epoch. Validation: full "
        "roll-out.</figcaption></figure>");
  if (!section.data->description().is_static)
    page.raw("<figure>" + steps.svg() +
             "<figcaption>Each predicted frame by itself, mean over the test "
             "samples.</figcaption></figure>");
  page.raw("</div>\n");
}

void add_step_table(HtmlPage& page, const Section& section) {
  if (section.data->description().is_static) return;
  const auto shown = steps_to_show(section.scores.front()->steps);
  std::vector<std::string> head{"relative L2 at step"};
  for (size_t step : shown) head.push_back(std::to_string(step + 1));
  std::vector<std::vector<std::string>> rows;
  for (const Score* s : section.scores) {
    rows.push_back({label_of(*s, section.scores)});
    for (size_t step : shown)
      rows.back().push_back(step < s->steps ? error_text(s->evaluation.relative_l2_per_step[step]) : "–");
  }
  page.table(head, rows);
}

}  // namespace

void write_report(const std::string& file, std::vector<Score>& scores) {
  const auto sections = sections_of(scores);
  HtmlPage page(scores.size() == 1 ? "Run report: " + scores.front().name : "Model comparison");
  page.subtitle("Danaus " + version() + " (" + commit() + ")");
  add_table(page, sections);
  for (const auto& section : sections) {
    const auto& d = section.data->description();
    page.heading(title_of(d));
    page.paragraph(describe(d, section));
    add_curves(page, section);
    add_step_table(page, section);
    add_pictures(page, *section.data, section.scores);
  }
  page.raw(
      "<footer>Relative L2: the norm of the error over the norm of the truth, mean over the test samples. "
      "Made by "
      "<code>" +
      html_escaped(command_line()) + "</code></footer>\n");
  io::write_file_atomically(file, page.html());
}

}  // namespace danaus::app
