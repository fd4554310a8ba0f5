#pragma once

#include <danaus/autograd/parameter_store.hpp>
#include <danaus/autograd/tape.hpp>

#include <map>
#include <string>
#include <vector>

namespace danaus::train {

/// A frame of a batch of samples: the fields at one time, `(batch, x, y, channel)`.
template <class T>
using Frame = Var<T, 4>;

/// What the training loop knows of a model: it predicts the next frame from the frames before it.
///
/// A static problem (Darcy: coefficient -> solution) is one step: the history is the input frame, the
/// prediction the output frame. Nothing here knows which equation it is.
template <class T>
class Model {
 public:
  virtual ~Model() = default;

  /// @param history  the last frames, oldest first, in physical units; some may carry gradients
  /// @return         the next frame in physical units
  virtual Frame<T> step(Tape& tape, const std::vector<Frame<T>>& history) = 0;

  /// Called once before training with (frame, ...) batches of the training set, to fix normalisation.
  /// @param inputs, targets  one tensor per batch, `(batch, x, y, channel)`; all training samples once
  virtual void fit_normalizer(const std::vector<Tensor<T, 4>>& inputs,
                              const std::vector<Tensor<T, 4>>& targets) {
    (void)inputs, (void)targets;
  }

  /// Training uses batch statistics and updates running ones, evaluation uses the running ones (BatchNorm).
  virtual void set_training(bool training) { (void)training; }

  ParameterStore<T>& parameters() { return parameters_; }
  const ParameterStore<T>& parameters() const { return parameters_; }

  /// Every hyper-parameter, by the name of its option: enough to build the model again.
  virtual std::map<std::string, std::string> hyper_parameters() const = 0;

 protected:
  ParameterStore<T> parameters_;
};

}  // namespace danaus::train
