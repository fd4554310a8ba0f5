#include <danaus/core/random.hpp>
#include <danaus/fft/plan.hpp>

#include <support/catch.hpp>

using namespace danaus;

TEST_CASE("half-spectrum rules, by hand", "[fft]") {
  CHECK(fft::half_size(8) == 5);
  CHECK(fft::half_size(7) == 4);
  CHECK(fft::half_size(1) == 1);
  for (const size_t n : {1, 2, 7, 8}) {
    int total = 0;
    for (size_t k = 0; k < fft::half_size(n); ++k) total += fft::half_weight(k, n);
    CHECK(total == int(n));  // the half, weighted, is the whole
  }
  // numpy.fft.fftfreq(n) * n
  const std::vector<long> even{0, 1, 2, -3, -2, -1}, odd{0, 1, 2, -2, -1};
  for (size_t i = 0; i < 6; ++i) CHECK(fft::wavenumber(i, 6) == even[i]);
  for (size_t i = 0; i < 5; ++i) CHECK(fft::wavenumber(i, 5) == odd[i]);
  CHECK(fft::derivative_wavenumber(3, 6) == 0);
  CHECK(fft::derivative_wavenumber(2, 5) == 2);
  CHECK(fft::mirror_index(0, 6) == 0);
  CHECK(fft::mirror_index(2, 6) == 4);
}

TEST_CASE("the Hermitian part is what the real transform sees", "[fft]") {
  const Exec space;
  const auto [nx, ny] = GENERATE(std::pair<size_t, size_t>{6, 8}, std::pair<size_t, size_t>{5, 7},
                                 std::pair<size_t, size_t>{4, 1});
  const size_t half = fft::half_size(ny);
  HostTensor<Complex<double>, 3> host("spectrum", 2, nx, half);
  const Random random(1, stream::test);
  for (size_t i = 0; i < host.size(); ++i)
    host.data()[i] = Complex<double>(random.normal_pair(i).first, random.normal_pair(i).second);
  const auto any = to_device<Complex<double>, 3>(host), hermitian = to_device<Complex<double>, 3>(host);
  fft::make_hermitian<double>(space, ny, hermitian);
  space.fence();
  const auto symmetric = to_host(hermitian);
  for (size_t i = 0; i < nx; ++i) {
    CHECK(symmetric(1, i, 0) == Kokkos::conj(symmetric(1, (nx - i) % nx, 0)));
    if (ny % 2 == 0) CHECK(symmetric(1, i, ny / 2) == Kokkos::conj(symmetric(1, (nx - i) % nx, ny / 2)));
  }
#if !defined(KOKKOS_ENABLE_CUDA)  // cuFFT asks for Hermitian spectra
  const fft::RealBackwardPlan<double> backward({2, {nx, ny}, 1});
  Tensor<double, 3> a("a", 2, nx, ny), b("b", 2, nx, ny);
  backward(space, any, a);
  backward(space, hermitian, b);
  space.fence();
  const auto x = to_host(a), y = to_host(b);
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i) worst = std::max(worst, std::abs(x.data()[i] - y.data()[i]));
  CHECK(worst <= 1e-13);  // sums of at most 48 terms of size 1
#endif
}
