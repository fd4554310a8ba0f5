#include <danaus/core/random.hpp>
#include <danaus/core/tensor.hpp>

#include <support/catch.hpp>

#include <cmath>
#include <string>

using namespace danaus;

namespace {

Random::Block block(std::uint64_t seed, std::uint64_t stream, std::uint64_t index) {
  return Random(seed, stream).bits(index);
}

bool equal(const Random::Block& b, std::uint32_t w0, std::uint32_t w1, std::uint32_t w2, std::uint32_t w3) {
  return b.word[0] == w0 && b.word[1] == w1 && b.word[2] == w2 && b.word[3] == w3;
}

}  // namespace

void fill_with_words(const Exec& space, const Random& random, const Tensor<std::uint32_t, 1>& words) {
  Kokkos::parallel_for(
      "test::fill_with_words", over_entries(space, words),
      KOKKOS_LAMBDA(size_t i) { words(i) = random.bits(i).word[0]; });
}

void fill_with_normals(const Exec& space, const Random& random, const Tensor<double, 1>& normals) {
  Kokkos::parallel_for(
      "test::fill_with_normals", over_entries(space, normals),
      KOKKOS_LAMBDA(size_t i) { normals(i) = random.normal(i); });
}

// The known-answer vectors "philox4x32 10" of the Random123 1.14 distribution (kat_vectors); counter
// (index, stream), key seed, low words first.
TEST_CASE("Philox gives the published known answers", "[core]") {
  CHECK(equal(block(0, 0, 0), 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
  CHECK(equal(block(~0ull, ~0ull, ~0ull), 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
  CHECK(equal(block(0x299f31d0a4093822ull, 0x0370734413198a2eull, 0x85a308d3243f6a88ull), 0xd16cfe09,
              0x94fdcceb, 0x5001e420, 0x24126ea1));
}

TEST_CASE("a kernel draws the same integers as the host, one entry at a time", "[core]") {
  const Exec space;
  const Random random(7, stream::test);
  Tensor<std::uint32_t, 1> words("words", 10000);
  fill_with_words(space, random, words);
  space.fence();
  const auto host = to_host(words);
  size_t differ = 0;
  for (size_t i = 0; i < host.size(); ++i) differ += host(i) != random.bits(i).word[0];
  CHECK(differ == 0);
}

#if defined(KOKKOS_ENABLE_OPENMP) && !defined(KOKKOS_ENABLE_CUDA)
TEST_CASE("one and two threads draw the same integers", "[core]") {
  const Random random(7, stream::test);
  Tensor<std::uint32_t, 1> one("one", 10000), two("two", 10000);
  fill_with_words(Kokkos::OpenMP(1), random, one);
  fill_with_words(Kokkos::OpenMP(std::min(2, Exec().concurrency())), random, two);
  Kokkos::fence();
  const auto a = to_host(one), b = to_host(two);
  CHECK(std::equal(a.data(), a.data() + a.size(), b.data()));
}
#endif

TEST_CASE("normals have the moments of a normal distribution", "[core]") {
  const size_t n = 200000;
  const Exec space;
  const Random random(1, stream::test);
  Tensor<double, 1> normals("normals", n);
  fill_with_normals(space, random, normals);
  space.fence();
  const auto host = to_host(normals);
  double moment[5] = {}, lag = 0, pair = 0;
  for (size_t i = 0; i < n; ++i) {
    for (int k = 1; k <= 4; ++k) moment[k] += std::pow(host(i), k) / double(n);
    if (i) lag += host(i) * host(i - 1) / double(n);
    const auto both = random.normal_pair(i);
    pair += both.first * both.second / double(n);
  }
  // Standard deviations of the means of z, z^2, z^3, z^4 and of products are sqrt(1, 2, 15, 96, 1) / sqrt(n);
  // 5 of them are allowed.
  const double unit = 5 / std::sqrt(double(n));
  CHECK(std::abs(moment[1]) < unit);
  CHECK(std::abs(moment[2] - 1) < std::sqrt(2.) * unit);
  CHECK(std::abs(moment[3]) < std::sqrt(15.) * unit);
  CHECK(std::abs(moment[4] - 3) < std::sqrt(96.) * unit);
  CHECK(std::abs(lag) < unit);
  CHECK(std::abs(pair) < unit);
}

TEST_CASE("a kernel's normals agree with those of the host's library to 2 ulp", "[core]") {
  const Exec space;
  const Random random(3, stream::test);
  Tensor<double, 1> normals("normals", 5000);
  fill_with_normals(space, random, normals);
  space.fence();
  const auto host = to_host(normals);
  double worst = 0;
  for (size_t i = 0; i < host.size(); ++i) {
    const auto b = random.bits(i);
    const double u = double(((std::uint64_t(b.word[1]) << 32) | b.word[0]) >> 11) / 9007199254740992.0;
    const double v = double(((std::uint64_t(b.word[3]) << 32) | b.word[2]) >> 11) / 9007199254740992.0;
    const double z = std::sqrt(-2 * std::log(1 - u)) * std::cos(6.283185307179586476925 * v);
    worst = std::max(worst, std::abs(host(i) - z) / std::max(std::abs(z), 1e-3));
  }
  // Near its zeros the cosine inherits the absolute error of its argument, hence the floor of 1e-3.
  CHECK(worst <= 2 * 2.3e-16);
}

TEST_CASE("uniform numbers and integers fill their range evenly", "[core]") {
  const Random random(5, stream::test);
  const size_t n = 60000;
  size_t counts[6] = {};
  double sum = 0, smallest = 1, largest = 0;
  for (size_t i = 0; i < n; ++i) {
    const auto k = random.integer(i, 6);
    REQUIRE(k < 6);
    ++counts[k];
    const double u = random.uniform(i);
    sum += u;
    smallest = std::min(smallest, u);
    largest = std::max(largest, u);
  }
  // Binomial: mean 10000, deviation sqrt(n 1/6 5/6) = 91; 5 of them.
  for (size_t count : counts) CHECK(std::abs(double(count) - 10000) < 5 * 91.3);
  CHECK(std::abs(sum / double(n) - 0.5) < 5 / std::sqrt(12. * double(n)));
  CHECK(smallest >= 0);
  CHECK(smallest < 1e-3);
  CHECK(largest < 1);
  CHECK(largest > 1 - 1e-3);
}

TEST_CASE("large bounds use all 64 bits", "[core]") {
  const Random random(5, stream::test);
  const std::uint64_t bound = ~0ull;
  for (std::uint64_t i = 0; i < 100; ++i) {
    const auto b = random.bits(i);
    const std::uint64_t x = (std::uint64_t(b.word[1]) << 32) | b.word[0];
    // floor(x (2^64 - 1) / 2^64) = x - 1 for x > 0.
    CHECK(random.integer(i, bound) == x - 1);
  }
}

TEST_CASE("seeds, streams and indices give different numbers", "[core]") {
  const auto a = Random(1, 1).uniform(0);
  CHECK(a == Random(1, 1).uniform(0));
  CHECK(a != Random(2, 1).uniform(0));
  CHECK(a != Random(1, 2).uniform(0));
  CHECK(a != Random(1, 1).uniform(1));
}
