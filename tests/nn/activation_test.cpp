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
  // The fits err by 4e-8 (distribution) and 2e-7 (slope). In float, p is about 0.1 where |c| is large: four
  // roundings of its last terms (1.5e-8) times |c| <= 5.5, the rounding of t (6e-8 times c p' < 0.4), that of
  // 1/2 + c p (3e-8) and that of the product (6e-8 relative to x) add up to 2e-7; the terms of q are twice
  // those of p.
  CHECK(worst <= 0.4e-7 + 2e-7);
  CHECK(worst_slope <= 1.9e-7 + 4.4e-7);
}

TEST_CASE("GELU stays finite far out", "[nn]") {
  for (const float x : {-1e30f, -100.0f, -14.0f, 14.0f, 100.0f, 1e30f}) {
    // Below the range the value stays at range * Phi(-range), an error of the distribution times 5.5.
    CHECK(std::abs(gelu(x).value - (x > 0 ? x : 0.0f)) <= std::max(5.5f, x) * 1.6e-7f);
    CHECK(std::abs(gelu(x).slope - (x > 0 ? 1.0f : 0.0f)) <= 6.3e-7f);
  }
  CHECK(std::isnan(gelu(NAN).value));
}
