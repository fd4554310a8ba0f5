// Figures of the generators, not run by default: danaus_pde_test "[.generation]" prints one JSON object per
// line. scripts/compare_generation_pytorch.py reads them.

#include <danaus/core/timer.hpp>
#include <danaus/pde/problems/gaussian_random_field.hpp>
#include <danaus/pde/problems/problem.hpp>
#include <danaus/pde/solvers/navier_stokes.hpp>

#include <support/catch.hpp>

#include <algorithm>
#include <cstdio>

using namespace danaus;
using pde::NavierStokesOptions;
using pde::NavierStokesScheme;

namespace {

template <class R>
HostTensor<R, 4> trajectories(const NavierStokesOptions& options, size_t samples, size_t points,
                              const Exec& space = Exec{}, double* seconds = nullptr,
                              pde::NavierStokesReport* report = nullptr) {
  Tensor<R, 3> w("w", samples, options.resolution, options.resolution);
  Tensor<R, 4> frames("frames", samples, points, points, options.frames);
  pde::periodic_field<R>(space, 0, 0, pde::FieldNormalisation::v2020, w);
  const pde::NavierStokes<R> solver(options);
  const Timer timer;
  const auto found = solver.solve(space, w, frames);
  if (seconds) *seconds = timer.seconds();
  if (report) *report = found;
  return to_host(frames);
}

/// Worst relative L2 error of a sample in one frame.
template <class A, class B>
double worst_error(const A& a, const B& b, size_t frame) {
  double worst = 0;
  for (size_t s = 0; s < a.extent(0); ++s) {
    double difference = 0, size = 0;
    for (size_t i = 0; i < a.extent(1); ++i)
      for (size_t j = 0; j < a.extent(2); ++j) {
        difference += std::pow(double(a(s, i, j, frame)) - double(b(s, i, j, frame)), 2);
        size += std::pow(double(b(s, i, j, frame)), 2);
      }
    worst = std::max(worst, std::sqrt(difference / size));
  }
  return worst;
}

template <class R>
void time_trajectories(const char* name, NavierStokesOptions options, size_t samples, int threads) {
#if defined(KOKKOS_ENABLE_OPENMP) && !defined(KOKKOS_ENABLE_CUDA)
  const Exec space = threads > 0 ? Exec(threads) : Exec();
#else
  const Exec space;
#endif
  options.frames = 20;
  std::vector<double> runs(3);
  pde::NavierStokesReport report;
  for (double& seconds : runs)
    trajectories<R>(options, samples, options.resolution / (options.resolution / 64), space, &seconds,
                    &report);
  std::sort(runs.begin(), runs.end());
  std::printf(
      "{\"case\": \"%s\", \"precision\": \"%s\", \"grid\": %zu, \"threads\": %d, \"seconds_per_trajectory\": "
      "%.5f, "
      "\"steps\": %zu, \"seconds_per_step\": %.4e, \"spread\": %.3f}\n",
      name, sizeof(R) == 4 ? "float" : "double", options.resolution,
      threads > 0 ? threads : space.concurrency(), runs[1] / double(samples), report.steps,
      runs[1] / double(samples * report.steps), runs[2] / runs[0] - 1);
  std::fflush(stdout);
}

}  // namespace

TEST_CASE("time error of the Navier-Stokes generator", "[.generation]") {
  const size_t samples = 6;
  NavierStokesOptions options{.viscosity = 1e-3, .frames = 20};
  const auto run = trajectories<double>(options, samples, 64);
  NavierStokesOptions tiny = options;
  tiny.tolerance = 0;
  tiny.dt = 1.0 / 512;
  const auto exact = trajectories<double>(tiny, samples, 64);
  for (const size_t t : {10, 20})
    std::printf("{\"case\": \"time error\", \"nu\": 1e-3, \"t\": %zu, \"relative\": %.3e}\n", t,
                worst_error(run, exact, t - 1));
  std::printf("{\"case\": \"time error float\", \"nu\": 1e-3, \"t\": 10, \"relative\": %.3e}\n",
              worst_error(trajectories<float>(options, samples, 64), exact, 9));
  CHECK(worst_error(run, exact, 9) <= 1e-8);
  NavierStokesOptions published = options;
  published.scheme = NavierStokesScheme::crank_nicolson;
  published.frames = 10;
  published.dt = 1e-3;
  std::printf("{\"case\": \"published scheme\", \"dt\": 1e-3, \"t\": 10, \"relative\": %.3e}\n",
              worst_error(trajectories<double>(published, samples, 64), exact, 9));
  std::fflush(stdout);
}

TEST_CASE("time and spatial error at three viscosities", "[.accuracy]") {
  for (const double nu : {1e-3, 1e-4, 1e-5}) {
    NavierStokesOptions options{.viscosity = nu, .frames = 20};
    const auto coarse = trajectories<double>(options, 4, 64);
    NavierStokesOptions tiny = options;
    tiny.tolerance = 0;
    tiny.dt = 1.0 / 512;
    const auto exact = trajectories<double>(tiny, 4, 64);
    options.resolution = 256;
    const auto fine = trajectories<double>(options, 4, 64);
    options.resolution = 128;
    const auto middle = trajectories<double>(options, 4, 64);
    for (const size_t t : {10, 20})
      std::printf(
          "{\"case\": \"errors\", \"nu\": %g, \"t\": %zu, \"time\": %.3e, \"grid_64\": %.3e, "
          "\"grid_128\": %.3e}\n",
          nu, t, worst_error(coarse, exact, t - 1), worst_error(coarse, fine, t - 1),
          worst_error(middle, fine, t - 1));
    std::fflush(stdout);
  }
}

TEST_CASE("speed of the generators", "[.generation]") {
  NavierStokesOptions options;
  for (const int threads : {1, 0}) {
    time_trajectories<double>("default", options, 20, threads);
    time_trajectories<float>("default", options, 20, threads);
  }
  options.tolerance = 0;
  options.dt = 1.0 / 32;
  for (const size_t grid : {64, 128}) {
    options.resolution = grid;
    time_trajectories<double>("fixed step", options, 20, 0);
    time_trajectories<float>("fixed step", options, 20, 0);
  }

  const auto& darcy = pde::find_problem("darcy");
  for (const char* grid : {"64", "127", "253"}) {
    const pde::ProblemSettings settings(darcy, {{"solver-resolution", grid}});
    const auto generate = darcy.make_generator(settings, 0);
    std::vector<float> a(100 * 64 * 64), u(a.size());
    const Timer timer;
    const auto report = generate(Exec{}, 0, 100, {a.data(), u.data()});
    std::printf("{\"case\": \"darcy\", \"grid\": %s, \"seconds_per_sample\": %.5f, \"iterations\": %g}\n",
                grid, timer.seconds() / 100, report.at("iterations"));
  }
}
