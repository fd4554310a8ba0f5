// The DFT as one Monarch matrix with an input permutation; Kronecker products.

#include <danaus/monarch/exact/fourier_matrix.hpp>
#include <danaus/monarch/exact/kronecker.hpp>
#include <danaus/monarch/exact/product_algebra.hpp>

#include <monarch/exact/product_checks.hpp>

#include <bit>

using namespace danaus;
using namespace danaus::monarch;
using test::Extended;

namespace {

/// Every entry of the matrix against exp(sign 2 pi i o t / n), from a table of extended precision; entry by
/// entry, because the dense matrix of n = 4096 would take 256 MB.
template <class R>
double dense_error(const MonarchMatrix<Complex<R>>& f, long sign, long double scale) {
  const auto& s = f.shape();
  const size_t n = s.rows();
  std::vector<Extended> roots(n);
  for (size_t p = 0; p < n; ++p) roots[p] = scale * test::turn(sign * long(p), long(n));
  double error = 0;
  for (size_t l = 0; l < s.left_rows; ++l)
    for (size_t j = 0; j < s.left_blocks; ++j)
      for (size_t k = 0; k < s.right_blocks; ++k)
        for (size_t i = 0; i < s.right_columns; ++i) {
          const size_t o = l * s.left_blocks + j, t = f.input_permutation()[k * s.right_columns + i];
          const auto a = f.left()(j, l, k), b = f.right()(k, j, i);
          const Complex<double> entry =
              Complex<double>(a.real(), a.imag()) * Complex<double>(b.real(), b.imag());
          const Extended& root = roots[o * t % n];
          const double re = double(entry.real() - root.real()), im = double(entry.imag() - root.imag());
          error += re * re + im * im;
        }
  return std::sqrt(error) / (double(n) * double(scale));  // ‖F‖ = n scale
}

template <class R>
double apply_error(const MonarchMatrix<Complex<R>>& f, long sign, long double scale) {
  const size_t n = f.columns();
  const auto x = to_host(test::normal<Complex<R>, 2>({1, n}, n));
  const auto y = f.apply(x);
  std::vector<Extended> roots(n);
  for (size_t p = 0; p < n; ++p) roots[p] = scale * test::turn(sign * long(p), long(n));
  long double error = 0, norm = 0;
  for (size_t o = 0; o < n; ++o) {
    Extended sum = 0;
    for (size_t t = 0; t < n; ++t) {
      const Extended &w = roots[o * t % n], v = test::extended(x(0, t));
      sum += Extended(w.real() * v.real() - w.imag() * v.imag(), w.real() * v.imag() + w.imag() * v.real());
    }
    error += std::norm(sum - test::extended(y(0, o)));
    norm += std::norm(sum);
  }
  return double(std::sqrt(error / norm));
}

/// The accuracy that the project promises: relative error of the DFT in one factor pair.
template <class R>
constexpr double promised = std::is_same_v<R, double> ? 1e-14 : 3e-7;

}  // namespace

TEMPLATE_TEST_CASE("the DFT is one Monarch matrix, to the level of rounding, for every split",
                   "[monarch][exact]", float, double) {
  using R = TestType;
  const size_t n = GENERATE(1, 2, 7, 12, 64, 360, 512, 1000);
  for (size_t b : test::divisors(n)) {
    INFO("n = " << n << ", block = " << b);
    const auto forward = fourier_matrix<R>(n, b, Fourier::forward);
    CHECK(dense_error(forward, -1, 1.0L) <= promised<R>);
    const auto inverse = fourier_matrix<R>(n, b, Fourier::inverse, Normalization::inverse);
    CHECK(dense_error(inverse, 1, 1.0L / (long double)n) <= promised<R>);
    if (b * b < n / 4 || b * b > 4 * n) continue;
    CHECK(apply_error(forward, -1, 1.0L) <= promised<R>);
    CHECK(apply_error(inverse, 1, 1.0L / (long double)n) <= promised<R>);
  }
}

TEMPLATE_TEST_CASE("the DFT of 4096 points keeps its accuracy", "[monarch][exact]", float, double) {
  using R = TestType;
  const size_t b = GENERATE(16, 64);
  const auto f = fourier_matrix<R>(4096, b, Fourier::forward);
  CHECK(dense_error(f, -1, 1.0L) <= promised<R>);
  if (b == 64) CHECK(apply_error(f, -1, 1.0L) <= promised<R>);
  const auto orthonormal = fourier_matrix<R>(4096, b, Fourier::forward, Normalization::orthonormal);
  CHECK(dense_error(orthonormal, -1, 1.0L / 64) <= promised<R>);
}

TEST_CASE("multiples of a quarter of a turn are exact", "[monarch][exact]") {
  const auto f = fourier_matrix<double>(8, 8, Fourier::forward);
  CHECK(f.right()(0, 2, 1) == Complex<double>(0, -1));
  CHECK(f.right()(0, 4, 1) == Complex<double>(-1, 0));
}

TEMPLATE_TEST_CASE("Hadamard, identity and Kronecker products are Monarch matrices", "[monarch][exact]",
                   float, double, Complex<float>, Complex<double>) {
  using T = TestType;
  for (size_t b : test::divisors(32)) {
    // Entries +-1, products of +-1: exact.
    CHECK(test::relative_error(hadamard_matrix<T>(32, b).dense(), test::dense(32, 32, [](size_t o, size_t t) {
                                 return std::popcount(o & t) % 2 ? -1.0L : 1.0L;
                               })) == 0);
    CHECK(test::relative_error(identity_matrix<T>(32, b).dense(), test::dense(32, 32, [](size_t o, size_t t) {
                                 return o == t ? 1.0L : 0.0L;
                               })) == 0);
  }
  const auto a = to_host(test::normal<T, 2>({3, 5}, 1)), c = to_host(test::normal<T, 2>({4, 2}, 2));
  const auto expected = test::dense(12, 10, [&](size_t o, size_t t) {
    return test::extended(a(o / 4, t / 2)) * test::extended(c(o % 4, t % 2));
  });
  // One complex product per entry.
  CHECK(test::relative_error(kronecker<T>(a, c).dense(), expected) <= 4 * test::epsilon<T>());
}

TEST_CASE("exact matrices name sizes that do not fit", "[monarch][exact]") {
  CHECK_THROWS_AS(fourier_matrix<double>(12, 5, Fourier::forward), ShapeError);
  CHECK_THROWS_WITH(hadamard_matrix<double>(12, 4),
                    "hadamard_matrix: n = 12 is not a power of two; the next one is 16");
}
