#pragma once

#include <danaus/pde/models/model_table.hpp>

#include <filesystem>

namespace danaus::pde {

/// A trained operator inside another program: loaded from a checkpoint alone, applied to the program's own
/// device views without a copy of the inputs.
///
///     danaus::pde::TrainedOperator next("runs/ns/last.h5");
///     auto frame = next(space, {u0, u1, u2});   // (batch, x, y, channel) each, oldest first
///
/// The averaged weights are used where the run has any.
class TrainedOperator {
 public:
  /// @throws MissingInputError, DataError
  explicit TrainedOperator(const std::filesystem::path& checkpoint);

  const ModelConfig& config() const { return config_; }
  /// Frames that it expects: the history, or the one input of a static problem.
  size_t inputs() const { return config_.history == 0 ? 1 : config_.history; }

  /// The next frame, or the solution of a static problem, in physical units.
  /// @return  (batch, x, y, channel) in device memory of this object, valid until the next call
  /// @throws ShapeError if number or shape of the frames do not fit the model
  Tensor<float, 4> operator()(const Exec& space, const std::vector<Tensor<float, 4>>& history);

 private:
  ModelConfig config_;
  std::unique_ptr<train::Model<float>> model_;
  std::unique_ptr<Tape> tape_;
};

}  // namespace danaus::pde
