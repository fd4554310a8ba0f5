#include <danaus/pde/solvers/darcy.hpp>

#include <danaus/core/error.hpp>
#include <danaus/fft/serial_plan.hpp>
#include <danaus/fft/symmetric_plan.hpp>
#include <danaus/linalg/conjugate_gradient.hpp>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <vector>

namespace danaus::pde {

namespace {

struct Grid {
  size_t points, stride;
};

Grid require_grid(const ConstTensor<double, 3>& coefficient, const ConstTensor<double, 3>& source,
                  const Tensor<double, 3>& solution, const DarcyOptions& options) {
  if (!(options.tolerance > 0 && options.tolerance <= 1e-8))
    throw UsageError("darcy: tolerance must be above 0 and at most 1e-8");
  if (options.max_iterations < 1) throw UsageError("darcy: max-iterations must be at least 1");
  const size_t samples = coefficient.extent(0), k = coefficient.extent(1), m = solution.extent(1);
  require_shape("solve_darcy: coefficient", coefficient, {samples, k, k});
  require_shape("solve_darcy: source", source, {samples, k, k});
  require_shape("solve_darcy: solution", solution, {samples, m, m});
  if (k < 3) throw ShapeError("solve_darcy: expected at least 3 points per axis, found " + std::to_string(k));
  if (m < 2 || (k - 1) % (m - 1) != 0)
    throw ShapeError("solve_darcy: the " + std::to_string(m) + " points of the solution are not among the " +
                     std::to_string(k) + " of the grid");
  return {k, (k - 1) / (m - 1)};
}

std::string name(std::uint64_t sample) { return "darcy: sample " + std::to_string(sample); }

/// 1 / eigenvalue of the five-point Laplacian, with the normalisation of two sine transforms, at interior (k,
/// l).
double inverse_eigenvalue(size_t k, size_t l, size_t points) {
  const double h = 1 / double(points - 1);
  const double x = std::sin(M_PI / 2 * double(k + 1) * h), y = std::sin(M_PI / 2 * double(l + 1) * h);
  return h * h / (4 * (x * x + y * y)) / (4 / (h * h));
}

}  // namespace

/// y = A x at an interior point: fluxes through the four faces, over h^2. `at` is an entry of a K x K array.
KOKKOS_INLINE_FUNCTION double darcy_operator(const double* a, const double* x, size_t at, size_t points,
                                             double half_inverse_h2) {
  const double here = x[at], a_here = a[at];
  return half_inverse_h2 *
         ((a_here + a[at + points]) * (here - x[at + points]) +
          (a_here + a[at - points]) * (here - x[at - points]) + (a_here + a[at + 1]) * (here - x[at + 1]) +
          (a_here + a[at - 1]) * (here - x[at - 1]));
}

DarcyReport solve_darcy(const Exec& space, ConstTensor<double, 3> coefficient, ConstTensor<double, 3> source,
                        Tensor<double, 3> solution, const DarcyOptions& options, std::uint64_t first) {
#if defined(KOKKOS_ENABLE_CUDA)
  return solve_darcy_by_kernels(space, coefficient, source, solution, options, first);
#else
  const auto [k, stride] = require_grid(coefficient, source, solution, options);
  const size_t samples = coefficient.extent(0), m = solution.extent(1), inside = k - 2, size = k * k;
  space.fence("danaus::pde::solve_darcy");
  // Vectors are whole grids whose boundary stays zero: no special cases at the edges.
  using Plan = fft::SerialPlan<double>;
  const auto to_sines = Plan::sine({{inside, k, k}, {inside, 1, 1}}, {}, false);
  const auto from_sines = Plan::sine({{inside, k, k}, {inside, 1, 1}}, {}, true);
  std::vector<double> eigenvalues(size);
  for (size_t i = 0; i < inside; ++i)
    for (size_t j = 0; j < inside; ++j) eigenvalues[(i + 1) * k + j + 1] = inverse_eigenvalue(i, j, k);
  const double half_inverse_h2 = 0.5 * double((k - 1) * (k - 1));
  std::vector<linalg::ConjugateGradientReport> reports(samples);
  std::vector<std::string> failures(samples);
  std::atomic<size_t> next{0};
  const size_t workers = std::min<size_t>(samples, size_t(space.concurrency()));
  Kokkos::parallel_for("danaus::pde::solve_darcy", Kokkos::RangePolicy<Exec>(space, 0, workers), [&](size_t) {
    std::vector<double> b(size), u(size), scratch(4 * size);
    for (size_t s = next++; s < samples; s = next++) try {
        const double* a = coefficient.data() + s * size;
        const auto apply = [&](const double* x, double* y) {
          for (size_t i = 1; i + 1 < k; ++i)
            for (size_t j = 1; j + 1 < k; ++j)
              y[i * k + j] = darcy_operator(a, x, i * k + j, k, half_inverse_h2);
        };
        const auto precondition = [&](const double* r, double* z) {
          to_sines(r + k + 1, z + k + 1);
          for (size_t at = k; at < size - k; ++at) z[at] *= eigenvalues[at];
          from_sines(z + k + 1, z + k + 1);
        };
        std::fill(u.begin(), u.end(), 0.0);
        std::fill(scratch.begin(), scratch.end(), 0.0);
        for (size_t i = 1; i + 1 < k; ++i) {
          const double* f = source.data() + s * size + i * k;
          std::copy(f + 1, f + k - 1, b.data() + i * k + 1);
        }
        reports[s] = linalg::serial_conjugate_gradient<double>(
            name(first + s), apply, precondition, size, b.data(), u.data(), scratch.data(),
            {.tolerance = options.tolerance, .max_iterations = options.max_iterations});
        for (size_t i = 0; i < m; ++i)
          for (size_t j = 0; j < m; ++j)
            solution.data()[(s * m + i) * m + j] = u[i * stride * k + j * stride];
      } catch (const std::exception& error) {
        failures[s] = error.what();
      }
  });
  space.fence("danaus::pde::solve_darcy");
  DarcyReport report;
  for (size_t s = 0; s < samples; ++s) {
    if (!failures[s].empty()) throw InternalError(failures[s]);
    report.iterations = std::max(report.iterations, reports[s].iterations);
    report.relative_residual = std::max(report.relative_residual, reports[s].relative_residual);
  }
  return report;
#endif
}

void darcy_apply(const Exec& space, size_t points, ConstTensor<double, 1> a, ConstTensor<double, 1> x,
                 Tensor<double, 1> y) {
  const double half_inverse_h2 = 0.5 * double((points - 1) * (points - 1));
  Kokkos::parallel_for(
      "danaus::pde::darcy_apply", Indices<2>(space, {1, 1}, {points - 1, points - 1}),
      KOKKOS_LAMBDA(size_t i, size_t j) {
        const size_t at = i * points + j;
        y(at) = darcy_operator(a.data(), x.data(), at, points, half_inverse_h2);
      });
}

void darcy_gather(const Exec& space, size_t points, ConstTensor<double, 1> grid, Tensor<double, 3> inside) {
  Kokkos::parallel_for(
      "danaus::pde::darcy_gather", Indices<2>(space, {0, 0}, {points - 2, points - 2}),
      KOKKOS_LAMBDA(size_t i, size_t j) { inside(0, i, j) = grid((i + 1) * points + j + 1); });
}

void darcy_scatter(const Exec& space, size_t points, ConstTensor<double, 3> inside, Tensor<double, 1> grid) {
  Kokkos::parallel_for(
      "danaus::pde::darcy_scatter", Indices<2>(space, {0, 0}, {points, points}),
      KOKKOS_LAMBDA(size_t i, size_t j) {
        const bool boundary = i == 0 || j == 0 || i + 1 == points || j + 1 == points;
        grid(i * points + j) = boundary ? 0.0 : inside(0, i - 1, j - 1);
      });
}

void darcy_scale(const Exec& space, ConstTensor<double, 2> eigenvalues, Tensor<double, 3> inside) {
  Kokkos::parallel_for(
      "danaus::pde::darcy_scale", Indices<2>(space, {0, 0}, {inside.extent(1), inside.extent(2)}),
      KOKKOS_LAMBDA(size_t i, size_t j) { inside(0, i, j) *= eigenvalues(i, j); });
}

void darcy_record(const Exec& space, size_t points, size_t stride, size_t sample, ConstTensor<double, 1> u,
                  Tensor<double, 3> solution) {
  Kokkos::parallel_for(
      "danaus::pde::darcy_record", Indices<2>(space, {0, 0}, {solution.extent(1), solution.extent(2)}),
      KOKKOS_LAMBDA(size_t i, size_t j) { solution(sample, i, j) = u(i * stride * points + j * stride); });
}

DarcyReport solve_darcy_by_kernels(const Exec& space, ConstTensor<double, 3> coefficient,
                                   ConstTensor<double, 3> source, Tensor<double, 3> solution,
                                   const DarcyOptions& options, std::uint64_t first) {
  const auto [k, stride] = require_grid(coefficient, source, solution, options);
  const size_t points = k, inside = k - 2;
  const fft::SymmetricPlan<double> sines(fft::Symmetry::sine, 1, inside, inside);
  HostTensor<double, 2> host("danaus::pde::eigenvalues", inside, inside);
  for (size_t i = 0; i < inside; ++i)
    for (size_t j = 0; j < inside; ++j) host(i, j) = inverse_eigenvalue(i, j, points);
  const auto eigenvalues = to_device<double, 2>(host);
  Tensor<double, 3> inner("danaus::pde::darcy", 1, inside, inside),
      spectrum("danaus::pde::darcy", 1, inside, inside);
  Tensor<double, 1> b("danaus::pde::darcy", points * points), u("danaus::pde::darcy", points * points);
  DarcyReport report;
  for (size_t s = 0; s < coefficient.extent(0); ++s) {
    const ConstTensor<double, 1> a(coefficient.data() + s * points * points, points * points);
    const ConstTensor<double, 1> f(source.data() + s * points * points, points * points);
    darcy_gather(space, points, f, inner);
    darcy_scatter(space, points, inner, b);
    fill(space, u, 0.0);
    const auto apply = [&](ConstTensor<double, 1> x, Tensor<double, 1> y) {
      fill(space, y, 0.0);
      darcy_apply(space, points, a, x, y);
    };
    const auto precondition = [&](ConstTensor<double, 1> r, Tensor<double, 1> z) {
      darcy_gather(space, points, r, inner);
      sines(space, inner, spectrum);
      darcy_scale(space, eigenvalues, spectrum);
      sines(space, spectrum, inner);
      darcy_scatter(space, points, inner, z);
    };
    const auto one = linalg::conjugate_gradient<double>(
        name(first + s), space, apply, precondition, b, u,
        {.tolerance = options.tolerance, .max_iterations = options.max_iterations});
    darcy_record(space, points, stride, s, u, solution);
    report.iterations = std::max(report.iterations, one.iterations);
    report.relative_residual = std::max(report.relative_residual, one.relative_residual);
  }
  space.fence("danaus::pde::solve_darcy_by_kernels");
  return report;
}

}  // namespace danaus::pde
