#pragma once

#include <danaus/core/tensor.hpp>

#include <cstdint>
#include <vector>

namespace danaus::train {

/// The order in which an epoch visits the samples 0 ... count - 1: a permutation that depends on (seed,
/// epoch) alone.
std::vector<size_t> epoch_order(std::uint64_t seed, size_t epoch, size_t count);

/// The first frame of a sample's window in an epoch, one of 0 ... positions - 1 with equal probability:
/// depends on (seed, epoch, sample) alone.
size_t start_frame(std::uint64_t seed, size_t epoch, size_t sample, size_t positions);

/// frame[b, ..., c] += N(0, deviation[c]^2) with numbers that depend on (seed, epoch, sample, frame, entry)
/// alone.
/// @param frame    (batch, x, y, channel)
/// @param samples  (batch)
/// @param index    of the frame in the history
template <class T>
void add_noise(const Exec& space, std::uint64_t seed, size_t epoch, const ConstTensor<size_t, 1>& samples,
               size_t index, const ConstTensor<double, 1>& deviation, const Tensor<T, 4>& frame);

}  // namespace danaus::train
