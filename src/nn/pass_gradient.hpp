#pragma once

#include <danaus/core/tensor.hpp>

namespace danaus::nn {

/// to = from, or added to it, entry by entry: a gradient that passes unchanged, or what a library that can
/// only overwrite has written elsewhere. `from` is contiguous.
template <class T>
void pass_gradient(const Exec& space, const T* from, Write write, const Tensor<T, 4>& to) {
  Kokkos::parallel_for(
      "danaus::nn::pass_gradient", over_entries(space, to),
      KOKKOS_LAMBDA(size_t q) { store(write, from[q], to.data()[q]); });
}

}  // namespace danaus::nn
