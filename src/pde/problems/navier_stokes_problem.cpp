#include <danaus/core/error.hpp>
#include <danaus/core/instantiate.hpp>
#include <danaus/pde/problems/gaussian_random_field.hpp>
#include <danaus/pde/solvers/navier_stokes.hpp>
#include <pde/problems/problem_entries.hpp>

#include <cmath>
#include <memory>

namespace danaus::pde {

/// out(s, i, j) = w(s, i stride, j stride)
template <class R>
void take_every(const Exec& space, size_t stride, ConstTensor<R, 3> w, Tensor<R, 3> out) {
  Kokkos::parallel_for(
      "danaus::pde::take_every", Indices<3>(space, {0, 0, 0}, {out.extent(0), out.extent(1), out.extent(2)}),
      KOKKOS_LAMBDA(size_t s, size_t i, size_t j) { out(s, i, j) = w(s, i * stride, j * stride); });
}

namespace {

NavierStokesOptions solver_options(const ProblemSettings& settings) {
  NavierStokesOptions options;
  options.viscosity = settings.real("nu");
  options.resolution = settings.integer("solver-resolution");
  options.record_interval = settings.real("record-interval");
  const double frames = settings.real("horizon") / options.record_interval;
  if (std::abs(frames - std::round(frames)) > 1e-6 * frames || std::round(frames) < 1)
    throw UsageError("navier-stokes: horizon " + settings.text("horizon") +
                     " is not a multiple of record-interval " + settings.text("record-interval"));
  options.frames = size_t(std::round(frames));
  options.scheme = navier_stokes_scheme(settings.text("scheme"));
  options.dt = settings.real("dt");
  options.tolerance = settings.real("tolerance");
  if (options.resolution % settings.integer("resolution") != 0)
    throw UsageError("navier-stokes: solver-resolution " + settings.text("solver-resolution") +
                     " is not a multiple of resolution " + settings.text("resolution"));
  return options;
}

ProblemLayout layout(const ProblemSettings& settings) {
  const auto options = solver_options(settings);
  const size_t n = settings.integer("resolution");
  ProblemLayout layout;
  layout.arrays = {{"/a", {n, n}, {"x", "y"}, "vorticity at t = 0", ""},
                   {"/u", {n, n, options.frames}, {"x", "y", "t"}, "vorticity at the times /t", ""}};
  ProblemConstant times{"/t", {}, "t", "times of the frames of /u"};
  for (size_t frame = 1; frame <= options.frames; ++frame)
    times.values.push_back(double(frame) * options.record_interval);
  layout.constants = {times};
  layout.attributes = {{"problem", std::string("navier-stokes")},
                       {"viscosity", options.viscosity},
                       {"scheme", settings.text("scheme")},
                       {"dt", options.dt},
                       {"tolerance", options.tolerance},
                       {"precision", settings.text("precision")},
                       {"normalisation", settings.text("normalisation")},
                       {"solver_resolution", std::int64_t(options.resolution)}};
  return layout;
}

template <class R>
SampleGenerator generator(const ProblemSettings& settings, std::uint64_t seed) {
  const auto solver = std::make_shared<const NavierStokes<R>>(solver_options(settings));
  const size_t points = settings.integer("resolution");
  const auto normalisation = field_normalisation(settings.text("normalisation"));
  return [=](const Exec& space, std::uint64_t first, size_t count, const std::vector<float*>& buffers) {
    const size_t n = solver->options().resolution, frame_count = solver->options().frames;
    const auto initial = uninitialized<R, 3>("danaus::pde::initial", {count, n, n});
    const auto recorded = uninitialized<R, 3>("danaus::pde::recorded", {count, points, points});
    const auto frames = uninitialized<R, 4>("danaus::pde::frames", {count, points, points, frame_count});
    periodic_field<R>(space, seed, first, normalisation, initial);
    take_every<R>(space, n / points, initial, recorded);
    const auto report = solver->solve(space, initial, frames, first);
    space.fence("danaus::pde::navier_stokes_problem");
    const auto a = to_host(recorded);
    const auto u = to_host(frames);
    std::copy_n(a.data(), a.size(), buffers[0]);
    std::copy_n(u.data(), u.size(), buffers[1]);
    return GenerationReport{{"steps", double(report.steps)},
                            {"smallest_step", report.smallest_step},
                            {"error_estimate", report.error_estimate}};
  };
}

size_t workspace_bytes(const ProblemSettings& settings, size_t count) {
  const size_t n = settings.integer("solver-resolution"), points = settings.integer("resolution");
  const size_t real = settings.text("precision") == "double" ? 8 : 4;
  const size_t sample = n * n + 2 * points * points * (1 + solver_options(settings).frames);
  // Beside the block: the ladder of step tables, and a workspace of about 14 spectra per thread.
  return real * (count * sample + n * n / 2 * 5 * 23 + 14 * n * n * size_t(Exec().concurrency()));
}

}  // namespace

Problem navier_stokes_problem() {
  using Type = ProblemOption::Type;
  Problem problem;
  problem.name = "navier-stokes";
  problem.description =
      "Two-dimensional Navier-Stokes in vorticity form on the unit torus, forced by 0.1 (sin + cos)(2 pi (x "
      "+ y)), from "
      "a Gaussian random field";
  problem.reference = "Li et al. 2021, doi:10.48550/arXiv.2010.08895";
  problem.options = {
      {.name = "nu", .fallback = "1e-3", .help = "viscosity", .minimum = 0, .exclusive_minimum = true},
      {.name = "resolution",
       .type = Type::integer,
       .fallback = "64",
       .help = "recorded points per axis",
       .unit = "points",
       .minimum = 4,
       .maximum = 8192},
      {.name = "solver-resolution",
       .type = Type::integer,
       .fallback = "256",
       .help = "points per axis of the solver, a multiple of the resolution",
       .unit = "points",
       .minimum = 4,
       .maximum = 8192},
      {.name = "horizon",
       .fallback = "20",
       .help = "last recorded time",
       .minimum = 0,
       .exclusive_minimum = true},
      {.name = "record-interval",
       .fallback = "1",
       .help = "time between frames; the first is one interval after 0",
       .minimum = 0,
       .exclusive_minimum = true},
      {.name = "scheme",
       .type = Type::choice,
       .fallback = "etdrk4",
       .help = "fourth-order exponential integrator, or the published first-order scheme",
       .choices = {"etdrk4", "crank-nicolson"}},
      {.name = "dt",
       .fallback = "0",
       .help = "largest step; 0: 1/20 for etdrk4, 1e-4 as published for crank-nicolson",
       .minimum = 0},
      {.name = "tolerance",
       .fallback = "1e-8",
       .help = "etdrk4: relative local error per unit time that refines the step; 0: fixed steps",
       .minimum = 0,
       .maximum = 1},
      {.name = "precision",
       .type = Type::choice,
       .fallback = "double",
       .help = "arithmetic of the solver",
       .choices = {"double", "float"}},
      {.name = "normalisation",
       .type = Type::choice,
       .fallback = "2020",
       .help = "published convention of the initial field: standard deviation .262, .185 or .043",
       .choices = {"2020", "2022", "paper"}},
  };
  problem.layout = layout;
  problem.make_generator = [](const ProblemSettings& settings, std::uint64_t seed) {
    return settings.text("precision") == "double" ? generator<double>(settings, seed)
                                                  : generator<float>(settings, seed);
  };
  problem.workspace_bytes = workspace_bytes;
  return problem;
}

}  // namespace danaus::pde
