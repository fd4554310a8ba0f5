#include <danaus/linalg/for_each_item.hpp>

#include <danaus/core/tensor.hpp>

#include <cblas.h>

#include <exception>
#include <vector>

namespace danaus::linalg {

namespace {

/// BLAS with one thread, and as it was at the end.
class SerialBlas {
 public:
  SerialBlas() : before_(openblas_get_num_threads()) { openblas_set_num_threads(1); }
  ~SerialBlas() { openblas_set_num_threads(before_); }
  SerialBlas(const SerialBlas&) = delete;
  SerialBlas& operator=(const SerialBlas&) = delete;

 private:
  int before_;
};

}  // namespace

void for_each_item(std::size_t count, const std::function<void(std::size_t)>& work) {
  using Host = Kokkos::DefaultHostExecutionSpace;
  const SerialBlas serial;
  std::vector<std::exception_ptr> errors(count);
  const auto guarded = [&](std::size_t item) {
    try {
      work(item);
    } catch (...) {
      errors[item] = std::current_exception();
    }
  };
  // Pieces differ in length: whoever is free takes the next.
  const Kokkos::RangePolicy<Host, Kokkos::Schedule<Kokkos::Dynamic>> items(0, count, Kokkos::ChunkSize(1));
  Kokkos::parallel_for("danaus::linalg::for_each_item", items, guarded);
  Host().fence("danaus::linalg::for_each_item");
  for (const auto& error : errors)
    if (error) std::rethrow_exception(error);
}

}  // namespace danaus::linalg
