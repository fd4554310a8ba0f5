#include <danaus/pde/problems/gaussian_random_field.hpp>

#include <danaus/core/error.hpp>

#include <support/catch.hpp>

using namespace danaus;

namespace {

template <class R>
HostTensor<R, 3> vorticity(std::uint64_t first, size_t count, size_t n, pde::FieldNormalisation norm) {
  Tensor<R, 3> field("field", count, n, n);
  pde::periodic_field<R>(Exec{}, 0, first, norm, field);
  return to_host(field);
}

double standard_deviation(const HostTensor<double, 3>& field) {
  double squares = 0;
  for (size_t i = 0; i < field.size(); ++i) squares += field.data()[i] * field.data()[i];
  return std::sqrt(squares / double(field.size()));
}

}  // namespace

TEST_CASE("initial vorticity has the published standard deviations and zero mean", "[pde]") {
  // The variance is dominated by the 8 modes with |k|^2 <= 2: from 2000 samples its estimate has a relative
  // standard error of about sqrt(2 / (8 * 2000)) = 1.1 %, the deviation's 0.6 %. Three of them.
  const size_t samples = 2000;
  const auto field = vorticity<double>(0, samples, 32, pde::FieldNormalisation::v2020);
  CHECK(standard_deviation(field) == Approx(0.262).epsilon(0.018));
  CHECK(standard_deviation(vorticity<double>(0, samples, 32, pde::FieldNormalisation::v2022)) ==
        Approx(0.185).epsilon(0.018));
  CHECK(standard_deviation(vorticity<double>(0, samples, 32, pde::FieldNormalisation::paper)) ==
        Approx(0.043).epsilon(0.02));
  double mean = 0;
  for (size_t i = 0; i < 32; ++i)
    for (size_t j = 0; j < 32; ++j) mean += field(17, i, j);
  CHECK(std::abs(mean) <= 1e-12 * 1024);
}

TEST_CASE("the exact variance of the periodic field is met mode by mode", "[pde]") {
  // E |w|^2 = v sum_k lambda_k over the grid's modes, summed by hand on a small grid.
  double sum = 0;
  for (int kx = -3; kx <= 3; ++kx)
    for (int ky = -3; ky <= 3; ++ky)
      if (kx || ky) sum += std::pow(4 * M_PI * M_PI * (kx * kx + ky * ky) + 49, -2.5);
  const auto field = vorticity<double>(0, 20000, 8, pde::FieldNormalisation::v2022);
  // Relative standard error sqrt(2 / (8 * 20000)) / 2 = 0.18 %.
  CHECK(standard_deviation(field) == Approx(std::sqrt(343 * sum)).epsilon(0.006));
}

TEMPLATE_TEST_CASE("a sample does not depend on its batch, nor on the grid", "[pde]", float, double) {
  using R = TestType;
  const auto together = vorticity<R>(5, 4, 48, pde::FieldNormalisation::v2020);
  const auto alone = vorticity<R>(7, 1, 48, pde::FieldNormalisation::v2020);
  size_t equal = 0, differs_from_neighbour = 0;
  for (size_t i = 0; i < 48; ++i)
    for (size_t j = 0; j < 48; ++j) {
      equal += together(2, i, j) == alone(0, i, j);
      differs_from_neighbour += together(1, i, j) != alone(0, i, j);
    }
  CHECK(equal == 48 * 48);
  CHECK(differs_from_neighbour > 48 * 47);

  // A grid twice as fine adds modes |k| >= 24, in all below 24^-1.5 / 10 of the field.
  const auto fine = vorticity<R>(7, 1, 96, pde::FieldNormalisation::v2020);
  double worst = 0;
  for (size_t i = 0; i < 48; ++i)
    for (size_t j = 0; j < 48; ++j)
      worst = std::max(worst, std::abs(double(fine(0, 2 * i, 2 * j)) - double(alone(0, i, j))));
  CHECK(worst <= 0.01);
}

TEST_CASE("the Neumann field is its cosine series, with zero slope at the boundary", "[pde]") {
  const size_t n = 33, samples = 4000;
  Tensor<double, 3> device("field", samples, n, n);
  pde::neumann_field<double>(Exec{}, 3, 0, device);
  const auto field = to_host(device);
  // Var g(x) = sum_k (3 / (pi^2 |k|^2 + 9))^2 prod_d (k_d ? 2 cos^2(pi k_d x_d) : 1), by hand at three
  // points.
  for (const auto& [i, j] : {std::pair<size_t, size_t>{0, 0}, {16, 16}, {5, 20}}) {
    double expected = 0, found = 0;
    for (size_t k = 0; k + 1 < n; ++k)
      for (size_t l = 0; l + 1 < n; ++l) {
        if (!k && !l) continue;
        const double cx = std::cos(M_PI * double(k * i) / 32), cy = std::cos(M_PI * double(l * j) / 32);
        expected += std::pow(3 / (M_PI * M_PI * double(k * k + l * l) + 9), 2) * (k ? 2 * cx * cx : 1) *
                    (l ? 2 * cy * cy : 1);
      }
    for (size_t s = 0; s < samples; ++s) found += field(s, i, j) * field(s, i, j);
    CHECK(found / samples == Approx(expected).epsilon(0.07));  // three times sqrt(2 / 4000)
  }
  Tensor<double, 3> one("one", 1, n, n);
  pde::neumann_field<double>(Exec{}, 3, 11, one);
  const auto alone = to_host(one);
  for (size_t i = 0; i < n * n; ++i) REQUIRE(alone.data()[i] == field.data()[11 * n * n + i]);
}

TEST_CASE("an unknown normalisation is refused by name", "[pde]") {
  CHECK(pde::field_normalisation("paper") == pde::FieldNormalisation::paper);
  CHECK_THROWS_WITH(pde::field_normalisation("2021"),
                    "normalisation: expected 2020, 2022 or paper, found '2021'");
}
