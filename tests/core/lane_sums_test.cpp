#include <danaus/core/lane_sums.hpp>

#include <support/catch.hpp>

#include <cmath>

using namespace danaus;

namespace {

/// Of `count` packs of distinct numbers, added to numbers that are there.
template <class T, size_t count>
void check_sums() {
  constexpr size_t W = size_t(simd::width<T>);
  T numbers[count * W], found[count];
  std::array<simd::Pack<T>, count> packs;
  for (size_t i = 0; i < count * W; ++i) numbers[i] = T(std::sin(1.0 + double(i)));
  for (size_t i = 0; i < count; ++i) packs[i] = simd::load(numbers + i * W), found[i] = T(i);
  simd::add_lane_sums<T>(packs, found);
  for (size_t i = 0; i < count; ++i) {
    double expected = double(i);
    for (size_t lane = 0; lane < W; ++lane) expected += double(numbers[i * W + lane]);
    INFO(count << " packs of " << W << ", the sum of pack " << i);
    // At most 16 additions of numbers up to 16.
    CHECK(std::abs(double(found[i]) - expected) <= 16 * 16 * double(std::numeric_limits<T>::epsilon()));
  }
}

}  // namespace

TEMPLATE_TEST_CASE("sums of the lanes of several packs", "[simd]", float, double) {
  check_sums<TestType, 1>();
  check_sums<TestType, 2>();
  check_sums<TestType, 3>();
  check_sums<TestType, 4>();
  check_sums<TestType, 8>();
  check_sums<TestType, 16>();
  check_sums<TestType, 24>();
  check_sums<TestType, 32>();
}
