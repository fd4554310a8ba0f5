#pragma once

// The projection for any execution space: a team works on a tile of points, a chunk of the hidden values at a
// time, which never leave its scratch memory.

#include "device_products.hpp"
#include "projection_kernels.hpp"

namespace danaus::nn::device {

inline constexpr int projection_points = 64;
inline constexpr int hidden_chunk = 32;
inline constexpr int projection_threads = tiles_of(projection_points) * tiles_of(hidden_chunk);

/// Columns h0, h0 + 1, ... of weights_1 to scratch memory.
template <class T>
KOKKOS_INLINE_FUNCTION void load_chunk(const Member& team, const Tensor<T, 2>& weights_1, int h0, int columns,
                                       const Strided<T>& w1) {
  Kokkos::parallel_for(Kokkos::TeamThreadRange(team, int(weights_1.extent(0)) * columns), [&](int q) {
    w1(q / columns, q % columns) = weights_1(size_t(q / columns), size_t(h0 + q % columns));
  });
}

template <class T>
struct ProjectKernel {
  ProjectionWeights<T> w;
  Activation activation;
  Tensor<T, 4> x, y;

  KOKKOS_INLINE_FUNCTION int width() const { return int(x.extent(3)); }
  KOKKOS_INLINE_FUNCTION int hidden() const { return int(w.bias_1.extent(0)); }
  KOKKOS_INLINE_FUNCTION int channels() const { return int(w.bias_2.extent(0)); }
  KOKKOS_INLINE_FUNCTION size_t points() const { return y.extent(0) * y.extent(1) * y.extent(2); }
  KOKKOS_INLINE_FUNCTION size_t scratch_bytes() const {
    return sizeof(T) * size_t(projection_points * (odd(width()) + channels() * tiles_of(hidden_chunk)) +
                              width() * odd(hidden_chunk) + channels() * odd(projection_points));
  }

  KOKKOS_FUNCTION void operator()(const Member& team) const {
    TeamScratch scratch(team, scratch_bytes());
    const auto points_in = take<T>(scratch, projection_points, width()),
               w1 = take<T>(scratch, width(), hidden_chunk),
               total = take<T>(scratch, channels(), projection_points);
    T* part = scratch.take<T>(size_t(channels() * tiles_of(hidden_chunk) * projection_points));
    // (channel, tile of hidden values, point)
    const PointGrid grid{y.extent(1), y.extent(2)};
    const size_t first = size_t(team.league_rank()) * projection_points;
    const int count = int(Kokkos::min<size_t>(projection_points, points() - first));
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, count * width()), [&](int q) {
      const size_t p = first + size_t(q / width());
      points_in(q / width(), q % width()) = x(grid.sample(p), grid.i(p), grid.j(p), size_t(q % width()));
    });
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, channels() * count),
                         [&](int q) { total(q / count, q % count) = w.bias_2(size_t(q / count)); });
    for (int h0 = 0; h0 < hidden(); h0 += hidden_chunk) {
      const int columns = Kokkos::min(int(hidden_chunk), hidden() - h0), wide = tiles_of(columns);
      load_chunk(team, w.weights_1, h0, columns, w1);
      team.team_barrier();
      multiply<T>(team, count, columns, width(), points_in, w1,
                  [&](const TileIndex& tile, const T(&sum)[side][side]) {
                    add_to_channels(tile, count, columns, h0, sum, part);
                  });
      team.team_barrier();
      Kokkos::parallel_for(Kokkos::TeamThreadRange(team, channels() * count), [&](int q) {
        const int o = q / count, p = q % count;
        for (int j = 0; j < wide; ++j) total(o, p) += part[(o * wide + j) * projection_points + p];
      });
    }
    team.team_barrier();
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, channels() * count), [&](int q) {
      y.data()[first * size_t(channels()) + size_t(q)] = total(q % channels(), q / channels());
    });
  }

  /// What a tile of hidden values adds to its points' channels.
  KOKKOS_INLINE_FUNCTION void add_to_channels(const TileIndex& tile, int count, int columns, int h0,
                                              const T (&sum)[side][side], T* part) const {
    T h[side][side];
    for (int s = 0; s < side; ++s) {
      const bool exists = tile.column(s) < columns;
      const T bias = exists ? w.bias_1(size_t(h0 + tile.column(s))) : T(0);
      for (int r = 0; r < side; ++r) h[r][s] = exists ? activate(activation, sum[r][s] + bias) : T(0);
    }
    for (int o = 0; o < channels(); ++o) {
      T weight[side];
      for (int s = 0; s < side; ++s)
        weight[s] = tile.column(s) < columns ? w.weights_2(size_t(o), size_t(h0 + tile.column(s))) : T(0);
      for (int r = 0; r < side; ++r) {
        T dot = 0;
        for (int s = 0; s < side; ++s) dot += weight[s] * h[r][s];
        if (tile.row(r) < count) part[(o * tile.wide + tile.j0) * projection_points + tile.row(r)] = dot;
      }
    }
  }
};

/// A team takes the tiles of one part in turn; its sums for the weights stay in `partial`.
template <class T>
struct ProjectBackwardKernel {
  ProjectionWeights<T> w;
  Activation activation;
  Tensor<T, 4> x, y_grad, x_grad;
  Write write;
  T* partial;  ///< (part, entry): weights_1, bias_1, weights_2, bias_2
  size_t size;

  KOKKOS_INLINE_FUNCTION int width() const { return int(x.extent(3)); }
  KOKKOS_INLINE_FUNCTION int hidden() const { return int(w.bias_1.extent(0)); }
  KOKKOS_INLINE_FUNCTION int channels() const { return int(w.bias_2.extent(0)); }
  /// Padding included: its gradient is zero.
  KOKKOS_INLINE_FUNCTION size_t points() const { return x.extent(0) * x.extent(1) * x.extent(2); }
  KOKKOS_INLINE_FUNCTION size_t scratch_bytes() const {
    const int per_point = odd(width() + 1) + odd(hidden_chunk) + odd(width()) + odd(channels());
    const int per_hidden = width() + channels() * tiles_of(projection_points);
    return sizeof(T) * size_t(projection_points * per_point + odd(hidden_chunk) * per_hidden);
  }

  /// A tile's input with a column of ones, its hidden values' gradient, x_grad, y_grad and a chunk of
  /// weights_1.
  struct Scratch {
    Strided<T> in, hidden_grad, in_grad, out_grad, w1;
    T* value_sums;  ///< (channel, tile of points, hidden value)
  };

  KOKKOS_FUNCTION void operator()(const Member& team) const {
    TeamScratch scratch(team, scratch_bytes());
    Scratch s;
    s.in = take<T>(scratch, projection_points, width() + 1);
    s.hidden_grad = take<T>(scratch, projection_points, hidden_chunk);
    s.in_grad = take<T>(scratch, projection_points, width());
    s.out_grad = take<T>(scratch, projection_points, channels());
    s.w1 = take<T>(scratch, width(), hidden_chunk);
    s.value_sums = scratch.take<T>(size_t(channels() * tiles_of(projection_points) * odd(hidden_chunk)));
    const size_t part = size_t(team.league_rank());
    const size_t tiles = (points() + projection_points - 1) / projection_points;
    T* sums = partial + part * size;
    for (size_t t = tiles * part / gradient_parts; t < tiles * (part + 1) / gradient_parts; ++t) {
      const size_t first = t * projection_points;
      const int count = int(Kokkos::min<size_t>(projection_points, points() - first));
      load(team, first, count, s);
      team.team_barrier();
      T* bias_2 = sums + (width() + 1 + channels()) * hidden();
      Kokkos::parallel_for(Kokkos::TeamThreadRange(team, channels()), [&](int o) {
        T sum = 0;
        for (int p = 0; p < count; ++p) sum += s.out_grad(p, o);
        bias_2[o] += sum;
      });
      for (int h0 = 0; h0 < hidden(); h0 += hidden_chunk) chunk(team, count, h0, s, sums);
      if (x_grad.data())
        Kokkos::parallel_for(Kokkos::TeamThreadRange(team, count * width()), [&](int q) {
          store(write, s.in_grad(q / width(), q % width()),
                x_grad.data()[first * size_t(width()) + size_t(q)]);
        });
      team.team_barrier();
    }
  }

  KOKKOS_INLINE_FUNCTION void load(const Member& team, size_t first, int count, const Scratch& s) const {
    const PointGrid grid{x.extent(1), x.extent(2)};
    const int columns = width() + 1;
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, count * columns), [&](int q) {
      const int p = q / columns, c = q % columns;
      s.in(p, c) = c < width() ? x.data()[(first + size_t(p)) * size_t(width()) + size_t(c)] : T(1);
      if (c < width()) s.in_grad(p, c) = T(0);
    });
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, count * channels()), [&](int q) {
      const size_t p = first + size_t(q / channels()), i = grid.i(p), j = grid.j(p);
      const bool inside = i < y_grad.extent(1) && j < y_grad.extent(2);
      s.out_grad(q / channels(), q % channels()) =
          inside ? y_grad(grid.sample(p), i, j, size_t(q % channels())) : T(0);
    });
  }

  /// Hidden values h0, h0 + 1, ... of a tile.
  KOKKOS_INLINE_FUNCTION void chunk(const Member& team, int count, int h0, const Scratch& s, T* sums) const {
    const int columns = Kokkos::min(int(hidden_chunk), hidden() - h0), tall = tiles_of(count);
    load_chunk(team, w.weights_1, h0, columns, s.w1);
    team.team_barrier();
    multiply<T>(team, count, columns, width(), s.in, s.w1,
                [&](const TileIndex& tile, const T(&sum)[side][side]) {
                  through_activation(tile, count, columns, h0, sum, s);
                });
    team.team_barrier();
    if (x_grad.data())
      multiply<T>(team, count, width(), columns, s.hidden_grad, s.w1.transposed(),
                  [&](const TileIndex& tile, const T(&sum)[side][side]) {
                    for_entries(tile, count, width(), sum, [&](int p, int c, T v) { s.in_grad(p, c) += v; });
                  });
    // bias_1 lies behind weights_1, as the row of the column of ones.
    multiply<T>(team, width() + 1, columns, count, s.in.transposed(), s.hidden_grad,
                [&](const TileIndex& tile, const T(&sum)[side][side]) {
                  for_entries(tile, width() + 1, columns, sum,
                              [&](int c, int q, T v) { sums[c * hidden() + h0 + q] += v; });
                });
    T* weights_2 = sums + (width() + 1) * hidden();
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, channels() * columns), [&](int e) {
      const int o = e / columns, q = e % columns;
      T sum = 0;
      for (int i = 0; i < tall; ++i) sum += s.value_sums[(o * tall + i) * odd(hidden_chunk) + q];
      weights_2[o * hidden() + h0 + q] += sum;
    });
    team.team_barrier();
  }

  /// From a tile of hidden values before the activation to their gradient, and to the sums over its points of
  /// y_grad times the value after it.
  KOKKOS_INLINE_FUNCTION void through_activation(const TileIndex& tile, int count, int columns, int h0,
                                                 const T (&sum)[side][side], const Scratch& s) const {
    for (int c = 0; c < side && tile.column(c) < columns; ++c) {
      const size_t q = size_t(h0 + tile.column(c));
      T value[side], through[side], gradient[side] = {};
      for (int r = 0; r < side; ++r) {
        const T h = sum[r][c] + w.bias_1(q);
        value[r] = activate(activation, h);
        through[r] = slope(activation, h);
      }
      for (int o = 0; o < channels(); ++o) {
        const T weight = w.weights_2(size_t(o), q);
        T dot = 0;
        for (int r = 0; r < side; ++r) {
          if (tile.row(r) >= count) continue;
          const T dy = s.out_grad(tile.row(r), o);
          gradient[r] += weight * dy;
          dot += dy * value[r];
        }
        s.value_sums[(o * tile.tall + tile.i0) * odd(hidden_chunk) + tile.column(c)] = dot;
      }
      for (int r = 0; r < side; ++r)
        if (tile.row(r) < count) s.hidden_grad(tile.row(r), tile.column(c)) = gradient[r] * through[r];
    }
  }
};

}  // namespace danaus::nn::device
