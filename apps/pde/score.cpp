#include "score.hpp"

#include <danaus/core/error.hpp>
#include <danaus/pde/data/data_set_source.hpp>

#include <algorithm>

namespace danaus::app {
namespace {

size_t run_number(const TrainedModel& trained, const std::string& option) {
  const auto found = trained.run.find(option);
  return found == trained.run.end() ? 0 : size_t(std::stoull(found->second));
}

/// The last samples of the training file are those that the run was tested on; of another file all are new.
std::vector<size_t> samples_to_score(const TrainedModel& trained, const pde::DataDescription& data,
                                     size_t wanted) {
  size_t count = data.samples;
  if (trained.data_digest == data.digest) {
    count = run_number(trained, "test");
    if (count == 0) count = std::max<size_t>(1, (data.samples + 3) / 6);
  }
  if (wanted > 0) count = wanted;
  if (count > data.samples)
    throw UsageError("--samples " + std::to_string(count) + ": " + data.path + " has " +
                     std::to_string(data.samples));
  std::vector<size_t> samples;
  for (size_t s = data.samples - count; s < data.samples; ++s) samples.push_back(s);
  return samples;
}

pde::PdeBenchScores pdebench_scores(Score& s, pde::DataSetSource& source, const ScoreOptions& options) {
  const auto& d = s.data->description();
  const pde::TrajectoryShape shape{s.steps, d.points_x, d.points_y, d.output_channels};
  pde::PdeBenchMetrics metrics(options.profile, shape, options.batch);
  for (size_t first = 0; first < s.samples.size(); first += options.batch) {
    const size_t count = std::min(options.batch, s.samples.size() - first);
    std::vector<size_t> batch(count);
    for (size_t b = 0; b < count; ++b) batch[b] = first + b;
    std::vector<std::vector<float>> predicted(count, std::vector<float>(shape.size()));
    roll_out(s.trained, source, batch, s.steps, [&](size_t step, const Tensor<float, 4>& frame) {
      const auto values = host_values(frame);
      for (size_t b = 0; b < count; ++b)
        std::copy_n(&values[b * shape.frame_size()], shape.frame_size(),
                    &predicted[b][step * shape.frame_size()]);
    });
    std::vector<float> truth(shape.size());
    for (size_t b = 0; b < count; ++b) {
      s.data->read_sample(s.samples[first + b], s.trained.history(), s.steps, truth.data());
      metrics.add(predicted[b].data(), truth.data());
    }
  }
  return metrics.scores();
}

}  // namespace

std::vector<float> host_values(const Tensor<float, 4>& tensor) {
  const auto host = to_host(tensor);
  return {host.data(), host.data() + host.size()};
}

Score score(const std::string& run, std::shared_ptr<const pde::DataSet> data, const ScoreOptions& options) {
  const auto& d = data->description();
  Score s;
  s.name = run;
  s.trained = load_trained_model(run, options.which, d.points_x, d.points_y);
  s.data = data;
  require_fitting_data(s.trained, d);
  const size_t history = s.trained.history();
  data->require_frames(history + 1, "history " + std::to_string(history) + " and one to predict");
  s.steps = d.frames - history;
  if (s.trained.data_digest == d.digest && run_number(s.trained, "steps") > 0)
    s.steps = run_number(s.trained, "steps");
  if (options.steps > 0) s.steps = options.steps;
  data->require_frames(history + s.steps,
                       "history " + std::to_string(history) + ", steps " + std::to_string(s.steps));
  s.samples = samples_to_score(s.trained, d, options.samples);
  s.parameters = s.trained.model->parameters().count_reals();

  pde::DataSetSource source(data, s.samples);
  Tape tape;
  s.evaluation = train::evaluate<float>(tape, *s.trained.model, source, {0, s.samples.size()},
                                        {history, s.steps, options.batch});
  if (options.profile != pde::MetricsProfile::fno) s.metrics = pdebench_scores(s, source, options);
  return s;
}

}  // namespace danaus::app
