#pragma once

#include <danaus/autograd/tape.hpp>

namespace danaus::nn {

/// a + b, entry by entry: a model that predicts the change of a frame adds it to the last one.
template <class T>
Var<T, 4> add(Tape& tape, const Var<T, 4>& a, const Var<T, 4>& b);

/// x * scale + shift at every point and channel of each sample: (de)normalisation with constants.
/// @param x             (batch, x, y, channel)
/// @param scale, shift  (x, y, channel)
template <class T>
Var<T, 4> affine(Tape& tape, const Var<T, 4>& x, const Tensor<T, 3>& scale, const Tensor<T, 3>& shift);

}  // namespace danaus::nn
