#pragma once

#include <danaus/core/partial_sums.hpp>

namespace danaus::nn {

/// Sums over grid points are split into this many parts, whatever the number of threads. A GPU needs a few
/// teams for each of its multiprocessors.
inline constexpr size_t gradient_parts = is_gpu ? 256 : 32;

/// Gradients that lie one behind the other in the partial sums of a part.
template <class T>
struct AddToGradients {
  Kokkos::Array<T*, 4> target = {};
  Kokkos::Array<size_t, 4> end = {};

  KOKKOS_FUNCTION void operator()(size_t at, T sum) const {
    size_t i = 0;
    while (at >= end[i]) ++i;
    target[i][i == 0 ? at : at - end[i - 1]] += sum;
  }
};

/// Each gradient += the partial sums of all parts.
/// @param partial  (part, entry): the entries of all gradients in turn
template <class T, class... Gradient>
void add_partial_sums(const Exec& space, const T* partial, const Gradient&... gradients) {
  static_assert(sizeof...(gradients) <= 4);
  AddToGradients<T> add;
  size_t count = 0, size = 0;
  ((add.target[count] = gradients.data(), size += gradients.size(), add.end[count++] = size), ...);
  sum_parts<T>(space, partial, gradient_parts, size, add);
}

}  // namespace danaus::nn
