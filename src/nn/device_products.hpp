#pragma once

// Products of many grid points with small matrices, for any execution space: what the GPU build runs in place
// of core/dense_rows.hpp. The CPU build tests them against it.

#include <danaus/core/team.hpp>

#include "partial_sums.hpp"

namespace danaus::nn::device {

/// Each thread holds the sums of side x side entries in registers: a value that it has read is used that
/// often.
inline constexpr int side = 4;
/// Threads of a team at the most.
inline constexpr int max_threads = 256;

KOKKOS_INLINE_FUNCTION constexpr int tiles_of(int extent) { return (extent + side - 1) / side; }

/// Threads for `tiles` tiles: whole warps.
inline int threads_for(int tiles) { return std::min(max_threads, (tiles + 31) / 32 * 32); }

/// A grid of points (sample, i, j), one after the other.
struct PointGrid {
  size_t nx, ny;
  KOKKOS_INLINE_FUNCTION size_t sample(size_t p) const { return p / (nx * ny); }
  KOKKOS_INLINE_FUNCTION size_t i(size_t p) const { return p / ny % nx; }
  KOKKOS_INLINE_FUNCTION size_t j(size_t p) const { return p % ny; }
};

/// A matrix by its strides; in scratch memory rows have an odd length, so that threads at neighbouring rows
/// use different banks.
template <class T>
struct Strided {
  T* data;
  int row, column;

  KOKKOS_INLINE_FUNCTION T& operator()(int i, int j) const { return data[i * row + j * column]; }
  KOKKOS_INLINE_FUNCTION Strided transposed() const { return {data, column, row}; }
};
KOKKOS_INLINE_FUNCTION constexpr int odd(int length) { return length | 1; }

/// A matrix in scratch memory.
template <class T>
KOKKOS_INLINE_FUNCTION Strided<T> take(TeamScratch& scratch, int rows, int columns) {
  return {scratch.take<T>(size_t(rows * odd(columns))), odd(columns), 1};
}

/// A tile's rows are i0 + r tall, its columns j0 + s wide: neighbouring threads work on neighbouring rows.
struct TileIndex {
  int i0, j0, tall, wide;
  KOKKOS_INLINE_FUNCTION int row(int r) const { return i0 + r * tall; }
  KOKKOS_INLINE_FUNCTION int column(int s) const { return j0 + s * wide; }
};

/// sum[r][s] += sum over k = first, first + step, ... < depth of a(i_r, k) b(k, j_s). Rows and columns behind
/// an end repeat the last one.
template <class T, class A, class B>
KOKKOS_INLINE_FUNCTION void add_tile(const TileIndex& tile, int rows, int columns, size_t first, size_t depth,
                                     size_t step, const A& a, const B& b, T (&sum)[side][side]) {
  int i[side], j[side];
  for (int r = 0; r < side; ++r) {
    i[r] = Kokkos::min(tile.row(r), rows - 1);
    j[r] = Kokkos::min(tile.column(r), columns - 1);
  }
  for (size_t k = first; k < depth; k += step) {
    T left[side], right[side];
    for (int r = 0; r < side; ++r) left[r] = a(i[r], k), right[r] = b(k, j[r]);
    for (int r = 0; r < side; ++r)
      for (int s = 0; s < side; ++s) sum[r][s] += left[r] * right[s];
  }
}

/// For each tile of the product of a (rows, depth) and b (depth, columns): each(tile, sums).
template <class T, class Each>
KOKKOS_INLINE_FUNCTION void multiply(const Member& team, int rows, int columns, int depth,
                                     const Strided<T>& a, const Strided<T>& b, const Each& each) {
  const int tall = tiles_of(rows), wide = tiles_of(columns);
  Kokkos::parallel_for(Kokkos::TeamThreadRange(team, tall * wide), [&](int t) {
    const TileIndex tile{t % tall, t / tall, tall, wide};
    T sum[side][side] = {};
    add_tile(
        tile, rows, columns, 0, size_t(depth), 1, [&](int i, size_t k) { return a(i, int(k)); },
        [&](size_t k, int j) { return b(int(k), j); }, sum);
    each(tile, sum);
  });
}

/// each(i, j, value) for the entries of a tile that exist.
template <class T, class Each>
KOKKOS_INLINE_FUNCTION void for_entries(const TileIndex& tile, int rows, int columns,
                                        const T (&sum)[side][side], const Each& each) {
  for (int r = 0; r < side; ++r)
    for (int s = 0; s < side; ++s)
      if (tile.row(r) < rows && tile.column(s) < columns) each(tile.row(r), tile.column(s), sum[r][s]);
}

template <class T, class In, class Out>
struct RowsKernel {
  size_t points;
  int depth, columns, tile;
  Strided<const T> matrix;
  In in;
  Out out;

  static KOKKOS_INLINE_FUNCTION size_t scratch_bytes(int tile, int depth, int columns) {
    return sizeof(T) * (size_t(tile) * (odd(depth) + odd(columns)) + size_t(depth) * odd(columns));
  }

  KOKKOS_FUNCTION void operator()(const Member& team) const {
    TeamScratch scratch(team, scratch_bytes(tile, depth, columns));
    const auto x = take<T>(scratch, tile, depth), y = take<T>(scratch, tile, columns),
               w = take<T>(scratch, depth, columns);
    const size_t first = size_t(team.league_rank()) * size_t(tile);
    const int count = int(Kokkos::min<size_t>(size_t(tile), points - first));
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, count * depth),
                         [&](int q) { x(q / depth, q % depth) = in(first + size_t(q / depth), q % depth); });
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, depth * columns),
                         [&](int q) { w(q / columns, q % columns) = matrix(q / columns, q % columns); });
    team.team_barrier();
    multiply<T>(team, count, columns, depth, x, w, [&](const TileIndex& t, const T(&sum)[side][side]) {
      for_entries(t, count, columns, sum, [&](int i, int j, T value) { y(i, j) = value; });
    });
    team.team_barrier();
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, count * columns), [&](int q) {
      out(first + size_t(q / columns), q % columns, y(q / columns, q % columns));
    });
  }
};

/// out(p, j, sum over k of in(p, k) matrix(k, j)) for all points p and columns j. `in` is called once for
/// each (p, k), and before any `out` of its point.
template <class T, class In, class Out>
void dense_rows(const Exec& space, size_t points, int depth, int columns, const Strided<const T>& matrix,
                const In& in, const Out& out) {
  using Kernel = RowsKernel<T, In, Out>;
  int tile = 128;
  while (tile > 16 && scratch_level(Kernel::scratch_bytes(tile, depth, columns)) > 0) tile /= 2;
  Kokkos::parallel_for("danaus::nn::device::dense_rows",
                       team_policy(space, (points + size_t(tile) - 1) / size_t(tile),
                                   threads_for(tiles_of(tile) * tiles_of(columns)), 1,
                                   Kernel::scratch_bytes(tile, depth, columns)),
                       Kernel{points, depth, columns, tile, matrix, in, out});
}

template <class T, class A, class B>
struct OuterKernel {
  size_t points;
  int rows, columns, groups;
  A a;
  B b;
  T* partial;
  size_t size, offset;

  KOKKOS_INLINE_FUNCTION size_t scratch_bytes() const {
    return sizeof(T) * size_t(groups * tiles_of(rows) * tiles_of(columns) * side * side);
  }

  KOKKOS_FUNCTION void operator()(const Member& team) const {
    const int tall = tiles_of(rows), wide = tiles_of(columns), tiles = tall * wide, threads = groups * tiles;
    const size_t part = size_t(team.league_rank());
    const size_t begin = points * part / gradient_parts, end = points * (part + 1) / gradient_parts;
    T* sums = TeamScratch(team, scratch_bytes()).take<T>(size_t(threads * side * side));
    // Each group of threads takes every groups-th point.
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, threads), [&](int t) {
      const TileIndex tile{t % tiles % tall, t % tiles / tall, tall, wide};
      T sum[side][side] = {};
      add_tile(
          tile, rows, columns, begin + size_t(t / tiles), end, size_t(groups),
          [&](int i, size_t p) { return a(p, i); }, [&](size_t p, int j) { return b(p, j); }, sum);
      for (int r = 0; r < side; ++r)
        for (int s = 0; s < side; ++s) sums[(r * side + s) * threads + t] = sum[r][s];
    });
    team.team_barrier();
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, rows * columns), [&](int e) {
      const int i = e / columns, j = e % columns;
      const T* from = sums + (i / tall * side + j / wide) * threads + i % tall + j % wide * tall;
      T sum = 0;
      for (int group = 0; group < groups; ++group) sum += from[group * tiles];
      partial[part * size + offset + size_t(e)] = sum;
    });
  }
};

/// partial[part, offset + i columns + j] = sum over the part's points p of a(p, i) b(p, j)
/// @param partial  (gradient_parts, size)
template <class T, class A, class B>
void outer_products(const Exec& space, size_t points, int rows, int columns, const A& a, const B& b,
                    T* partial, size_t size, size_t offset = 0) {
  const int tiles = tiles_of(rows) * tiles_of(columns), groups = std::max(1, max_threads / tiles);
  const OuterKernel<T, A, B> kernel{points, rows, columns, groups, a, b, partial, size, offset};
  Kokkos::parallel_for(
      "danaus::nn::device::outer_products",
      team_policy(space, gradient_parts, threads_for(groups * tiles), 1, kernel.scratch_bytes()), kernel);
}

}  // namespace danaus::nn::device
