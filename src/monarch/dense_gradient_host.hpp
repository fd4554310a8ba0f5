#pragma once

// The vectorised CPU kernel of dense_gradient.hpp.

#include "axis_transform_host.hpp"

namespace danaus::monarch::host {

/// Lane-wise accumulators packs[r][c] += a[r] b[c] over the lanes of a panel.
template <int RG, int CG, class T>
inline __attribute__((always_inline)) void gram_tile(size_t lanes, const T* a, const T* b, size_t ld,
                                                     size_t columns, T* packs) {
  constexpr size_t W = size_t(width<T>);
  Pack<T> sum[RG][CG];
  DANAUS_UNROLL
  for (int r = 0; r < RG; ++r) DANAUS_UNROLL
  for (int c = 0; c < CG; ++c) sum[r][c] = simd::load(packs + (r * columns + c) * W);
  for (size_t q = 0; q < lanes; q += W) {
    Pack<T> left[RG];
    DANAUS_UNROLL
    for (int r = 0; r < RG; ++r) left[r] = simd::load(a + r * ld + q);
    DANAUS_UNROLL
    for (int c = 0; c < CG; ++c) {
      const Pack<T> right = simd::load(b + c * ld + q);
      DANAUS_UNROLL
      for (int r = 0; r < RG; ++r) sum[r][c] = sum[r][c] + left[r] * right;
    }
  }
  DANAUS_UNROLL
  for (int r = 0; r < RG; ++r) DANAUS_UNROLL
  for (int c = 0; c < CG; ++c) simd::store(sum[r][c], packs + (r * columns + c) * W);
}

template <class T>
void add_gram(size_t lanes, size_t rows, const T* a, size_t columns, const T* b, size_t ld, T* packs) {
  constexpr int RG = simd::accumulators >= 16 ? 6 : 2, CG = 4;
  constexpr size_t W = size_t(width<T>);
  size_t c = 0;
  for (; c + CG <= columns; c += CG) {
    size_t r = 0;
    for (; r + RG <= rows; r += RG)
      gram_tile<RG, CG>(lanes, a + r * ld, b + c * ld, ld, columns, packs + (r * columns + c) * W);
    for (; r < rows; ++r)
      gram_tile<1, CG>(lanes, a + r * ld, b + c * ld, ld, columns, packs + (r * columns + c) * W);
  }
  for (; c < columns; ++c)
    for (size_t r = 0; r < rows; ++r)
      gram_tile<1, 1>(lanes, a + r * ld, b + c * ld, ld, columns, packs + (r * columns + c) * W);
}

/// The adjoint, and the gradient of the dense matrix. Exactly one of input and output is complex.
/// `partial` is (chunk, complex row x plane x real row).
template <bool XC, class T>
void backward_dense(const Exec& space, const TwoStages<T>& adjoint, const Lanes<const T>& x,
                    const Lanes<const T>& y_grad, Write write, const Lanes<T>& x_grad,
                    const Tensor<T, 2>& partial) {
  constexpr bool YC = !XC;
  constexpr size_t W = size_t(width<T>), xp = XC ? 2 : 1, yp = YC ? 2 : 1;
  // Long panels: the accumulators are read and written once for each.
  const auto panels = Panels::choose(x.lanes(), x.run_length, x.outer, W, 32 * W,
                                     {.whole_packs = false, .products = 0, .rows = 0});
  const size_t padded = panels.padded_width(W);
  const size_t x_rows = size_t(adjoint.output_rows) * xp, y_rows = size_t(adjoint.input_rows) * yp;
  const size_t m_size = size_t(adjoint.middle_rows) * 2 * 2 * W, packs_size = x_rows * y_rows * W;
  const size_t total = (2 * x_rows + y_rows) * padded + m_size + packs_size;
  using Policy = Kokkos::TeamPolicy<Exec>;
  auto policy =
      Policy(space, gradient_chunks, 1).set_scratch_size(1, Kokkos::PerTeam(int(total * sizeof(T) + 64)));
  Kokkos::parallel_for(
      "danaus::monarch::AxisTransform::backward (dense)", policy, [=](const Policy::member_type& team) {
        T* middle = static_cast<T*>(team.team_scratch(1).get_shmem_aligned(total * sizeof(T), 64));
        T *packs = middle + m_size, *x_buffer = packs + packs_size, *dx_buffer = x_buffer + x_rows * padded,
          *y_buffer = dx_buffer + x_rows * padded;
        const Rows<T> m{middle, ptrdiff_t(2 * 2 * W), ptrdiff_t(2 * W)};
        std::fill(packs, packs + packs_size, T(0));
        const size_t chunk = size_t(team.league_rank());
        for (size_t p = panels.count * chunk / gradient_chunks;
             p < panels.count * (chunk + 1) / gradient_chunks; ++p) {
          const size_t outer = panels.outer_of(p), first = panels.first_lane(p), count = panels.lanes_of(p);
          const size_t used = simd::round_up(count, W);
          gather(x, outer, first, count, adjoint.output_rows, int(xp), used, x_buffer);
          gather(y_grad, outer, first, count, adjoint.input_rows, int(yp), used, y_buffer);
          const Rows<const T> dy{y_buffer, ptrdiff_t(yp * used), ptrdiff_t(used)};
          apply_panel<YC, true, XC>(adjoint, dy, m, true, false, outer, first, count, used, dx_buffer, write,
                                    x_grad);
          if constexpr (XC)
            add_gram(used, x_rows, x_buffer, y_rows, y_buffer, used, packs);
          else
            add_gram(used, y_rows, y_buffer, x_rows, x_buffer, used, packs);
        }
        for (size_t e = 0; e < x_rows * y_rows; ++e) partial(chunk, e) = simd::sum(simd::load(packs + e * W));
      });
}

}  // namespace danaus::monarch::host
