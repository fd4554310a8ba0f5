#pragma once

#include <danaus/pde/data/data_set.hpp>
#include <danaus/pde/models/model_table.hpp>
#include <danaus/train/sample_source.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace danaus::app {

/// A model as a checkpoint holds it, ready to predict, with the averaged weights where there are any.
struct TrainedModel {
  std::unique_ptr<train::Model<float>> model;
  pde::ModelConfig config;
  std::string checkpoint;   ///< path
  std::string data_digest;  ///< of the data that it was trained on
  /// The resolved options of the run, empty for a bare checkpoint.
  std::map<std::string, std::string> run;

  /// Frames that the model sees.
  size_t history() const { return config.history == 0 ? 1 : config.history; }
};

/// @param path      folder of a run, or a checkpoint
/// @param which     "last" or "best", of a run
/// @param points_x, points_y  grid to predict on; 0: that of the training
/// @throws MissingInputError, DataError; UsageError if the model cannot change its grid
TrainedModel load_trained_model(const std::string& path, const std::string& which, size_t points_x = 0,
                                size_t points_y = 0);

/// Which data a checkpoint was trained on.
std::string training_digest(const std::string& checkpoint);

/// @throws DataError unless the data have the channels and the kind of problem that the model was trained
/// for
void require_fitting_data(const TrainedModel& trained, const pde::DataDescription& data);

/// Predicts `steps` frames from the first frames of the samples, feeding predictions back. The frames behind
/// the history need not exist.
/// @param visit  called with (step, (sample, x, y, channel)); the tensor is valid during the call
void roll_out(TrainedModel& trained, train::SampleSource<float>& data, const std::vector<size_t>& samples,
              size_t steps, const std::function<void(size_t, const Tensor<float, 4>&)>& visit);

}  // namespace danaus::app
