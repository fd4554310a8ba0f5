#pragma once

#include <Kokkos_Core.hpp>

// GCC 12 takes the unset register in its own AVX-512 min and max for a mistake (its bug 105593).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <Kokkos_SIMD.hpp>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#if defined(_OPENMP)
#define DANAUS_UNROLL _Pragma("GCC unroll 32")
#else
#define DANAUS_UNROLL
#endif

/// The widest vectors of the CPU, for kernels written once for AVX-512, AVX2, NEON and scalar code; the CMake
/// option DANAUS_SIMD (avx2 or scalar) takes narrower ones, to test the kernels at every width. Arithmetic is
/// written with operators (`c = c + a * b`): the compiler contracts it to fused multiply-adds.
namespace danaus::simd {

namespace detail {
template <class T>
struct Widest {
  using abi = Kokkos::Experimental::simd_abi::scalar;
};
#if defined(DANAUS_SIMD_SCALAR)
#elif defined(KOKKOS_ARCH_AVX512XEON)
#if defined(DANAUS_SIMD_AVX2)
template <>
struct Widest<float> {
  using abi = Kokkos::Experimental::simd_abi::avx512_fixed_size<8>;
};
#else
#define DANAUS_SIMD_32_REGISTERS
template <>
struct Widest<float> {
  using abi = Kokkos::Experimental::simd_abi::avx512_fixed_size<16>;
};
#endif
template <>
struct Widest<double> {
  using abi = Kokkos::Experimental::simd_abi::avx512_fixed_size<8>;
};
#elif defined(KOKKOS_ARCH_AVX2)
template <>
struct Widest<float> {
  using abi = Kokkos::Experimental::simd_abi::avx2_fixed_size<8>;
};
template <>
struct Widest<double> {
  using abi = Kokkos::Experimental::simd_abi::avx2_fixed_size<4>;
};
#elif defined(KOKKOS_ARCH_ARM_NEON)
template <>
struct Widest<float> {
  using abi = Kokkos::Experimental::simd_abi::neon_fixed_size<4>;
};
template <>
struct Widest<double> {
  using abi = Kokkos::Experimental::simd_abi::neon_fixed_size<2>;
};
#endif
}  // namespace detail

template <class T>
using Pack = Kokkos::Experimental::simd<T, typename detail::Widest<T>::abi>;

/// Numbers in one pack.
template <class T>
inline constexpr int width = int(Pack<T>::size());

/// Packs that a kernel may keep in registers for its accumulators, leaving some for operands.
#if defined(DANAUS_SIMD_32_REGISTERS)
inline constexpr int accumulators = 16;
#else
inline constexpr int accumulators = 8;
#endif

constexpr size_t round_up(size_t count, size_t multiple) {
  return (count + multiple - 1) / multiple * multiple;
}

template <class T>
KOKKOS_FORCEINLINE_FUNCTION Pack<T> load(const T* from) {
  Pack<T> pack;
  pack.copy_from(from, Kokkos::Experimental::simd_flag_default);
  return pack;
}

template <class T>
KOKKOS_FORCEINLINE_FUNCTION void store(const Pack<T>& pack, T* to) {
  pack.copy_to(to, Kokkos::Experimental::simd_flag_default);
}

/// The first `count` numbers only; memory behind them is not touched. The other lanes of a load are zero.
template <class T>
KOKKOS_FORCEINLINE_FUNCTION Pack<T> load_first(const T* from, int count) {
  if (count >= width<T>) return load(from);
  alignas(64) T buffer[width<T>] = {};
  for (int lane = 0; lane < count; ++lane) buffer[lane] = from[lane];
  return load(buffer);
}

template <class T>
KOKKOS_FORCEINLINE_FUNCTION void store_first(const Pack<T>& pack, T* to, int count) {
  if (count >= width<T>) return store(pack, to);
  alignas(64) T buffer[width<T>];
  store(pack, buffer);
  for (int lane = 0; lane < count; ++lane) to[lane] = buffer[lane];
}

/// Sum of the lanes, in lane order.
template <class T>
KOKKOS_FORCEINLINE_FUNCTION T sum(const Pack<T>& pack) {
  alignas(64) T buffer[width<T>];
  store(pack, buffer);
  T total = 0;
  for (int lane = 0; lane < width<T>; ++lane) total += buffer[lane];
  return total;
}

/// f.template operator()<packs>(first, second) for strips of one or two packs that cover `lanes` lanes, at
/// least a pack: `first` and `second` are where the packs begin (`second` with two of them only). Where lanes
/// do not fill whole packs, the two of the last strip overlap, and no other: what a strip accumulates it may
/// read before it writes.
template <class T, class F>
inline __attribute__((always_inline)) void for_each_strip(size_t lanes, F f) {
  constexpr size_t W = size_t(width<T>);
  for (size_t q = 0; q < lanes;) {
    const size_t left = lanes - q;
    if (left == W || (left > 2 * W && left <= 3 * W)) {
      f.template operator()<1>(q, q);
      q += W;
    } else {
      f.template operator()<2>(q, left < 2 * W ? lanes - W : q + W);
      q += 2 * W;
    }
  }
}

}  // namespace danaus::simd
