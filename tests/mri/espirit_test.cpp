#include "scans.hpp"

#include <danaus/core/error.hpp>
#include <danaus/mri/operators/espirit.hpp>

#include <support/catch.hpp>

#include <cmath>

using namespace danaus;
using namespace danaus::mri;

namespace {

/// Fully sampled k-space (1, ky, kz, coil) of an image seen through maps.
HostTensor<Complex<float>, 4> kspace_of(const Tensor<Complex<float>, 4>& x,
                                        const Tensor<Complex<float>, 5>& maps) {
  const auto all = zeros<float, 3>("all", {1, maps.extent(1), maps.extent(2)});
  fill(all, 1.0f);
  const SenseOperator<float> a(Exec(), 1, maps, all);
  const auto y = uninitialized<Complex<float>, 4>("y", a.kspace_shape());
  a.forward(Exec(), x, y);
  Exec().fence();
  return to_host(y);
}

}  // namespace

TEST_CASE("ESPIRiT finds the sensitivities that made the data", "[espirit]") {
  const size_t rows = 64, columns = 48, coils = 6;
  const auto maps = test::smooth_maps<float>(rows, columns, coils);
  const auto image = test::shapes_image<float>(rows, columns);
  const auto kspace = kspace_of(image, maps);
  EspiritOptions o;
  o.singular_threshold = .02;
  const auto found = espirit(kspace, o);
  const auto s = to_host(maps);
  double worst_angle = 0, worst_value = 0;
  size_t inside = 0;
  // Pixels well inside the object, away from its edge where the calibration region blurs it.
  for (size_t j = 0; j < rows; ++j)
    for (size_t k = 0; k < columns; ++k) {
      const double y = 2 * double(j) / double(rows) - 1, z = 2 * double(k) / double(columns) - 1;
      if (y * y + z * z > .5) continue;
      ++inside;
      Complex<double> overlap = 0;
      for (size_t c = 0; c < coils; ++c) {
        const auto a = s(0, j, k, c, 0), b = found.maps(j, k, c, 0);
        overlap += Complex<double>(a.real(), -a.imag()) * Complex<double>(b.real(), b.imag());
      }
      worst_angle = std::max(worst_angle, 1 - Kokkos::abs(overlap));
      worst_value = std::max(worst_value, std::abs(double(found.eigenvalues(j, k, 0)) - 1));
    }
  CHECK(inside > 500);
  // A kernel of 6 samples describes maps that vary over half the field to about one per cent.
  CHECK(worst_angle <= 1e-3);
  CHECK(worst_value <= 2e-2);
}

TEST_CASE("ESPIRiT's maps reproduce the coil images, and vanish outside the object", "[espirit]") {
  const size_t rows = 64, columns = 48, coils = 6;
  const auto maps = test::smooth_maps<float>(rows, columns, coils);
  const auto image = test::shapes_image<float>(rows, columns);
  const auto found = espirit(kspace_of(image, maps), {});
  const auto s = to_host(maps);
  const auto x = to_host(image);
  double rest = 0, total = 0;
  size_t air = 0, empty = 0;
  for (size_t j = 0; j < rows; ++j)
    for (size_t k = 0; k < columns; ++k) {
      const double y = 2 * double(j) / double(rows) - 1, z = 2 * double(k) / double(columns) - 1;
      Complex<float> projected = 0;
      for (size_t c = 0; c < coils; ++c)
        projected += Kokkos::conj(found.maps(j, k, c, 0)) * s(0, j, k, c, 0) * x(0, j, k, 0);
      for (size_t c = 0; c < coils; ++c) {
        const auto v = s(0, j, k, c, 0) * x(0, j, k, 0);
        rest += std::pow(Kokkos::abs(v - projected * found.maps(j, k, c, 0)), 2);
        total += std::pow(Kokkos::abs(v), 2);
      }
      if (y * y + z * z > 1.3) {
        ++air;
        empty += found.maps(j, k, 0, 0) == Complex<float>(0);
      }
    }
  CHECK(std::sqrt(rest / total) <= .03);
  CHECK(double(empty) >= .8 * double(air));
}

TEST_CASE("two sets of maps are orthonormal", "[espirit]") {
  EspiritOptions o;
  o.map_count = 2, o.crop = 0;
  const auto found =
      espirit(kspace_of(test::shapes_image<float>(32, 32), test::smooth_maps<float>(32, 32, 5)), o);
  for (size_t j = 0; j < 32; ++j)
    for (size_t k = 0; k < 32; ++k)
      for (size_t m = 0; m < 2; ++m)
        for (size_t n = 0; n < 2; ++n) {
          Complex<float> dot = 0;
          for (size_t c = 0; c < 5; ++c) dot += Kokkos::conj(found.maps(j, k, c, m)) * found.maps(j, k, c, n);
          // One Gram-Schmidt step in float32, on vectors that may be nearly parallel.
          REQUIRE(Kokkos::abs(dot - Complex<float>(m == n ? 1 : 0)) <= 1e-3);
        }
}

TEST_CASE("data that cannot calibrate are refused", "[espirit]") {
  auto kspace = kspace_of(test::shapes_image<float>(32, 32), test::smooth_maps<float>(32, 32, 3));
  EspiritOptions o;
  o.calibration = 40;
  CHECK_THROWS_AS(espirit(kspace, o), UsageError);
  for (size_t c = 0; c < 3; ++c) kspace(0, 12, 20, c) = 0;
  CHECK_THROWS_AS(espirit(kspace, {}), DataError);
}
