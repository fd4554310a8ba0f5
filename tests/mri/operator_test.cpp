// The forward model against naive sums, its adjoint, and its fused form against the composition of its
// kernels.

#include <danaus/core/error.hpp>
#include <danaus/mri/operators/band_limit.hpp>
#include <danaus/mri/operators/centred_fft.hpp>
#include <danaus/mri/operators/sense_operator.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

#include <cmath>
#include <numbers>

using namespace danaus;
using namespace danaus::mri;

namespace {

/// The centred orthonormal transform of one plane, by its definition.
template <class R>
Complex<double> naive_centred(const HostTensor<Complex<R>, 4>& x, size_t b, size_t p, size_t q, size_t l) {
  const double ny = double(x.extent(1)), nz = double(x.extent(2));
  const double cy = std::floor(ny / 2), cz = std::floor(nz / 2);
  Complex<double> sum = 0;
  for (size_t j = 0; j < x.extent(1); ++j)
    for (size_t k = 0; k < x.extent(2); ++k) {
      const double angle =
          -2 * std::numbers::pi *
          ((double(p) - cy) * (double(j) - cy) / ny + (double(q) - cz) * (double(k) - cz) / nz);
      const Complex<double> value(x(b, j, k, l).real(), x(b, j, k, l).imag());
      sum += value * Complex<double>(std::cos(angle), std::sin(angle));
    }
  return sum / std::sqrt(ny * nz);
}

/// Zeros and ones, with columns at either side that no item samples.
template <class R>
Tensor<R, 3> random_mask(const Shape<3>& shape, size_t empty_columns) {
  HostTensor<R, 3> mask("mask", layout_of<3>(shape));
  const Random random(3, stream::test);
  for (size_t i = 0; i < mask.size(); ++i) {
    const size_t column = i % shape[2];
    mask.data()[i] = column >= empty_columns && column + empty_columns < shape[2] && random.uniform(i) < .6;
  }
  return to_device<R, 3>(mask);
}

struct Case {
  Shape<5> maps;  // slice, y, z, coil, set
  size_t batch, masks, empty_columns;
};

const Case cases[] = {
    {{1, 12, 10, 3, 1}, 2, 1, 2}, {{2, 9, 7, 4, 2}, 4, 4, 0},  {{1, 8, 16, 17, 1}, 1, 1, 5},
    {{2, 6, 5, 1, 1}, 2, 2, 0},   {{1, 20, 6, 2, 1}, 1, 1, 1},
};

/// ⟨a, b⟩ in double, complex.
template <class A, class B>
Complex<double> inner(const A& a, const B& b) {
  const auto ha = to_host(a);
  const auto hb = to_host(b);
  Complex<double> sum = 0;
  for (size_t i = 0; i < ha.size(); ++i)
    sum += Complex<double>(ha.data()[i].real(), -double(ha.data()[i].imag())) *
           Complex<double>(hb.data()[i].real(), hb.data()[i].imag());
  return sum;
}

}  // namespace

TEMPLATE_TEST_CASE("the centred transform is its definition, and its adjoint the inverse", "[mri]", float,
                   double) {
  using R = TestType;
  const Exec space;
  for (const Shape<4>& shape :
       {Shape<4>{2, 6, 8, 3}, Shape<4>{1, 5, 7, 2}, Shape<4>{1, 1, 9, 1}, Shape<4>{2, 4, 1, 1}}) {
    const auto x = test::normal<Complex<R>, 4>(shape, stream::test);
    const auto y = uninitialized<Complex<R>, 4>("y", shape);
    const CentredFft<R> f(shape);
    f.forward(space, x, y);
    space.fence();
    const auto hx = to_host(x), hy = to_host(y);
    // Sums of n numbers of size 1, scaled by 1 / sqrt(n): n * eps / sqrt(n) with n up to 48, times log n.
    const double tolerance = 40 * test::epsilon<R>();
    double worst = 0;
    for (size_t b = 0; b < shape[0]; ++b)
      for (size_t p = 0; p < shape[1]; ++p)
        for (size_t q = 0; q < shape[2]; ++q)
          for (size_t l = 0; l < shape[3]; ++l) {
            const auto expected = naive_centred<R>(hx, b, p, q, l);
            worst = std::max(
                worst, Kokkos::abs(Complex<double>(hy(b, p, q, l).real(), hy(b, p, q, l).imag()) - expected));
          }
    CHECK(worst <= tolerance);
    f.adjoint(space, y, y);
    space.fence();
    CHECK(test::max_difference(x, y) <= tolerance);
  }
}

TEMPLATE_TEST_CASE("a band-limited image keeps the centre of k-space alone", "[mri]", float, double) {
  using R = TestType;
  const Exec space;
  const Shape<4> shape{2, 9, 8, 3};
  const auto x = test::normal<Complex<R>, 4>(shape, stream::test);
  const CentredFft<R> f(shape);
  const auto spectrum = uninitialized<Complex<R>, 4>("spectrum", shape),
             y = uninitialized<Complex<R>, 4>("y", shape);
  for (const auto& [rows, columns] : {Shape<2>{4, 3}, Shape<2>{5, 8}, Shape<2>{9, 6}, Shape<2>{1, 1}}) {
    f.forward(space, x, spectrum);
    space.fence();
    const auto kept = to_host(spectrum);
    const size_t row = 9 / 2 - rows / 2, column = 8 / 2 - columns / 2;
    for (size_t b = 0; b < shape[0]; ++b)
      for (size_t p = 0; p < shape[1]; ++p)
        for (size_t q = 0; q < shape[2]; ++q)
          for (size_t c = 0; c < shape[3]; ++c)
            if (p < row || p >= row + rows || q < column || q >= column + columns)
              kept(b, p, q, c) = Complex<R>(0);
    const auto expected = to_device<Complex<R>, 4>(kept);
    f.adjoint(space, expected, expected);
    const BandLimit<R> band(shape, rows, columns);
    CHECK_FALSE(band.is_identity());
    band(space, x, y);
    space.fence();
    // Two transforms of 72 points each, as above.
    CHECK(test::max_difference(expected, y) <= 40 * test::epsilon<R>());
    band(space, y, y);
    space.fence();
    CHECK(test::max_difference(expected, y) <= 80 * test::epsilon<R>());
  }
  const BandLimit<R> whole(shape, 9, 8);
  CHECK(whole.is_identity());
  whole(space, x, y);
  space.fence();
  CHECK(test::max_difference(x, y) == 0);
  CHECK_THROWS_AS(BandLimit<R>(shape, 10, 8), ShapeError);
}

TEMPLATE_TEST_CASE("A and its adjoint satisfy <A x, y> = <x, A^H y>", "[mri]", float, double) {
  using R = TestType;
  const Exec space;
  for (const auto& c : cases) {
    const auto maps = test::normal<Complex<R>, 5>(c.maps, stream::test + (1 << 8));
    const auto mask = random_mask<R>({c.masks, c.maps[1], c.maps[2]}, c.empty_columns);
    const SenseOperator<R> a(space, c.batch, maps, mask);
    const auto x = test::normal<Complex<R>, 4>(a.image_shape(), stream::test + (2 << 8));
    const auto y = test::normal<Complex<R>, 4>(a.kspace_shape(), stream::test + (3 << 8));
    const auto ax = uninitialized<Complex<R>, 4>("ax", a.kspace_shape());
    const auto ahy = uninitialized<Complex<R>, 4>("ahy", a.image_shape());
    a.forward(space, x, ax);
    a.adjoint(space, y, ahy);
    space.fence();
    // The promise of the interface, of the product of the norms.
    const double bound = std::is_same_v<R, float> ? 1e-6 : 1e-13;
    const double size = std::sqrt(inner(ax, ax).real() * inner(y, y).real());
    CHECK(Kokkos::abs(inner(ax, y) - inner(x, ahy)) <= bound * size);

    const auto normal = uninitialized<Complex<R>, 4>("normal", a.image_shape());
    const auto composed = uninitialized<Complex<R>, 4>("composed", a.image_shape());
    a.normal(space, x, normal);
    a.adjoint(space, ax, composed);  // Omega^2 = Omega
    space.fence();
    // Two transforms and sums over coils: 30 roundings of the largest entry.
    CHECK(test::max_difference(normal, composed) <= 30 * test::epsilon<R>() * test::max_abs(composed));
  }
}

TEMPLATE_TEST_CASE("A is Omega F S, kernel by kernel", "[mri]", float, double) {
  using R = TestType;
  const Exec space;
  for (const auto& c : cases) {
    const auto maps = test::normal<Complex<R>, 5>(c.maps, stream::test + (1 << 8));
    const auto mask = random_mask<R>({c.masks, c.maps[1], c.maps[2]}, c.empty_columns);
    const SenseOperator<R> a(space, c.batch, maps, mask);
    const auto x = test::normal<Complex<R>, 4>(a.image_shape(), stream::test + (2 << 8));
    const auto y = uninitialized<Complex<R>, 4>("y", a.kspace_shape());
    const auto image = uninitialized<Complex<R>, 4>("image", a.image_shape());
    a.forward(space, x, y);
    a.adjoint(space, y, image);

    const auto u = uninitialized<Complex<R>, 4>("u", a.kspace_shape());
    const auto back = uninitialized<Complex<R>, 4>("back", a.image_shape());
    const CentredFft<R> f(a.kspace_shape());
    const auto host_mask = to_host(mask);
    HostTensor<Complex<R>, 3> complex_mask("mask", layout_of<3>(shape_of(mask)));
    for (size_t i = 0; i < mask.size(); ++i) complex_mask.data()[i] = host_mask.data()[i];
    const auto weights = to_device<Complex<R>, 3>(complex_mask);
    expand_coils<R>(space, maps, x, u);
    f.forward(space, u, u);
    weight_samples<R>(space, weights, false, u, u);
    space.fence();
    const double tolerance = 30 * test::epsilon<R>();
    CHECK(test::max_difference(y, u) <= tolerance * test::max_abs(u));
    weight_samples<R>(space, weights, true, u, u);
    weight_samples_twice<R>(space, weights, u);
    f.adjoint(space, u, u);
    combine_coils<R>(space, maps, u, Write::overwrite, back);
    space.fence();
    CHECK(test::max_difference(image, back) <= tolerance * test::max_abs(back));
    combine_coils<R>(space, maps, u, Write::accumulate, back);
    space.fence();
    const auto once = to_host(image), twice = to_host(back);
    for (size_t i = 0; i < once.size(); ++i)
      CHECK(Kokkos::abs(twice.data()[i] - R(2) * once.data()[i]) <= 2 * tolerance * test::max_abs(back));
  }
}

TEST_CASE("expansion and combination are sums over maps and coils", "[mri]") {
  const Exec space;
  const auto maps = test::normal<Complex<double>, 5>({2, 2, 3, 4, 2}, stream::test);
  const auto x = test::normal<Complex<double>, 4>({4, 2, 3, 2}, stream::test + (1 << 8));
  const auto u = uninitialized<Complex<double>, 4>("u", {4, 2, 3, 4});
  const auto z = uninitialized<Complex<double>, 4>("z", {4, 2, 3, 2});
  expand_coils<double>(space, maps, x, u);
  combine_coils<double>(space, maps, u, Write::overwrite, z);
  space.fence();
  const auto s = to_host(maps);
  const auto hx = to_host(x), hu = to_host(u), hz = to_host(z);
  for (size_t b = 0; b < 4; ++b)
    for (size_t j = 0; j < 2; ++j)
      for (size_t k = 0; k < 3; ++k) {
        for (size_t c = 0; c < 4; ++c) {
          const auto expected = s(b / 2, j, k, c, 0) * hx(b, j, k, 0) + s(b / 2, j, k, c, 1) * hx(b, j, k, 1);
          CHECK(Kokkos::abs(hu(b, j, k, c) - expected) <= 1e-14);
        }
        for (size_t m = 0; m < 2; ++m) {
          Complex<double> expected = 0;
          for (size_t c = 0; c < 4; ++c) expected += Kokkos::conj(s(b / 2, j, k, c, m)) * hu(b, j, k, c);
          CHECK(Kokkos::abs(hz(b, j, k, m) - expected) <= 1e-13);
        }
      }
}

TEMPLATE_TEST_CASE("coils that fill vectors are expanded and combined like others", "[mri]", float, double) {
  using R = TestType;
  const Exec space;
  for (const size_t coils : {2, 4, 8, 12, 16, 24}) {
    const Shape<5> shape{2, 3, 11, coils, 1};
    const auto maps = test::normal<Complex<R>, 5>(shape, stream::test + coils);
    const auto x = test::normal<Complex<R>, 4>({4, 3, 11, 1}, stream::test + (1 << 8));
    const auto v = test::normal<Complex<R>, 4>({4, 3, 11, coils}, stream::test + (2 << 8));
    const auto u = uninitialized<Complex<R>, 4>("u", {4, 3, 11, coils});
    const auto z = uninitialized<Complex<R>, 4>("z", {4, 3, 11, 1});
    expand_coils<R>(space, maps, x, u);
    combine_coils<R>(space, maps, v, Write::overwrite, z);
    combine_coils<R>(space, maps, v, Write::accumulate, z);
    space.fence();
    const auto s = to_host(maps);
    const auto hx = to_host(x), hu = to_host(u), hv = to_host(v), hz = to_host(z);
    // Products of numbers of size 3, and twice the sum of up to 24 of them.
    const double tolerance = 2 * 24 * 9 * test::epsilon<R>();
    double worst = 0;
    for (size_t b = 0; b < 4; ++b)
      for (size_t j = 0; j < 3; ++j)
        for (size_t k = 0; k < 11; ++k) {
          Complex<double> sum = 0;
          for (size_t c = 0; c < coils; ++c) {
            const Complex<double> map(s(b / 2, j, k, c, 0).real(), s(b / 2, j, k, c, 0).imag()),
                value(hx(b, j, k, 0).real(), hx(b, j, k, 0).imag()),
                found(hu(b, j, k, c).real(), hu(b, j, k, c).imag());
            worst = std::max(worst, Kokkos::abs(found - map * value));
            sum += Kokkos::conj(map) * Complex<double>(hv(b, j, k, c).real(), hv(b, j, k, c).imag());
          }
          worst = std::max(
              worst, Kokkos::abs(Complex<double>(hz(b, j, k, 0).real(), hz(b, j, k, 0).imag()) - 2.0 * sum));
        }
    CHECK(worst <= tolerance);
  }
}

TEST_CASE("the eigenvalue bound holds, and is exact for orthonormal maps", "[mri]") {
  const Exec space;
  HostTensor<Complex<double>, 5> maps("maps", 1, 4, 4, 2, 1);
  for (size_t i = 0; i < maps.size(); ++i) maps.data()[i] = Complex<double>(i % 2 ? .8 : 0, i % 2 ? 0 : .6);
  HostTensor<double, 3> all("all", 1, 4, 4);
  fill(all, 1.0);
  const SenseOperator<double> a(space, 1, to_device<Complex<double>, 5>(maps), to_device<double, 3>(all));
  CHECK(std::abs(a.largest_eigenvalue() - 1) <= 1e-15);
}

TEST_CASE("shapes that do not fit are refused", "[mri]") {
  const Exec space;
  const auto maps = zeros<Complex<float>, 5>("maps", {2, 4, 4, 2, 1});
  CHECK_THROWS_AS(SenseOperator<float>(space, 3, maps, zeros<float, 3>("mask", {1, 4, 4})), ShapeError);
  CHECK_THROWS_AS(SenseOperator<float>(space, 2, maps, zeros<float, 3>("mask", {1, 4, 5})), ShapeError);
  const SenseOperator<float> a(space, 2, maps, zeros<float, 3>("mask", {1, 4, 4}));
  CHECK_THROWS_AS(a.normal(space, zeros<Complex<float>, 4>("x", {2, 4, 5, 1}),
                           zeros<Complex<float>, 4>("x", {2, 4, 4, 1})),
                  ShapeError);
}
