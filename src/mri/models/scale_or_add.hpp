#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/core/tensor.hpp>

namespace danaus::mri {

/// to = factor * from, or added to it.
template <class R>
void scale_or_add(const Exec& space, R factor, const ConstTensor<Complex<R>, 4>& from, Write write,
                  const Tensor<Complex<R>, 4>& to) {
  const Complex<R>* source = from.data();
  Complex<R>* target = to.data();
  Kokkos::parallel_for(
      "danaus::mri::scale_or_add", over_entries(space, to),
      KOKKOS_LAMBDA(size_t i) { danaus::store(write, factor * source[i], target[i]); });
}

}  // namespace danaus::mri
