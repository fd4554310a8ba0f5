#include <danaus/nn/initialization.hpp>

#include <danaus/core/instantiate.hpp>

namespace danaus::nn {

template <class T>
void fill_uniform(const Random& random, double offset, double scale, const Tensor<T, 1>& values) {
  Kokkos::parallel_for(
      "danaus::nn::fill_uniform", over_entries(Exec{}, values),
      KOKKOS_LAMBDA(size_t q) { values(q) = T(offset + scale * random.uniform(q)); });
}

#define DANAUS_INSTANTIATE(T) \
  template void fill_uniform<T>(const Random&, double, double, const Tensor<T, 1>&);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::nn
