#pragma once

#include <danaus/core/tensor.hpp>

namespace danaus::nn {

/// Sums over grid points are split into this many parts, whatever the number of threads.
inline constexpr size_t gradient_parts = 32;

/// weights_grad and bias_grad += the partial sums of all parts, in order.
/// @param partial  (part, input or bias, output): the last row of the middle axis is the bias
template <class T>
void add_partial_sums(const Exec& space, const Tensor<T, 3>& partial, const Tensor<T, 2>& weights_grad,
                      const Tensor<T, 1>& bias_grad) {
  const size_t inputs = weights_grad.extent(0), parts = partial.extent(0);
  using Range = Kokkos::MDRangePolicy<Exec, Kokkos::Rank<2>>;
  Kokkos::parallel_for(
      "danaus::nn::add_partial_sums", Range(space, {0, 0}, {long(inputs + 1), long(weights_grad.extent(1))}),
      KOKKOS_LAMBDA(long i, long o) {
        T sum = 0;
        for (size_t part = 0; part < parts; ++part) sum += partial(part, i, o);
        if (size_t(i) < inputs)
          weights_grad(i, o) += sum;
        else
          bias_grad(o) += sum;
      });
}

}  // namespace danaus::nn
