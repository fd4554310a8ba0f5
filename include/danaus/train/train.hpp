#pragma once

#include <danaus/train/checkpoint.hpp>
#include <danaus/train/evaluate.hpp>
#include <danaus/train/options.hpp>

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
/// published). Then the model is scored by full roll-out on the validation samples, a row is added to
/// metrics.csv (`train_relative_l2` there is the mean loss per sample and step), and last.h5 is written;
/// best.h5 whenever the validation error is the lowest so far.
///
/// Everything random depends on (seed, epoch, sample), so a run continued from any checkpoint has the bits of
/// one that was never stopped; so has a run with another number of threads.
///
/// Training counts as diverged when a loss or gradient is not finite or the mean loss of 16 consecutive
/// iterations exceeds 1000 times the lowest mean loss of an epoch with the same unroll. It is checked every
/// 16 iterations, at the end of an epoch and before any checkpoint; parameters are not updated from a
/// gradient that is not finite.
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

/// sum += loss, in double precision.
template <class T>
void accumulate_loss(const Exec& space, const ConstTensor<T, 0>& loss, const Tensor<double, 0>& sum);

}  // namespace danaus::train
