// The comparison of all classes at equal parameters.

#include <danaus/monarch/structured/compare.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

#include <algorithm>
#include <cmath>

using namespace danaus;
using namespace danaus::monarch;

namespace {

double error_of(const std::vector<StructuredComparison>& results, const std::string& name) {
  for (const auto& r : results)
    if (r.name == name) return r.relative_error;
  return INFINITY;
}

}  // namespace

TEMPLATE_TEST_CASE("all classes are compared within the same number of parameters", "[monarch][structured]",
                   double, Complex<double>) {
  using T = TestType;
  const size_t n = 16, budget = 10 * n;
  const auto a = to_host(test::normal<T, 2>({n, n}, 4));
  const auto results = compare_structured<T>(a, budget);
  CHECK(results.size() == 6);
  for (const auto& r : results) {
    INFO(r.name << ": " << r.shape);
    CHECK(r.parameters <= budget);
    CHECK(r.parameters > budget / 2);
    CHECK(r.flops >= 2.0 * double(r.parameters));
    CHECK(r.relative_error < 1);
  }
}

TEST_CASE("the comparison finds the class that a matrix belongs to", "[monarch][structured]") {
  const size_t n = 16;
  HostTensor<double, 2> dft("cosine", n, n), smooth("smooth", n, n);
  for (size_t o = 0; o < n; ++o)
    for (size_t t = 0; t < n; ++t) {
      // The real part of the DFT, inputs in the order that makes it a Monarch matrix: slices of rank two.
      dft(o, t) = std::cos(2 * M_PI * double(o * (t % 4 * 4 + t / 4)) / double(n));
      smooth(o, t) = std::cos(double(o)) + std::sin(double(t)) * double(o);
    }
  const auto of_dft = compare_structured<double>(dft, 16 * n),
             of_smooth = compare_structured<double>(smooth, 8 * n);
  CHECK(error_of(of_dft, "block-tensor-train") <= 1e-14);
  CHECK(error_of(of_dft, "low-rank") > 0.1);
  CHECK(error_of(of_smooth, "low-rank") <= 1e-14);
  CHECK(error_of(of_smooth, "monarch") > 0.01);
}

TEST_CASE("classes that a budget is too small for are left out", "[monarch][structured]") {
  const auto a = to_host(test::normal<double, 2>({7, 13}, 4));
  CHECK(compare_structured<double>(a, 3).empty());
  for (const auto& r : compare_structured<double>(a, 60)) CHECK(r.parameters <= 60);
}

TEST_CASE("a matrix of zeros is every class's member", "[monarch][structured]") {
  for (const auto& r : compare_structured<double>(HostTensor<double, 2>("zeros", 16, 16), 160)) {
    INFO(r.name);
    CHECK(r.relative_error == 0);
  }
}
