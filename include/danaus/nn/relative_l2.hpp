#pragma once

#include <danaus/autograd/tape.hpp>

namespace danaus::nn {

/// Relative L2 loss of one frame, summed over the batch:
///
///     L = sum_b || prediction_b - target_b ||_2 / || target_b ||_2
///
/// Norms over all points and channels, in double. A target of norm zero counts with the norm of the
/// difference.
/// @param prediction, target  (batch, x, y, channel)
/// @throws ShapeError if the shapes differ
template <class T>
Var<T, 0> relative_l2(Tape& tape, const Var<T, 4>& prediction, const Tensor<T, 4>& target);

}  // namespace danaus::nn
