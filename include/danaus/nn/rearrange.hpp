#pragma once

#include <danaus/autograd/tape.hpp>

namespace danaus::nn {

/// The channels of a, then those of b, at every point.
/// @param a, b  (batch, x, y, channel) with the same points
/// @throws ShapeError if the points differ
template <class T>
Var<T, 4> concatenate(Tape& tape, const Var<T, 4>& a, const Var<T, 4>& b);

/// The same picture on a grid of another size: zeros around it, or its middle. Point i of the smaller axis is
/// point i + (larger - smaller) / 2 of the larger (rounded down), so going there and back changes nothing.
/// @param x  (batch, x, y, channel)
/// @return   (batch, points_x, points_y, channel)
template <class T>
Var<T, 4> pad_or_crop(Tape& tape, const Var<T, 4>& x, size_t points_x, size_t points_y);

}  // namespace danaus::nn
