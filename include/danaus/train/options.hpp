#pragma once

#include <danaus/core/progress.hpp>
#include <danaus/io/hdf5_writer.hpp>
#include <danaus/optim/adam.hpp>
#include <danaus/optim/schedule.hpp>
#include <danaus/train/run_directory.hpp>
#include <danaus/train/task.hpp>
#include <danaus/train/unroll_schedule.hpp>

#include <cstdint>
#include <string>

namespace danaus::train {

/// What decides how a training loop runs, whatever it trains.
struct LoopOptions {
  size_t epochs = 500, batch = 20;

  optim::Schedule schedule;      ///< its `epochs` is set to the run's
  optim::AdamOptions optimizer;  ///< `clip`: of the gradient of the mean loss, over samples and steps

  size_t validate_every = 1;  ///< epochs
  std::uint64_t seed = 0;

  std::string run;  ///< folder
  ExistingRun existing = ExistingRun::refuse;
  double checkpoint_seconds = 300;  ///< and at every end of an epoch
  io::FileHeader header;            ///< `created_by` and `command` of the checkpoints
  ProgressMode progress = ProgressMode::automatic;

  /// @throws UsageError naming the option, what was found and what is possible
  void validate() const;
};

/// Everything that decides what a training run on trajectories does, but for the model and the data.
struct TrainOptions : LoopOptions {
  size_t history = 10;  ///< frames the model sees; 1 for static problems
  size_t steps = 10;    ///< frames after the history that are predicted
  UnrollSchedule unroll;
  double noise = 0;  ///< on the observed history in training, in units of each field's deviation

  /// Training: the first `train_samples` but for their last `validation_samples`, on which the best weights
  /// are chosen. Test: the last `test_samples` of the data.
  size_t train_samples = 0, validation_samples = 0, test_samples = 0;

  /// @throws UsageError naming the option, what was found and what is possible
  void validate(size_t samples, size_t frames) const;
};

/// What a finished run reports.
struct TrainResult {
  std::string model;
  size_t parameters = 0;  ///< complex ones counted as two
  size_t parameters_complex_as_one = 0;
  size_t epochs = 0;
  /// By name; of trajectories train_relative_l2 (full roll-out on the first `test_samples` training samples),
  /// validation_relative_l2 and test_relative_l2, the last two nan without samples.
  Scores scores;
  double seconds_per_epoch = 0;  ///< median; iterations and data loading only
  double seconds_total = 0;
  std::uint64_t seed = 0;
  std::string data_digest;

  /// nan if there is none of that name
  double score(const std::string& name) const;
};

}  // namespace danaus::train
