#include <danaus/train/batches.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/core/random.hpp>

#include <numeric>

namespace danaus::train {

std::vector<size_t> epoch_order(std::uint64_t seed, size_t epoch, size_t count) {
  const Random random(seed, stream::shuffle + (std::uint64_t(epoch) << 8));
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t(0));
  for (size_t i = count; i > 1; --i) std::swap(order[i - 1], order[random.integer(i, i)]);
  return order;
}

size_t start_frame(std::uint64_t seed, size_t epoch, size_t sample, size_t positions) {
  return Random(seed, stream::window + (std::uint64_t(epoch) << 8)).integer(sample, positions);
}

template <class T>
void add_noise(const Exec& space, std::uint64_t seed, size_t epoch, const ConstTensor<size_t, 1>& samples,
               size_t index, const ConstTensor<double, 1>& deviation, const Tensor<T, 4>& frame) {
  const Random random(seed, stream::noise + (std::uint64_t(epoch) << 8));
  const size_t sample_size = frame.size() / frame.extent(0), channels = frame.extent(3);
  T* entries = frame.data();
  // 2^24 samples, 2^8 frames, 2^32 entries per frame.
  Kokkos::parallel_for(
      "danaus::train::add_noise", over_entries(space, frame), KOKKOS_LAMBDA(size_t i) {
        const std::uint64_t key = (std::uint64_t(samples(i / sample_size)) << 40) |
                                  (std::uint64_t(index) << 32) | (i % sample_size);
        entries[i] += T(deviation(i % channels) * random.normal(key));
      });
}

#define DANAUS_INSTANTIATE(T)                                                                           \
  template void add_noise<T>(const Exec&, std::uint64_t, size_t, const ConstTensor<size_t, 1>&, size_t, \
                             const ConstTensor<double, 1>&, const Tensor<T, 4>&);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::train
