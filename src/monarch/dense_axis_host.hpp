#pragma once

// Transforms between real values and few complex modes as one product with their dense matrix, on a CPU:
// where a handful of modes is kept this is hardly more arithmetic than two stages, and runs nearer to the
// peak.

#include <danaus/core/dense_rows.hpp>

#include "lane_panels.hpp"
#include "stage_view.hpp"

namespace danaus::monarch::host {

/// Rows of a panel, plane after plane.
template <class T>
struct PlaneRows {
  T* data;
  int rows, planes;
  ptrdiff_t row_stride, plane_stride;
  ptrdiff_t run_stride;  ///< between the runs of lanes that the panel consists of
  T* at(int row) const { return data + row / rows * plane_stride + row % rows * row_stride; }
  int count() const { return rows * planes; }
};

/// Cuts the lanes into panels of several short runs, or of a part of a long run.
struct RunPanels {
  size_t lanes, run_length, runs, width, per_outer, count;

  RunPanels(size_t runs_, size_t run_length_, size_t outer, size_t pack, size_t groups)
      : lanes(runs_ * run_length_), run_length(run_length_), runs(1), width(run_length_) {
    const size_t whole = run_length / pack, rest = run_length % pack;
    if (whole >= 8) {
      width = 8 * pack;
      per_outer = runs_ * ((run_length + width - 1) / width);
    } else {
      if (rest == 0)
        runs = std::max<size_t>(1, 4 / whole);
      else
        runs = groups > 0 && rest % 4 == 0 ? groups : std::max<size_t>(1, 4 * pack / run_length);
      per_outer = (runs_ + runs - 1) / runs;
    }
    count = per_outer * outer;
  }
  struct Panel {
    size_t outer, first, runs, length;
    size_t lanes() const { return runs * length; }
  };
  Panel at(size_t panel) const {
    const size_t outer = panel / per_outer, p = panel % per_outer;
    if (width < run_length) {
      const size_t parts = (run_length + width - 1) / width, part = p % parts;
      return {outer, p / parts * run_length + part * width, 1, std::min(width, run_length - part * width)};
    }
    return {outer, p * runs * run_length, std::min(runs, lanes / run_length - p * runs), run_length};
  }
  size_t most_lanes() const { return runs * width; }
};

template <class T>
PlaneRows<T> rows_in_place(const Lanes<T>& l, const RunPanels::Panel& p, int rows, int planes) {
  return {l.at(p.outer, p.first), rows, planes, l.row_stride, l.plane_stride, l.run_stride};
}
/// The copy that gather() makes: one run of whole packs.
template <class T>
PlaneRows<T> rows_in_buffer(T* buffer, size_t padded, int rows, int planes) {
  return {buffer, rows, planes, ptrdiff_t(planes * padded), ptrdiff_t(padded), 0};
}

/// Whether the kernels can read and write such a panel where it lies.
template <class T>
bool fits_in_place(const Lanes<T>& l, const RunPanels::Panel& p) {
  constexpr size_t W = size_t(width<std::remove_const_t<T>>),
                   G = size_t(simd::groups<std::remove_const_t<T>>);
  return l.lane_stride == 1 && (p.length % W == 0 || (p.length % 4 == 0 && G > 0 && p.runs == G));
}

/// Asks for a part of the rows of a panel that comes next; called between the tiles of this one, so that the
/// requests do not queue up.
template <class T>
void prefetch_rows(const PlaneRows<T>& x, const RunPanels::Panel& p, size_t step, size_t steps) {
  constexpr size_t line = 64 / sizeof(T);
  const auto prefetch = [](const T* from, size_t numbers) {
    for (size_t q = 0; q < numbers; q += line) __builtin_prefetch(from + q);
    asm volatile("" ::"r"(from));  // else GCC takes the function for one without effect and drops it
  };
  const int begin = int(size_t(x.count()) * step / steps), end = int(size_t(x.count()) * (step + 1) / steps);
  const bool without_gaps =
      x.row_stride == ptrdiff_t(p.length) && (x.planes == 1 || x.plane_stride == x.rows * x.row_stride);
  for (size_t run = 0; run < p.runs && begin < end; ++run) {
    const ptrdiff_t offset = ptrdiff_t(run) * x.run_stride;
    if (without_gaps)
      prefetch(x.at(begin) + offset, size_t(end - begin) * p.length);
    else
      for (int row = begin; row < end; ++row) prefetch(x.at(row) + offset, p.length);
  }
}

/// Packs of a panel that a tile covers: NV whole ones, and NG of groups of four lanes, one group of each run.
template <int NV>
struct TilePacks {
  ptrdiff_t x[NV > 0 ? NV : 1], y[NV > 0 ? NV : 1];
  ptrdiff_t groups;  ///< offset of the first group within a run
};

/// RG rows of y = A x for the packs of a tile. A lies column by column.
template <int RG, int NV, int NG, class T>
inline __attribute__((always_inline)) void axis_tile(const T* matrix, int ld, const PlaneRows<const T>& x,
                                                     const TilePacks<NV>& packs, int first_row, Write write,
                                                     const PlaneRows<T>& y) {
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
      for (int v = 0; v < NV; ++v) b[v] = simd::load(from + packs.x[v]);
      DANAUS_UNROLL
      for (int g = 0; g < NG; ++g)
        b[NV + g] = simd::load_groups(from + packs.groups + 4 * g, size_t(x.run_stride));
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
    for (int v = 0; v < NV; ++v) {
      if (write == Write::accumulate) sum[r][v] = sum[r][v] + simd::load(to + packs.y[v]);
      simd::store(sum[r][v], to + packs.y[v]);
    }
    DANAUS_UNROLL
    for (int g = 0; g < NG; ++g) {
      T* group = to + packs.groups + 4 * g;
      Pack<T>& s = sum[r][NV + g];
      if (write == Write::accumulate) s = s + simd::load_groups(group, size_t(y.run_stride));
      simd::store_groups<T>(s, group, size_t(y.run_stride));
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
void axis_tiles(const T* matrix, const PlaneRows<const T>& x, const TilePacks<NV>& packs, Write write,
                const PlaneRows<T>& y, Between between) {
  constexpr int RG = axis_tile_rows<NV + NG>();
  const int rows = y.count();
  int r = 0;
  for (; r + RG <= rows; r += RG, between()) axis_tile<RG, NV, NG>(matrix, rows, x, packs, r, write, y);
  for (; r + 2 <= rows; r += 2) axis_tile<2, NV, NG>(matrix, rows, x, packs, r, write, y);
  for (; r < rows; ++r) axis_tile<1, NV, NG>(matrix, rows, x, packs, r, write, y);
}

/// y = A x, or added to it, for one panel; `between` is called between its tiles.
template <class T, class Between>
void apply_to_panel(const T* matrix, const PlaneRows<const T>& x, size_t runs, size_t length, Write write,
                    const PlaneRows<T>& y, Between between) {
  constexpr size_t W = size_t(width<T>);
  const size_t whole = length / W, packs = runs * whole;
  const int groups = int(length % W / 4);
  const auto tiles = [&]<int NV, int NG>(size_t first) {
    TilePacks<NV> at;
    for (int v = 0; v < NV; ++v) {
      const ptrdiff_t run = ptrdiff_t((first + size_t(v)) / whole),
                      pack = ptrdiff_t((first + size_t(v)) % whole);
      at.x[v] = run * x.run_stride + pack * ptrdiff_t(W);
      at.y[v] = run * y.run_stride + pack * ptrdiff_t(W);
    }
    at.groups = ptrdiff_t(whole * W);
    axis_tiles<NV, NG>(matrix, x, at, write, y, between);
  };
  const auto with_groups = [&]<int NV>(size_t first, bool last) {
    if constexpr (simd::groups < T >> 0 && NV != 1) {
      if (last && groups == 1) return tiles.template operator()<NV, 1>(first);
      if constexpr (simd::groups<T> == 4) {
        if (last && groups == 2) return tiles.template operator()<NV, 2>(first);
        if (last && groups == 3) return tiles.template operator()<NV, 3>(first);
      }
    }
    if constexpr (NV > 0) tiles.template operator()<NV, 0>(first);
  };
  if (packs == 0) return with_groups.template operator()<0>(0, true);
  for (size_t v = 0; v < packs;) {
    const size_t left = packs - v;
    if (left >= 2) {
      with_groups.template operator()<2>(v, left == 2);
      v += 2;
    } else {
      with_groups.template operator()<1>(v, false);
      v += 1;
    }
  }
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
          const auto panel = panels.at(p), next = panels.at(std::min(p + 1, panels.count - 1));
          const auto next_x = rows_in_place(x, next, s.x_rows, s.x_planes);
          const auto next_y = rows_in_place(y, next, s.y_rows, s.y_planes);
          // The hardware foresees whole rows that follow one another, but not several runs at a time.
          const bool foreseen = panel.length % W == 0 || x.lane_stride != 1;
          const size_t steps = foreseen ? 0 : steps_of_panel<T>(panel.lanes(), s.outputs());
          size_t step = 0;
          apply_dense_panel(s, matrix, panel, x, write, y, buffer, [&] {
            if (step >= steps) return;
            prefetch_rows(next_x, next, step, steps);
            prefetch_rows(next_y, next, step, steps);
            ++step;
          });
        }
      });
}

/// to[lane][row] for the lanes of one run.
template <class T>
void transpose_run(const PlaneRows<const T>& x, const T* run, size_t lanes, T* to) {
  const size_t ld = size_t(x.count());
  const ptrdiff_t offset = run - x.data;
  size_t row = 0;
  for (int plane = 0; plane < x.planes; ++plane) {
    const T* from = x.data + plane * x.plane_stride + offset;
    int r = 0;
    for (; r + 4 <= x.rows; r += 4, row += 4, from += 4 * x.row_stride) {
      size_t lane = 0;
      for (; lane + 4 <= lanes; lane += 4)
        simd::transpose_4x4(from + lane, x.row_stride, to + lane * ld + row, ptrdiff_t(ld));
      for (; lane < lanes; ++lane)
        for (int i = 0; i < 4; ++i)
          to[lane * ld + row + size_t(i)] = from[i * x.row_stride + ptrdiff_t(lane)];
    }
    for (; r < x.rows; ++r, ++row, from += x.row_stride)
      for (size_t lane = 0; lane < lanes; ++lane) to[lane * ld + row] = from[lane];
  }
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
          const auto panel = panels.at(p), next = panels.at(std::min(p + 1, panels.count - 1));
          if (filled + panel.lanes() > group) add_gradient();
          transpose_panel(x, panel, s.x_rows, s.x_planes, buffer, x_lanes + filled * size_t(s.inputs()));
          transpose_panel(y_grad, panel, s.y_rows, s.y_planes, buffer,
                          y_lanes + filled * size_t(s.outputs()));
          filled += panel.lanes();
          const auto next_x = rows_in_place(x, next, s.x_rows, s.x_planes);
          const auto next_y = rows_in_place(y_grad, next, s.y_rows, s.y_planes);
          const auto next_dx = rows_in_place(x_grad, next, s.x_rows, s.x_planes);
          const size_t steps = x.lane_stride != 1 ? 0 : steps_of_panel<T>(panel.lanes(), s.inputs());
          size_t step = 0;
          apply_dense_panel(s.transposed(), adjoint, panel, y_grad, write, x_grad, buffer, [&] {
            if (step >= steps) return;
            prefetch_rows(next_x, next, step, steps);
            prefetch_rows(next_y, next, step, steps);
            prefetch_rows(next_dx, next, step, steps);
            ++step;
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
