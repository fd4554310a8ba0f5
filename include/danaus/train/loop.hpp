#pragma once

#include <danaus/train/checkpoint.hpp>
#include <danaus/train/options.hpp>
#include <danaus/train/task.hpp>

namespace danaus::train {

/// Runs a task: epochs of batches in random order, validation, checkpoints, metrics.csv, signals, divergence.
///
/// An epoch visits every sample once, in an order that depends on (seed, epoch) alone. Then the task is
/// validated, a row is added to metrics.csv and last.h5 is written; best.h5 whenever the criterion is the
/// best so far. A run continued from any checkpoint has the bits of one that was never stopped.
///
/// Training counts as diverged when a loss or gradient is not finite or the mean loss of 16 consecutive
/// iterations exceeds 1000 times the lowest mean loss of an epoch of the same phase. It is checked every 16
/// iterations, at the end of an epoch and before any checkpoint; parameters are not updated from a gradient
/// that is not finite.
///
/// @throws InterruptedError after SIGINT or SIGTERM, with last.h5 written
/// @throws DivergedError with the last good checkpoint left in place
/// @throws UsageError, DataError, IoError
template <class T>
TrainResult run_training(const Exec& space, Task<T>& task, const LoopOptions& options);

/// sum += loss, in double precision.
template <class T>
void accumulate_loss(const Exec& space, const ConstTensor<T, 0>& loss, const Tensor<double, 0>& sum);

}  // namespace danaus::train
