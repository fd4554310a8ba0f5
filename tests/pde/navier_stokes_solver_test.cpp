#include <danaus/pde/solvers/navier_stokes.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/random.hpp>
#include <danaus/fft/plan.hpp>
#include <danaus/pde/problems/gaussian_random_field.hpp>
#include <pde/solvers/step_tables.hpp>

#include <support/catch.hpp>

#include <limits>

using namespace danaus;
using pde::NavierStokes;
using pde::NavierStokesOptions;
using pde::NavierStokesScheme;

namespace {

constexpr auto crank_nicolson = NavierStokesScheme::crank_nicolson;

template <class R>
Tensor<R, 3> random_vorticity(size_t samples, size_t n, std::uint64_t first = 0) {
  Tensor<R, 3> w("w", samples, n, n);
  pde::periodic_field<R>(Exec{}, 1, first, pde::FieldNormalisation::v2020, w);
  return w;
}

template <class R>
HostTensor<R, 4> solve(const NavierStokesOptions& options, const Tensor<R, 3>& initial, size_t points = 0,
                       bool lockstep = false) {
  const size_t m = points ? points : options.resolution;
  Tensor<R, 4> frames("frames", initial.extent(0), m, m, options.frames);
  const NavierStokes<R> solver(options);
  if (lockstep)
    solver.solve_in_lockstep(Exec{}, initial, frames);
  else
    solver.solve(Exec{}, initial, frames);
  return to_host(frames);
}

template <class A, class B>
double relative_difference(const A& a, const B& b) {
  REQUIRE(a.size() == b.size());
  double difference = 0, size = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    difference += std::pow(double(a.data()[i]) - double(b.data()[i]), 2);
    size += std::pow(double(b.data()[i]), 2);
  }
  return std::sqrt(difference / size);
}

/// sum_k weights(kx, ky) |w^_k|^2 and sum_k weights Re(w^_k conj f^_k) over the full spectrum.
struct Spectrum {
  explicit Spectrum(const HostTensor<double, 4>& frames, size_t frame) : n(frames.extent(1)) {
    HostTensor<double, 2> w("w", n, n);
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j < n; ++j) w(i, j) = frames(0, i, j, frame);
    Tensor<Complex<double>, 2> spectrum("spectrum", n, fft::half_size(n));
    fft::RealForwardPlan<double>({1, {n, n}, 1})(Exec{}, to_device<double, 2>(w), spectrum);
    Exec{}.fence();
    modes = to_host(spectrum);
    for (size_t i = 0; i < modes.size(); ++i) modes.data()[i] *= 1.0 / double(n * n);
  }

  /// sum of |w^|^2 (4 pi^2 |k|^2)^power
  double moment(int power) const {
    double sum = 0;
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j < fft::half_size(n); ++j) {
        const double kx = double(fft::wavenumber(i, n)), k2 = 4 * M_PI * M_PI * (kx * kx + double(j * j));
        if (k2 > 0)
          sum += fft::half_weight(j, n) * std::pow(k2, power) * std::pow(Kokkos::abs(modes(i, j)), 2);
      }
    return sum;
  }
  /// <w, f> for f = 0.1 (sin + cos)(2 pi (x + y)), whose coefficient at (1, 1) is 0.05 (1 - i)
  double work() const { return 2 * 0.05 * (modes(1, 1).real() - modes(1, 1).imag()); }

  size_t n;
  HostTensor<Complex<double>, 2> modes;
};

}  // namespace

TEST_CASE("phi functions meet their series and their closed form", "[pde]") {
  for (const double z : {0.0, -1e-12, -1e-3, -0.5, -0.999999, -1.000001, -3.0, -40.0, -700.0}) {
    const auto f = pde::phi_functions(z);
    // In long double the closed form loses 3 of 19 digits at z = -0.5; below, the series is exact.
    const long double x = z;
    long double expected[4] = {std::exp(x), 1, 0.5L, 1.0L / 6};
    if (std::abs(z) > 0.4)
      for (int k = 1; k < 4; ++k) expected[k] = (expected[k - 1] - (k == 3 ? 0.5L : 1.0L)) / x;
    else
      for (int k = 1; k < 4; ++k) {
        long double term = 1, sum = 0;
        for (int j = 1; j <= k; ++j) term /= j;
        for (int j = 0; j < 30; ++j, term *= x / (j + k)) sum += term;
        expected[k] = sum;
      }
    for (int k = 0; k < 4; ++k) CHECK(f.phi[k] == Approx(double(expected[k])).epsilon(1e-14));
  }
}

TEST_CASE("a Taylor-Green vortex decays exactly", "[pde]") {
  const size_t n = GENERATE(16, 15, 30);
  HostTensor<double, 3> w("w", 1, n, n);
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < n; ++j)
      w(0, i, j) =
          3 * std::cos(2 * M_PI * double(i) / double(n)) * std::cos(4 * M_PI * double(j) / double(n));
  NavierStokesOptions options{
      .viscosity = 0.01, .resolution = n, .record_interval = 0.25, .frames = 4, .forcing = 0};
  const auto frames = solve<double>(options, to_device<double, 3>(w));
  // Its advection vanishes: w(t) = exp(-nu 4 pi^2 (1 + 4) t) w(0).
  for (size_t frame = 0; frame < 4; ++frame) {
    const double factor = std::exp(-0.01 * 20 * M_PI * M_PI * 0.25 * double(frame + 1));
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j < n; ++j) REQUIRE(std::abs(frames(0, i, j, frame) - factor * w(0, i, j)) <= 1e-13);
  }
}

TEST_CASE("the schemes converge with their orders", "[pde]") {
  const auto initial = random_vorticity<double>(2, 32);
  NavierStokesOptions options{.viscosity = 1e-3, .resolution = 32, .frames = 1, .tolerance = 0};
  options.dt = 1.0 / 512;
  const auto exact = solve<double>(options, initial);
  const auto error = [&](double dt) {
    options.dt = dt;
    return relative_difference(solve<double>(options, initial), exact);
  };
  SECTION("etdrk4: 4") {
    const double coarse = error(1.0 / 16), fine = error(1.0 / 32);
    CAPTURE(coarse, fine);
    CHECK(std::log2(coarse / fine) == Approx(4).margin(0.25));
    CHECK(coarse < 1e-5);
  }
  SECTION("crank-nicolson: 1") {
    options.scheme = crank_nicolson;
    const double coarse = error(1.0 / 200), fine = error(1.0 / 400);
    CAPTURE(coarse, fine);
    CHECK(std::log2(coarse / fine) == Approx(1).margin(0.05));
  }
}

TEST_CASE("both schemes agree at t = 1 from a random field at 64 x 64", "[pde]") {
  const auto initial = random_vorticity<double>(1, 64);
  NavierStokesOptions options{.viscosity = 1e-3, .resolution = 64, .frames = 1};
  const auto checked = solve<double>(options, initial);
  options.scheme = crank_nicolson;
  // Richardson: the error of a first-order scheme is a power series in dt; 4 step sizes remove its first 3
  // terms.
  std::vector<HostTensor<double, 4>> table;
  for (const double steps : {500, 1000, 2000, 4000}) {
    options.dt = 1 / steps;
    table.push_back(solve<double>(options, initial));
  }
  const double plain = relative_difference(table.back(), checked);
  for (size_t order = 1; order < 4; ++order)
    for (size_t row = 3; row >= order; --row)
      for (size_t i = 0; i < checked.size(); ++i)
        table[row].data()[i] +=
            (table[row].data()[i] - table[row - 1].data()[i]) / (std::pow(2.0, double(order)) - 1);
  const double extrapolated = relative_difference(table.back(), checked);
  CAPTURE(plain, extrapolated);
  CHECK(extrapolated <= 1e-6);
  CHECK(plain > 1e-5);  // or there was nothing to extrapolate
}

TEST_CASE("energy and enstrophy budgets close", "[pde]") {
  const double nu = 2e-3, interval = 0.01;
  NavierStokesOptions options{.viscosity = nu, .resolution = 64, .record_interval = interval, .frames = 25};
  const auto frames = solve<double>(options, random_vorticity<double>(1, 64));
  std::vector<Spectrum> s;
  for (size_t frame = 20; frame < 25; ++frame) s.emplace_back(frames, frame);
  // Fourth-order central difference: error interval^4 / 30 times the fifth derivative, about 1e-8 / 30 (2
  // pi)^5 of a term of size one at the most; the advection conserves both up to the aliasing of modes beyond
  // 2/3.
  const auto rate = [&](int power) {
    return 0.5 * (s[0].moment(power) - 8 * s[1].moment(power) + 8 * s[3].moment(power) - s[4].moment(power)) /
           (12 * interval);
  };
  const Spectrum& now = s[2];
  // dE/dt = -nu ‖w‖^2 + <psi, f>, E = ‖grad psi‖^2 / 2, psi^ = w^ / (8 pi^2) at (1, 1).
  const double energy_loss = nu * now.moment(0), energy_gain = now.work() / (8 * M_PI * M_PI);
  CHECK(std::abs(rate(-1) + energy_loss - energy_gain) <= 1e-5 * (energy_loss + std::abs(energy_gain)));
  // dZ/dt = -nu ‖grad w‖^2 + <w, f>, Z = ‖w‖^2 / 2
  const double enstrophy_loss = nu * now.moment(1), enstrophy_gain = now.work();
  CHECK(std::abs(rate(0) + enstrophy_loss - enstrophy_gain) <=
        1e-5 * (enstrophy_loss + std::abs(enstrophy_gain)));
  CHECK(std::abs(rate(0)) > 1e-2 * enstrophy_loss);  // something happens
}

#if !defined(KOKKOS_ENABLE_CUDA)  // a GPU steps all samples alike, by the a-priori step
TEST_CASE("checked steps meet the tolerance, and a smaller one costs more", "[pde]") {
  const auto initial = random_vorticity<double>(1, 64, 3);
  NavierStokesOptions options{
      .viscosity = 1e-4, .resolution = 64, .frames = 4, .dt = 1.0 / 512, .tolerance = 0};
  const auto exact = solve<double>(options, initial);
  options.dt = 0;
  size_t steps_before = 0;
  for (const double tolerance : {1e-6, 1e-8}) {
    options.tolerance = tolerance;
    Tensor<double, 4> frames("frames", 1, 64, 64, 4);
    const auto report = NavierStokes<double>(options).solve(Exec{}, initial, frames);
    // Local errors of at most the tolerance per unit time, over 4 units; they grow by less than 5 in this
    // flow.
    CHECK(relative_difference(to_host(frames), exact) <= 20 * tolerance);
    CHECK(report.error_estimate <= 4 * tolerance);
    CHECK(report.steps > steps_before);
    steps_before = report.steps;
  }
}
#endif

TEMPLATE_TEST_CASE("the fused solver equals the plain kernels", "[pde]", float, double) {
  using R = TestType;
  const size_t n = GENERATE(4, 5, 16, 21, 48);
  const auto scheme = GENERATE(NavierStokesScheme::etdrk4, crank_nicolson);
  NavierStokesOptions options{.viscosity = 1e-3,
                              .resolution = n,
                              .record_interval = 0.125,
                              .frames = 2,
                              .scheme = scheme,
                              .dt = 1.0 / 16,
                              .tolerance = 0};
  // White noise: every mode counts, the highest too.
  HostTensor<R, 3> noise("noise", 3, n, n);
  for (size_t i = 0; i < noise.size(); ++i) noise.data()[i] = R(Random(2, stream::test).normal(i));
  const auto initial = to_device<R, 3>(noise);
  // 16 right-hand sides, each with an FFT's rounding, and velocities of size one.
  CHECK(relative_difference(solve<R>(options, initial), solve<R>(options, initial, 0, true)) <=
        1000 * double(std::numeric_limits<R>::epsilon()));
}

TEST_CASE("a sample's bits depend neither on its batch nor on the number of threads", "[pde]") {
  const size_t n = 24, samples = 5;
  NavierStokesOptions options{.viscosity = 1e-4, .resolution = n, .frames = 2};
  const auto together = solve<double>(options, random_vorticity<double>(samples, n));
  const size_t size = together.size() / samples;
  for (size_t s = 0; s < samples; ++s) {
    const auto alone = solve<double>(options, random_vorticity<double>(1, n, s));
    CHECK(std::equal(alone.data(), alone.data() + size, together.data() + s * size));
  }
#if defined(KOKKOS_ENABLE_OPENMP) && !defined(KOKKOS_ENABLE_CUDA)
  Tensor<double, 4> frames("frames", samples, n, n, 2);
  NavierStokes<double>(options).solve(Kokkos::OpenMP(1), random_vorticity<double>(samples, n), frames);
  CHECK(std::equal(together.data(), together.data() + together.size(), frames.data()));
#endif
}

TEST_CASE("frames on a coarser grid are every stride-th point", "[pde]") {
  NavierStokesOptions options{.resolution = 24, .frames = 2};
  const auto initial = random_vorticity<double>(2, 24);
  const auto full = solve<double>(options, initial), coarse = solve<double>(options, initial, 8);
  for (size_t i = 0; i < 8; ++i)
    for (size_t j = 0; j < 8; ++j)
      for (size_t f = 0; f < 2; ++f) REQUIRE(coarse(1, i, j, f) == full(1, 3 * i, 3 * j, f));
}

TEST_CASE("a flow that blows up is reported with its sample and step", "[pde]") {
  HostTensor<double, 3> w("w", 3, 16, 16);
  fill(w, 0.0);
  for (size_t i = 0; i < 16; ++i)
    for (size_t j = 0; j < 16; ++j) w(1, i, j) = 1e12 * std::sin(double(3 * i + j * j));
  const auto initial = to_device<double, 3>(w);
  NavierStokesOptions options{.viscosity = 1e-6, .resolution = 16, .frames = 1, .dt = 0.05};
  const bool lockstep = GENERATE(false, true);
  Tensor<double, 4> frames("frames", 3, 16, 16, 1);
  const auto run = [&](std::uint64_t first) {
    const NavierStokes<double> solver(options);
    return lockstep ? solver.solve_in_lockstep(Exec{}, initial, frames, first)
                    : solver.solve(Exec{}, initial, frames, first);
  };
  options.scheme = crank_nicolson;
  CHECK_THROWS_WITH(run(40), Catch::Matchers::Contains("blew up in sample 41 at step"));
  CHECK_THROWS_AS(run(40), InternalError);
  options.scheme = NavierStokesScheme::etdrk4;
  if (!lockstep) CHECK_THROWS_WITH(run(0), Catch::Matchers::Contains("in sample 1 at step"));
}

TEST_CASE("checked steps end in finite numbers or in an error", "[pde]") {
  // Found with these amplitudes: a NaN is neither above nor below a tolerance.
  for (const double amplitude : {1e2, 1e3, 1e5, 1e8}) {
    HostTensor<double, 3> w("w", 1, 16, 16);
    for (size_t i = 0; i < 16; ++i)
      for (size_t j = 0; j < 16; ++j) w(0, i, j) = amplitude * std::sin(double(3 * i + j * j));
    try {
      const auto frames = solve<double>(
          {.viscosity = 1e-6, .resolution = 16, .record_interval = 0.1, .frames = 1, .dt = 0.05},
          to_device<double, 3>(w));
      for (size_t i = 0; i < frames.size(); ++i) REQUIRE(std::isfinite(frames.data()[i]));
    } catch (const InternalError& error) {
      CHECK_THAT(error.what(), Catch::Matchers::Contains("in sample 0 at step"));
    }
  }
}

TEST_CASE("bad options and shapes are refused", "[pde]") {
  CHECK_THROWS_AS(NavierStokes<double>({.viscosity = 0}), UsageError);
  CHECK_THROWS_AS(NavierStokes<double>({.resolution = 3}), UsageError);
  CHECK_THROWS_AS(NavierStokes<double>({.dt = -1}), UsageError);
  CHECK_THROWS_AS(pde::navier_stokes_scheme("rk4"), UsageError);
  const NavierStokes<double> solver({.resolution = 16, .frames = 1});
  Tensor<double, 3> w("w", 1, 16, 16);
  CHECK_THROWS_AS(solver.solve(Exec{}, w, Tensor<double, 4>("frames", 1, 5, 5, 1)), ShapeError);
  CHECK_THROWS_AS(solver.solve(Exec{}, w, Tensor<double, 4>("frames", 1, 8, 8, 2)), ShapeError);
}
