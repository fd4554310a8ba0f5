#pragma once

// PatchShrinkage on a CPU: rows of patches go through all its steps while they are in the cache.

#include <danaus/core/complex_lanes.hpp>
#include <mri/models/patch_grid.hpp>

#include <algorithm>

namespace danaus::mri::host {

/// Neighbouring rows of patches of one grid and slice, all echoes: (coefficient, lane), lanes as (real or
/// imaginary part, echo, patch row, patch column), each half filled up to whole packs.
template <class R>
struct PatchRows {
  const GridView& grids;
  int grid, slice, first_row, rows;  ///< rows of patches

  size_t patches() const { return size_t(rows) * size_t(grids.patch_columns); }
  size_t half() const { return simd::round_up(size_t(grids.echoes) * patches(), size_t(simd::width<R>)); }
  size_t stride() const { return 2 * half(); }
  size_t coefficients() const { return size_t(grids.patch * grids.patch); }
  /// Numbers of a row of pixels of every row of patches, patch by patch.
  size_t line_size() const { return 2 * patches() * size_t(grids.patch); }

  /// f(row of the plane, first column, first place, count) for the pieces of a line of pixels that lie in the
  /// plane: row j of the patches of row n.
  template <class F>
  void for_each_piece(int n, int j, F f) const {
    const int p = grids.patch, count_y = grids.patch_rows * p, count_z = grids.patch_columns * p;
    const int y = ((first_row + n) * p + j + grids.offset_y[grid]) % count_y, first_z = grids.offset_z[grid];
    if (y >= grids.rows) return;
    f(y, first_z, 0, std::min(grids.columns, count_z) - first_z);
    f(y, 0, count_z - first_z, std::min(first_z, grids.columns));
  }

  void gather(const ConstTensor<Complex<R>, 4>& x, R* line, R* v) const {
    for (size_t r = 0; r < 2 * coefficients(); ++r)
      std::fill_n(v + r * half() + size_t(grids.echoes) * patches(),
                  half() - size_t(grids.echoes) * patches(), R(0));
    const size_t width = line_size() / size_t(rows);
    for (int e = 0; e < grids.echoes; ++e)
      for (int j = 0; j < grids.patch; ++j) {
        std::fill_n(line, line_size(), R(0));
        for (int n = 0; n < rows; ++n)
          for_each_piece(n, j, [&](int y, int z, int at, int count) {
            if (count > 0)
              std::copy_n(reinterpret_cast<const R*>(&x(slice * grids.echoes + e, y, z, 0)), 2 * count,
                          line + size_t(n) * width + 2 * size_t(at));
          });
        simd::transpose(patches(), size_t(2 * grids.patch), line, 2 * grids.patch, row_of_pixels(v, e, j),
                        ptrdiff_t(half()));
      }
  }

  /// d = the clipped coefficients; `t` as clip_coefficients takes it.
  void clip(bool joint, const ConstTensor<R, 2>& t, const R* c, R* d) const {
    const int group = joint ? grids.echoes : 1;
    const CoefficientStrides strides{half(), patches()};
    for (size_t r = 0; r < coefficients(); ++r)
      for (int e = 0; e < grids.echoes; e += group) {
        const size_t at = r * stride() + size_t(e) * patches();
        if (group == 1)
          clip_alone(c + at, patches(), strides, 1 / t(e, r), d + at);
        else
          clip_together(c + at, patches(), strides, group, &t(e, r), t.extent(1), d + at);
      }
  }

  /// To their place in (coefficient, lane) of all patches.
  void save(const R* c, const Tensor<R, 2>& all) const {
    const size_t first = grids.first_lane(grid, slice, first_row);
    for (size_t r = 0; r < coefficients(); ++r)
      for (int e = 0; e < grids.echoes; ++e)
        for (int part = 0; part < 2; ++part)
          std::copy_n(c + r * stride() + size_t(part) * half() + size_t(e) * patches(), patches(),
                      &all(r, size_t(2 * e + part) * grids.patches + first));
  }

  /// out = x + scale v, or out += scale v in grids after the first.
  void add(const ConstTensor<Complex<R>, 4>& x, R scale, const R* v, R* line,
           const Tensor<Complex<R>, 4>& out) const {
    const size_t width = line_size() / size_t(rows);
    for (int e = 0; e < grids.echoes; ++e)
      for (int j = 0; j < grids.patch; ++j) {
        simd::transpose(size_t(2 * grids.patch), patches(), row_of_pixels(v, e, j), ptrdiff_t(half()), line,
                        2 * grids.patch);
        for (int n = 0; n < rows; ++n)
          for_each_piece(n, j, [&](int y, int z, int at, int count) {
            if (count <= 0) return;
            R* to = reinterpret_cast<R*>(&out(slice * grids.echoes + e, y, z, 0));
            const R* from =
                grid == 0 ? reinterpret_cast<const R*>(&x(slice * grids.echoes + e, y, z, 0)) : to;
            const R* change = line + size_t(n) * width + 2 * size_t(at);
#pragma omp simd
            for (int k = 0; k < 2 * count; ++k) to[k] = from[k] + scale * change[k];
          });
      }
  }

 private:
  template <class T>
  T* row_of_pixels(T* v, int echo, int j) const {
    return v + size_t(j * grids.patch) * stride() + size_t(echo) * patches();
  }
};

/// out = x - 1/grids sum_grids P^T M^T clip_t(M P x); `coefficients` M P x, unless empty. Grid after grid, so
/// that rows of patches never write the same pixel at once and sums have one order.
template <class R>
void shrink_patches(const Exec& space, const monarch::AxisTransform<R>& transform, const Tensor<R, 1>& packed,
                    const PatchGrids& g, bool joint, const ConstTensor<R, 2>& t,
                    const ConstTensor<Complex<R>, 4>& x, const Tensor<R, 2>& coefficients,
                    const Tensor<Complex<R>, 4>& out) {
  constexpr int rows_at_once = 4;  // of patches: enough lanes to fill vectors, few enough for the cache
  const GridView grids(g);
  const int strips = (grids.patch_rows + rows_at_once - 1) / rows_at_once;
  const R scale = R(-1 / double(grids.grids));
  const PatchRows<R> most{grids, 0, 0, 0, rows_at_once};
  const size_t size = most.coefficients() * most.stride(), line_size = simd::round_up(most.line_size(), 16),
               total = 2 * size + line_size + transform.thread_scratch();
  using Policy = Kokkos::TeamPolicy<Exec>;
  for (int grid = 0; grid < grids.grids; ++grid) {
    auto policy = Policy(space, grids.slices * strips, 1)
                      .set_scratch_size(1, Kokkos::PerTeam(int(total * sizeof(R) + 64)));
    Kokkos::parallel_for("danaus::mri::shrink_patches", policy, [&, grid](const Policy::member_type& team) {
      R* v = static_cast<R*>(team.team_scratch(1).get_shmem_aligned(total * sizeof(R), 64));
      R *c = v + size, *line = c + size, *middle = line + line_size;
      const int slice = int(team.league_rank()) / strips,
                first = int(team.league_rank()) % strips * rows_at_once;
      const PatchRows<R> rows{grids, grid, slice, first, std::min(rows_at_once, grids.patch_rows - first)};
      const auto stride = ptrdiff_t(rows.stride());
      rows.gather(x, line, v);
      transform.apply_rows(packed.data(), rows.stride(), v, stride, middle, c, stride);
      if (coefficients.size() > 0) rows.save(c, coefficients);
      rows.clip(joint, t, c, v);
      transform.adjoint_rows(packed.data(), rows.stride(), v, stride, middle, c, stride);
      rows.add(x, scale, c, line, out);
    });
  }
}

}  // namespace danaus::mri::host
