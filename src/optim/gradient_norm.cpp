#include <danaus/optim/gradient_norm.hpp>

#include <danaus/core/instantiate.hpp>

namespace danaus::optim {

namespace {
size_t chunks_of(size_t size) { return (size + SquaredNorm::chunk - 1) / SquaredNorm::chunk; }
}  // namespace

template <class T>
void sum_squares_of_chunks(const Exec& space, const ConstTensor<T, 1>& x, const Tensor<double, 1>& sums) {
  const size_t size = x.size();
  const T* data = x.data();
  Kokkos::parallel_for(
      "danaus::optim::sum_squares_of_chunks", Kokkos::RangePolicy<Exec>(space, 0, chunks_of(size)),
      KOKKOS_LAMBDA(size_t c) {
        // Independent sums fill the vectors of a CPU and hide the latency of the additions.
        constexpr size_t lanes = 16;
        double sum[lanes] = {};
        size_t i = c * SquaredNorm::chunk;
        const size_t end = Kokkos::min(i + SquaredNorm::chunk, size);
        for (; i + lanes <= end; i += lanes)
          for (size_t lane = 0; lane < lanes; ++lane)
            sum[lane] += double(data[i + lane]) * double(data[i + lane]);
        for (size_t lane = 0; i < end; ++i, ++lane) sum[lane] += double(data[i]) * double(data[i]);
        for (size_t lane = 1; lane < lanes; ++lane) sum[0] += sum[lane];
        sums(c) = sum[0];
      });
}

void sum_chunks(const Exec& space, const ConstTensor<double, 1>& x, size_t count,
                const Tensor<double, 1>& sums) {
  Kokkos::parallel_for(
      "danaus::optim::sum_chunks", Kokkos::RangePolicy<Exec>(space, 0, chunks_of(count)),
      KOKKOS_LAMBDA(size_t c) {
        double sum = 0;
        const size_t begin = c * SquaredNorm::chunk, end = Kokkos::min(begin + SquaredNorm::chunk, count);
        for (size_t i = begin; i < end; ++i) sum += x(i);
        sums(c) = sum;
      });
}

SquaredNorm::SquaredNorm(size_t capacity)
    : partial_("danaus::optim::SquaredNorm::partial", std::max<size_t>(1, chunks_of(capacity))),
      sums_("danaus::optim::SquaredNorm::sums", std::max<size_t>(1, chunks_of(chunks_of(capacity)))),
      result_("danaus::optim::SquaredNorm::result") {}

template <class T>
void SquaredNorm::compute(const Exec& space, const ConstTensor<T, 1>& x) const {
  size_t count = chunks_of(x.size());
  if (count > partial_.size())
    throw ShapeError("SquaredNorm: made for " + std::to_string(partial_.size() * chunk) + " numbers, found " +
                     std::to_string(x.size()));
  if (count == 0) return fill(space, result_, 0.0);
  sum_squares_of_chunks<T>(space, x, partial_);
  Tensor<double, 1> from = partial_, to = sums_;
  while (count > 1) {
    sum_chunks(space, from, count, to);
    count = chunks_of(count);
    std::swap(from, to);
  }
  copy(space, result_, Kokkos::subview(from, 0));
}

#define DANAUS_INSTANTIATE(T)                                                                              \
  template void sum_squares_of_chunks<T>(const Exec&, const ConstTensor<T, 1>&, const Tensor<double, 1>&); \
  template void SquaredNorm::compute<T>(const Exec&, const ConstTensor<T, 1>&) const;
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::optim
