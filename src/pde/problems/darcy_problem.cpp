#include <danaus/core/error.hpp>
#include <danaus/pde/problems/gaussian_random_field.hpp>
#include <danaus/pde/solvers/darcy.hpp>
#include <pde/problems/problem_entries.hpp>

namespace danaus::pde {

/// field >= 0 becomes `high`, else `low`.
void threshold(const Exec& space, double high, double low, Tensor<double, 3> field) {
  double* values = field.data();
  Kokkos::parallel_for(
      "danaus::pde::threshold", over_entries(space, field),
      KOKKOS_LAMBDA(size_t i) { values[i] = values[i] >= 0 ? high : low; });
}

namespace {

size_t solver_points(const ProblemSettings& settings) {
  const size_t m = settings.integer("resolution");
  const size_t k = settings.text("solver-resolution") == "0" ? m : settings.integer("solver-resolution");
  if (k < m || (k - 1) % (m - 1) != 0)
    throw UsageError("darcy: solver-resolution " + std::to_string(k) + " does not contain the " +
                     std::to_string(m) + " recorded points; the next that does is " +
                     std::to_string(((std::max(k, m) - 2) / (m - 1) + 1) * (m - 1) + 1));
  return k;
}

ProblemLayout layout(const ProblemSettings& settings) {
  const size_t m = settings.integer("resolution"), k = solver_points(settings);
  ProblemLayout layout;
  layout.arrays = {{"/coeff", {m, m}, {"x", "y"}, "permeability a, boundary included", ""},
                   {"/sol", {m, m}, {"x", "y"}, "pressure u, zero on the boundary", ""}};
  layout.attributes = {{"problem", std::string("darcy")},
                       {"coefficient", settings.text("coefficient")},
                       {"tolerance", settings.real("tolerance")},
                       {"scheme", std::string("five-point finite differences, arithmetic-mean faces")},
                       {"solver_resolution", std::int64_t(k)}};
  return layout;
}

SampleGenerator generator(const ProblemSettings& settings, std::uint64_t seed) {
  const size_t k = solver_points(settings), m = settings.integer("resolution"), stride = (k - 1) / (m - 1);
  const double low = settings.text("coefficient") == "12/3" ? 3 : 4;
  const DarcyOptions options{.tolerance = settings.real("tolerance")};
  return [=](const Exec& space, std::uint64_t first, size_t count, const std::vector<float*>& buffers) {
    const auto coefficient = uninitialized<double, 3>("danaus::pde::coefficient", {count, k, k});
    const auto source = uninitialized<double, 3>("danaus::pde::source", {count, k, k});
    const auto solution = uninitialized<double, 3>("danaus::pde::solution", {count, m, m});
    neumann_field<double>(space, seed, first, coefficient);
    threshold(space, 12, low, coefficient);
    fill(space, source, 1.0);
    const auto report = solve_darcy(space, coefficient, source, solution, options, first);
    space.fence("danaus::pde::darcy_problem");
    const auto a = to_host(coefficient), u = to_host(solution);
    for (size_t s = 0; s < count; ++s)
      for (size_t i = 0; i < m; ++i)
        for (size_t j = 0; j < m; ++j) {
          buffers[0][(s * m + i) * m + j] = float(a(s, i * stride, j * stride));
          buffers[1][(s * m + i) * m + j] = float(u(s, i, j));
        }
    return GenerationReport{{"iterations", double(report.iterations)},
                            {"relative_residual", report.relative_residual}};
  };
}

size_t workspace_bytes(const ProblemSettings& settings, size_t count) {
  const size_t k = solver_points(settings), m = settings.integer("resolution");
  return 8 * (count * (4 * k * k + 2 * m * m) + 7 * k * k * size_t(Exec().concurrency()));
}

}  // namespace

Problem darcy_problem() {
  using Type = ProblemOption::Type;
  Problem problem;
  problem.name = "darcy";
  problem.description =
      "Steady Darcy flow, -div(a grad u) = 1 with u = 0 on the boundary of the unit square, a two-valued "
      "from a "
      "thresholded Gaussian random field";
  problem.reference = "Li et al. 2021, doi:10.48550/arXiv.2010.08895";
  problem.options = {
      {.name = "resolution",
       .type = Type::integer,
       .fallback = "64",
       .help = "recorded points per axis, boundary included",
       .unit = "points",
       .minimum = 3,
       .maximum = 8192},
      {.name = "solver-resolution",
       .type = Type::integer,
       .fallback = "0",
       .help = "points per axis of the solver, boundary included: 1 + a multiple of (resolution - 1); 0: as "
               "recorded",
       .unit = "points",
       .minimum = 0,
       .maximum = 8192},
      {.name = "coefficient",
       .type = Type::choice,
       .fallback = "12/3",
       .help = "values of a: as in the paper (12/3) or in a shipped script (12/4)",
       .choices = {"12/3", "12/4"}},
      {.name = "tolerance",
       .fallback = "1e-10",
       .help = "relative residual of the linear solver",
       .minimum = 0,
       .maximum = 1e-8,
       .exclusive_minimum = true},
  };
  problem.layout = layout;
  problem.make_generator = generator;
  problem.workspace_bytes = workspace_bytes;
  return problem;
}

}  // namespace danaus::pde
