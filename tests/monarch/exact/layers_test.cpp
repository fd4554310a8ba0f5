// Structured layers and butterflies against their definitions, factor by factor.

#include <danaus/monarch/exact/butterfly.hpp>
#include <danaus/monarch/exact/layers.hpp>
#include <danaus/monarch/exact/product_algebra.hpp>

#include <monarch/exact/product_checks.hpp>

#include <algorithm>
#include <bit>

using namespace danaus;
using namespace danaus::monarch;
using test::Dense;
using test::diagonal;
using test::extended;
using test::Extended;
using test::random_vector;

namespace {

Dense fourier(size_t n) {
  return test::dense(n, n, [&](size_t o, size_t t) { return test::turn(-long(o * t), long(n)); });
}
Dense cosine(size_t n) {
  return test::dense(n, n, [&](size_t o, size_t t) {
    return std::sqrt((o == 0 ? 1.0L : 2.0L) / n) * test::turn(long(o * (2 * t + 1)), 4 * long(n)).real();
  });
}
Dense hadamard(size_t n, long double scale) {
  return test::dense(n, n, [&](size_t o, size_t t) { return std::popcount(o & t) % 2 ? -scale : scale; });
}

/// The butterfly by its definition: one dense matrix per stage.
template <class T>
Dense dense_butterfly(const Butterfly<T>& butterfly) {
  const size_t n = butterfly.points();
  Dense product = test::dense(n, n, [](size_t o, size_t t) { return o == t ? 1.0L : 0.0L; });
  for (size_t stage = 0; (size_t(1) << stage) < n; ++stage) {
    const size_t stride = size_t(1) << stage;
    product = test::dense(n, n,
                          [&](size_t o, size_t t) {
                            if (o / (2 * stride) != t / (2 * stride) || o % stride != t % stride)
                              return Extended(0);
                            const size_t pair = o / (2 * stride) * stride + o % stride;
                            return extended(butterfly.twiddle(stage, pair, o % (2 * stride) / stride,
                                                              t % (2 * stride) / stride));
                          }) *
              product;
  }
  return product;
}

template <class T>
Butterfly<T> random_butterfly(size_t n, std::uint64_t stream) {
  const size_t stages = size_t(std::countr_zero(n));
  return {to_host(test::normal<T, 4>({stages, n / 2, 2, 2}, stream))};
}

}  // namespace

TEMPLATE_TEST_CASE("AFDF and ACDC are three block-diagonal factors", "[monarch][exact]", float, double) {
  using R = TestType;
  using C = Complex<R>;
  const size_t n = GENERATE(6, 12, 15, 32);
  for (size_t b : test::divisors(n)) {
    INFO("n = " << n << ", block = " << b);
    const auto a = random_vector<C>(n, 1), d = random_vector<C>(n, 2);
    auto inverse = test::adjoint(fourier(n));
    for (auto& x : inverse.entries) x /= (long double)n;
    const auto layer = afdf<R>(a, d, b);
    test::check_product(layer, inverse * diagonal(d) * fourier(n) * diagonal(a));
    CHECK(layer.factors().size() <= 4);  // three and the order of the outputs

    const auto ra = random_vector<R>(n, 1), rd = random_vector<R>(n, 2);
    const auto real = acdc<R>(ra, rd, b);
    test::check_product(real, test::adjoint(cosine(n)) * diagonal(rd) * cosine(n) * diagonal(ra));
    CHECK(real.factors().size() <= 4);
  }
}

TEMPLATE_TEST_CASE("Fastfood and (HD)^3", "[monarch][exact]", float, double) {
  using R = TestType;
  const size_t n = GENERATE(4, 32);
  for (size_t b : test::divisors(n)) {
    INFO("n = " << n << ", block = " << b);
    const auto s = random_vector<R>(n, 1), g = random_vector<R>(n, 2), d = random_vector<R>(n, 3);
    std::vector<size_t> p(n);
    for (size_t t = 0; t < n; ++t) p[t] = (5 * t + 3) % n;
    const auto permutation = test::dense(n, n, [&](size_t o, size_t t) { return t == p[o] ? 1.0L : 0.0L; });
    auto expected = diagonal(s) * hadamard(n, 1) * diagonal(g) * permutation * hadamard(n, 1) * diagonal(d);
    for (auto& x : expected.entries) x /= 0.5L * std::sqrt((long double)n);
    test::check_product(fastfood<R>(s, g, p, d, R(0.5), b), expected);

    const auto h = hadamard(n, 1 / std::sqrt((long double)n));
    test::check_product(hadamard_diagonal_cubed<R>(s, g, d, b),
                        h * diagonal(s) * h * diagonal(g) * h * diagonal(d));
  }
}

TEMPLATE_TEST_CASE("low-rank matrices", "[monarch][exact]", float, double, Complex<float>, Complex<double>) {
  using T = TestType;
  const auto u = to_host(test::normal<T, 2>({7, 3}, 1)), v = to_host(test::normal<T, 2>({11, 3}, 2));
  const auto product = low_rank_product<T>(u, v);
  test::check_product(product, test::dense(7, 11, [&](size_t o, size_t t) {
                        Extended sum = 0;
                        for (size_t q = 0; q < 3; ++q)
                          sum += extended(u(o, q)) * std::conj(extended(v(t, q)));
                        return sum;
                      }));
  CHECK(product.parameters() == 3 * (7 + 11));
  CHECK(simplify(product).parameters() == 3 * (7 + 11));  // not multiplied out
}

TEMPLATE_TEST_CASE("butterflies are Monarch matrices of every block size", "[monarch][exact]", float, double,
                   Complex<float>, Complex<double>) {
  using T = TestType;
  const size_t n = GENERATE(2, 8, 32);
  const auto butterfly = random_butterfly<T>(n, n);
  for (size_t b : test::divisors(n))
    test::check_product(to_product(butterfly_to_monarch(butterfly, b)), dense_butterfly(butterfly));
}

TEST_CASE("the radix-2 FFT is a butterfly, so a Monarch matrix behind the bit reversal", "[monarch][exact]") {
  const size_t n = 32, stages = 5;
  Butterfly<Complex<double>> fft{HostTensor<Complex<double>, 4>("twiddle", stages, n / 2, 2, 2)};
  for (size_t stage = 0; stage < stages; ++stage)
    for (size_t pair = 0; pair < n / 2; ++pair) {
      const size_t stride = size_t(1) << stage;
      const auto w = test::turn(-long(pair % stride), 2 * long(stride));
      const Complex<double> z{double(w.real()), double(w.imag())};
      fft.twiddle(stage, pair, 0, 0) = fft.twiddle(stage, pair, 1, 0) = 1;
      fft.twiddle(stage, pair, 0, 1) = z;
      fft.twiddle(stage, pair, 1, 1) = -z;
    }
  std::vector<size_t> reversed(n);
  for (size_t t = 0; t < n; ++t)
    for (size_t bit = 0; bit < stages; ++bit) reversed[t] |= (t >> bit & 1) << (stages - 1 - bit);
  for (size_t b : test::divisors(n))
    test::check_product(
        compose(to_product(butterfly_to_monarch(fft, b)), permutation_product<Complex<double>>(reversed)),
        fourier(n));
}

TEMPLATE_TEST_CASE("kaleidoscope matrices, with expansion", "[monarch][exact]", double, Complex<double>) {
  using T = TestType;
  const size_t n = 16, width = GENERATE(1, 2), expansion = GENERATE(1, 2, 4), b = GENERATE(2, 4);
  std::vector<std::pair<Butterfly<T>, Butterfly<T>>> pairs;
  Dense expected;
  for (size_t w = 0; w < width; ++w) {
    pairs.emplace_back(random_butterfly<T>(n * expansion, 2 * w),
                       random_butterfly<T>(n * expansion, 2 * w + 1));
    const auto pair = dense_butterfly(pairs[w].first) * test::adjoint(dense_butterfly(pairs[w].second));
    expected = w == 0 ? pair : expected * pair;
  }
  const auto corner = test::dense(n, n, [&](size_t o, size_t t) { return expected(o, t); });
  const auto product = kaleidoscope_to_monarch(pairs, n, b);
  test::check_product(product, corner);
  CHECK(product.factors().size() == 2 * width + 2);  // and the order of the outputs
}

TEST_CASE("structured layers name sizes that do not fit", "[monarch][exact]") {
  const std::vector<double> four(4), six(6);
  CHECK_THROWS_WITH(acdc<double>(four, six, 2), "acdc: expected 4 (> 0) numbers in each, found 6");
  CHECK_THROWS_AS(hadamard_diagonal_cubed<double>(six, six, six, 2), ShapeError);
  CHECK_THROWS_AS(
      low_rank_product<double>(HostTensor<double, 2>("u", 3, 2), HostTensor<double, 2>("v", 3, 1)),
      ShapeError);
  const Butterfly<double> wrong{HostTensor<double, 4>("twiddle", 2, 3, 2, 2)};
  CHECK_THROWS_AS(butterfly_to_monarch(wrong, 2), ShapeError);
}
