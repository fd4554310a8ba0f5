#include "trained_model.hpp"

#include <common/training_run.hpp>

#include <danaus/core/error.hpp>
#include <danaus/io/hdf5_reader.hpp>
#include <danaus/train/checkpoint.hpp>

#include <filesystem>

namespace danaus::app {

namespace fs = std::filesystem;

std::string training_digest(const std::string& checkpoint) {
  const io::Hdf5Reader reader(checkpoint);
  return reader.has_group("/training") && reader.has_attribute("/training", "data_digest")
             ? reader.attribute<std::string>("/training", "data_digest")
             : "";
}

TrainedModel load_trained_model(const std::string& path, const std::string& which, size_t points_x,
                                size_t points_y) {
  TrainedModel trained;
  trained.checkpoint = checkpoint_path(path, which);
  trained.config = pde::ModelConfig::from_map(train::read_hyper_parameters(trained.checkpoint));
  trained.data_digest = training_digest(trained.checkpoint);
  trained.run = run_options(trained.checkpoint);

  auto& c = trained.config;
  const bool moves = points_x != 0 && (points_x != c.points_x || points_y != c.points_y);
  const std::string trained_at = std::to_string(c.points_x) + "x" + std::to_string(c.points_y);
  if (moves) c.points_x = points_x, c.points_y = points_y;
  trained.model = pde::create_model(c, 0);
  try {
    train::read_parameters(trained.checkpoint, *trained.model, train::WeightsKind::averaged);
  } catch (const DataError& error) {
    if (!moves) throw;
    throw UsageError(trained.checkpoint + ": " + c.model + " was trained on " + trained_at +
                     " points and has parameters of that size, the data have " + std::to_string(points_x) +
                     "x" + std::to_string(points_y));
  }
  trained.model->set_training(false);
  return trained;
}

void require_fitting_data(const TrainedModel& trained, const pde::DataDescription& data) {
  const auto& c = trained.config;
  const auto fail = [&](const std::string& expected, const std::string& found) {
    throw DataError(data.path + ": expected " + expected + ", which " + trained.checkpoint +
                    " was trained for, found " + found);
  };
  if ((c.history == 0) != data.is_static)
    fail(c.history == 0 ? "a static problem (one field in, one out)" : "a time series",
         data.is_static ? "a static problem" : "a time series");
  if (c.input_channels != data.input_channels || c.output_channels != data.output_channels)
    fail(std::to_string(c.input_channels) + " channels in and " + std::to_string(c.output_channels) + " out",
         std::to_string(data.input_channels) + " in and " + std::to_string(data.output_channels) + " out");
}

void roll_out(TrainedModel& trained, train::SampleSource<float>& data, const std::vector<size_t>& samples,
              size_t steps, const std::function<void(size_t, const Tensor<float, 4>&)>& visit) {
  std::vector<train::Window> windows;
  for (size_t sample : samples) windows.push_back({sample, 0});
  const Exec space;
  const auto frames = data.load(space, windows, trained.history());
  std::vector<train::Frame<float>> history;
  for (const auto& frame : frames) history.push_back(train::Frame<float>::constant(frame));
  Tape tape(space, Recording::off);
  for (size_t step = 0; step < steps; ++step) {
    tape.reset();
    const auto prediction = trained.model->step(tape, history);
    space.fence("danaus::app::roll_out");
    visit(step, prediction.value);
    if (step + 1 == steps) break;
    // The oldest frame makes room: the prediction must outlive the tape's reset.
    const auto oldest = history.front();
    copy(space, oldest.value, prediction.value);
    history.erase(history.begin());
    history.push_back(oldest);
  }
}

}  // namespace danaus::app
