#pragma once

// Small dense products for the CPU kernels of this folder: a few points at a time, output channels along the
// lanes, weights padded to whole packs. Rows of results are written one after the other, so a row may spill
// into the next one, which is then overwritten; buffers therefore end with one spare pack.

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

template <int RG, int NV, class T>
inline __attribute__((always_inline)) void dense_tile(size_t depth, const T* x, size_t ldx, const T* w,
                                                      size_t ldw, const T* bias, T* y, size_t ldy) {
  constexpr size_t W = size_t(width<T>);
  Pack<T> sum[RG][NV];
  DANAUS_UNROLL
  for (int r = 0; r < RG; ++r) DANAUS_UNROLL
  for (int v = 0; v < NV; ++v) sum[r][v] = bias ? simd::load(bias + W * v) : Pack<T>(T(0));
  for (size_t k = 0; k < depth; ++k) {
    Pack<T> b[NV];
    DANAUS_UNROLL
    for (int v = 0; v < NV; ++v) b[v] = simd::load(w + k * ldw + W * v);
    DANAUS_UNROLL
    for (int r = 0; r < RG; ++r) {
      const Pack<T> a(x[r * ldx + k]);
      DANAUS_UNROLL
      for (int v = 0; v < NV; ++v) sum[r][v] = sum[r][v] + a * b[v];
    }
  }
  DANAUS_UNROLL
  for (int r = 0; r < RG; ++r) DANAUS_UNROLL
  for (int v = 0; v < NV; ++v) simd::store(sum[r][v], y + r * ldy + W * v);
}

template <int NV, class T>
inline void dense_columns(size_t points, size_t depth, const T* x, size_t ldx, const T* w, size_t ldw,
                          const T* bias, T* y, size_t ldy) {
  constexpr int RG = simd::accumulators / NV > 8 ? 8 : simd::accumulators / NV;
  size_t p = 0;
  for (; p + RG <= points; p += RG)
    dense_tile<RG, NV>(depth, x + p * ldx, ldx, w, ldw, bias, y + p * ldy, ldy);
  for (; p < points; ++p) dense_tile<1, NV>(depth, x + p * ldx, ldx, w, ldw, bias, y + p * ldy, ldy);
}

/// y[p][n] = bias[n] + sum_k x[p][k] w[k][n] for n < padded(columns); `bias` may be null.
/// y needs points * ldy + one pack numbers; with ldy below the padded width only the last spill survives.
template <class T>
void dense_rows(size_t points, size_t depth, size_t columns, const T* x, size_t ldx, const T* w,
                const T* bias, T* y, size_t ldy) {
  constexpr size_t W = size_t(width<T>);
  const size_t ldw = padded<T>(columns);
  if (ldw <= 2 * W || ldy >= ldw) {
    size_t n = 0;
    for (; n + 2 * W <= ldw; n += 2 * W)
      dense_columns<2>(points, depth, x, ldx, w + n, ldw, bias ? bias + n : nullptr, y + n, ldy);
    if (n < ldw) dense_columns<1>(points, depth, x, ldx, w + n, ldw, bias ? bias + n : nullptr, y + n, ldy);
    return;
  }
  // Wider than a tile and packed densely: one point after the other, so that spills are overwritten in order.
  for (size_t p = 0; p < points; ++p) {
    size_t n = 0;
    for (; n + 2 * W <= ldw; n += 2 * W)
      dense_tile<1, 2>(depth, x + p * ldx, ldx, w + n, ldw, bias ? bias + n : nullptr, y + p * ldy + n, ldy);
    if (n < ldw)
      dense_tile<1, 1>(depth, x + p * ldx, ldx, w + n, ldw, bias ? bias + n : nullptr, y + p * ldy + n, ldy);
  }
}

template <int KT, int NV, class T>
inline __attribute__((always_inline)) void gradient_tile(size_t points, const T* x, size_t ldx, const T* dy,
                                                         size_t ldy, T* dw, size_t ldw) {
  constexpr size_t W = size_t(width<T>);
  Pack<T> sum[KT][NV];
  DANAUS_UNROLL
  for (int k = 0; k < KT; ++k) DANAUS_UNROLL
  for (int v = 0; v < NV; ++v) sum[k][v] = simd::load(dw + k * ldw + W * v);
  for (size_t p = 0; p < points; ++p) {
    Pack<T> g[NV];
    DANAUS_UNROLL
    for (int v = 0; v < NV; ++v) g[v] = simd::load(dy + p * ldy + W * v);
    DANAUS_UNROLL
    for (int k = 0; k < KT; ++k) {
      const Pack<T> a(x[p * ldx + k]);
      DANAUS_UNROLL
      for (int v = 0; v < NV; ++v) sum[k][v] = sum[k][v] + a * g[v];
    }
  }
  DANAUS_UNROLL
  for (int k = 0; k < KT; ++k) DANAUS_UNROLL
  for (int v = 0; v < NV; ++v) simd::store(sum[k][v], dw + k * ldw + W * v);
}

template <int NV, class T>
inline void gradient_columns(size_t points, size_t depth, const T* x, size_t ldx, const T* dy, size_t ldy,
                             T* dw, size_t ldw) {
  constexpr int KT = simd::accumulators / NV > 8 ? 8 : simd::accumulators / NV;
  size_t k = 0;
  for (; k + KT <= depth; k += KT) gradient_tile<KT, NV>(points, x + k, ldx, dy, ldy, dw + k * ldw, ldw);
  for (; k + 4 <= depth; k += 4) gradient_tile<4, NV>(points, x + k, ldx, dy, ldy, dw + k * ldw, ldw);
  for (; k < depth; ++k) gradient_tile<1, NV>(points, x + k, ldx, dy, ldy, dw + k * ldw, ldw);
}

/// dw[k][n] += sum_p x[p][k] dy[p][n], points in order; dw is (depth, padded(columns)).
/// Reads up to one pack behind the last row of dy; columns beyond the real ones gather numbers of no meaning.
template <class T>
void dense_gradient(size_t points, size_t depth, size_t columns, const T* x, size_t ldx, const T* dy,
                    size_t ldy, T* dw) {
  constexpr size_t W = size_t(width<T>);
  const size_t ldw = padded<T>(columns);
  size_t n = 0;
  for (; n + 2 * W <= ldw; n += 2 * W) gradient_columns<2>(points, depth, x, ldx, dy + n, ldy, dw + n, ldw);
  if (n < ldw) gradient_columns<1>(points, depth, x, ldx, dy + n, ldy, dw + n, ldw);
}

/// sums[n] += sum_p dy[p][n], points in order, n < padded(columns).
template <class T>
void column_sums(size_t points, size_t columns, const T* dy, size_t ldy, T* sums) {
  constexpr size_t W = size_t(width<T>);
  for (size_t n = 0; n < padded<T>(columns); n += W) {
    Pack<T> sum = simd::load(sums + n);
    for (size_t p = 0; p < points; ++p) sum = sum + simd::load(dy + p * ldy + n);
    simd::store(sum, sums + n);
  }
}

}  // namespace danaus::nn::host
