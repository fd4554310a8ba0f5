#pragma once

// What the kernels of PatchShrinkage share.

#include <danaus/mri/models/patch_shrinkage.hpp>

namespace danaus::mri {

/// Grids as kernels see them.
struct GridView {
  int offset_y[PatchGrids::most], offset_z[PatchGrids::most];
  int patch, grids, slices, echoes, rows, columns, patch_rows, patch_columns;
  size_t patches;

  explicit GridView(const PatchGrids& g)
      : patch(int(g.patch)),
        grids(int(g.offsets.size())),
        slices(int(g.slices)),
        echoes(int(g.echoes)),
        rows(int(g.rows)),
        columns(int(g.columns)),
        patch_rows(int(g.patch_rows())),
        patch_columns(int(g.patch_columns())),
        patches(g.patches()) {
    if (g.offsets.size() > PatchGrids::most)
      throw ShapeError("mri::PatchGrids: expected at most " + std::to_string(PatchGrids::most) +
                       " grids, found " + std::to_string(g.offsets.size()));
    for (size_t i = 0; i < g.offsets.size(); ++i)
      offset_y[i] = int(g.offsets[i].y), offset_z[i] = int(g.offsets[i].z);
  }
  /// First lane of a row of patches, and from one echo's part to the next.
  KOKKOS_INLINE_FUNCTION size_t first_lane(int grid, int slice, int patch_row) const {
    return (size_t(grid * slices + slice) * size_t(patch_rows) + size_t(patch_row)) * size_t(patch_columns);
  }
};

/// Where the coefficients of a row lie: patch after patch, `part` from real to imaginary parts, `echo` from
/// one echo to the next.
struct CoefficientStrides {
  size_t part, echo;
};

/// Coefficients of one echo, d = c / max(1, |c| / t): clip_together for one, in a loop that fills vectors.
template <class R>
KOKKOS_INLINE_FUNCTION void clip_alone(const R* in, size_t patches, CoefficientStrides stride, R inverse,
                                       R* out) {
  const R *re = in, *im = in + stride.part;
  R *to_re = out, *to_im = out + stride.part;
  for (size_t p = 0; p < patches; ++p) {
    const R square = (re[p] * re[p] + im[p] * im[p]) * inverse * inverse;
    const R factor = 1 / Kokkos::sqrt(square > 1 ? square : R(1));
    to_re[p] = factor * re[p];
    to_im[p] = factor * im[p];
  }
}

/// Of `group` echoes together, with the threshold of each `t_stride` further than the one before.
template <class R>
KOKKOS_INLINE_FUNCTION void clip_together(const R* in, size_t patches, CoefficientStrides stride, int group,
                                          const R* threshold, size_t t_stride, R* out) {
  for (size_t p = 0; p < patches; ++p) {
    R square = 0;
    for (int e = 0; e < group; ++e) {
      const size_t at = size_t(e) * stride.echo + p;
      const R re = in[at], im = in[at + stride.part], t = threshold[size_t(e) * t_stride];
      square += (re * re + im * im) / (t * t);
    }
    const R factor = 1 / Kokkos::sqrt(square > 1 ? square : R(1));
    for (int e = 0; e < group; ++e) {
      const size_t at = size_t(e) * stride.echo + p;
      out[at] = factor * in[at];
      out[at + stride.part] = factor * in[at + stride.part];
    }
  }
}

}  // namespace danaus::mri
