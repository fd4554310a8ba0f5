#pragma once

#include <danaus/autograd/tape.hpp>
#include <danaus/train/learnable.hpp>

#include <vector>

namespace danaus::train {

/// A frame of a batch of samples: the fields at one time, `(batch, x, y, channel)`.
template <class T>
using Frame = Var<T, 4>;

/// What trajectory training knows of a model: it predicts the next frame from the frames before it.
///
/// A static problem (Darcy: coefficient -> solution) is one step: the history is the input frame, the
/// prediction the output frame. Nothing here knows which equation it is.
template <class T>
class Model : public Learnable<T> {
 public:
  /// @param history  the last frames, oldest first, in physical units; some may carry gradients
  /// @return         the next frame in physical units
  virtual Frame<T> step(Tape& tape, const std::vector<Frame<T>>& history) = 0;

  /// Called once before training with (frame, ...) batches of the training set, to fix normalisation.
  /// @param inputs, targets  one tensor per batch, `(batch, x, y, channel)`; all training samples once
  virtual void fit_normalizer(const std::vector<Tensor<T, 4>>& inputs,
                              const std::vector<Tensor<T, 4>>& targets) {
    (void)inputs, (void)targets;
  }
};

}  // namespace danaus::train
