#pragma once

#include <danaus/autograd/tape.hpp>

namespace danaus::nn {

/// Halves a grid: every 2 x 2 points become their mean, or their largest value, channel by channel. The last
/// row or column of an odd number is left out. Of equal values the first, by rows, is the largest.
/// @param x  (batch, x, y, channel)
/// @return   (batch, x / 2, y / 2, channel)
/// @throws ShapeError if an axis has fewer than 2 points
template <class T>
Var<T, 4> average_pool(Tape& tape, const Var<T, 4>& x);
template <class T>
Var<T, 4> max_pool(Tape& tape, const Var<T, 4>& x);

}  // namespace danaus::nn
