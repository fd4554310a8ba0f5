#pragma once

// Small dense products for the CPU kernels of this folder: a few points at a time, output channels along the
// lanes. Where the channels do not fill whole packs, the last pack overlaps the one before: both compute the
// same numbers, and nothing outside the row is touched. Fewer channels than a pack are loaded and stored one
// by one.

#include <danaus/core/simd.hpp>
#include <danaus/core/tensor.hpp>

namespace danaus::nn::host {

using simd::Pack;
using simd::width;

template <class T>
constexpr size_t padded(size_t channels) {
  return simd::round_up(channels, size_t(width<T>));
}

/// packed[k][n] = weights[k][n] with rows padded by zeros.
template <class T>
void pack_weights(const T* weights, size_t rows, size_t columns, T* packed) {
  const size_t ld = padded<T>(columns);
  for (size_t k = 0; k < rows; ++k) {
    for (size_t n = 0; n < columns; ++n) packed[k * ld + n] = weights[k * columns + n];
    for (size_t n = columns; n < ld; ++n) packed[k * ld + n] = T(0);
  }
}

/// packed[n][k] = weights[k][n] with rows padded by zeros.
template <class T>
void pack_transposed(const T* weights, size_t rows, size_t columns, T* packed) {
  const size_t ld = padded<T>(rows);
  for (size_t n = 0; n < columns; ++n) {
    for (size_t k = 0; k < rows; ++k) packed[n * ld + k] = weights[k * columns + n];
    for (size_t k = rows; k < ld; ++k) packed[n * ld + k] = T(0);
  }
}

/// Columns that a tile of NV packs covers: `count` numbers from `first`, and from `second`.
struct TileColumns {
  size_t first, second;
  int count;  ///< below the pack width only where there are fewer columns than that
  size_t at(int pack) const { return pack == 0 ? first : second; }
};

/// f.template operator()<NV>(TileColumns) for each tile of one or two packs.
template <class T, class F>
inline __attribute__((always_inline)) void for_each_tile(size_t columns, F f) {
  constexpr size_t W = size_t(width<T>);
  if (columns < W) return f.template operator()<1>(TileColumns{0, 0, int(columns)});
  simd::for_each_strip<T>(columns, [&]<int NV>(size_t first, size_t second) {
    f.template operator()<NV>(TileColumns{first, second, int(W)});
  });
}

template <int RG, int NV, class T>
inline __attribute__((always_inline)) void dense_tile(size_t depth, const T* x, size_t ldx, const T* w,
                                                      size_t ldw, const T* bias, Write write, T* y,
                                                      size_t ldy, const TileColumns& c) {
  Pack<T> sum[RG][NV];
  DANAUS_UNROLL
  for (int r = 0; r < RG; ++r) DANAUS_UNROLL
  for (int v = 0; v < NV; ++v) {
    sum[r][v] = bias ? simd::load_first(bias + c.at(v), c.count) : Pack<T>(T(0));
    if (write == Write::accumulate) sum[r][v] = sum[r][v] + simd::load_first(y + r * ldy + c.at(v), c.count);
  }
  for (size_t k = 0; k < depth; ++k) {
    Pack<T> b[NV];
    DANAUS_UNROLL
    for (int v = 0; v < NV; ++v) b[v] = simd::load(w + k * ldw + c.at(v));
    DANAUS_UNROLL
    for (int r = 0; r < RG; ++r) {
      const Pack<T> a(x[r * ldx + k]);
      DANAUS_UNROLL
      for (int v = 0; v < NV; ++v) sum[r][v] = sum[r][v] + a * b[v];
    }
  }
  DANAUS_UNROLL
  for (int r = 0; r < RG; ++r) DANAUS_UNROLL
  for (int v = 0; v < NV; ++v) simd::store_first(sum[r][v], y + r * ldy + c.at(v), c.count);
}

/// y[p][n] = or += bias[n] + sum_k x[p][k] w[k][n]. Rows of w are padded to whole packs; `bias` may be null.
template <class T>
void dense_rows(size_t points, size_t depth, size_t columns, const T* x, size_t ldx, const T* w,
                const T* bias, Write write, T* y, size_t ldy) {
  const size_t ldw = padded<T>(columns);
  for_each_tile<T>(columns, [&]<int NV>(const TileColumns& c) {
    constexpr int RG = simd::accumulators / NV > 8 ? 8 : simd::accumulators / NV;
    size_t p = 0;
    for (; p + RG <= points; p += RG)
      dense_tile<RG, NV>(depth, x + p * ldx, ldx, w, ldw, bias, write, y + p * ldy, ldy, c);
    for (; p < points; ++p)
      dense_tile<1, NV>(depth, x + p * ldx, ldx, w, ldw, bias, write, y + p * ldy, ldy, c);
  });
}

template <int KT, int NV, class T>
inline __attribute__((always_inline)) void gradient_tile(size_t points, const T* x, size_t ldx, const T* dy,
                                                         size_t ldy, T* dw, size_t ldw,
                                                         const TileColumns& c) {
  Pack<T> sum[KT][NV];
  DANAUS_UNROLL
  for (int k = 0; k < KT; ++k) DANAUS_UNROLL
  for (int v = 0; v < NV; ++v) sum[k][v] = simd::load(dw + k * ldw + c.at(v));
  for (size_t p = 0; p < points; ++p) {
    Pack<T> g[NV];
    DANAUS_UNROLL
    for (int v = 0; v < NV; ++v) g[v] = simd::load_first(dy + p * ldy + c.at(v), c.count);
    DANAUS_UNROLL
    for (int k = 0; k < KT; ++k) {
      const Pack<T> a(x[p * ldx + k]);
      DANAUS_UNROLL
      for (int v = 0; v < NV; ++v) sum[k][v] = sum[k][v] + a * g[v];
    }
  }
  DANAUS_UNROLL
  for (int k = 0; k < KT; ++k) DANAUS_UNROLL
  for (int v = 0; v < NV; ++v) simd::store(sum[k][v], dw + k * ldw + c.at(v));
}

/// dw[k][n] += sum_p x[p][k] dy[p][n], points in order; dw is (depth, padded(columns)).
template <class T>
void dense_gradient(size_t points, size_t depth, size_t columns, const T* x, size_t ldx, const T* dy,
                    size_t ldy, T* dw) {
  const size_t ldw = padded<T>(columns);
  for_each_tile<T>(columns, [&]<int NV>(const TileColumns& c) {
    constexpr int KT = simd::accumulators / NV > 8 ? 8 : simd::accumulators / NV;
    size_t k = 0;
    for (; k + KT <= depth; k += KT) gradient_tile<KT, NV>(points, x + k, ldx, dy, ldy, dw + k * ldw, ldw, c);
    for (; k + 4 <= depth; k += 4) gradient_tile<4, NV>(points, x + k, ldx, dy, ldy, dw + k * ldw, ldw, c);
    for (; k < depth; ++k) gradient_tile<1, NV>(points, x + k, ldx, dy, ldy, dw + k * ldw, ldw, c);
  });
}

/// sums[n] += sum_p dy[p][n], points in order.
template <class T>
void column_sums(size_t points, size_t columns, const T* dy, size_t ldy, T* sums) {
  for_each_tile<T>(columns, [&]<int NV>(const TileColumns& c) {
    Pack<T> sum[NV];
    for (int v = 0; v < NV; ++v) sum[v] = simd::load(sums + c.at(v));
    for (size_t p = 0; p < points; ++p)
      for (int v = 0; v < NV; ++v) sum[v] = sum[v] + simd::load_first(dy + p * ldy + c.at(v), c.count);
    for (int v = 0; v < NV; ++v) simd::store(sum[v], sums + c.at(v));
  });
}

}  // namespace danaus::nn::host
