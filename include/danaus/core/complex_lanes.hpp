#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/core/lane_groups.hpp>
#include <danaus/core/tensor.hpp>

/// Complex numbers side by side in memory and in packs: real part, imaginary part, real part, ...
namespace danaus::simd {

/// re[q], im[q] = pairs[2 q], pairs[2 q + 1]
template <class T>
inline void split_pairs(const T* __restrict__ pairs, size_t count, T* __restrict__ re, T* __restrict__ im) {
#pragma omp simd
  for (size_t q = 0; q < count; ++q) {
    re[q] = pairs[2 * q];
    im[q] = pairs[2 * q + 1];
  }
}

/// The inverse; overwrites or adds.
template <class T>
inline void join_pairs(const T* __restrict__ re, const T* __restrict__ im, size_t count, Write write,
                       T* __restrict__ pairs) {
  if (write == Write::accumulate) {
#pragma omp simd
    for (size_t q = 0; q < count; ++q) {
      pairs[2 * q] += re[q];
      pairs[2 * q + 1] += im[q];
    }
    return;
  }
#pragma omp simd
  for (size_t q = 0; q < count; ++q) {
    pairs[2 * q] = re[q];
    pairs[2 * q + 1] = im[q];
  }
}

namespace detail {
template <class V, size_t... Lane>
inline __attribute__((always_inline)) V swap_pairs(const V& v, std::index_sequence<Lane...>) {
  return __builtin_shufflevector(v, v, (Lane ^ 1)...);
}
}  // namespace detail

/// Real and imaginary parts exchanged. Packs of one lane hold no pair.
template <class T>
requires(width<T> > 1) inline __attribute__((always_inline)) Pack<T> swap_pairs(const Pack<T>& pack) {
  return Pack<T>(
      detail::swap_pairs(static_cast<detail::Native<T>>(pack), std::make_index_sequence<size_t(width<T>)>()));
}

/// As for real numbers. A pair of floats moves like one double.
template <class T>
inline void transpose_4x4(const Complex<T>* from, ptrdiff_t from_stride, Complex<T>* to,
                          ptrdiff_t to_stride) {
  if constexpr (sizeof(Complex<T>) == sizeof(double)) {
    transpose_4x4(reinterpret_cast<const double*>(from), from_stride, reinterpret_cast<double*>(to),
                  to_stride);
  } else {
    for (ptrdiff_t i = 0; i < 4; ++i)
      for (ptrdiff_t j = 0; j < 4; ++j) to[j * to_stride + i] = from[i * from_stride + j];
  }
}

/// to[j * to_stride + i] = from[i * from_stride + j], of real or complex numbers.
template <class E>
inline void transpose(size_t rows, size_t columns, const E* from, ptrdiff_t from_stride, E* to,
                      ptrdiff_t to_stride) {
  const auto one_by_one = [&](size_t i, size_t j) {
    to[ptrdiff_t(j) * to_stride + ptrdiff_t(i)] = from[ptrdiff_t(i) * from_stride + ptrdiff_t(j)];
  };
  size_t i = 0;
  for (; i + 4 <= rows; i += 4) {
    size_t j = 0;
    for (; j + 4 <= columns; j += 4)
      transpose_4x4(from + ptrdiff_t(i) * from_stride + ptrdiff_t(j), from_stride,
                    to + ptrdiff_t(j) * to_stride + ptrdiff_t(i), to_stride);
    for (; j < columns; ++j)
      for (size_t k = i; k < i + 4; ++k) one_by_one(k, j);
  }
  for (; i < rows; ++i)
    for (size_t j = 0; j < columns; ++j) one_by_one(i, j);
}

/// `real` in the lanes of real parts, `imaginary` in the others.
template <class T>
inline Pack<T> alternating(T real, T imaginary) {
  alignas(64) T lanes[width<T>];
  for (int lane = 0; lane < width<T>; ++lane) lanes[lane] = lane % 2 == 0 ? real : imaginary;
  return load(lanes);
}

}  // namespace danaus::simd
