#pragma once

// Vectorised CPU kernels of AxisTransform. kernels.md explains the design.

#include <danaus/core/lane_sums.hpp>

#include "lane_panels.hpp"
#include "stage_view.hpp"

namespace danaus::monarch::host {

/// RG rows of one block times NV packs of lanes, accumulated in registers.
/// X and Y are Rows, or GroupedRows of axis_grouped_host.hpp.
template <int RG, int NV, bool XC, bool AC, bool YC, class T, class X, class Y>
inline __attribute__((always_inline)) void multiply_rows(const T* matrix, int matrix_rows, int columns,
                                                         const int* input_row, const X& x,
                                                         const int* output_row, Write write, const Y& y) {
  static_assert(AC || (!XC && !YC), "real factors map real numbers to real numbers");
  Pack<T> re[RG][NV], im[RG][NV];
  DANAUS_UNROLL
  for (int r = 0; r < RG; ++r) DANAUS_UNROLL
  for (int v = 0; v < NV; ++v) re[r][v] = im[r][v] = Pack<T>(T(0));

  for (int c = 0; c < columns; ++c) {
    const T* from = x.data + input_row[c] * x.row_stride;
    const T* entry = matrix + size_t(c) * matrix_rows * (AC ? 2 : 1);
    Pack<T> xr[NV], xi[NV];
    DANAUS_UNROLL
    for (int v = 0; v < NV; ++v) {
      xr[v] = x.load(from, v);
      if constexpr (XC) xi[v] = x.load(from + x.plane_stride, v);
    }
    DANAUS_UNROLL
    for (int r = 0; r < RG; ++r) {
      const Pack<T> ar(entry[AC ? 2 * r : r]);
      if constexpr (!AC) {
        DANAUS_UNROLL
        for (int v = 0; v < NV; ++v) re[r][v] = re[r][v] + ar * xr[v];
      } else {
        const Pack<T> ai(entry[2 * r + 1]);
        DANAUS_UNROLL
        for (int v = 0; v < NV; ++v) {
          re[r][v] = re[r][v] + ar * xr[v];
          if constexpr (YC) im[r][v] = im[r][v] + ai * xr[v];
          if constexpr (XC) {
            re[r][v] = re[r][v] - ai * xi[v];
            if constexpr (YC) im[r][v] = im[r][v] + ar * xi[v];
          }
        }
      }
    }
  }
  DANAUS_UNROLL
  for (int r = 0; r < RG; ++r) {
    T* to = y.data + output_row[r] * y.row_stride;
    if (write == Write::accumulate) {  // every load before a store: packs may overlap
      DANAUS_UNROLL
      for (int v = 0; v < NV; ++v) {
        re[r][v] = re[r][v] + y.load(to, v);
        if constexpr (YC) im[r][v] = im[r][v] + y.load(to + y.plane_stride, v);
      }
    }
    DANAUS_UNROLL
    for (int v = 0; v < NV; ++v) {
      y.store(re[r][v], to, v);
      if constexpr (YC) y.store(im[r][v], to + y.plane_stride, v);
    }
  }
}

/// The last rows of a block, fewer than a full tile.
template <int RG, int NV, bool XC, bool AC, bool YC, class T, class X, class Y>
inline __attribute__((always_inline)) void multiply_last_rows(int rows, const T* matrix, int matrix_rows,
                                                              int columns, const int* input_row, const X& x,
                                                              const int* output_row, Write write,
                                                              const Y& y) {
  if constexpr (RG > 0) {
    if (rows == RG)
      multiply_rows<RG, NV, XC, AC, YC>(matrix, matrix_rows, columns, input_row, x, output_row, write, y);
    else
      multiply_last_rows<RG - 1, NV, XC, AC, YC>(rows, matrix, matrix_rows, columns, input_row, x, output_row,
                                                 write, y);
  }
}

/// Rows per register tile: real and imaginary accumulators fill what the CPU has.
template <int NV, bool YC>
constexpr int tile_rows() {
  const int rows = (NV > 2 ? 3 * simd::accumulators / 2 : simd::accumulators) / (NV * (YC ? 2 : 1));
  return rows < 1 ? 1 : rows > 8 ? 8 : rows;
}

/// `between` is called after each block.
template <int NV, bool XC, bool AC, bool YC, class T, class X, class Y, class Between>
void run_stage(const StageView<T>& stage, const X& x, Write write, const Y& y, Between between) {
  constexpr int RG = tile_rows<NV, YC>(), numbers = AC ? 2 : 1;
  for (int b = 0; b < stage.blocks; ++b) {
    const int* input_row = stage.input_row + stage.input_begin[b];
    const int columns = stage.input_begin[b + 1] - stage.input_begin[b];
    const int* output_row = stage.output_row + stage.output_begin[b];
    const int rows = stage.output_begin[b + 1] - stage.output_begin[b];
    const T* matrix = stage.matrix + size_t(stage.matrix_begin[b]) * numbers;
    int r = 0;
    for (; r + RG <= rows; r += RG)
      multiply_rows<RG, NV, XC, AC, YC>(matrix + numbers * r, rows, columns, input_row, x, output_row + r,
                                        write, y);
    multiply_last_rows<RG - 1, NV, XC, AC, YC>(rows - r, matrix + numbers * r, rows, columns, input_row, x,
                                               output_row + r, write, y);
    between();
  }
}
template <int NV, bool XC, bool AC, bool YC, class T, class X, class Y>
void run_stage(const StageView<T>& stage, const X& x, Write write, const Y& y) {
  run_stage<NV, XC, AC, YC>(stage, x, write, y, [] {});
}

/// One stage over whole packs of lanes.
template <bool XC, bool AC, class T>
void run_one_stage(const StageView<T>& stage, size_t lanes, const Rows<const T>& x, const Rows<T>& y) {
  constexpr size_t W = size_t(width<T>);
  size_t q = 0;
  for (; q + 2 * W <= lanes; q += 2 * W)
    run_stage<2, XC, AC, AC>(stage, x.at(ptrdiff_t(q)), Write::overwrite, y.at(ptrdiff_t(q)));
  if (q < lanes) run_stage<1, XC, AC, AC>(stage, x.at(ptrdiff_t(q)), Write::overwrite, y.at(ptrdiff_t(q)));
}

/// Both stages over `lanes` lanes, strip by strip as simd::for_each_strip cuts them. The middle may hold all
/// lanes or, with middle_shared, one strip that every strip uses again and that therefore stays in L1.
template <bool XC, bool AC, bool YC, class T, class Between>
void run_two_stages(const TwoStages<T>& s, int lanes, const Rows<const T>& x, const Rows<T>& middle,
                    bool middle_shared, Write write, const Rows<T>& y, Between between) {
  simd::for_each_strip<T>(size_t(lanes), [&]<int NV>(size_t first, size_t second) {
    const auto q = ptrdiff_t(first), spacing = NV == 1 ? ptrdiff_t(width<T>) : ptrdiff_t(second - first);
    const Rows<T> m = middle_shared ? middle : middle.at(q);
    run_stage<NV, XC, AC, AC>(s.first, x.at(q).spaced(spacing), Write::overwrite, m, between);
    run_stage<NV, AC, AC, YC>(s.second, Rows<const T>{m.data, m.row_stride, m.plane_stride}, write,
                              y.at(q).spaced(spacing), between);
  });
}

/// @throws ShapeError unless rows of `lanes` real numbers are whole packs
template <class T>
void require_rows(const TwoStages<T>& s, size_t lanes) {
  if (s.factors_complex || lanes % size_t(width<T>) != 0)
    throw ShapeError("AxisTransform: expected real factors and whole packs of lanes, found " +
                     std::to_string(lanes));
}

/// Both stages of real numbers over whole packs of lanes, by one thread.
template <class T>
void run_rows(const TwoStages<T>& s, size_t lanes, const T* x, ptrdiff_t x_stride, MiddleRows keep, T* middle,
              T* y, ptrdiff_t y_stride) {
  require_rows(s, lanes);
  const bool shared = keep == MiddleRows::passing;
  run_two_stages<false, false, false>(s, int(lanes), Rows<const T>{x, x_stride, 0},
                                      Rows<T>{middle, ptrdiff_t(shared ? 2 * size_t(width<T>) : lanes), 0},
                                      shared, Write::overwrite, Rows<T>{y, y_stride, 0}, [] {});
}

/// One panel through both stages, written to y.
template <bool XC, bool AC, bool YC, class T, class Between>
void apply_panel(const TwoStages<T>& s, const Rows<const T>& x, const Rows<T>& middle, bool middle_shared,
                 bool overlapping, size_t outer, size_t first, size_t count, size_t padded, T* y_buffer,
                 Write write, const Lanes<T>& y, Between between) {
  constexpr int planes = YC ? 2 : 1;
  if (is_in_place(y, first, count, overlapping)) {
    run_two_stages<XC, AC, YC>(s, int(overlapping ? count : padded), x, middle, middle_shared, write,
                               {y.at(outer, first), y.row_stride, y.plane_stride}, between);
    return;
  }
  run_two_stages<XC, AC, YC>(s, int(padded), x, middle, middle_shared, Write::overwrite,
                             {y_buffer, ptrdiff_t(planes * padded), ptrdiff_t(padded)}, between);
  scatter(y_buffer, padded, s.output_rows, planes, outer, first, count, write, y);
}

template <bool XC, bool AC, bool YC, class T>
void apply(const Exec& space, const TwoStages<T>& s, const Lanes<const T>& x, Write write,
           const Lanes<T>& y) {
  constexpr size_t W = size_t(width<T>), xp = XC ? 2 : 1, yp = YC ? 2 : 1, mp = AC ? 2 : 1;
  const bool contiguous = x.lane_stride == 1 && y.lane_stride == 1;
  const double rows = contiguous ? double(s.input_rows) * xp + double(s.output_rows) * yp : 0;
  const auto panels = Panels::choose(x.lanes(), x.run_length, x.outer, W, 4 * W,
                                     {.whole_packs = true, .products = s.products, .rows = rows});
  const size_t padded = panels.padded_width(W);
  const size_t x_size = s.input_rows * xp * padded, m_size = s.middle_rows * mp * 2 * W,
               y_size = s.output_rows * yp * padded;
  const int chunks = int(std::min<size_t>(panels.count, 64));
  using Policy = Kokkos::TeamPolicy<Exec>;
  auto policy = Policy(space, chunks, 1)
                    .set_scratch_size(1, Kokkos::PerTeam(int((x_size + m_size + y_size) * sizeof(T) + 64)));
  Kokkos::parallel_for("danaus::monarch::AxisTransform::apply", policy, [=](const Policy::member_type& team) {
    T* buffer =
        static_cast<T*>(team.team_scratch(1).get_shmem_aligned((x_size + m_size + y_size) * sizeof(T), 64));
    const Rows<T> middle{buffer, ptrdiff_t(mp * 2 * W), ptrdiff_t(2 * W)};
    T *x_buffer = buffer + m_size, *y_buffer = x_buffer + x_size;
    const size_t chunk = size_t(team.league_rank());
    for (size_t p = panels.count * chunk / chunks; p < panels.count * (chunk + 1) / chunks; ++p) {
      const size_t outer = panels.outer_of(p), first = panels.first_lane(p), count = panels.lanes_of(p);
      const size_t used = simd::round_up(count, W);
      const size_t steps = (count + 2 * W - 1) / (2 * W) * size_t(s.first.blocks + s.second.blocks);
      auto next_x = prefetch_ahead(x, panels, p + 1, s.input_rows, int(xp), steps),
           next_y = prefetch_ahead(y, panels, p + 1, s.output_rows, int(yp), steps);
      const auto in =
          read_panel(x, outer, first, count, panels.overlapping, s.input_rows, int(xp), used, x_buffer);
      apply_panel<XC, AC, YC>(s, in, middle, true, panels.overlapping, outer, first, count, used, y_buffer,
                              write, y, [&] {
                                next_x();
                                next_y();
                              });
    }
  });
}

/// Adds sum over lanes of out[r] conj(in[c]) to the entries of one block, column by column, {re, im} each.
template <bool OC, bool IC, bool AC, int RG, int CG, class T>
inline __attribute__((always_inline)) void outer_product(int lanes, const int* out_row,
                                                         const Rows<const T>& out, const int* in_row,
                                                         const Rows<const T>& in, int rows, T* entries) {
  constexpr int W = width<T>, numbers = AC ? 2 : 1;
  std::array<Pack<T>, size_t(CG * RG * numbers)> sums;  // (column, row, number)
  sums.fill(Pack<T>(T(0)));
  for (int q = 0; q < lanes; q += W) {
    Pack<T> yr[RG], yi[RG];
    DANAUS_UNROLL
    for (int r = 0; r < RG; ++r) {
      yr[r] = simd::load(out.data + out_row[r] * out.row_stride + q);
      if constexpr (OC) yi[r] = simd::load(out.data + out_row[r] * out.row_stride + out.plane_stride + q);
    }
    DANAUS_UNROLL
    for (int c = 0; c < CG; ++c) {
      const T* from = in.data + in_row[c] * in.row_stride + q;
      const Pack<T> xr = simd::load(from);
      Pack<T> xi;
      if constexpr (IC) xi = simd::load(from + in.plane_stride);
      DANAUS_UNROLL
      for (int r = 0; r < RG; ++r) {
        Pack<T>& re = sums[size_t(c * RG + r) * numbers];
        re = re + yr[r] * xr;
        if constexpr (OC && IC) re = re + yi[r] * xi;
        if constexpr (AC) {
          Pack<T>& im = sums[size_t(c * RG + r) * numbers + 1];
          if constexpr (OC) im = im + yi[r] * xr;
          if constexpr (IC) im = im - yr[r] * xi;
        }
      }
    }
  }
  T block[CG * RG * numbers] = {};
  simd::add_lane_sums<T>(sums, block);
  DANAUS_UNROLL
  for (int c = 0; c < CG; ++c) DANAUS_UNROLL
  for (int i = 0; i < RG * numbers; ++i)
    entries[size_t(c) * rows * numbers + i] += block[c * RG * numbers + i];
}

template <bool OC, bool IC, bool AC, class T>
void stage_gradient(const StageView<T>& stage, int lanes, const Rows<const T>& out, const Rows<const T>& in,
                    T* entries) {
  constexpr int numbers = AC ? 2 : 1;
  constexpr int RG = 2, CG = simd::accumulators >= 16 ? 4 : 2;
  for (int b = 0; b < stage.blocks; ++b) {
    const int* in_row = stage.input_row + stage.input_begin[b];
    const int columns = stage.input_begin[b + 1] - stage.input_begin[b];
    const int* out_row = stage.output_row + stage.output_begin[b];
    const int rows = stage.output_begin[b + 1] - stage.output_begin[b];
    T* block = entries + size_t(stage.matrix_begin[b]) * numbers;
    int c = 0;
    for (; c + CG <= columns; c += CG) {
      int r = 0;
      for (; r + RG <= rows; r += RG)
        outer_product<OC, IC, AC, RG, CG>(lanes, out_row + r, out, in_row + c, in, rows,
                                          block + (size_t(c) * rows + r) * numbers);
      for (; r < rows; ++r)
        outer_product<OC, IC, AC, 1, CG>(lanes, out_row + r, out, in_row + c, in, rows,
                                         block + (size_t(c) * rows + r) * numbers);
    }
    for (; c < columns; ++c)
      for (int r = 0; r < rows; ++r)
        outer_product<OC, IC, AC, 1, 1>(lanes, out_row + r, out, in_row + c, in, rows,
                                        block + (size_t(c) * rows + r) * numbers);
  }
}

/// Panels of the backward pass.
template <class T>
Panels backward_panels(const Lanes<const T>& x) {
  return Panels::choose(x.lanes(), x.run_length, x.outer, size_t(width<T>), 8 * size_t(width<T>),
                        {.whole_packs = false, .products = 0, .rows = 0});
}

/// Parts of the gradients' sums, none of them without a panel.
template <class T>
int backward_chunks(const Lanes<const T>& x) {
  return int(std::min<size_t>(gradient_chunks, backward_panels(x).count));
}

/// Adjoint and factor gradients in one pass. `partial` is (chunk, entry of both stages, number), a chunk for
/// each of backward_chunks.
template <bool XC, bool AC, bool YC, class T>
void backward(const Exec& space, const TwoStages<T>& forward, const TwoStages<T>& adjoint, int entries_first,
              int entries, const Lanes<const T>& x, const Lanes<const T>& y_grad, Write write,
              const Lanes<T>& x_grad, const Tensor<T, 3>& partial) {
  constexpr size_t W = size_t(width<T>), xp = XC ? 2 : 1, yp = YC ? 2 : 1, mp = AC ? 2 : 1;
  const auto panels = backward_panels(x);
  const int chunks = int(partial.extent(0));
  const size_t padded = panels.padded_width(W);
  const size_t x_size = forward.input_rows * xp * padded, y_size = forward.output_rows * yp * padded,
               m_size = forward.middle_rows * mp * padded, sums_size = size_t(entries) * mp;
  const size_t total = 2 * x_size + y_size + 2 * m_size + sums_size;
  using Policy = Kokkos::TeamPolicy<Exec>;
  auto policy = Policy(space, chunks, 1).set_scratch_size(1, Kokkos::PerTeam(int(total * sizeof(T) + 64)));
  Kokkos::parallel_for(
      "danaus::monarch::AxisTransform::backward", policy, [=](const Policy::member_type& team) {
        T* x_buffer = static_cast<T*>(team.team_scratch(1).get_shmem_aligned(total * sizeof(T), 64));
        T *dx_buffer = x_buffer + x_size, *y_buffer = dx_buffer + x_size, *m_buffer = y_buffer + y_size,
          *dm_buffer = m_buffer + m_size, *sums = dm_buffer + m_size;
        std::fill(sums, sums + sums_size, T(0));
        const size_t chunk = size_t(team.league_rank());
        for (size_t p = panels.count * chunk / chunks; p < panels.count * (chunk + 1) / chunks; ++p) {
          const size_t outer = panels.outer_of(p), first = panels.first_lane(p), count = panels.lanes_of(p);
          const size_t used = simd::round_up(count, W);
          const size_t steps =
              (count + 2 * W - 1) / (2 * W) * size_t(forward.first.blocks + forward.second.blocks);
          auto next_x = prefetch_ahead(x, panels, p + 1, forward.input_rows, int(xp), steps),
               next_y = prefetch_ahead(y_grad, panels, p + 1, forward.output_rows, int(yp), steps),
               next_dx = x_grad.data
                             ? prefetch_ahead(x_grad, panels, p + 1, forward.input_rows, int(xp), steps)
                             : PrefetchAhead{};
          const auto between = [&] {
            next_x();
            next_y();
            next_dx();
          };
          const Rows<T> m{m_buffer, ptrdiff_t(mp * used), ptrdiff_t(used)},
              dm{dm_buffer, ptrdiff_t(mp * used), ptrdiff_t(used)};
          const Rows<const T> m_read{m_buffer, m.row_stride, m.plane_stride},
              dm_read{dm_buffer, dm.row_stride, dm.plane_stride};
          const auto in =
              read_panel(x, outer, first, count, false, forward.input_rows, int(xp), used, x_buffer);
          const auto dy =
              read_panel(y_grad, outer, first, count, false, forward.output_rows, int(yp), used, y_buffer);
          // The middle values again.
          run_one_stage<XC, AC>(forward.first, used, in, m);
          if (x_grad.data)
            apply_panel<YC, AC, XC>(adjoint, dy, dm, false, false, outer, first, count, used, dx_buffer,
                                    write, x_grad, between);
          else
            run_one_stage<YC, AC>(adjoint.first, used, dy, dm);
          stage_gradient<AC, XC, AC>(forward.first, int(used), dm_read, in, sums);
          stage_gradient<YC, AC, AC>(forward.second, int(used), dy, m_read,
                                     sums + size_t(entries_first) * mp);
        }
        std::copy_n(sums, sums_size, &partial(chunk, 0, 0));
      });
}

/// The same of real numbers over whole packs of lanes, by one thread, from middle values that were kept.
template <class T>
void backward_rows(const TwoStages<T>& forward, const TwoStages<T>& adjoint, int entries_first, size_t lanes,
                   const Rows<const T>& x, const T* middle, const Rows<const T>& y_grad, T* middle_grad,
                   const Rows<T>& x_grad, T* sums) {
  require_rows(forward, lanes);
  const auto stride = ptrdiff_t(lanes);
  const Rows<const T> m{middle, stride, 0}, dm{middle_grad, stride, 0};
  run_one_stage<false, false>(adjoint.first, lanes, y_grad, Rows<T>{middle_grad, stride, 0});
  stage_gradient<false, false, false>(forward.first, int(lanes), dm, x, sums);
  stage_gradient<false, false, false>(forward.second, int(lanes), y_grad, m, sums + entries_first);
  if (x_grad.data) run_one_stage<false, false>(adjoint.second, lanes, dm, x_grad);
}

}  // namespace danaus::monarch::host
