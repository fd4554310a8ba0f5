#pragma once

#include <danaus/core/simd.hpp>

#include <utility>
#if defined(__AVX512F__)
#include <immintrin.h>
#endif

/// Packs seen as groups of four lanes: the last columns of several rows share a pack where the length of a
/// row is a multiple of four but not of the pack.
namespace danaus::simd {

/// Groups of four lanes in a pack; 0 where a pack is no longer than one group.
template <class T>
inline constexpr int groups = width<T> > 4 ? width<T> / 4 : 0;

/// f.template operator()<count>() for a count of groups in a row's end, from 1 to what leaves a pack
/// unfilled.
template <class T, class F>
inline __attribute__((always_inline)) void with_groups(int count, F f) {
  if constexpr (groups<T> != 0) {
    if (count == 1) return f.template operator()<1>();
    if constexpr (groups<T> == 4) {
      if (count == 2) return f.template operator()<2>();
      if (count == 3) return f.template operator()<3>();
    }
  }
}

namespace detail {

template <class T, int N>
struct Vector {
  typedef T type __attribute__((vector_size(N * sizeof(T))));
};
template <class T>
using Group = typename Vector<T, 4>::type;

/// Four numbers anywhere in memory.
template <class T>
struct Unaligned {
  typedef T type __attribute__((vector_size(4 * sizeof(T)), aligned(alignof(T)), may_alias));
};

template <class T>
inline __attribute__((always_inline)) Group<T> load_group(const T* from) {
  return *reinterpret_cast<const typename Unaligned<T>::type*>(from);
}

template <class G, class T>
inline __attribute__((always_inline)) void store_group(const G& group, T* to) {
  *reinterpret_cast<typename Unaligned<T>::type*>(to) = group;
}

template <size_t... Lane, class V>
inline __attribute__((always_inline)) auto join(std::index_sequence<Lane...>, const V& a, const V& b) {
  return __builtin_shufflevector(a, b, Lane...);
}
template <class T>
inline __attribute__((always_inline)) auto join(const Group<T>& a, const Group<T>& b) {
  return join(std::make_index_sequence<8>(), a, b);
}
template <class T>
inline __attribute__((always_inline)) auto join(const Group<T>& a, const Group<T>& b, const Group<T>& c,
                                                const Group<T>& d) {
  return join(std::make_index_sequence<16>(), join<T>(a, b), join<T>(c, d));
}

/// Lane 4 q + j of the result is lane First + Step * q of v.
template <int First, int Step, class V, size_t... Lane>
inline __attribute__((always_inline)) V fill_groups(const V& v, std::index_sequence<Lane...>) {
  return __builtin_shufflevector(v, v, (First + Step * int(Lane / 4))...);
}

template <size_t First, class V>
inline __attribute__((always_inline)) auto group_of(const V& v) {
  return __builtin_shufflevector(v, v, First, First + 1, First + 2, First + 3);
}

/// Sum of the halves of v, and of the halves of that, down to one number.
template <class V, size_t... Lane>
inline __attribute__((always_inline)) auto sum_halves(const V& v, std::index_sequence<Lane...>) {
  constexpr size_t half = sizeof...(Lane);
  const auto sums = __builtin_shufflevector(v, v, Lane...) + __builtin_shufflevector(v, v, (half + Lane)...);
  if constexpr (half == 2)
    return sums[0] + sums[1];
  else
    return sum_halves(sums, std::make_index_sequence<half / 2>());
}

template <class T>
using Native = typename Vector<T, width<T>>::type;

}  // namespace detail

/// The four numbers at `from` in every group.
template <class T>
inline __attribute__((always_inline)) Pack<T> load_repeated(const T* from) {
#if defined(__AVX512F__)
  if constexpr (std::is_same_v<T, float> && width<T> == 16)
    return Pack<T>(_mm512_broadcast_f32x4(_mm_loadu_ps(from)));
  else if constexpr (std::is_same_v<T, double> && width<T> == 8)
    return Pack<T>(_mm512_broadcast_f64x4(_mm256_loadu_pd(from)));
  else
#endif
  {
    const auto g = detail::load_group(from);
    if constexpr (groups<T> == 2)
      return Pack<T>(detail::join<T>(g, g));
    else
      return Pack<T>(detail::join<T>(g, g, g, g));
  }
}

/// Group q is from[q * stride], ..., from[q * stride + 3].
template <class T>
inline __attribute__((always_inline)) Pack<T> load_groups(const T* from, size_t stride) {
  const auto a = detail::load_group(from), b = detail::load_group(from + stride);
  if constexpr (groups<T> == 2)
    return Pack<T>(detail::join<T>(a, b));
  else
    return Pack<T>(
        detail::join<T>(a, b, detail::load_group(from + 2 * stride), detail::load_group(from + 3 * stride)));
}

/// The inverse of load_groups.
template <class T>
inline __attribute__((always_inline)) void store_groups(const Pack<T>& pack, T* to, size_t stride) {
  const auto v = static_cast<detail::Native<T>>(pack);
  const auto store = [&](int q, const detail::Group<T>& g) {
    detail::store_group(g, to + size_t(q) * stride);
  };
  store(0, detail::group_of<0>(v));
  store(1, detail::group_of<4>(v));
  if constexpr (groups<T> == 4) {
    store(2, detail::group_of<8>(v));
    store(3, detail::group_of<12>(v));
  }
}

/// to[j * to_stride + i] = from[i * from_stride + j] for four rows and columns.
template <class T>
inline __attribute__((always_inline)) void transpose_4x4(const T* from, ptrdiff_t from_stride, T* to,
                                                         ptrdiff_t to_stride) {
  using Group = detail::Group<T>;
  const Group a = detail::load_group(from), b = detail::load_group(from + from_stride),
              c = detail::load_group(from + 2 * from_stride), d = detail::load_group(from + 3 * from_stride);
  const Group ab = __builtin_shufflevector(a, b, 0, 4, 1, 5),
              ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7),
              cd = __builtin_shufflevector(c, d, 0, 4, 1, 5),
              cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  detail::store_group(Group(__builtin_shufflevector(ab, cd, 0, 1, 4, 5)), to);
  detail::store_group(Group(__builtin_shufflevector(ab, cd, 2, 3, 6, 7)), to + to_stride);
  detail::store_group(Group(__builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5)), to + 2 * to_stride);
  detail::store_group(Group(__builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7)), to + 3 * to_stride);
}

/// Sum of the lanes by halves: far fewer steps than sum() in lane order.
template <class T>
inline __attribute__((always_inline)) T pairwise_sum(const Pack<T>& pack) {
  if constexpr (width<T> < 4)
    return sum(pack);
  else
    return detail::sum_halves(static_cast<detail::Native<T>>(pack),
                              std::make_index_sequence<size_t(width<T>) / 2>());
}

/// Every group filled with its own lane number `Lane`.
template <int Lane, class T>
inline __attribute__((always_inline)) Pack<T> fill_from_lane(const Pack<T>& pack) {
  return Pack<T>(detail::fill_groups<Lane, 4>(static_cast<detail::Native<T>>(pack),
                                              std::make_index_sequence<size_t(width<T>)>()));
}

/// Group q of a pack of load_repeated() filled with number First + q.
template <int First, class T>
inline __attribute__((always_inline)) Pack<T> fill_from_group(const Pack<T>& repeated) {
  return Pack<T>(detail::fill_groups<First, 1>(static_cast<detail::Native<T>>(repeated),
                                               std::make_index_sequence<size_t(width<T>)>()));
}

}  // namespace danaus::simd
