#pragma once

#include <danaus/core/lane_groups.hpp>

#include <array>
#include <utility>

namespace danaus::simd {

namespace detail {

/// Segments of `size` lanes are halved: lane i of the result is lane `half * size / 2` further than the first
/// half of its segment, those of a before those of b.
template <int W, int size>
constexpr int segment_lane(int i, int half) {
  const int h = size / 2, segment = i / h, of_one = W / size;
  return (segment < of_one ? 0 : W) + segment % of_one * size + i % h + half * h;
}

/// The segments of a and b, each folded into half its lanes.
template <int size, class T>
KOKKOS_FORCEINLINE_FUNCTION Pack<T> fold_segments(const Pack<T>& a, const Pack<T>& b) {
  constexpr int W = width<T>;
  const auto x = static_cast<Native<T>>(a), y = static_cast<Native<T>>(b);
  return [&]<int... i>(std::integer_sequence<int, i...>) {
    const Native<T> low = __builtin_shufflevector(x, y, segment_lane<W, size>(i, 0)...),
                    high = __builtin_shufflevector(x, y, segment_lane<W, size>(i, 1)...);
    return Pack<T>(Native<T>(low + high));
  }
  (std::make_integer_sequence<int, W>{});
}

/// `count` packs from `at` on, folded into one that holds count segments.
template <int count, class T, size_t N>
KOKKOS_FORCEINLINE_FUNCTION Pack<T> fold(const std::array<Pack<T>, N>& packs, size_t at) {
  if constexpr (count == 1)
    return packs[at];
  else
    return fold_segments<2 * width<T> / count, T>(fold<count / 2, T>(packs, at),
                                                  fold<count / 2, T>(packs, at + count / 2));
}

}  // namespace detail

/// to[i] += sum of the lanes of packs[i]. Packs are folded in pairs, so that 16 sums of 16 lanes take 45
/// instructions and not 256; the order of the additions depends on the widths alone.
template <class T, size_t N>
KOKKOS_FORCEINLINE_FUNCTION void add_lane_sums(const std::array<Pack<T>, N>& packs, T* to) {
  constexpr int W = width<T>;
  constexpr int together = N % W == 0            ? W
                           : N % 8 == 0 && W > 8 ? 8
                           : N % 4 == 0 && W > 4 ? 4
                           : N % 2 == 0 && W > 2 ? 2
                                                 : 1;
  alignas(64) T sums[W];
  for (size_t at = 0; at < N; at += together) {
    store(detail::fold<together, T>(packs, at), sums);
    for (int i = 0; i < together; ++i) {
      T sum = 0;
      for (int lane = 0; lane < W / together; ++lane) sum += sums[i * (W / together) + lane];
      to[at + size_t(i)] += sum;
    }
  }
}

}  // namespace danaus::simd
