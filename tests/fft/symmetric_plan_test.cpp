#include <danaus/core/random.hpp>
#include <danaus/fft/symmetric_plan.hpp>

#include <support/catch.hpp>

#include <limits>

using namespace danaus;

TEMPLATE_TEST_CASE("sine and cosine transforms equal their sums, by either way", "[fft]", float, double) {
  using R = TestType;
  const Exec space;
  const auto symmetry = GENERATE(fft::Symmetry::sine, fft::Symmetry::cosine);
  const auto [nx, ny] = GENERATE(std::pair<size_t, size_t>{2, 2}, std::pair<size_t, size_t>{7, 10},
                                 std::pair<size_t, size_t>{15, 9});
  const auto basis = [&, sine = symmetry == fft::Symmetry::sine](size_t j, size_t k, size_t n) {
    if (sine) return 2 * std::sin(M_PI * double((j + 1) * (k + 1)) / double(n + 1));
    return (j == 0 || j + 1 == n ? 1 : 2) * std::cos(M_PI * double(j * k) / double(n - 1));
  };
  HostTensor<R, 3> x("x", 3, nx, ny);
  for (size_t i = 0; i < x.size(); ++i) x.data()[i] = R(Random(4, stream::test).normal(i));
  const auto input = to_device<R, 3>(x);
  Tensor<R, 3> fast("fast", 3, nx, ny), extended("extended", 3, nx, ny), back("back", 3, nx, ny);
  const fft::SymmetricPlan<R> plan(symmetry, 3, nx, ny);
  plan(space, input, fast);
  plan.by_extension(space, input, extended);
  plan(space, fast, back);
  const auto a = to_host(fast), b = to_host(extended), c = to_host(back);
  // 4 nx ny terms of size 1, by FFTs of at most 24 points per axis.
  const double bound = 50 * std::numeric_limits<R>::epsilon() * std::sqrt(4.0 * double(nx * ny));
  for (size_t s = 0; s < 3; ++s)
    for (size_t k = 0; k < nx; ++k)
      for (size_t l = 0; l < ny; ++l) {
        double sum = 0;
        for (size_t i = 0; i < nx; ++i)
          for (size_t j = 0; j < ny; ++j) sum += double(x(s, i, j)) * basis(i, k, nx) * basis(j, l, ny);
        REQUIRE(std::abs(a(s, k, l) - sum) <= bound);
        REQUIRE(std::abs(b(s, k, l) - sum) <= bound);
        REQUIRE(std::abs(c(s, k, l) - plan.normalisation() * x(s, k, l)) <=
                bound * std::sqrt(plan.normalisation()));
      }
}

TEST_CASE("too few points for a symmetric transform are refused", "[fft]") {
  CHECK_THROWS_AS(fft::SymmetricPlan<double>(fft::Symmetry::cosine, 1, 1, 4), ShapeError);
}
