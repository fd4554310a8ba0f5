#include <danaus/pde/solvers/darcy.hpp>

#include <danaus/core/error.hpp>
#include <danaus/pde/problems/gaussian_random_field.hpp>

#include <support/catch.hpp>

using namespace danaus;

namespace {

using Host = HostTensor<double, 3>;

Host constant(size_t samples, size_t k, double value) {
  Host x("constant", samples, k, k);
  fill(x, value);
  return x;
}

/// 12 where a random field is positive, else `low`.
Host two_valued(size_t samples, size_t k, double low) {
  Tensor<double, 3> field("field", samples, k, k);
  pde::neumann_field<double>(Exec{}, 0, 0, field);
  Host a = to_host(field);
  for (size_t i = 0; i < a.size(); ++i) a.data()[i] = a.data()[i] >= 0 ? 12 : low;
  return a;
}

Host solve(const Host& a, const Host& f, size_t m, pde::DarcyReport* report = nullptr, bool kernels = false,
           pde::DarcyOptions options = {}, std::uint64_t first = 0) {
  Tensor<double, 3> u("u", a.extent(0), m, m);
  const auto run = kernels ? pde::solve_darcy_by_kernels : pde::solve_darcy;
  const auto result = run(Exec{}, to_device<double, 3>(a), to_device<double, 3>(f), u, options, first);
  if (report) *report = result;
  return to_host(u);
}

}  // namespace

TEST_CASE("Darcy flow converges with second order to a manufactured solution", "[pde]") {
  // u = sin(pi x) sin(2 pi y), a = 2 + cos(x + 2 y) / 2, f = -div(a grad u).
  const auto error = [](size_t k) {
    Host a("a", 1, k, k), f("f", 1, k, k);
    double worst = 0;
    const auto u = [](double x, double y) { return std::sin(M_PI * x) * std::sin(2 * M_PI * y); };
    for (size_t i = 0; i < k; ++i)
      for (size_t j = 0; j < k; ++j) {
        const double x = double(i) / double(k - 1), y = double(j) / double(k - 1), p = M_PI;
        const double c = 2 + std::cos(x + 2 * y) / 2, c_x = -std::sin(x + 2 * y) / 2, c_y = 2 * c_x;
        a(0, i, j) = c;
        f(0, i, j) = 5 * p * p * c * u(x, y) - c_x * p * std::cos(p * x) * std::sin(2 * p * y) -
                     c_y * 2 * p * std::sin(p * x) * std::cos(2 * p * y);
      }
    const Host found = solve(a, f, k);
    for (size_t i = 0; i < k; ++i)
      for (size_t j = 0; j < k; ++j)
        worst = std::max(worst,
                         std::abs(found(0, i, j) - u(double(i) / double(k - 1), double(j) / double(k - 1))));
    return worst;
  };
  const double coarse = error(33), fine = error(65);
  CAPTURE(coarse, fine);
  CHECK(std::log2(coarse / fine) == Approx(2).margin(0.05));
  CHECK(fine < 2e-3);
}

TEST_CASE("iterations do not depend on the grid and the residual is met", "[pde]") {
  const double low = GENERATE(3.0, 4.0);
  int fewest = 1000, most = 0;
  for (const size_t k : {33, 65, 130}) {
    pde::DarcyReport report;
    const Host a = two_valued(3, k, low);
    const Host u = solve(a, constant(3, k, 1), k, &report);
    fewest = std::min(fewest, report.iterations);
    most = std::max(most, report.iterations);
    CHECK(report.relative_residual <= 1e-10);
    // The residual again, by hand, from the definition.
    const double h2 = 1 / double((k - 1) * (k - 1));
    double squares = 0;
    for (size_t i = 1; i + 1 < k; ++i)
      for (size_t j = 1; j + 1 < k; ++j) {
        double flux = 0;
        for (const auto& [di, dj] : {std::pair<int, int>{1, 0}, {-1, 0}, {0, 1}, {0, -1}})
          flux += (a(2, i, j) + a(2, i + di, j + dj)) / 2 * (u(2, i, j) - u(2, i + di, j + dj));
        squares += std::pow(1 - flux / h2, 2);
      }
    // Rounding: a / h^2 u eps, against f = 1.
    CHECK(std::sqrt(squares) / double(k - 2) <= 1e-8);
  }
  // Condition number at most 12 / low = 4: a factor 3 per iteration, 21 for 10 digits, a few more for the
  // 2-norm.
  CHECK(most <= 32);
  CHECK(most - fewest <= 3);
}

TEST_CASE("a constant coefficient is solved by the preconditioner alone", "[pde]") {
  pde::DarcyReport report;
  const Host u = solve(constant(1, 41, 2), constant(1, 41, 1), 41, &report);
  CHECK(report.iterations <= 2);
  // Poisson on the square: max u = 0.0736713 / a (Timoshenko), second order in h = 1/40.
  CHECK(u(0, 20, 20) == Approx(0.0736713 / 2).epsilon(1e-3));
  CHECK(u(0, 0, 7) == 0);
  CHECK(u(0, 40, 7) == 0);
}

TEST_CASE("the solver by kernels, the batch and coarser recording change nothing", "[pde]") {
  const size_t k = 31;
  const Host a = two_valued(4, k, 3), f = constant(4, k, 1);
  const Host together = solve(a, f, k), kernels = solve(a, f, k, nullptr, true), coarse = solve(a, f, 11);
  Host third("third", 1, k, k);
  for (size_t i = 0; i < k * k; ++i) third.data()[i] = a.data()[2 * k * k + i];
  const Host alone = solve(third, constant(1, k, 1), k);
  double largest = 0, difference = 0;
  for (size_t i = 0; i < k; ++i)
    for (size_t j = 0; j < k; ++j) {
      REQUIRE(alone(0, i, j) == together(2, i, j));
      if (i % 3 == 0 && j % 3 == 0) REQUIRE(coarse(2, i / 3, j / 3) == together(2, i, j));
      largest = std::max(largest, together(2, i, j));
      difference = std::max(difference, std::abs(kernels(2, i, j) - together(2, i, j)));
    }
  CHECK(difference <= 1e-9 * largest);  // both within the residual of 1e-10, times the condition number of 4
#if defined(KOKKOS_ENABLE_OPENMP) && !defined(KOKKOS_ENABLE_CUDA)
  Tensor<double, 3> u("u", 4, k, k);
  pde::solve_darcy(Kokkos::OpenMP(1), to_device<double, 3>(a), to_device<double, 3>(f), u);
  CHECK(std::equal(together.data(), together.data() + together.size(), u.data()));
#endif
}

TEST_CASE("a flow that does not converge, and bad input, are refused", "[pde]") {
  const Host a = two_valued(2, 33, 3), f = constant(2, 33, 1);
  CHECK_THROWS_WITH(
      solve(a, f, 33, nullptr, false, {.max_iterations = 2}, 7),
      Catch::Matchers::Contains("darcy: sample 7") && Catch::Matchers::Contains("relative residual"));
  CHECK_THROWS_AS(solve(a, f, 33, nullptr, false, {.max_iterations = 2}), InternalError);
  CHECK_THROWS_AS(solve(a, f, 33, nullptr, false, {.tolerance = 1e-3}), UsageError);
  CHECK_THROWS_AS(solve(a, f, 10), ShapeError);
  CHECK_THROWS_AS(solve(a, constant(1, 33, 1), 33), ShapeError);
  CHECK_THROWS_AS(solve(constant(1, 33, -1), constant(1, 33, 1), 33), InternalError);
}
