#include <danaus/core/complex.hpp>
#include <danaus/core/tensor.hpp>

namespace danaus::detail {

template <class Space, class T>
void fill_entries(const Exec& space, T* entries, size_t count, T value) {
  Kokkos::deep_copy(space, Kokkos::View<T*, Space, Kokkos::MemoryUnmanaged>(entries, count), value);
}

template <class To, class From>
void copy_bytes(const Exec& space, void* to, const void* from, size_t bytes) {
  Kokkos::deep_copy(
      space,
      Kokkos::View<unsigned char*, To, Kokkos::MemoryUnmanaged>(static_cast<unsigned char*>(to), bytes),
      Kokkos::View<const unsigned char*, From, Kokkos::MemoryUnmanaged>(
          static_cast<const unsigned char*>(from), bytes));
}

#define DANAUS_INSTANTIATE_FILL(Space)                                                       \
  template void fill_entries<Space>(const Exec&, float*, size_t, float);                     \
  template void fill_entries<Space>(const Exec&, double*, size_t, double);                   \
  template void fill_entries<Space>(const Exec&, Complex<float>*, size_t, Complex<float>);   \
  template void fill_entries<Space>(const Exec&, Complex<double>*, size_t, Complex<double>); \
  template void fill_entries<Space>(const Exec&, int*, size_t, int);                         \
  template void fill_entries<Space>(const Exec&, std::int64_t*, size_t, std::int64_t);       \
  template void fill_entries<Space>(const Exec&, size_t*, size_t, size_t);

using Host = Kokkos::HostSpace;
DANAUS_INSTANTIATE_FILL(Memory)
template void copy_bytes<Memory, Memory>(const Exec&, void*, const void*, size_t);
#if defined(KOKKOS_ENABLE_CUDA)  // elsewhere the host's memory is the device's
DANAUS_INSTANTIATE_FILL(Host)
template void copy_bytes<Host, Memory>(const Exec&, void*, const void*, size_t);
template void copy_bytes<Memory, Host>(const Exec&, void*, const void*, size_t);
template void copy_bytes<Host, Host>(const Exec&, void*, const void*, size_t);
#endif
#undef DANAUS_INSTANTIATE_FILL

}  // namespace danaus::detail
