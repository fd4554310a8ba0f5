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

}  // namespace danaus::mri
