#pragma once

#include <danaus/nn/batch_norm.hpp>
#include <danaus/nn/lifting.hpp>
#include <danaus/nn/operator_layer.hpp>
#include <danaus/nn/projection.hpp>
#include <danaus/pde/models/model_table.hpp>

#include <optional>

namespace danaus::pde {

/// How the transforms of the operator layers come about; the only difference between the models.
enum class Basis {
  fourier,  ///< fixed at the DFT: the Fourier neural operator
  monarch,  ///< learned Monarch transforms that start at the DFT: the Monarch neural operator
};

/// Neural operator on a 2-D grid: lifting, `layers` operator layers (activation on all but the last),
/// projection.
///
///     next = projection(layers(lifting(history, x, y)))      or   last frame + that   (increment)
///
/// With normalize, inputs and outputs are those of a unit Gaussian at every point, with mean and deviation of
/// the training set; both are stored with the parameters. Linear weights are dense unless the configuration
/// makes them Monarch matrices (see linear_weights()). Parameters of the published time-stepping FNO-2d:
/// 926,357 at modes 12, width 20 (926,517 with BatchNorm). Sources: Li et al. 2021
/// (doi:10.48550/arXiv.2010.08895), Dao et al. 2022 (doi:10.48550/arXiv.2204.00595).
template <class T>
class NeuralOperator : public train::Model<T> {
 public:
  /// @throws UsageError if the configuration is impossible
  NeuralOperator(const ModelConfig& config, Basis basis);

  /// Draws the initial weights; transforms start at the DFT. Equal seeds give FNO and Monarch-NO equal
  /// weights.
  void initialize(std::uint64_t seed);

  train::Frame<T> step(Tape& tape, const std::vector<train::Frame<T>>& history) override;
  void fit_normalizer(const std::vector<Tensor<T, 4>>& inputs,
                      const std::vector<Tensor<T, 4>>& targets) override;
  void set_training(bool training) override { training_ = training; }
  std::map<std::string, std::string> hyper_parameters() const override { return config_.to_map(); }

 private:
  /// Mean and deviation of a frame at every point, (x, y, channel).
  struct Normalizer {
    Parameter<T, 3> mean, deviation;
  };
  train::Frame<T> normalized(Tape& tape, const train::Frame<T>& frame) const;
  train::Frame<T> denormalized(Tape& tape, const train::Frame<T>& frame) const;

  ModelConfig config_;
  bool training_ = false;
  std::optional<nn::Lifting<T>> lifting_;
  std::vector<std::shared_ptr<const nn::SpectralBasis<T>>> bases_;  ///< one, or one for each layer
  std::vector<nn::OperatorLayer<T>> layers_;
  std::vector<nn::BatchNorm<T>> norms_;
  std::optional<nn::Projection<T>> projection_;
  std::optional<Normalizer> input_normalizer_, output_normalizer_;
};

}  // namespace danaus::pde
