#pragma once

#include <danaus/core/lane_groups.hpp>
#include <danaus/core/tensor.hpp>

/// Small dense products for CPU kernels: a few points at a time, output channels along the lanes. Where the
/// channels do not fill whole packs but are a multiple of four (20 = 16 + 4), the rest of several points
/// shares a pack. Else the last pack overlaps the one before: both compute the same numbers, and nothing
/// outside the row is touched. Fewer channels than a pack are loaded and stored one by one. A number is the
/// same sum in the same order whichever way it is computed.
namespace danaus::simd {

template <class T>
constexpr size_t padded(size_t channels) {
  return round_up(channels, size_t(width<T>));
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
  for_each_strip<T>(columns, [&]<int NV>(size_t first, size_t second) {
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
    sum[r][v] = bias ? load_first(bias + c.at(v), c.count) : Pack<T>(T(0));
    if (write == Write::accumulate) sum[r][v] = sum[r][v] + load_first(y + r * ldy + c.at(v), c.count);
  }
  for (size_t k = 0; k < depth; ++k) {
    Pack<T> b[NV];
    DANAUS_UNROLL
    for (int v = 0; v < NV; ++v) b[v] = load(w + k * ldw + c.at(v));
    DANAUS_UNROLL
    for (int r = 0; r < RG; ++r) {
      const Pack<T> a(x[r * ldx + k]);
      DANAUS_UNROLL
      for (int v = 0; v < NV; ++v) sum[r][v] = sum[r][v] + a * b[v];
    }
  }
  DANAUS_UNROLL
  for (int r = 0; r < RG; ++r) DANAUS_UNROLL
  for (int v = 0; v < NV; ++v) store_first(sum[r][v], y + r * ldy + c.at(v), c.count);
}

/// The last columns of a row: F whole packs, then G groups of four.
template <class T>
struct RowEnd {
  size_t first = 0;  ///< columns before it, an even number of packs
  int packs = 0, groups = 0;
  explicit RowEnd(size_t columns) {
    constexpr size_t W = size_t(width<T>);
    if constexpr (simd::groups<T> != 0) {
      if (columns % W == 0 || columns % 4 != 0) return;
      const size_t whole = columns / W;
      packs = whole == 0 ? 0 : whole % 2 == 0 ? 2 : 1;
      groups = int(columns % W / 4);
      first = (whole - size_t(packs)) * W;
    }
  }
};

/// f.template operator()<F, G>() for the shape of a row's end.
template <class T, class F>
inline __attribute__((always_inline)) void with_shape(const RowEnd<T>& end, F f) {
  with_groups<T>(end.groups, [&]<int G>() {
    if (end.packs == 0) return f.template operator()<0, G>();
    if (end.packs == 1) return f.template operator()<1, G>();
    return f.template operator()<2, G>();
  });
}

/// A tile of P points whose rows end with F packs and G groups; all pointers are at the first of these
/// columns.
template <int P, int F, int G, class T>
inline __attribute__((always_inline)) void grouped_tile(size_t depth, const T* x, size_t ldx, const T* w,
                                                        size_t ldw, const T* bias, Write write, T* y,
                                                        size_t ldy) {
  constexpr int W = width<T>, Q = simd::groups<T>, R = P / Q;
  Pack<T> sum[P][F > 0 ? F : 1], last[R][G];
  DANAUS_UNROLL
  for (int p = 0; p < P; ++p) DANAUS_UNROLL
  for (int v = 0; v < F; ++v) {
    sum[p][v] = bias ? load(bias + v * W) : Pack<T>(T(0));
    if (write == Write::accumulate) sum[p][v] = sum[p][v] + load(y + p * ldy + v * W);
  }
  DANAUS_UNROLL
  for (int r = 0; r < R; ++r) DANAUS_UNROLL
  for (int g = 0; g < G; ++g) {
    const int column = F * W + 4 * g;
    last[r][g] = bias ? load_repeated(bias + column) : Pack<T>(T(0));
    if (write == Write::accumulate) last[r][g] = last[r][g] + load_groups(y + r * Q * ldy + column, ldy);
  }
  const auto add = [&]<int Lane>(size_t k, const Pack<T>(&groups)[R]) __attribute__((always_inline)) {
    const T* row = w + k * ldw;
    Pack<T> b[F > 0 ? F : 1], b_last[G];
    DANAUS_UNROLL
    for (int v = 0; v < F; ++v) b[v] = load(row + v * W);
    DANAUS_UNROLL
    for (int g = 0; g < G; ++g) b_last[g] = load_repeated(row + F * W + 4 * g);
    if constexpr (F > 0) {
      DANAUS_UNROLL
      for (int p = 0; p < P; ++p) {
        const Pack<T> a(x[p * ldx + k]);
        DANAUS_UNROLL
        for (int v = 0; v < F; ++v) sum[p][v] = sum[p][v] + a * b[v];
      }
    }
    DANAUS_UNROLL
    for (int r = 0; r < R; ++r) {
      const Pack<T> a = fill_from_lane<Lane, T>(groups[r]);
      DANAUS_UNROLL
      for (int g = 0; g < G; ++g) last[r][g] = last[r][g] + a * b_last[g];
    }
  };
  size_t k = 0;
  for (; k + 4 <= depth; k += 4) {
    Pack<T> groups[R];
    DANAUS_UNROLL
    for (int r = 0; r < R; ++r) groups[r] = load_groups(x + r * Q * ldx + k, ldx);
    add.template operator()<0>(k, groups);
    add.template operator()<1>(k + 1, groups);
    add.template operator()<2>(k + 2, groups);
    add.template operator()<3>(k + 3, groups);
  }
  for (; k < depth; ++k) {
    Pack<T> groups[R];
    for (int r = 0; r < R; ++r) {
      alignas(64) T first_lanes[W] = {};
      for (int q = 0; q < Q; ++q) first_lanes[4 * q] = x[(r * Q + q) * ldx + k];
      groups[r] = load(first_lanes);
    }
    add.template operator()<0>(k, groups);
  }
  DANAUS_UNROLL
  for (int p = 0; p < P; ++p) DANAUS_UNROLL
  for (int v = 0; v < F; ++v) store(sum[p][v], y + p * ldy + v * W);
  DANAUS_UNROLL
  for (int r = 0; r < R; ++r) DANAUS_UNROLL
  for (int g = 0; g < G; ++g) store_groups<T>(last[r][g], y + r * Q * ldy + F * W + 4 * g, ldy);
}

/// dense_rows() of some columns, by whole and overlapping packs.
template <class T>
void dense_columns(size_t points, size_t depth, size_t columns, const T* x, size_t ldx, const T* w,
                   size_t ldw, const T* bias, Write write, T* y, size_t ldy) {
  for_each_tile<T>(columns, [&]<int NV>(const TileColumns& c) {
    constexpr int RG = accumulators / NV > 8 ? 8 : accumulators / NV;
    size_t p = 0;
    for (; p + RG <= points; p += RG)
      dense_tile<RG, NV>(depth, x + p * ldx, ldx, w, ldw, bias, write, y + p * ldy, ldy, c);
    for (; p < points; ++p)
      dense_tile<1, NV>(depth, x + p * ldx, ldx, w, ldw, bias, write, y + p * ldy, ldy, c);
  });
}

/// y[p][n] = or += bias[n] + sum_k x[p][k] w[k][n]. Rows of w are padded to whole packs; `bias` may be null.
template <class T>
void dense_rows(size_t points, size_t depth, size_t columns, const T* x, size_t ldx, const T* w,
                const T* bias, Write write, T* y, size_t ldy) {
  const size_t ldw = padded<T>(columns);
  const RowEnd<T> end(columns);
  if (end.groups == 0) return dense_columns(points, depth, columns, x, ldx, w, ldw, bias, write, y, ldy);
  if (end.first > 0) dense_columns(points, depth, end.first, x, ldx, w, ldw, bias, write, y, ldy);
  const T *w_end = w + end.first, *bias_end = bias ? bias + end.first : nullptr;
  T* y_end = y + end.first;
  size_t p = 0;
  with_shape<T>(end, [&]<int F, int G>() {
    constexpr size_t P = accumulators / (F == 0 ? 1 : 2);
    for (; p + P <= points; p += P)
      grouped_tile<int(P), F, G>(depth, x + p * ldx, ldx, w_end, ldw, bias_end, write, y_end + p * ldy, ldy);
  });
  if (p < points)
    dense_columns(points - p, depth, columns - end.first, x + p * ldx, ldx, w_end, ldw, bias_end, write,
                  y_end + p * ldy, ldy);
}

template <int KT, int NV, class T>
inline __attribute__((always_inline)) void gradient_tile(size_t points, const T* x, size_t ldx, const T* dy,
                                                         size_t ldy, T* dw, size_t ldw,
                                                         const TileColumns& c) {
  Pack<T> sum[KT][NV];
  DANAUS_UNROLL
  for (int k = 0; k < KT; ++k) DANAUS_UNROLL
  for (int v = 0; v < NV; ++v) sum[k][v] = load(dw + k * ldw + c.at(v));
  for (size_t p = 0; p < points; ++p) {
    Pack<T> g[NV];
    DANAUS_UNROLL
    for (int v = 0; v < NV; ++v) g[v] = load_first(dy + p * ldy + c.at(v), c.count);
    DANAUS_UNROLL
    for (int k = 0; k < KT; ++k) {
      const Pack<T> a(x[p * ldx + k]);
      DANAUS_UNROLL
      for (int v = 0; v < NV; ++v) sum[k][v] = sum[k][v] + a * g[v];
    }
  }
  DANAUS_UNROLL
  for (int k = 0; k < KT; ++k) DANAUS_UNROLL
  for (int v = 0; v < NV; ++v) store(sum[k][v], dw + k * ldw + c.at(v));
}

/// The same for KT rows of dw that end with F packs and G groups: the groups of one pack are different k.
template <int KT, int F, int G, class T>
inline __attribute__((always_inline)) void grouped_gradient_tile(size_t points, const T* x, size_t ldx,
                                                                 const T* dy, size_t ldy, T* dw, size_t ldw) {
  constexpr int W = width<T>, Q = simd::groups<T>, R = KT / Q;
  Pack<T> sum[KT][F > 0 ? F : 1], last[R][G];
  DANAUS_UNROLL
  for (int k = 0; k < KT; ++k) DANAUS_UNROLL
  for (int v = 0; v < F; ++v) sum[k][v] = load(dw + k * ldw + v * W);
  DANAUS_UNROLL
  for (int r = 0; r < R; ++r) DANAUS_UNROLL
  for (int g = 0; g < G; ++g) last[r][g] = load_groups(dw + r * Q * ldw + F * W + 4 * g, ldw);
  for (size_t p = 0; p < points; ++p) {
    const T *row = dy + p * ldy, *from = x + p * ldx;
    Pack<T> d[F > 0 ? F : 1], d_last[G];
    DANAUS_UNROLL
    for (int v = 0; v < F; ++v) d[v] = load(row + v * W);
    DANAUS_UNROLL
    for (int g = 0; g < G; ++g) d_last[g] = load_repeated(row + F * W + 4 * g);
    if constexpr (F > 0) {
      DANAUS_UNROLL
      for (int k = 0; k < KT; ++k) {
        const Pack<T> a(from[k]);
        DANAUS_UNROLL
        for (int v = 0; v < F; ++v) sum[k][v] = sum[k][v] + a * d[v];
      }
    }
    const auto add = [&]<int First>(int r) __attribute__((always_inline)) {
      const Pack<T> a = fill_from_group<First, T>(load_repeated(from + r * Q - First));
      DANAUS_UNROLL
      for (int g = 0; g < G; ++g) last[r][g] = last[r][g] + a * d_last[g];
    };
    DANAUS_UNROLL
    for (int r = 0; r < R; ++r) {
      if (Q == 2 && r % 2 == 1)
        add.template operator()<Q == 2 ? 2 : 0>(r);
      else
        add.template operator()<0>(r);
    }
  }
  DANAUS_UNROLL
  for (int k = 0; k < KT; ++k) DANAUS_UNROLL
  for (int v = 0; v < F; ++v) store(sum[k][v], dw + k * ldw + v * W);
  DANAUS_UNROLL
  for (int r = 0; r < R; ++r) DANAUS_UNROLL
  for (int g = 0; g < G; ++g) store_groups<T>(last[r][g], dw + r * Q * ldw + F * W + 4 * g, ldw);
}

template <class T>
void gradient_columns(size_t points, size_t depth, size_t columns, const T* x, size_t ldx, const T* dy,
                      size_t ldy, T* dw, size_t ldw) {
  for_each_tile<T>(columns, [&]<int NV>(const TileColumns& c) {
    constexpr int KT = accumulators / NV > 8 ? 8 : accumulators / NV;
    size_t k = 0;
    for (; k + KT <= depth; k += KT) gradient_tile<KT, NV>(points, x + k, ldx, dy, ldy, dw + k * ldw, ldw, c);
    for (; k + 4 <= depth; k += 4) gradient_tile<4, NV>(points, x + k, ldx, dy, ldy, dw + k * ldw, ldw, c);
    for (; k < depth; ++k) gradient_tile<1, NV>(points, x + k, ldx, dy, ldy, dw + k * ldw, ldw, c);
  });
}

/// dw[k][n] += sum_p x[p][k] dy[p][n], points in order; dw is (depth, padded(columns)).
template <class T>
void dense_gradient(size_t points, size_t depth, size_t columns, const T* x, size_t ldx, const T* dy,
                    size_t ldy, T* dw) {
  const size_t ldw = padded<T>(columns);
  const RowEnd<T> end(columns);
  if (end.groups == 0) return gradient_columns(points, depth, columns, x, ldx, dy, ldy, dw, ldw);
  if (end.first > 0) gradient_columns(points, depth, end.first, x, ldx, dy, ldy, dw, ldw);
  const T* dy_end = dy + end.first;
  T* dw_end = dw + end.first;
  size_t k = 0;
  with_shape<T>(end, [&]<int F, int G>() {
    constexpr size_t KT = accumulators / 2;
    for (; k + KT <= depth; k += KT)
      grouped_gradient_tile<int(KT), F, G>(points, x + k, ldx, dy_end, ldy, dw_end + k * ldw, ldw);
    for (; k + 4 <= depth; k += 4)
      grouped_gradient_tile<4, F, G>(points, x + k, ldx, dy_end, ldy, dw_end + k * ldw, ldw);
  });
  if (k < depth)
    gradient_columns(points, depth - k, columns - end.first, x + k, ldx, dy_end, ldy, dw_end + k * ldw, ldw);
}

/// sums[n] += sum_p dy[p][n], points in order.
template <class T>
void column_sums(size_t points, size_t columns, const T* dy, size_t ldy, T* sums) {
  for_each_tile<T>(columns, [&]<int NV>(const TileColumns& c) {
    Pack<T> sum[NV];
    for (int v = 0; v < NV; ++v) sum[v] = load(sums + c.at(v));
    for (size_t p = 0; p < points; ++p)
      for (int v = 0; v < NV; ++v) sum[v] = sum[v] + load_first(dy + p * ldy + c.at(v), c.count);
    for (int v = 0; v < NV; ++v) store(sum[v], sums + c.at(v));
  });
}

}  // namespace danaus::simd
