#include <danaus/core/error.hpp>
#include <danaus/core/random.hpp>
#include <danaus/pde/metrics/pdebench.hpp>

#include <support/catch.hpp>

#include <cmath>
#include <complex>

using namespace danaus;
using Catch::Matchers::Contains;
using pde::MetricsProfile;

namespace {

std::vector<float> normals(size_t count, std::uint64_t stream) {
  const Random random(1, stream);
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = float(random.normal(i));
  return values;
}

/// |E(kx, ky)|^2 by the definition.
double power(const std::vector<double>& e, size_t n, long kx, long ky) {
  std::complex<double> sum = 0;
  for (size_t x = 0; x < n; ++x)
    for (size_t y = 0; y < n; ++y)
      sum += e[x * n + y] * std::polar(1.0, -2 * M_PI * double(kx * long(x) + ky * long(y)) / double(n));
  return std::norm(sum);
}

}  // namespace

TEST_CASE("a single wave as error gives the scores that one can compute by hand", "[pde][metrics]") {
  // e = A cos(2 pi 5 x), u = 2: sum e^2 = N A^2 / 2; |E|^2 = (N A / 2)^2 at (5, 0) and (-5, 0).
  constexpr size_t n = 32;
  const double amplitude = 0.25;
  std::vector<float> truth(n * n, 2.0f), prediction(n * n);
  for (size_t x = 0; x < n; ++x)
    for (size_t y = 0; y < n; ++y)
      prediction[x * n + y] = float(2 + amplitude * std::cos(2 * M_PI * 5 * double(x) / n));
  pde::PdeBenchMetrics metrics(MetricsProfile::corrected, {1, n, n, 1}, 4);
  metrics.add(prediction.data(), truth.data());
  const auto s = metrics.scores();
  // Float predictions around 2 round to 1.2e-7.
  CHECK(s.rmse == Approx(amplitude / std::sqrt(2.0)).epsilon(1e-5));
  CHECK(s.nrmse == Approx(amplitude / std::sqrt(2.0) / 2).epsilon(1e-5));
  CHECK(s.crmse == Approx(0).margin(1e-7));
  CHECK(s.max_error == Approx(amplitude).epsilon(1e-5));
  // Integer wave vectors with 5 <= |k| < 6, counted one by one; eight shells in the middle band.
  int vectors = 0;
  for (int kx = -16; kx < 16; ++kx)
    for (int ky = -16; ky < 16; ++ky) vectors += int(std::hypot(kx, ky)) == 5;
  CHECK(s.fourier_rmse[1] == Approx(amplitude / 2 * std::sqrt(2.0 / vectors) / 8).epsilon(1e-5));
  CHECK(s.fourier_rmse[0] == Approx(0).margin(1e-7));
  CHECK(s.fourier_rmse[2] == Approx(0).margin(1e-7));
}

TEST_CASE("the published profile sums over a quadrant and divides by the batches less one",
          "[pde][metrics]") {
  constexpr size_t n = 10, samples = 6, batch = 2;
  const pde::TrajectoryShape shape{1, n, n, 1};
  pde::PdeBenchMetrics metrics(MetricsProfile::pdebench, shape, batch);
  double rmse = 0, low = 0, max = 0, boundary = 0;
  for (size_t b = 0; b < samples / batch; ++b) {
    std::vector<double> shells(4);
    double batch_max = 0, batch_boundary = 0;
    for (size_t s = b * batch; s < (b + 1) * batch; ++s) {
      const auto u = normals(n * n, 2 * s), p = normals(n * n, 2 * s + 1);
      metrics.add(p.data(), u.data());
      std::vector<double> e(n * n);
      double squares = 0, edges = 0;
      for (size_t i = 0; i < n * n; ++i) {
        e[i] = double(p[i]) - double(u[i]);
        squares += e[i] * e[i];
        batch_max = std::max(batch_max, std::abs(e[i]));
      }
      for (size_t i = 0; i < n; ++i)
        for (size_t edge : {i, (n - 1) * n + i, i * n, i * n + n - 1}) edges += e[edge] * e[edge];
      batch_boundary += edges / double(4 * n) / batch;
      rmse += std::sqrt(squares / double(n * n)) / batch;
      for (long kx = 0; kx < long(n / 2); ++kx)
        for (long ky = 0; ky < long(n / 2); ++ky)
          if (const auto shell = size_t(std::hypot(kx, ky)); shell < 4)
            shells[shell] += power(e, n, kx, ky) / batch;
    }
    for (double shell : shells) low += std::sqrt(shell) / double(n * n) / 4;
    max += batch_max;
    boundary += std::sqrt(batch_boundary);
  }
  const double divisor = samples / batch - 1;
  const auto s = metrics.scores();
  // Sums of 100 terms in double: 1e-12 is far above rounding.
  CHECK(s.rmse == Approx(rmse / divisor).epsilon(1e-12));
  CHECK(s.max_error == Approx(max / divisor).epsilon(1e-12));
  CHECK(s.boundary_rmse == Approx(boundary / divisor).epsilon(1e-12));
  CHECK(s.fourier_rmse[0] == Approx(low / divisor).epsilon(1e-10));
}

TEST_CASE("corrected scores do not depend on the batch; steps and channels are averaged", "[pde][metrics]") {
  const pde::TrajectoryShape shape{2, 6, 8, 3};
  pde::PdeBenchMetrics small(MetricsProfile::corrected, shape, 1),
      large(MetricsProfile::corrected, shape, 99);
  for (size_t s = 0; s < 5; ++s) {
    const auto u = normals(shape.size(), 2 * s), p = normals(shape.size(), 2 * s + 1);
    small.add(p.data(), u.data());
    large.add(p.data(), u.data());
  }
  CHECK(small.scores().rmse == large.scores().rmse);
  CHECK(small.scores().fourier_rmse == large.scores().fourier_rmse);
  // Differences of two normals: variance 2 in each of 6 * 48 * 5 entries, 2 % statistical error.
  CHECK(large.scores().rmse == Approx(std::sqrt(2.0)).epsilon(0.1));
}

TEST_CASE("one-dimensional fields have two end points and shells by |k|", "[pde][metrics]") {
  constexpr size_t n = 32;
  std::vector<float> truth(n, 0.0f), prediction(n);
  for (size_t x = 0; x < n; ++x) prediction[x] = float(std::cos(2 * M_PI * 3 * double(x) / n));
  pde::PdeBenchMetrics metrics(MetricsProfile::corrected, {1, n, 1, 1}, 1);
  metrics.add(prediction.data(), truth.data());
  // |E|^2 = (n / 2)^2 at k = 3 and -3, the two vectors of their shell, one of four shells.
  CHECK(metrics.scores().fourier_rmse[0] == Approx(0.5 / 4).epsilon(1e-6));
  const double last = prediction[n - 1];
  CHECK(metrics.scores().boundary_rmse == Approx(std::sqrt((1 + last * last) / 2)).epsilon(1e-6));
}

TEST_CASE("an unknown profile is named", "[pde][metrics]") {
  CHECK_THROWS_WITH(pde::parse_metrics_profile("corect"), Contains("corect") && Contains("corrected"));
}
