#pragma once

#include <danaus/train/evaluate.hpp>
#include <danaus/train/loop.hpp>

#include <functional>

namespace danaus::train {

/// Sum over the batch of a measure of |prediction - target|, on the tape; nn::relative_l2 is the published
/// one.
template <class T>
using Loss = std::function<Var<T, 0>(Tape&, const Frame<T>& prediction, const Tensor<T, 4>& target)>;

/// Trains a model on trajectories, or on pairs of input and target.
///
/// An epoch visits every training sample once, in an order of its own. Each sample contributes a window of
/// `history` observed frames and the k frames after them, k from the unroll schedule; windows shorter than
/// the trajectory start at a random frame. The model predicts the k frames one after the other, each
/// prediction entering the next history with its gradient, and the loss is the sum over steps and batch (as
/// published). The model is scored by full roll-out on the validation samples. `train_relative_l2` in
/// metrics.csv is the mean loss per sample and step. run_training() says what else a run does.
///
/// Everything random depends on (seed, epoch, sample), so a run continued from any checkpoint has the bits of
/// one that was never stopped; so has a run with another number of threads.
///
/// @param model  with its initial weights; holds the final ones (raw, not averaged) at the end
/// @throws InterruptedError after SIGINT or SIGTERM, with last.h5 written
/// @throws DivergedError with the last good checkpoint left in place
/// @throws UsageError, DataError, IoError
template <class T>
TrainResult train(const Exec& space, Model<T>& model, SampleSource<T>& data, const Loss<T>& loss,
                  const TrainOptions& options);

/// Standard deviation of each channel of the first frames' field over samples and frames [0, frames).
template <class T>
std::vector<double> channel_deviations(const Exec& space, SampleSource<T>& data, SampleRange samples,
                                       size_t frames, size_t batch);

}  // namespace danaus::train
