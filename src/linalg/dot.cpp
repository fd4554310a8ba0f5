#include <danaus/linalg/dot.hpp>

#include <danaus/core/instantiate.hpp>

#include <cmath>

namespace danaus::linalg {

template <class R>
void block_sums(const Exec& space, ConstTensor<R, 1> x, ConstTensor<R, 1> y, Tensor<double, 1> sums) {
  const size_t size = x.size();
  Kokkos::parallel_for(
      "danaus::linalg::dot", Kokkos::RangePolicy<Exec>(space, 0, sums.size()), KOKKOS_LAMBDA(size_t block) {
        const size_t first = block * dot_block;
        const size_t end = first + dot_block < size ? first + dot_block : size;
        double part[8] = {};
        for (size_t i = first; i < end; ++i) part[(i - first) % 8] += double(x(i)) * double(y(i));
        sums(block) =
            ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
      });
}

template <class R>
double dot(const Exec& space, ConstTensor<R, 1> x, ConstTensor<R, 1> y) {
  require_shape("linalg::dot", y, {x.size()});
  const auto sums = uninitialized<double, 1>("danaus::linalg::dot", {(x.size() + dot_block - 1) / dot_block});
  block_sums<R>(space, x, y, sums);
  space.fence("danaus::linalg::dot");
  const auto host = to_host(sums);
  double total = 0;
  for (size_t block = 0; block < host.size(); ++block) total += host(block);
  return total;
}

template <class R>
double norm(const Exec& space, ConstTensor<R, 1> x) {
  return std::sqrt(dot<R>(space, x, x));
}

template <class R>
void add_scaled(const Exec& space, R factor, ConstTensor<R, 1> x, Tensor<R, 1> y) {
  require_shape("linalg::add_scaled", y, {x.size()});
  Kokkos::parallel_for(
      "danaus::linalg::add_scaled", over_entries(space, x),
      KOKKOS_LAMBDA(size_t i) { y(i) += factor * x(i); });
}

template <class R>
void scale_and_add(const Exec& space, ConstTensor<R, 1> x, R factor, Tensor<R, 1> y) {
  require_shape("linalg::scale_and_add", y, {x.size()});
  Kokkos::parallel_for(
      "danaus::linalg::scale_and_add", over_entries(space, x),
      KOKKOS_LAMBDA(size_t i) { y(i) = x(i) + factor * y(i); });
}

#define DANAUS_INSTANTIATE(R)                                                   \
  template double dot<R>(const Exec&, ConstTensor<R, 1>, ConstTensor<R, 1>);    \
  template double norm<R>(const Exec&, ConstTensor<R, 1>);                      \
  template void add_scaled<R>(const Exec&, R, ConstTensor<R, 1>, Tensor<R, 1>); \
  template void scale_and_add<R>(const Exec&, ConstTensor<R, 1>, R, Tensor<R, 1>);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::linalg
