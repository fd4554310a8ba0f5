#pragma once

#include <danaus/core/random.hpp>
#include <danaus/core/tensor.hpp>

namespace danaus::nn {

/// values[q] = offset + scale * uniform on [0, 1), a function of (seed, stream, q) alone.
template <class T>
void fill_uniform(const Random& random, double offset, double scale, const Tensor<T, 1>& values);

}  // namespace danaus::nn
