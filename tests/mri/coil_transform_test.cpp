#include <danaus/core/error.hpp>
#include <danaus/core/random.hpp>
#include <danaus/mri/operators/coil_transform.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

#include <cmath>

using namespace danaus;
using namespace danaus::mri;

namespace {

std::vector<Complex<float>> correlated_noise(size_t samples) {
  std::vector<Complex<float>> noise;
  const Random random(4, stream::test);
  for (size_t i = 0; i < samples; ++i) {
    const auto [a, b] = random.normal_pair(3 * i);
    const auto [c, d] = random.normal_pair(3 * i + 1);
    const Complex<float> first{float(a), float(b)}, second{float(c), float(d)};
    noise.push_back(2.0f * first);
    noise.push_back(.5f * first + second * Complex<float>(0, 1));
  }
  return noise;
}

}  // namespace

TEST_CASE("whitened noise is white", "[coils]") {
  const auto noise = correlated_noise(500);
  const auto covariance = noise_covariance(2, noise);
  // C = 1/n sum n n^H: entry (1, 0) is the mean of n_1 conj(n_0).
  Complex<double> expected = 0;
  for (size_t i = 0; i < 500; ++i) {
    const auto v = noise[2 * i + 1] * Kokkos::conj(noise[2 * i]);
    expected += Complex<double>(v.real(), v.imag()) / 500.0;
  }
  CHECK(Kokkos::abs(covariance[2] - expected) <= 1e-6);
  const auto w = prewhitening(2, covariance);
  HostTensor<Complex<float>, 4> samples("noise", 1, 1, 500, 2);
  std::copy(noise.begin(), noise.end(), samples.data());
  const auto white = transform_samples(w, samples);
  const auto after = noise_covariance(2, {white.data(), white.data() + white.size()});
  for (size_t i = 0; i < 2; ++i)
    for (size_t j = 0; j < 2; ++j) CHECK(Kokkos::abs(after[2 * i + j] - Complex<double>(i == j)) <= 1e-6);
  CHECK_THROWS_AS(prewhitening(2, {{1, 0}, {0, 0}, {2, 0}, {1, 0}}), DataError);
}

TEST_CASE("compression keeps what lies in few combinations of coils", "[coils]") {
  // Five coils that see two independent signals.
  const auto mixing = to_host(test::normal<Complex<float>, 2>({5, 2}, stream::test));
  const auto signals = to_host(test::normal<Complex<float>, 4>({1, 16, 12, 2}, stream::test + (1 << 8)));
  HostTensor<Complex<float>, 4> kspace("kspace", 1, 16, 12, 5);
  double energy = 0;
  for (size_t p = 0; p < 16 * 12; ++p)
    for (size_t c = 0; c < 5; ++c) {
      kspace.data()[p * 5 + c] =
          mixing(c, 0) * signals.data()[2 * p] + mixing(c, 1) * signals.data()[2 * p + 1];
      energy += std::pow(Kokkos::abs(kspace.data()[p * 5 + c]), 2);
    }
  const auto two = compress_coils(kspace, 100, 2);
  CHECK(two.kept >= 1 - 1e-6);
  CHECK(compress_coils(kspace, 100, 1).kept < .99);
  const auto compressed = transform_samples(two.transform, kspace);
  double after = 0;
  for (size_t i = 0; i < compressed.size(); ++i) after += std::pow(Kokkos::abs(compressed.data()[i]), 2);
  CHECK(std::abs(after / energy - 1) <= 1e-5);
  // Orthonormal rows.
  const auto& w = two.transform;
  for (size_t i = 0; i < 2; ++i)
    for (size_t j = 0; j < 2; ++j) {
      Complex<double> dot = 0;
      for (size_t c = 0; c < 5; ++c) dot += w.matrix[i * 5 + c] * Kokkos::conj(w.matrix[j * 5 + c]);
      CHECK(Kokkos::abs(dot - Complex<double>(i == j)) <= 1e-12);
    }
  CHECK_THROWS_AS(compress_coils(kspace, 8, 6), UsageError);
}

TEST_CASE("maps and samples take the same transform, and transforms chain", "[coils]") {
  const CoilTransform a{2, 3, {{1, 0}, {0, 1}, {2, 0}, {0, 0}, {1, 1}, {-1, 0}}}, b{1, 2, {{1, -1}, {0, 2}}};
  const auto both = chain(a, b);
  const auto maps = to_host(test::normal<Complex<float>, 4>({2, 3, 3, 2}, stream::test));
  const auto once = transform_maps(both, maps), twice = transform_maps(b, transform_maps(a, maps));
  CHECK(test::max_difference(once, twice) <= 1e-5);
  for (size_t m = 0; m < 2; ++m) {
    const auto expected =
        maps(1, 2, 0, m) + Complex<float>(0, 1) * maps(1, 2, 1, m) + 2.0f * maps(1, 2, 2, m);
    CHECK(Kokkos::abs(transform_maps(a, maps)(1, 2, 0, m) - expected) <= 1e-6);
  }
  HostTensor<Complex<float>, 4> samples("samples", 2, 3, 2, 3);
  for (size_t p = 0; p < 6; ++p)
    for (size_t m = 0; m < 2; ++m)
      for (size_t c = 0; c < 3; ++c) samples.data()[(p * 2 + m) * 3 + c] = maps.data()[(p * 3 + c) * 2 + m];
  const auto of_samples = transform_samples(a, samples);
  CHECK(of_samples(1, 2, 1, 0) == transform_maps(a, maps)(1, 2, 0, 1));
  CHECK_THROWS_AS(transform_samples(b, samples), ShapeError);
}
