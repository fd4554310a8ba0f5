#include "real_rivals.hpp"

#include <cblas.h>

#include <cmath>
#include <numbers>

namespace danaus::app {
namespace {

using HostSpace = Kokkos::DefaultHostExecutionSpace;

struct DenseDft {
  RealPlanes planes;
  std::vector<float> along_y, along_x;
  HostTensor<float, 1> in, inner, out;
};

/// exp(-2 pi i k j / n)
std::complex<float> root(size_t k, size_t j, size_t n) {
  const double angle = -2 * std::numbers::pi * double(k * j % n) / double(n);
  return {float(std::cos(angle)), float(std::sin(angle))};
}

void multiply(size_t rows, size_t columns, size_t inner, const float* a, const float* b, float* c) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, int(rows), int(columns), int(inner), 1.0f, a,
              int(inner), b, int(columns), 0.0f, c, int(columns));
}

/// Planes one behind the other: all rows of all planes at once along y, then plane by plane along x with
/// complex numbers.
Rival by_planes(const RealPlanes& planes, const Values& input) {
  const size_t n = planes.n, kx = planes.kx.size(), ky = planes.ky.size();
  DenseDft dft{planes,
               std::vector<float>(n * 2 * ky),
               std::vector<float>(2 * kx * n),
               HostTensor<float, 1>("in", planes.vectors() * n * n),
               HostTensor<float, 1>("inner", planes.vectors() * n * 2 * ky),
               HostTensor<float, 1>("out", planes.vectors() * kx * 2 * ky)};
  for (size_t y = 0; y < n; ++y)
    for (size_t k = 0; k < ky; ++k) {
      dft.along_y[y * 2 * ky + 2 * k] = root(planes.ky[k], y, n).real();
      dft.along_y[y * 2 * ky + 2 * k + 1] = root(planes.ky[k], y, n).imag();
    }
  for (size_t k = 0; k < kx; ++k)
    for (size_t x = 0; x < n; ++x) {
      dft.along_x[2 * (k * n + x)] = root(planes.kx[k], x, n).real();
      dft.along_x[2 * (k * n + x) + 1] = root(planes.kx[k], x, n).imag();
    }
  for (size_t vector = 0; vector < planes.vectors(); ++vector)
    for (size_t p = 0; p < n * n; ++p) dft.in(vector * n * n + p) = input(vector, p).real();
  const auto run = [dft, n, kx, ky] {
    Kokkos::parallel_for("danaus::app::DenseDft::by_planes",
                         Kokkos::RangePolicy<HostSpace>(0, dft.planes.samples), [&](size_t sample) {
                           const size_t first = sample * tile_lanes;
                           multiply(tile_lanes * n, 2 * ky, n, dft.in.data() + first * n * n,
                                    dft.along_y.data(), dft.inner.data() + first * n * 2 * ky);
                           const std::complex<float> one(1), zero(0);
                           for (size_t plane = first; plane < first + tile_lanes; ++plane)
                             cblas_cgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, int(kx), int(ky), int(n),
                                         &one, dft.along_x.data(), int(n),
                                         dft.inner.data() + plane * n * 2 * ky, int(ky), &zero,
                                         dft.out.data() + plane * kx * 2 * ky, int(ky));
                         });
  };
  const Values values = [dft, kx, ky](size_t vector, size_t point) {
    const float* at = dft.out.data() + 2 * (vector * kx * ky + point);
    return std::complex<float>(at[0], at[1]);
  };
  return {"dense pruned DFT, OpenBLAS, plane by plane", run, in_place_output(values)};
}

/// Channels innermost, planes of real and imaginary parts: a product for each row along y, and one real
/// product [re -im; im re] for each sample along x.
Rival by_channels(const RealPlanes& planes, const Values& input) {
  const size_t n = planes.n, kx = planes.kx.size(), ky = planes.ky.size(), c = tile_lanes;
  DenseDft dft{planes,
               std::vector<float>(2 * ky * n),
               std::vector<float>(2 * kx * 2 * n),
               HostTensor<float, 1>("in", planes.samples * n * n * c),
               HostTensor<float, 1>("inner", planes.samples * n * 2 * ky * c),
               HostTensor<float, 1>("out", planes.samples * kx * 2 * ky * c)};
  for (size_t k = 0; k < ky; ++k)
    for (size_t y = 0; y < n; ++y) {
      dft.along_y[k * n + y] = root(planes.ky[k], y, n).real();
      dft.along_y[(ky + k) * n + y] = root(planes.ky[k], y, n).imag();
    }
  for (size_t k = 0; k < kx; ++k)
    for (size_t x = 0; x < n; ++x) {
      const auto w = root(planes.kx[k], x, n);
      float* real_row = &dft.along_x[2 * k * 2 * n + 2 * x];
      real_row[0] = w.real(), real_row[1] = -w.imag();
      real_row[2 * n] = w.imag(), real_row[2 * n + 1] = w.real();
    }
  for (size_t vector = 0; vector < planes.vectors(); ++vector)
    for (size_t p = 0; p < n * n; ++p)
      dft.in((vector / c * n * n + p) * c + vector % c) = input(vector, p).real();
  const auto run = [dft, n, kx, ky, c] {
    Kokkos::parallel_for("danaus::app::DenseDft::by_channels",
                         Kokkos::RangePolicy<HostSpace>(0, dft.planes.samples), [&](size_t sample) {
                           float* inner = dft.inner.data() + sample * n * 2 * ky * c;
                           for (size_t x = 0; x < n; ++x)
                             multiply(2 * ky, c, n, dft.along_y.data(),
                                      dft.in.data() + (sample * n + x) * n * c, inner + x * 2 * ky * c);
                           multiply(2 * kx, ky * c, 2 * n, dft.along_x.data(), inner,
                                    dft.out.data() + sample * kx * 2 * ky * c);
                         });
  };
  const Values values = [dft, kx, ky, c](size_t vector, size_t point) {
    const size_t q = point / ky, k = point % ky;
    const float* at = dft.out.data() + (((vector / c * kx + q) * 2) * ky + k) * c + vector % c;
    return std::complex<float>(at[0], at[ky * c]);
  };
  return {"dense pruned DFT, OpenBLAS, channels innermost", run, in_place_output(values)};
}

}  // namespace

std::vector<Rival> dense_dft_rivals(const RealPlanes& planes, const Values& input) {
  return {by_planes(planes, input), by_channels(planes, input)};
}

}  // namespace danaus::app
