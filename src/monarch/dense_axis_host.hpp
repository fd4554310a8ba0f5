#pragma once

// Transforms between real values and few complex modes as one product with their dense matrix, on a CPU:
// where a handful of modes is kept this is hardly more arithmetic than two stages, and runs nearer to the
// peak.

#include <danaus/core/dense_rows.hpp>

#include "run_panels.hpp"
#include "stage_view.hpp"

namespace danaus::monarch::host {

/// RG rows of y = A x for the packs of a tile. A lies column by column.
template <int RG, int NV, int NG, class T>
inline __attribute__((always_inline)) void axis_tile(const T* matrix, int ld, const PlaneRows<const T>& x,
                                                     const TilePacks<NV>& x_packs, int first_row, Write write,
                                                     const PlaneRows<T>& y, const TilePacks<NV>& y_packs) {
  Pack<T> sum[RG][NV + NG];
  DANAUS_UNROLL
  for (int r = 0; r < RG; ++r) DANAUS_UNROLL
  for (int v = 0; v < NV + NG; ++v) sum[r][v] = Pack<T>(T(0));
  const T* a = matrix + first_row;
  for (int plane = 0; plane < x.planes; ++plane) {
    const T* from = x.data + plane * x.plane_stride;
    for (int k = 0; k < x.rows; ++k, from += x.row_stride, a += ld) {
      Pack<T> b[NV + NG];
      DANAUS_UNROLL
      for (int v = 0; v < NV + NG; ++v) b[v] = x_packs.load(from, v);
      DANAUS_UNROLL
      for (int r = 0; r < RG; ++r) {
        const Pack<T> entry(a[r]);
        DANAUS_UNROLL
        for (int v = 0; v < NV + NG; ++v) sum[r][v] = sum[r][v] + entry * b[v];
      }
    }
  }
  DANAUS_UNROLL
  for (int r = 0; r < RG; ++r) {
    T* to = y.at(first_row + r);
    DANAUS_UNROLL
    for (int v = 0; v < NV + NG; ++v) {
      if (write == Write::accumulate) sum[r][v] = sum[r][v] + y_packs.load(to, v);
      y_packs.template store<T>(sum[r][v], to, v);
    }
  }
}

/// Rows of a tile: its sums, a row of packs and an entry fill the registers.
template <int packs>
constexpr int axis_tile_rows() {
  const int rows = (2 * simd::accumulators - 1 - packs) / packs;
  return rows >= 8 ? 8 : rows >= 4 ? 4 : rows < 1 ? 1 : rows;
}

template <int NV, int NG, class T, class Between>
void axis_tiles(const T* matrix, const PlaneRows<const T>& x, const TilePacks<NV>& x_packs, Write write,
                const PlaneRows<T>& y, const TilePacks<NV>& y_packs, Between between) {
  constexpr int RG = axis_tile_rows<NV + NG>();
  const int rows = y.count();
  int r = 0;
  for (; r + RG <= rows; r += RG, between())
    axis_tile<RG, NV, NG>(matrix, rows, x, x_packs, r, write, y, y_packs);
  for (; r + 2 <= rows; r += 2) axis_tile<2, NV, NG>(matrix, rows, x, x_packs, r, write, y, y_packs);
  for (; r < rows; ++r) axis_tile<1, NV, NG>(matrix, rows, x, x_packs, r, write, y, y_packs);
}

/// y = A x, or added to it, for one panel; `between` is called between its tiles.
template <class T, class Between>
void apply_to_panel(const T* matrix, const PlaneRows<const T>& x, size_t runs, size_t length, Write write,
                    const PlaneRows<T>& y, Between between) {
  constexpr size_t W = size_t(width<T>);
  for_each_tile<T>(runs, length, [&]<int NV, int NG>(size_t first) {
    const TilePacks<NV> x_packs(first, length / W, W, x.run_stride),
        y_packs(first, length / W, W, y.run_stride);
    axis_tiles<NV, NG>(matrix, x, x_packs, write, y, y_packs, between);
  });
}

/// Calls of `between` for such a panel, at least.
template <class T>
size_t steps_of_panel(size_t lanes, int rows) {
  const size_t strips = std::max<size_t>(1, lanes / (3 * size_t(width<T>)));
  return std::max<size_t>(1, strips * size_t(rows / 8));
}

/// What a transform with a dense matrix reads and writes.
struct DenseShape {
  int x_rows, x_planes, y_rows, y_planes;
  int inputs() const { return x_rows * x_planes; }
  int outputs() const { return y_rows * y_planes; }
  DenseShape transposed() const { return {y_rows, y_planes, x_rows, x_planes}; }
};

template <class T>
DenseShape dense_shape(const TwoStages<T>& s) {
  return {s.input_rows, s.input_complex ? 2 : 1, s.output_rows, s.output_complex ? 2 : 1};
}

template <class T, class Between>
void apply_dense_panel(const DenseShape& s, const T* matrix, const RunPanels::Panel& panel,
                       const Lanes<const T>& x, Write write, const Lanes<T>& y, T* buffer, Between between) {
  if (fits_in_place(x, panel) && fits_in_place(y, panel)) {
    apply_to_panel(matrix, rows_in_place(x, panel, s.x_rows, s.x_planes), panel.runs, panel.length, write,
                   rows_in_place(y, panel, s.y_rows, s.y_planes), between);
    return;
  }
  const size_t padded = simd::round_up(panel.lanes(), size_t(width<T>));
  T* y_buffer = buffer + size_t(s.inputs()) * padded;
  gather(x, panel.outer, panel.first, panel.lanes(), s.x_rows, s.x_planes, padded, buffer);
  apply_to_panel(matrix, rows_in_buffer<const T>(buffer, padded, s.x_rows, s.x_planes), 1, padded,
                 Write::overwrite, rows_in_buffer(y_buffer, padded, s.y_rows, s.y_planes), between);
  scatter(y_buffer, padded, s.y_rows, s.y_planes, panel.outer, panel.first, panel.lanes(), write, y);
}

/// y = A x, or added to it, with A column by column.
template <class T>
void apply_dense(const Exec& space, const DenseShape& s, const T* matrix, const Lanes<const T>& x,
                 Write write, const Lanes<T>& y) {
  constexpr size_t W = size_t(width<T>);
  const RunPanels panels(x.runs, x.run_length, x.outer, W, size_t(simd::groups<T>));
  const size_t numbers = size_t(s.inputs() + s.outputs()) * simd::round_up(panels.most_lanes(), W);
  const int chunks = int(std::min<size_t>(panels.count, 64));
  using Policy = Kokkos::TeamPolicy<Exec>;
  auto policy = Policy(space, chunks, 1).set_scratch_size(1, Kokkos::PerTeam(int(numbers * sizeof(T) + 64)));
  Kokkos::parallel_for(
      "danaus::monarch::AxisTransform::apply (dense)", policy, [=](const Policy::member_type& team) {
        T* buffer = static_cast<T*>(team.team_scratch(1).get_shmem_aligned(numbers * sizeof(T), 64));
        const size_t chunk = size_t(team.league_rank()), end = panels.count * (chunk + 1) / chunks;
        for (size_t p = panels.count * chunk / chunks; p < end; ++p) {
          const auto panel = panels.at(p);
          const size_t steps = steps_of_panel<T>(panel.lanes(), s.outputs());
          // The hardware foresees rows that follow one another, but not several runs at a time.
          const size_t next = panel.length % W == 0 ? panels.count : p + 1;
          auto next_x = prefetch_ahead(x, panels, next, s.x_rows, s.x_planes, steps),
               next_y = prefetch_ahead(y, panels, next, s.y_rows, s.y_planes, steps);
          apply_dense_panel(s, matrix, panel, x, write, y, buffer, [&] {
            next_x();
            next_y();
          });
        }
      });
}

/// to[lane][row] for the lanes of one run.
template <class T>
void transpose_run(const PlaneRows<const T>& x, const T* run, size_t lanes, T* to) {
  for (int plane = 0; plane < x.planes; ++plane)
    simd::transpose(size_t(x.rows), lanes, run + plane * x.plane_stride, x.row_stride, to + plane * x.rows,
                    ptrdiff_t(x.count()));
}

/// All lanes of a panel; gathered first where they are not side by side.
template <class T>
void transpose_panel(const Lanes<const T>& l, const RunPanels::Panel& p, int rows, int planes, T* buffer,
                     T* to) {
  if (l.lane_stride == 1) {
    const auto x = rows_in_place(l, p, rows, planes);
    for (size_t run = 0; run < p.runs; ++run)
      transpose_run(x, x.data + ptrdiff_t(run) * x.run_stride, p.length,
                    to + run * p.length * size_t(x.count()));
    return;
  }
  const size_t padded = simd::round_up(p.lanes(), size_t(width<T>));
  gather(l, p.outer, p.first, p.lanes(), rows, planes, padded, buffer);
  const auto x = rows_in_buffer<const T>(buffer, padded, rows, planes);
  transpose_run(x, x.data, p.lanes(), to);
}

/// The adjoint, and the gradient of the dense matrix. Exactly one of input and output is complex.
/// @param adjoint  A* column by column
/// @param partial  (chunk, complex row x plane x real row)
template <class T>
void backward_dense(const Exec& space, const DenseShape& s, const T* adjoint, const Lanes<const T>& x,
                    const Lanes<const T>& y_grad, Write write, const Lanes<T>& x_grad,
                    const Tensor<T, 2>& partial) {
  constexpr size_t W = size_t(width<T>);
  const RunPanels panels(x.runs, x.run_length, x.outer, W, size_t(simd::groups<T>));
  // Lanes whose rows are kept in the first-level cache for one product.
  const size_t group = std::max<size_t>(128, panels.most_lanes());
  const bool complex_x = s.x_planes == 2;
  const size_t modes = size_t(complex_x ? s.x_rows : s.y_rows),
               reals = size_t(complex_x ? s.y_rows : s.x_rows), ld = simd::padded<T>(reals);
  const size_t buffer_size = size_t(s.inputs() + s.outputs()) * simd::round_up(panels.most_lanes(), W);
  const size_t complex_size = group * 2 * modes, real_size = group * reals, sums_size = 2 * modes * ld;
  const size_t total = buffer_size + complex_size + real_size + sums_size;
  using Policy = Kokkos::TeamPolicy<Exec>;
  auto policy =
      Policy(space, gradient_chunks, 1).set_scratch_size(1, Kokkos::PerTeam(int(total * sizeof(T) + 64)));
  Kokkos::parallel_for(
      "danaus::monarch::AxisTransform::backward (dense)", policy, [=](const Policy::member_type& team) {
        T* sums = static_cast<T*>(team.team_scratch(1).get_shmem_aligned(total * sizeof(T), 64));
        T *complex_lanes = sums + sums_size, *real_lanes = complex_lanes + complex_size,
          *buffer = real_lanes + real_size;
        T *x_lanes = complex_x ? complex_lanes : real_lanes,
          *y_lanes = complex_x ? real_lanes : complex_lanes;
        std::fill(sums, sums + sums_size, T(0));
        size_t filled = 0;
        const auto add_gradient = [&] {
          simd::dense_gradient(filled, 2 * modes, reals, complex_lanes, 2 * modes, real_lanes, reals, sums);
          filled = 0;
        };
        const size_t chunk = size_t(team.league_rank()), end = panels.count * (chunk + 1) / gradient_chunks;
        for (size_t p = panels.count * chunk / gradient_chunks; p < end; ++p) {
          const auto panel = panels.at(p);
          if (filled + panel.lanes() > group) add_gradient();
          transpose_panel(x, panel, s.x_rows, s.x_planes, buffer, x_lanes + filled * size_t(s.inputs()));
          transpose_panel(y_grad, panel, s.y_rows, s.y_planes, buffer,
                          y_lanes + filled * size_t(s.outputs()));
          filled += panel.lanes();
          const size_t steps = steps_of_panel<T>(panel.lanes(), s.inputs());
          auto next_x = prefetch_ahead(x, panels, p + 1, s.x_rows, s.x_planes, steps),
               next_y = prefetch_ahead(y_grad, panels, p + 1, s.y_rows, s.y_planes, steps),
               next_dx = prefetch_ahead(x_grad, panels, p + 1, s.x_rows, s.x_planes, steps);
          apply_dense_panel(s.transposed(), adjoint, panel, y_grad, write, x_grad, buffer, [&] {
            next_x();
            next_y();
            next_dx();
          });
        }
        add_gradient();
        for (size_t mode = 0; mode < modes; ++mode)
          for (size_t plane = 0; plane < 2; ++plane)
            for (size_t real = 0; real < reals; ++real)
              partial(chunk, (2 * mode + plane) * reals + real) = sums[(plane * modes + mode) * ld + real];
      });
}

}  // namespace danaus::monarch::host
