#include <danaus/core/instantiate.hpp>
#include <mri/models/patch_grid.hpp>

#include <algorithm>
#include <utility>

namespace danaus::mri {

std::vector<PatchGrids::Offset> spread_offsets(size_t patch, size_t count, size_t turn) {
  // A rank-one lattice: the second offset runs through all multiples of patch / count as the first does.
  size_t step = 1;
  const auto gcd = [](size_t a, size_t b) {
    while (b) a %= b, std::swap(a, b);
    return a;
  };
  for (size_t s = 1; s < count; ++s)
    if (gcd(s, count) == 1 && s <= std::max<size_t>(1, size_t(0.62 * double(count)))) step = s;
  std::vector<PatchGrids::Offset> offsets;
  for (size_t g = 0; g < count; ++g)
    offsets.push_back(
        {(g * patch / count + 5 * turn) % patch, (g * step % count * patch / count + 11 * turn) % patch});
  return offsets;
}

template <class R>
void gather_patches(const Exec& space, const PatchGrids& g, const ConstTensor<Complex<R>, 4>& x, R scale,
                    const Tensor<R, 2>& v) {
  require_shape("mri::gather_patches: x", x, {g.slices * g.echoes, g.rows, g.columns, 1});
  require_shape("mri::gather_patches: v", v, {g.patch * g.patch, g.lanes()});
  const GridView grids(g);
  const int count_y = grids.patch_rows * grids.patch, count_z = grids.patch_columns * grids.patch;
  Kokkos::parallel_for(
      "danaus::mri::gather_patches",
      over_rows(space, size_t(grids.grids * grids.slices), size_t(grids.patch_rows)),
      KOKKOS_LAMBDA(int gs, int patch_row) {
        const int grid = gs / grids.slices, slice = gs % grids.slices;
        const size_t first = grids.first_lane(grid, slice, patch_row);
        for (int r = 0; r < grids.patch * grids.patch; ++r) {
          const int y = (patch_row * grids.patch + r / grids.patch + grids.offset_y[grid]) % count_y;
          const int first_z = (r % grids.patch + grids.offset_z[grid]) % count_z;
          for (int e = 0; e < grids.echoes; ++e) {
            R* re = &v(r, size_t(2 * e) * grids.patches + first);
            R* im = re + grids.patches;
            const Complex<R>* row = y < grids.rows ? &x(slice * grids.echoes + e, y, 0, 0) : nullptr;
            for (int q = 0, z = first_z; q < grids.patch_columns; ++q) {
              const Complex<R> value = row && z < grids.columns ? row[z] : Complex<R>(0);
              re[q] = scale * value.real();
              im[q] = scale * value.imag();
              z += grids.patch;
              if (z >= count_z) z -= count_z;
            }
          }
        }
      });
}

template <class R>
void add_patches(const Exec& space, const PatchGrids& g, const ConstTensor<Complex<R>, 4>& x, R scale,
                 const ConstTensor<R, 2>& v, Write write, const Tensor<Complex<R>, 4>& out) {
  require_shape("mri::add_patches: y", out, {g.slices * g.echoes, g.rows, g.columns, 1});
  require_shape("mri::add_patches: v", v, {g.patch * g.patch, g.lanes()});
  const GridView grids(g);
  const int count_y = grids.patch_rows * grids.patch, count_z = grids.patch_columns * grids.patch;
  Kokkos::parallel_for(
      "danaus::mri::add_patches", over_rows(space, g.slices * g.echoes, g.rows), KOKKOS_LAMBDA(int b, int y) {
        const int slice = b / grids.echoes, e = b % grids.echoes;
        for (int z = 0; z < grids.columns; ++z) danaus::store(write, x(b, y, z, 0), out(b, y, z, 0));
        for (int grid = 0; grid < grids.grids; ++grid) {
          const int from_y = (y - grids.offset_y[grid] + count_y) % count_y;
          const size_t first =
              size_t(2 * e) * grids.patches + grids.first_lane(grid, slice, from_y / grids.patch);
          for (int column = 0; column < grids.patch; ++column) {
            const R* re = &v(from_y % grids.patch * grids.patch + column, first);
            const R* im = re + grids.patches;
            Complex<R>* row = &out(b, y, 0, 0);
            for (int q = 0, z = (column + grids.offset_z[grid]) % count_z; q < grids.patch_columns; ++q) {
              if (z < grids.columns) row[z] += scale * Complex<R>(re[q], im[q]);
              z += grids.patch;
              if (z >= count_z) z -= count_z;
            }
          }
        }
      });
}

template <class R>
void clip_coefficients(const Exec& space, const PatchGrids& g, bool joint, const ConstTensor<R, 2>& t,
                       const ConstTensor<R, 2>& c, const Tensor<R, 2>& d) {
  const size_t patches = g.patches();
  const int group = joint ? int(g.echoes) : 1, groups = int(g.echoes) / group;
  Kokkos::parallel_for(
      "danaus::mri::clip_coefficients", Indices<2>(space, {0, 0}, {std::int64_t(g.patch * g.patch), groups}),
      KOKKOS_LAMBDA(int r, int n) {
        const R* in = &c(r, size_t(2 * n * group) * patches);
        R* out = &d(r, size_t(2 * n * group) * patches);
        for (size_t p = 0; p < patches; ++p) {
          R square = 0;
          for (int e = 0; e < group; ++e) {
            const size_t re = size_t(2 * e) * patches + p, im = re + patches;
            const R threshold = t(n * group + e, r);
            square += (in[re] * in[re] + in[im] * in[im]) / (threshold * threshold);
          }
          const R factor = 1 / Kokkos::sqrt(square > 1 ? square : R(1));
          for (int e = 0; e < group; ++e) {
            const size_t re = size_t(2 * e) * patches + p, im = re + patches;
            out[re] = factor * in[re];
            out[im] = factor * in[im];
          }
        }
      });
}

template <class R>
void clip_coefficients_backward(const Exec& space, const PatchGrids& g, bool joint,
                                const ConstTensor<R, 2>& t, const ConstTensor<R, 2>& c,
                                const ConstTensor<R, 2>& d_grad, const Tensor<R, 2>& c_grad,
                                const Tensor<R, 2>& t_grad) {
  const size_t patches = g.patches();
  const int group = joint ? int(g.echoes) : 1, groups = int(g.echoes) / group;
  Kokkos::parallel_for(
      "danaus::mri::clip_coefficients_backward",
      Indices<2>(space, {0, 0}, {std::int64_t(g.patch * g.patch), groups}), KOKKOS_LAMBDA(int r, int n) {
        const size_t first = size_t(2 * n * group) * patches;
        const R *in = &c(r, first), *from = &d_grad(r, first);
        R* to = &c_grad(r, first);
        for (int e = 0; e < group; ++e) {
          // Each threshold's sum in a pass of its own; the last pass writes, since c_grad may be d_grad.
          const R threshold = t(n * group + e, r);
          R sum = 0;
          for (size_t p = 0; p < patches; ++p) {
            R square = 0, product = 0;
            for (int f = 0; f < group; ++f) {
              const size_t i = size_t(2 * f) * patches + p, k = i + patches;
              const R inverse = 1 / t(n * group + f, r);
              square += (in[i] * in[i] + in[k] * in[k]) * inverse * inverse;
              product += in[i] * from[i] + in[k] * from[k];
            }
            const R root = 1 / Kokkos::sqrt(square > 1 ? square : R(1));
            const R drawn = square > 1 ? product * root * root * root : R(0);
            const size_t i = size_t(2 * e) * patches + p, k = i + patches;
            sum += drawn * (in[i] * in[i] + in[k] * in[k]);
            if (e + 1 < group) continue;
            for (int f = 0; f < group; ++f) {
              const size_t a = size_t(2 * f) * patches + p, b = a + patches;
              const R inverse = 1 / t(n * group + f, r);
              to[a] = root * from[a] - drawn * inverse * inverse * in[a];
              to[b] = root * from[b] - drawn * inverse * inverse * in[b];
            }
          }
          t_grad(n * group + e, r) += sum / (threshold * threshold * threshold);
        }
      });
}

#define DANAUS_INSTANTIATE(R)                                                                           \
  template void gather_patches<R>(const Exec&, const PatchGrids&, const ConstTensor<Complex<R>, 4>&, R, \
                                  const Tensor<R, 2>&);                                                 \
  template void add_patches<R>(const Exec&, const PatchGrids&, const ConstTensor<Complex<R>, 4>&, R,    \
                               const ConstTensor<R, 2>&, Write, const Tensor<Complex<R>, 4>&);          \
  template void clip_coefficients<R>(const Exec&, const PatchGrids&, bool, const ConstTensor<R, 2>&,    \
                                     const ConstTensor<R, 2>&, const Tensor<R, 2>&);                    \
  template void clip_coefficients_backward<R>(                                                          \
      const Exec&, const PatchGrids&, bool, const ConstTensor<R, 2>&, const ConstTensor<R, 2>&,         \
      const ConstTensor<R, 2>&, const Tensor<R, 2>&, const Tensor<R, 2>&);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::mri
