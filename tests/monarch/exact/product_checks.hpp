#pragma once

#include <danaus/monarch/block_product.hpp>
#include <danaus/monarch/monarch_matrix.hpp>

#include <monarch/exact/dense_reference.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

namespace danaus::test {

/// What rounding may do to a product of factors in working precision, relative to its Frobenius norm: a row
/// of w products in the absolute value of each factor gains (w + 4) eps, 4 for the entries themselves; once
/// more as much for entries that are themselves sums.
template <class T>
double rounding_bound(const monarch::BlockProduct<T>& product, const Dense& expected) {
  double terms = 0;
  std::vector<std::vector<double>> columns;  // |A_0| ... |A_m|, column by column
  for (size_t column = 0; column < product.columns(); ++column) {
    std::vector<double> v(product.columns());
    v[column] = 1;
    columns.push_back(v);
  }
  for (size_t f = product.factors().size(); f-- > 0;) {
    const auto& [blocks, permutation] = product.factors()[f];
    const size_t count = blocks.extent(0), rows = blocks.extent(1), width = blocks.extent(2);
    terms += double(width) + 4;
    for (auto& v : columns) {
      std::vector<double> y(count * rows);
      for (size_t k = 0; k < count; ++k)
        for (size_t r = 0; r < rows; ++r)
          for (size_t c = 0; c < width; ++c)
            y[k * rows + r] += double(Kokkos::abs(blocks(k, r, c))) * v[permutation[k * width + c]];
      v = y;
    }
  }
  double absolute = 0, norm = 0;
  for (const auto& v : columns)
    for (double x : v) absolute += x * x;
  for (const auto& x : expected.entries) norm += double(std::norm(x));
  return 2 * terms * epsilon<T>() * std::sqrt(absolute / norm);
}

/// The product's dense form and its action on random vectors against the definition.
template <class T>
void check_product(const monarch::BlockProduct<T>& product, const Dense& expected) {
  REQUIRE(product.rows() == expected.rows);
  REQUIRE(product.columns() == expected.columns);
  const double bound = rounding_bound(product, expected);
  CHECK(relative_error(product.dense(), expected) <= bound);

  const auto x = to_host(normal<T, 2>({3, product.columns()}, 77));
  const auto y = product.apply(x);
  long double error = 0, norm = 0;
  for (size_t s = 0; s < 3; ++s)
    for (size_t row = 0; row < expected.rows; ++row) {
      Extended sum = 0;
      for (size_t t = 0; t < expected.columns; ++t) sum += expected(row, t) * extended(x(s, t));
      error += std::norm(sum - extended(y(s, row)));
      for (size_t t = 0; t < expected.columns; ++t)
        norm += std::norm(expected(row, t)) * std::norm(extended(x(s, t)));
    }
  // Relative to the root of the sum of squares of all products: what random signs leave of the sums.
  CHECK(double(std::sqrt(error / norm)) <= bound * std::sqrt(double(expected.columns)));
}

template <class T>
std::vector<T> random_vector(size_t n, std::uint64_t stream) {
  const auto h = to_host(normal<T, 1>({n}, stream));
  return {h.data(), h.data() + n};
}

inline std::vector<size_t> divisors(size_t n) {
  std::vector<size_t> result;
  for (size_t b = 1; b <= n; ++b)
    if (n % b == 0) result.push_back(b);
  return result;
}

}  // namespace danaus::test
