#pragma once

// The vectorised CPU kernel of dense_gradient.hpp.

#include "axis_transform_host.hpp"

namespace danaus::monarch::host {

/// Rows of several panels: row r of panel g at data + g * panel_stride + r * lanes.
template <class T>
struct PanelGroup {
  const T* data;
  size_t panels, lanes, panel_stride;
};

/// Lane-wise accumulators packs[r][c] += a[r] b[c] over the lanes of all panels.
template <int RG, int CG, class T>
inline __attribute__((always_inline)) void gram_tile(const PanelGroup<T>& a, size_t row,
                                                     const PanelGroup<T>& b, size_t column, size_t columns,
                                                     T* packs) {
  constexpr size_t W = size_t(width<T>);
  packs += (row * columns + column) * W;
  Pack<T> sum[RG][CG];
  DANAUS_UNROLL
  for (int r = 0; r < RG; ++r) DANAUS_UNROLL
  for (int c = 0; c < CG; ++c) sum[r][c] = simd::load(packs + (r * columns + c) * W);
  for (size_t g = 0; g < a.panels; ++g) {
    const T *from_a = a.data + g * a.panel_stride + row * a.lanes,
            *from_b = b.data + g * b.panel_stride + column * b.lanes;
    for (size_t q = 0; q < a.lanes; q += W) {
      Pack<T> left[RG];
      DANAUS_UNROLL
      for (int r = 0; r < RG; ++r) left[r] = simd::load(from_a + r * a.lanes + q);
      DANAUS_UNROLL
      for (int c = 0; c < CG; ++c) {
        const Pack<T> right = simd::load(from_b + c * b.lanes + q);
        DANAUS_UNROLL
        for (int r = 0; r < RG; ++r) sum[r][c] = sum[r][c] + left[r] * right;
      }
    }
  }
  DANAUS_UNROLL
  for (int r = 0; r < RG; ++r) DANAUS_UNROLL
  for (int c = 0; c < CG; ++c) simd::store(sum[r][c], packs + (r * columns + c) * W);
}

template <class T>
void add_gram(size_t rows, const PanelGroup<T>& a, size_t columns, const PanelGroup<T>& b, T* packs) {
  constexpr int RG = simd::accumulators >= 16 ? 6 : 2, CG = 4;
  size_t c = 0;
  for (; c + CG <= columns; c += CG) {
    size_t r = 0;
    for (; r + RG <= rows; r += RG) gram_tile<RG, CG>(a, r, b, c, columns, packs);
    for (; r < rows; ++r) gram_tile<1, CG>(a, r, b, c, columns, packs);
  }
  for (; c < columns; ++c)
    for (size_t r = 0; r < rows; ++r) gram_tile<1, 1>(a, r, b, c, columns, packs);
}

/// The adjoint, and the gradient of the dense matrix. Exactly one of input and output is complex.
/// `partial` is (chunk, complex row x plane x real row).
template <bool XC, class T>
void backward_dense(const Exec& space, const TwoStages<T>& adjoint, const Lanes<const T>& x,
                    const Lanes<const T>& y_grad, Write write, const Lanes<T>& x_grad,
                    const Tensor<T, 2>& partial) {
  constexpr bool YC = !XC;
  constexpr size_t W = size_t(width<T>), xp = XC ? 2 : 1, yp = YC ? 2 : 1;
  const auto panels = Panels::choose(x.lanes(), x.run_length, x.outer, W, 4 * W,
                                     {.whole_packs = false, .products = 0, .rows = 0});
  // Several panels at a time: the accumulators are read and written once for each group.
  const size_t padded = panels.padded_width(W), group = std::max<size_t>(1, 40 * W / padded);
  const size_t x_rows = size_t(adjoint.output_rows) * xp, y_rows = size_t(adjoint.input_rows) * yp;
  const size_t x_size = x_rows * padded, y_size = y_rows * padded;
  const size_t m_size = size_t(adjoint.middle_rows) * 2 * 2 * W, packs_size = x_rows * y_rows * W;
  const size_t total = m_size + packs_size + group * (x_size + y_size) + x_size;
  using Policy = Kokkos::TeamPolicy<Exec>;
  auto policy =
      Policy(space, gradient_chunks, 1).set_scratch_size(1, Kokkos::PerTeam(int(total * sizeof(T) + 64)));
  Kokkos::parallel_for(
      "danaus::monarch::AxisTransform::backward (dense)", policy, [=](const Policy::member_type& team) {
        T* middle = static_cast<T*>(team.team_scratch(1).get_shmem_aligned(total * sizeof(T), 64));
        T *packs = middle + m_size, *dx_buffer = packs + packs_size, *x_buffers = dx_buffer + x_size,
          *y_buffers = x_buffers + group * x_size;
        const Rows<T> m{middle, ptrdiff_t(2 * 2 * W), ptrdiff_t(2 * W)};
        std::fill(packs, packs + packs_size, T(0));
        const size_t chunk = size_t(team.league_rank()), end = panels.count * (chunk + 1) / gradient_chunks;
        for (size_t p = panels.count * chunk / gradient_chunks; p < end; p += group) {
          const size_t present = std::min(group, end - p);
          for (size_t g = 0; g < present; ++g) {
            const size_t outer = panels.outer_of(p + g), first = panels.first_lane(p + g),
                         count = panels.lanes_of(p + g);
            T *x_buffer = x_buffers + g * x_size, *y_buffer = y_buffers + g * y_size;
            prefetch_panel(x, panels, p + g + 1, adjoint.output_rows, int(xp));
            prefetch_panel(y_grad, panels, p + g + 1, adjoint.input_rows, int(yp));
            prefetch_panel(x_grad, panels, p + g + 1, adjoint.output_rows, int(xp));
            gather(x, outer, first, count, adjoint.output_rows, int(xp), padded, x_buffer);
            gather(y_grad, outer, first, count, adjoint.input_rows, int(yp), padded, y_buffer);
            const Rows<const T> dy{y_buffer, ptrdiff_t(yp * padded), ptrdiff_t(padded)};
            apply_panel<YC, true, XC>(adjoint, dy, m, true, false, outer, first, count,
                                      simd::round_up(count, W), dx_buffer, write, x_grad);
          }
          const PanelGroup<T> xs{x_buffers, present, padded, x_size}, ys{y_buffers, present, padded, y_size};
          if constexpr (XC)
            add_gram(x_rows, xs, y_rows, ys, packs);
          else
            add_gram(y_rows, ys, x_rows, xs, packs);
        }
        for (size_t e = 0; e < x_rows * y_rows; ++e) partial(chunk, e) = simd::sum(simd::load(packs + e * W));
      });
}

}  // namespace danaus::monarch::host
