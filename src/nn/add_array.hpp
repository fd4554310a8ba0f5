#pragma once

#include <danaus/core/tensor.hpp>

namespace danaus::nn {

/// to += from, entry by entry: where a library can only overwrite.
template <class T>
void add_array(const Exec& space, const T* from, const Tensor<T, 4>& to) {
  Kokkos::parallel_for(
      "danaus::nn::add_array", over_entries(space, to), KOKKOS_LAMBDA(size_t q) { to.data()[q] += from[q]; });
}

}  // namespace danaus::nn
