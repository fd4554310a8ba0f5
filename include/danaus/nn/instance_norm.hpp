#pragma once

#include <danaus/autograd/tape.hpp>

namespace danaus::nn {

/// Instance normalisation and a leaky ReLU: mean and variance (biased) are those of each channel of each
/// sample over its points, in training and evaluation alike, and nothing is learned.
///
///     y[b, i, j, c] = leaky((x[b, i, j, c] - mean[b, c]) / sqrt(variance[b, c] + 1e-5))
///     leaky(n) = n if n > 0, negative_slope n otherwise
///
/// A negative_slope of 1 leaves the normalised values as they are. Sums run in double over a fixed partition
/// of the points.
/// Source: Ulyanov et al. 2016, "Instance Normalization" (doi:10.48550/arXiv.1607.08022).
/// @param x  (batch, x, y, channel)
template <class T>
Var<T, 4> instance_norm(Tape& tape, const Var<T, 4>& x, double negative_slope);

}  // namespace danaus::nn
