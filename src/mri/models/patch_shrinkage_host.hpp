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
  size_t side_by_side = 1;           ///< such arrays, half beside half; each starts half() after the last

  size_t patches() const { return size_t(rows) * size_t(grids.patch_columns); }
  size_t half() const { return simd::round_up(size_t(grids.echoes) * patches(), size_t(simd::width<R>)); }
  /// From real to imaginary parts, and from a coefficient to the next.
  size_t part_stride() const { return side_by_side * half(); }
  size_t stride() const { return 2 * part_stride(); }
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
    const size_t filled = size_t(grids.echoes) * patches();
    for (size_t r = 0; r < 2 * coefficients(); ++r)
      std::fill_n(v + r * part_stride() + filled, half() - filled, R(0));
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
                        ptrdiff_t(part_stride()));
      }
  }

  /// out = x + scale v; x may be out.
  void add(const ConstTensor<Complex<R>, 4>& x, R scale, const R* v, R* line,
           const Tensor<Complex<R>, 4>& out) const {
    const size_t width = line_size() / size_t(rows);
    for (int e = 0; e < grids.echoes; ++e)
      for (int j = 0; j < grids.patch; ++j) {
        simd::transpose(size_t(2 * grids.patch), patches(), row_of_pixels(v, e, j), ptrdiff_t(part_stride()),
                        line, 2 * grids.patch);
        for (int n = 0; n < rows; ++n)
          for_each_piece(n, j, [&](int y, int z, int at, int count) {
            if (count <= 0) return;
            R* to = reinterpret_cast<R*>(&out(slice * grids.echoes + e, y, z, 0));
            const R* from = reinterpret_cast<const R*>(&x(slice * grids.echoes + e, y, z, 0));
            const R* change = line + size_t(n) * width + 2 * size_t(at);
#pragma omp simd
            for (int k = 0; k < 2 * count; ++k) to[k] = from[k] + scale * change[k];
          });
      }
  }

  /// f(first coefficient, thresholds) for each group of echoes that is clipped together, of every row;
  /// thresholds are `t.extent(1)` apart, `t` as clip_coefficients takes it.
  template <class F>
  void for_each_group(bool joint, const ConstTensor<R, 2>& t, F f) const {
    const int group = joint ? grids.echoes : 1;
    for (size_t r = 0; r < coefficients(); ++r)
      for (int e = 0; e < grids.echoes; e += group)
        f(r * stride() + size_t(e) * patches(), group, ThresholdsOfGroup{&t(e, r), t.extent(1)});
  }

  struct ThresholdsOfGroup {
    const R* first;
    size_t stride;
    R inverse_square(int e) const {
      const R t = first[size_t(e) * stride];
      return 1 / (t * t);
    }
  };

  /// square(p) = g^2 of every patch of a group, from its coefficients c.
  void squares_of(const R* c, int group, const ThresholdsOfGroup& t, R* square) const {
    std::fill_n(square, patches(), R(0));
    for (int e = 0; e < group; ++e) {
      const R *re = c + size_t(e) * patches(), *im = re + part_stride(), weight = t.inverse_square(e);
#pragma omp simd
      for (size_t p = 0; p < patches(); ++p) square[p] += weight * (re[p] * re[p] + im[p] * im[p]);
    }
  }

  /// d = the clipped coefficients. @param factor  scratch of patches() numbers
  void clip(bool joint, const ConstTensor<R, 2>& t, const R* c, R* factor, R* d) const {
    for_each_group(joint, t, [&](size_t first, int group, const ThresholdsOfGroup& thresholds) {
      squares_of(c + first, group, thresholds, factor);
#pragma omp simd
      for (size_t p = 0; p < patches(); ++p) factor[p] = 1 / std::sqrt(std::max(factor[p], R(1)));
      for (int e = 0; e < group; ++e)
        for (size_t part : {size_t(0), part_stride()}) {
          const size_t at = first + size_t(e) * patches() + part;
#pragma omp simd
          for (size_t p = 0; p < patches(); ++p) d[at + p] = factor[p] * c[at + p];
        }
    });
  }

  /// With d = scale clip(c) and its gradient g: d in the place of g, the gradient of c in that of c, and that
  /// of the thresholds added to t_grad (echo, coefficient). @param scratch  of 2 patches() numbers
  void clip_backward(bool joint, const ConstTensor<R, 2>& t, R scale, R* c, R* g, R* scratch,
                     R* t_grad) const {
    R *factor = scratch, *drawn = scratch + patches();
    for_each_group(joint, t, [&](size_t first, int group, const ThresholdsOfGroup& thresholds) {
      squares_of(c + first, group, thresholds, factor);
      std::fill_n(drawn, patches(), R(0));
      for (int e = 0; e < group; ++e) {
        const R *c_re = c + first + size_t(e) * patches(), *c_im = c_re + part_stride();
        const R *g_re = g + first + size_t(e) * patches(), *g_im = g_re + part_stride();
#pragma omp simd
        for (size_t p = 0; p < patches(); ++p) drawn[p] += c_re[p] * g_re[p] + c_im[p] * g_im[p];
      }
#pragma omp simd
      for (size_t p = 0; p < patches(); ++p) {
        const R square = factor[p], root = scale / std::sqrt(std::max(square, R(1)));
        factor[p] = root;
        drawn[p] = square > 1 ? drawn[p] * root / square : R(0);
      }
      for (int e = 0; e < group; ++e) {
        R *c_re = c + first + size_t(e) * patches(), *c_im = c_re + part_stride();
        R *g_re = g + first + size_t(e) * patches(), *g_im = g_re + part_stride();
        const R weight = thresholds.inverse_square(e);
        R sum = 0;
#pragma omp simd reduction(+ : sum)
        for (size_t p = 0; p < patches(); ++p) {
          const R re = c_re[p], im = c_im[p];
          sum += drawn[p] * (re * re + im * im);
          c_re[p] = factor[p] * g_re[p] - weight * drawn[p] * re;
          c_im[p] = factor[p] * g_im[p] - weight * drawn[p] * im;
          g_re[p] = factor[p] * re;
          g_im[p] = factor[p] * im;
        }
        const size_t place = size_t(thresholds.first - t.data()) + size_t(e) * thresholds.stride;
        t_grad[place] += sum * weight / t.data()[place];
      }
    });
  }

 private:
  template <class T>
  T* row_of_pixels(T* v, int echo, int j) const {
    return v + size_t(j * grids.patch) * stride() + size_t(echo) * patches();
  }
};

/// Strips of rows of patches of all slices, each by one thread: enough lanes to fill vectors, few enough for
/// the cache.
struct Strips {
  static constexpr int rows = 4;  ///< of patches
  const GridView& grids;

  int per_slice() const { return (grids.patch_rows + rows - 1) / rows; }
  int count() const { return grids.slices * per_slice(); }

  template <class R>
  PatchRows<R> rows_of(int grid, int strip, size_t side_by_side) const {
    const int first = strip % per_slice() * rows;
    return {grids, grid, strip / per_slice(), first, std::min(rows, grids.patch_rows - first), side_by_side};
  }

  using Policy = Kokkos::TeamPolicy<Exec>;
  /// A team of one thread for each strip, with `size` numbers of R to itself.
  template <class R>
  Policy policy(const Exec& space, size_t size) const {
    return Policy(space, count(), 1).set_scratch_size(1, Kokkos::PerTeam(int(size * sizeof(R) + 64)));
  }
  template <class R>
  static R* memory(const Policy::member_type& team, size_t size) {
    return static_cast<R*>(team.team_scratch(1).get_shmem_aligned(size * sizeof(R), 64));
  }
};

/// out = x - 1/grids sum_grids P^T M^T clip_t(M P x). Grid after grid, so that rows of patches never write
/// the same pixel at once and sums have one order.
template <class R>
void shrink_patches(const Exec& space, const monarch::AxisTransform<R>& transform, const Tensor<R, 1>& packed,
                    const PatchGrids& g, bool joint, const ConstTensor<R, 2>& t,
                    const ConstTensor<Complex<R>, 4>& x, const Tensor<Complex<R>, 4>& out) {
  const GridView grids(g);
  const Strips strips{grids};
  const auto most = strips.rows_of<R>(0, 0, 1);
  const size_t size = most.coefficients() * most.stride(), line_size = simd::round_up(most.line_size(), 16),
               total = 2 * size + line_size +
                       transform.middle_rows_size(monarch::MiddleRows::passing, most.stride());
  const R scale = R(-1 / double(grids.grids));
  for (int grid = 0; grid < grids.grids; ++grid)
    Kokkos::parallel_for("danaus::mri::shrink_patches", strips.policy<R>(space, total),
                         [&, grid](const Strips::Policy::member_type& team) {
                           R* v = Strips::memory<R>(team, total);
                           R *c = v + size, *line = c + size, *middle = line + line_size;
                           const auto rows = strips.rows_of<R>(grid, int(team.league_rank()), 1);
                           const auto stride = ptrdiff_t(rows.stride());
                           rows.gather(x, line, v);
                           transform.apply_rows(packed.data(), rows.stride(), v, stride,
                                                monarch::MiddleRows::passing, middle, c, stride);
                           rows.clip(joint, t, c, line, v);
                           transform.adjoint_rows(packed.data(), rows.stride(), v, stride, middle, c, stride);
                           rows.add(grid == 0 ? x : ConstTensor<Complex<R>, 4>(out), scale, c, line, out);
                         });
}

/// Numbers of the partial sums of shrink_patches_backward: for each strip those of the factors, and those of
/// the thresholds (echo, coefficient).
template <class R>
struct ShrinkageParts {
  Tensor<R, 2> factors, thresholds;
};

/// The gradients of shrink_patches, its coefficients computed again: x_grad = passed + that of the patches,
/// left out without entries, and those of factors and thresholds as sums of each strip. With u = P out_grad,
/// the clipped d has gradient M u, and the factors of M that of <d, M u> beside that of c = M P x: both go
/// through M side by side.
template <class R>
void shrink_patches_backward(const Exec& space, const monarch::AxisTransform<R>& transform,
                             const Tensor<R, 1>& packed, const PatchGrids& g, bool joint,
                             const ConstTensor<R, 2>& t, const ConstTensor<Complex<R>, 4>& x,
                             const ConstTensor<Complex<R>, 4>& out_grad,
                             const ConstTensor<Complex<R>, 4>& passed, const Tensor<Complex<R>, 4>& x_grad,
                             const ShrinkageParts<R>& parts) {
  const GridView grids(g);
  const Strips strips{grids};
  const auto most = strips.rows_of<R>(0, 0, 2);
  const size_t size = most.coefficients() * most.stride(), line_size = simd::round_up(most.line_size(), 16),
               middle_size = transform.middle_rows_size(monarch::MiddleRows::kept, most.stride());
  const R scale = R(-1 / double(grids.grids));
  fill(space, parts.factors, R(0));
  fill(space, parts.thresholds, R(0));
  const size_t total = 2 * size + 2 * middle_size + line_size;
  for (int grid = 0; grid < grids.grids; ++grid)
    Kokkos::parallel_for(
        "danaus::mri::shrink_patches_backward", strips.policy<R>(space, total),
        [&, grid](const Strips::Policy::member_type& team) {
          const int strip = int(team.league_rank());
          R* u = Strips::memory<R>(team, total);
          R *c = u + size, *middle = c + size, *middle_grad = middle + middle_size,
            *line = middle_grad + middle_size;
          const auto rows = strips.rows_of<R>(grid, strip, 2);
          const size_t lanes = rows.stride(), second = rows.half();
          const auto stride = ptrdiff_t(lanes);
          rows.gather(out_grad, line, u);
          rows.gather(x, line, u + second);
          transform.apply_rows(packed.data(), lanes, u, stride, monarch::MiddleRows::kept, middle, c, stride);
          rows.clip_backward(joint, t, scale, c + second, c, line, &parts.thresholds(strip, 0));
          transform.backward_rows(packed.data(), lanes, u, stride, middle, c, stride, middle_grad,
                                  x_grad.size() > 0 ? u : nullptr, stride, &parts.factors(strip, 0));
          if (x_grad.size() > 0)
            rows.add(grid == 0 ? passed : ConstTensor<Complex<R>, 4>(x_grad), R(1), u + second, line, x_grad);
        });
}

}  // namespace danaus::mri::host
