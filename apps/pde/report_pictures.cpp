#include "report_pictures.hpp"

#include <common/report/picture.hpp>

#include <danaus/pde/data/data_set_source.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace danaus::app {
namespace {

/// The first channel of a frame, (x, y, channel).
GridField field_of(const float* frame, size_t points_x, size_t points_y, size_t channels) {
  GridField field{points_x, points_y, std::vector<float>(points_x * points_y)};
  for (size_t i = 0; i < field.values.size(); ++i) field.values[i] = frame[i * channels];
  return field;
}

GridField true_field(const pde::DataSet& data, size_t sample, size_t frame) {
  const auto& d = data.description();
  const size_t channels = d.channels(frame);
  std::vector<float> values(d.points_x * d.points_y * channels);
  data.read_sample(sample, frame, 1, values.data());
  return field_of(values.data(), d.points_x, d.points_y, channels);
}

GridField absolute_error(const GridField& prediction, const GridField& truth) {
  GridField error = prediction;
  for (size_t i = 0; i < error.values.size(); ++i)
    error.values[i] = std::abs(error.values[i] - truth.values[i]);
  return error;
}

/// predictions[step][sample] of the given samples of the file.
std::vector<std::vector<GridField>> predict(Score& s, const std::vector<size_t>& samples, size_t steps) {
  const auto& d = s.data->description();
  pde::DataSetSource source(s.data, samples);
  std::vector<size_t> all(samples.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = i;
  std::vector<std::vector<GridField>> fields(steps);
  roll_out(s.trained, source, all, steps, [&](size_t step, const Tensor<float, 4>& frame) {
    const auto values = host_values(frame);
    const size_t size = values.size() / samples.size();
    for (size_t b = 0; b < samples.size(); ++b)
      fields[step].push_back(field_of(&values[b * size], d.points_x, d.points_y, d.output_channels));
  });
  return fields;
}

bool has_both_signs(const std::vector<const GridField*>& fields) {
  double low = 0, high = 0;
  for (const auto* field : fields)
    for (float x : field->values) low = std::min(low, double(x)), high = std::max(high, double(x));
  return low < -0.1 * high;
}

/// A row of pictures, and the fields that it shows.
struct PictureRow {
  std::string label;
  std::vector<GridField> fields;
};

std::vector<const GridField*> pointers(const std::vector<PictureRow>& rows) {
  std::vector<const GridField*> all;
  for (const auto& row : rows)
    for (const auto& field : row.fields) all.push_back(&field);
  return all;
}

std::string row_html(const PictureRow& row, ValueRange range, PictureColors colors) {
  std::string html = "<tr><th scope=\"row\">" + html_escaped(row.label) + "</th>";
  for (const auto& field : row.fields)
    html += "<td>" + picture_html(field, range, colors, row.label) + "</td>";
  return html + "</tr>\n";
}

std::string time_label(const pde::DataDescription& d, size_t frame, size_t step) {
  std::string text = "step " + std::to_string(step + 1);
  if (frame >= d.times.size()) return text;
  char time[32];
  std::snprintf(time, sizeof time, ", t = %.4g", d.times[frame]);
  return text + time;
}

/// One table: columns are times or samples; below the inputs and truth come prediction and error of each
/// model.
void add_table(HtmlPage& page, const std::vector<std::string>& columns, const std::vector<PictureRow>& inputs,
               const std::vector<PictureRow>& values, const std::vector<PictureRow>& errors,
               const std::string& caption) {
  const auto shown = pointers(values);
  const auto colors = has_both_signs(shown) ? PictureColors::diverging : PictureColors::sequential;
  const ValueRange range = range_of(shown, colors);
  ValueRange error_range = range_of(pointers(errors), PictureColors::sequential);
  error_range.low = 0;

  std::string html = "<figure><div class=\"scroll\"><table class=\"fields\"><tr><th></th>";
  for (const auto& column : columns) html += "<th>" + html_escaped(column) + "</th>";
  html += "</tr>\n";
  for (const auto& row : inputs)
    html += row_html(row, range_of(pointers(inputs), PictureColors::sequential), PictureColors::sequential);
  html += row_html(values[0], range, colors);
  for (size_t m = 0; m < errors.size(); ++m) {
    html += row_html(values[m + 1], range, colors);
    html += row_html(errors[m], error_range, PictureColors::sequential);
  }
  html += "</table></div>";
  if (!inputs.empty())
    html += color_bar_html(range_of(pointers(inputs), PictureColors::sequential), PictureColors::sequential,
                           "input");
  html += color_bar_html(range, colors, "truth, predictions");
  html += color_bar_html(error_range, PictureColors::sequential, "|error|");
  page.raw(html + "<figcaption>" + html_escaped(caption) + "</figcaption></figure>\n");
}

void add_series(HtmlPage& page, const pde::DataSet& data, const std::vector<Score*>& scores) {
  const auto& d = data.description();
  const size_t history = scores.front()->trained.history(), sample = scores.front()->samples.front();
  size_t common_steps = scores.front()->steps;
  for (const Score* s : scores) common_steps = std::min(common_steps, s->steps);
  const auto shown = steps_to_show(common_steps);

  std::vector<std::string> columns;
  PictureRow truth{"truth", {}};
  for (size_t step : shown) {
    columns.push_back(time_label(d, history + step, step));
    truth.fields.push_back(true_field(data, sample, history + step));
  }
  std::vector<PictureRow> values{truth}, errors;
  for (Score* s : scores) {
    const std::string label = label_of(*s, scores);
    const auto predicted = predict(*s, {sample}, common_steps);
    PictureRow value{label, {}}, error{"|error|", {}};
    for (size_t i = 0; i < shown.size(); ++i) {
      value.fields.push_back(predicted[shown[i]].front());
      error.fields.push_back(absolute_error(value.fields.back(), truth.fields[i]));
    }
    values.push_back(std::move(value));
    errors.push_back(std::move(error));
  }
  page.subheading("Truth, prediction and error over time");
  add_table(page, columns, {}, values, errors,
            "Test sample " + std::to_string(sample) +
                ", the first of the held-out ones. All pictures of a kind share "
                "one colour range; x to the right, y upwards.");
}

void add_static(HtmlPage& page, const pde::DataSet& data, const std::vector<Score*>& scores) {
  const auto& all = scores.front()->samples;
  const std::vector<size_t> samples(all.begin(),
                                    all.begin() + std::ptrdiff_t(std::min<size_t>(4, all.size())));
  std::vector<std::string> columns;
  PictureRow input{"input", {}}, truth{"truth", {}};
  for (size_t sample : samples) {
    columns.push_back("sample " + std::to_string(sample));
    input.fields.push_back(true_field(data, sample, 0));
    truth.fields.push_back(true_field(data, sample, 1));
  }
  std::vector<PictureRow> values{truth}, errors;
  for (Score* s : scores) {
    PictureRow value{label_of(*s, scores), predict(*s, samples, 1).front()}, error{"|error|", {}};
    for (size_t i = 0; i < samples.size(); ++i)
      error.fields.push_back(absolute_error(value.fields[i], truth.fields[i]));
    values.push_back(std::move(value));
    errors.push_back(std::move(error));
  }
  page.subheading("Input, truth, prediction and error");
  add_table(page, columns, {input}, values, errors,
            "The first held-out samples. All pictures of a kind share one colour range; x to the right, y "
            "upwards.");
}

}  // namespace

std::string label_of(const Score& score, const std::vector<Score*>& all) {
  const auto same = std::count_if(all.begin(), all.end(), [&](const Score* s) {
    return s->trained.config.model == score.trained.config.model;
  });
  const std::string& model = score.trained.config.model;
  if (same < 2) return model;
  const std::filesystem::path path = score.name;
  return model + " (" + (path.has_filename() ? path : path.parent_path()).filename().string() + ")";
}

std::vector<size_t> steps_to_show(size_t steps) {
  const size_t count = std::min<size_t>(5, steps);
  std::vector<size_t> shown;
  for (size_t i = 0; i < count; ++i) shown.push_back(count == 1 ? 0 : i * (steps - 1) / (count - 1));
  return shown;
}

void add_pictures(HtmlPage& page, const pde::DataSet& data, const std::vector<Score*>& scores) {
  // Lines of a one-dimensional problem are not pictures.
  if (data.description().points_y < 2) return;
  if (data.description().is_static)
    add_static(page, data, scores);
  else
    add_series(page, data, scores);
}

}  // namespace danaus::app
