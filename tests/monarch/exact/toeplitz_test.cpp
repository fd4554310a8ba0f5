// Circulant, Toeplitz and Hankel matrices and convolutions against their definitions.

#include <danaus/monarch/exact/toeplitz.hpp>

#include <monarch/exact/product_checks.hpp>

using namespace danaus;
using namespace danaus::monarch;
using test::extended;
using test::Extended;

TEMPLATE_TEST_CASE("circulants are exact in three factors, for every block size", "[monarch][exact]", float,
                   double, Complex<float>, Complex<double>) {
  using T = TestType;
  const size_t n = GENERATE(1, 2, 7, 12, 15, 36, 64);
  const auto filter = test::random_vector<T>(n, 3);
  for (size_t b : test::divisors(n)) {
    INFO("n = " << n << ", block = " << b);
    test::check_product(circulant(filter, b), test::dense(n, n, [&](size_t r, size_t s) {
                          return extended(filter[(r + n - s) % n]);
                        }));
  }
}

TEMPLATE_TEST_CASE("short filters and the identity are circulants like any other", "[monarch][exact]", double,
                   Complex<double>) {
  using T = TestType;
  const size_t n = 36, taps = GENERATE(1, 3);
  const std::vector<T> filter = taps == 1 ? std::vector<T>{T(1)} : std::vector<T>{T(-1), T(2), T(0.5)};
  for (size_t b : test::divisors(n))
    test::check_product(circular_convolution(filter, n, b), test::dense(n, n, [&](size_t r, size_t s) {
                          const size_t d = (r + n - s) % n;
                          return d < taps ? extended(filter[d]) : Extended(0);
                        }));
}

TEST_CASE("a real circulant costs about half of the complex factors", "[monarch][exact]") {
  const auto real = circulant(test::random_vector<double>(256, 1), 16);
  const auto complex = circulant(test::random_vector<Complex<double>>(256, 1), 16);
  CHECK(real.factors().size() == 4);  // the order of the outputs and three factors
  // n (2 c + 2 b) and the n ones of the order; complex 2 n c + n b, each number two reals.
  CHECK(real.parameters() == 256 * (2 * 16 + 2 * 16) + 256);
  CHECK(complex.parameters() == 256 * (2 * 16 + 16) + 256);
}

TEMPLATE_TEST_CASE("Toeplitz and Hankel matrices of any shape are exact", "[monarch][exact]", float, double,
                   Complex<float>, Complex<double>) {
  using T = TestType;
  const auto [rows, columns, block] = GENERATE(table<size_t, size_t, size_t>(
      {{1, 1, 1}, {12, 12, 3}, {12, 12, 12}, {12, 12, 1}, {20, 8, 4}, {6, 30, 2}, {35, 35, 5}, {49, 7, 7}}));
  INFO(rows << " x " << columns << ", block = " << block);
  const auto column = test::random_vector<T>(rows, 1), row = test::random_vector<T>(columns, 2);
  test::check_product(toeplitz(column, row, block), test::dense(rows, columns, [&](size_t r, size_t s) {
                        return extended(r >= s ? column[r - s] : row[s - r]);
                      }));
  test::check_product(hankel(column, row, block),
                      test::dense(rows, columns, [&, m = rows](size_t r, size_t s) {
                        return extended(r + s < m ? column[r + s] : row[r + s - m + 1]);
                      }));
}

TEMPLATE_TEST_CASE("linear convolution with filters of any length", "[monarch][exact]", double,
                   Complex<double>) {
  using T = TestType;
  const size_t n = 24, taps = GENERATE(1, 2, 5, 24, 61), block = GENERATE(1, 4, 6);
  const auto filter = test::random_vector<T>(taps, taps);
  const size_t rows = (n + taps - 1 + block - 1) / block * block;
  test::check_product(linear_convolution(filter, n, block), test::dense(rows, n, [&](size_t r, size_t s) {
                        return r >= s && r - s < taps ? extended(filter[r - s]) : Extended(0);
                      }));
}

TEST_CASE("convolutions and Toeplitz matrices name sizes that do not fit", "[monarch][exact]") {
  const std::vector<double> four(4), six(6);
  CHECK_THROWS_WITH(circulant(six, 4), "circulant: block size 4 does not divide the 6 points");
  CHECK_THROWS_WITH(toeplitz(six, four, 3), "toeplitz: block size 3 does not divide the 4 columns");
  CHECK_THROWS_WITH(circular_convolution(six, 4, 2),
                    "circular_convolution: a filter of 6 taps for 4 points; expected 1 to 4");
  CHECK_THROWS_AS(linear_convolution(std::vector<double>{}, 4, 2), ShapeError);
}
