#include <danaus/nn/activation.hpp>

#include <support/catch.hpp>

#include <cmath>

using namespace danaus::nn;

TEST_CASE("GELU and its slope agree with erf and exp in double", "[nn]") {
  double worst = 0, worst_slope = 0;
  for (int i = -12000; i <= 12000; ++i) {
    const double x = i * 1e-3;
    const double cdf = 0.5 * std::erfc(-x / std::sqrt(2.0)),
                 density = std::exp(-0.5 * x * x) / std::sqrt(2 * M_PI);
    const auto f = gelu(float(x));
    const auto d = gelu(x);
    worst = std::max(worst, std::abs(double(f.value) - x * cdf) / std::max(1.0, std::abs(x)));
    worst_slope = std::max(worst_slope, std::abs(double(f.slope) - (cdf + x * density)));
    // 1 + erf loses its relative accuracy in the lower tail, not its absolute one.
    REQUIRE(std::abs(d.value - x * cdf) <= 4e-16 * std::max(1.0, std::abs(x)));
    REQUIRE(std::abs(d.slope - (cdf + x * density)) <= 1e-15);
  }
  // Abramowitz and Stegun 7.1.26: the error of erf is below 1.5e-7, half of it counts. On top the float
  // exponential (1e-7 relative, times at most 1/2) and two roundings.
  CHECK(worst <= 0.75e-7 + 0.5e-7 + 1.2e-7);
  CHECK(worst_slope <= 0.75e-7 + 0.5e-7 + 2.4e-7);
}

TEST_CASE("GELU stays finite far out", "[nn]") {
  for (const float x : {-1e30f, -100.0f, -14.0f, 14.0f, 100.0f, 1e30f}) {
    CHECK(std::abs(gelu(x).value - (x > 0 ? x : 0.0f)) <= 1e-7f);
    CHECK(std::abs(gelu(x).slope - (x > 0 ? 1.0f : 0.0f)) <= 1e-7f);
  }
  CHECK(std::isnan(gelu(NAN).value));
}
