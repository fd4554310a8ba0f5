#include <danaus/monarch/exact/toeplitz.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/fft/root_of_unity.hpp>
#include <danaus/monarch/exact/product_algebra.hpp>

#include <monarch/exact/permutations.hpp>

#include <algorithm>
#include <functional>
#include <type_traits>

namespace danaus::monarch {

namespace {

using Z = Complex<double>;

template <class T>
T cast(Z z) {
  if constexpr (is_complex_v<T>)
    return {real_t<T>(z.real()), real_t<T>(z.imag())};
  else
    return T(z.real());
}

/// A grid of block_rows x block_columns blocks of b x b, embedded in a block circulant of `period` blocks.
/// Entry (r, s) of the matrix is diagonal[r - s - first_difference].
struct Grid {
  size_t block, block_rows, block_columns, period;
  long first_difference;
  std::vector<Z> diagonals = {};

  Z at(long difference) const { return diagonals[size_t(difference - first_difference)]; }
};

/// C_k[j, j'] depends on m = j - j' alone: sum_d t(d b + m) exp(-2 pi i k d / c), at index m + b - 1.
std::vector<Z> symbols(const Grid& grid, long k) {
  const long b = long(grid.block), c = long(grid.period);
  const long first = -long(grid.block_columns) + 1, last = long(grid.block_rows) - 1;
  std::vector<Z> symbol(2 * b - 1);
  // Every difference of blocks occurs once in a period.
  for (long d = first; d <= last && d < first + c; ++d) {
    const Z w = fft::root_of_unity(-k * d, c);
    for (long m = -b + 1; m < b; ++m) symbol[m + b - 1] += grid.at(d * b + m) * w;
  }
  return symbol;
}

/// The three factors with the permutations around them. A group of the middle factor holds b numbers of one
/// frequency (complex) or of two real parts.
template <class T>
BlockProduct<T> assemble(const Grid& grid, const HostTensor<T, 3>& last, const HostTensor<T, 3>& middle,
                         const HostTensor<T, 3>& first) {
  const size_t b = grid.block, c = last.extent(2), parts = middle.extent(1) / b;
  std::vector<size_t> gather(b * c), spread(b * c);
  for (size_t j = 0; j < b; ++j)
    for (size_t k = 0; k < c; ++k) {
      const size_t inside = (k / parts) * parts * b + (k % parts) * b + j;
      gather[j * c + k] = inside;
      spread[inside] = j * c + k;
    }
  return compose(
      permutation_product<T>(transposing_permutation(grid.block_rows, b)),
      make_product<T>(
          {{last, gather}, {middle, spread}, {first, transposing_permutation(b, grid.block_columns)}}));
}

template <class T>
BlockProduct<T> complex_factors(const Grid& grid) {
  const long b = long(grid.block), c = long(grid.period);
  const auto last = make_blocks<T>(b, grid.block_rows, c), middle = make_blocks<T>(c, b, b),
             first = make_blocks<T>(b, c, grid.block_columns);
  for (long k = 0; k < c; ++k) {
    const auto symbol = symbols(grid, k);
    for (long j = 0; j < b; ++j) {
      for (long i = 0; i < b; ++i) middle(k, j, i) = cast<T>(symbol[j - i + b - 1]);
      for (long l = 0; l < long(grid.block_rows); ++l)
        last(j, l, k) = cast<T>(fft::root_of_unity(k * l, c) / double(c));
      for (long l = 0; l < long(grid.block_columns); ++l)
        first(j, k, l) = cast<T>(fft::root_of_unity(-k * l, c));
    }
  }
  return assemble<T>(grid, last, middle, first);
}

/// Rows 2u and 2u + 1 of the first factor are real and imaginary part of frequency u; those of frequency 0
/// are the real frequencies 0 and, if c is even, c/2.
template <class T>
BlockProduct<T> real_factors(const Grid& grid) {
  const long b = long(grid.block), c = long(grid.period), pairs = (c + 1) / 2;
  const auto last = make_blocks<T>(b, grid.block_rows, 2 * pairs),
             middle = make_blocks<T>(pairs, 2 * b, 2 * b),
             first = make_blocks<T>(b, 2 * pairs, grid.block_columns);
  const bool has_half = c % 2 == 0;
  const auto half = symbols(grid, c / 2);
  for (long u = 0; u < pairs; ++u) {
    const bool alone = u == 0;
    const auto symbol = symbols(grid, u);
    for (long j = 0; j < b; ++j) {
      for (long i = 0; i < b; ++i) {
        const Z s = symbol[j - i + b - 1];
        middle(u, j, i) = T(s.real());
        middle(u, b + j, b + i) = T(!alone ? s.real() : has_half ? half[j - i + b - 1].real() : 0.0);
        if (alone) continue;
        middle(u, j, b + i) = T(-s.imag());
        middle(u, b + j, i) = T(s.imag());
      }
      for (long l = 0; l < long(grid.block_rows); ++l) {
        const Z w = fft::root_of_unity(u * l, c) * ((alone ? 1.0 : 2.0) / double(c));
        last(j, l, 2 * u) = T(w.real());
        last(j, l, 2 * u + 1) = T(!alone     ? -w.imag()
                                  : has_half ? (l % 2 == 0 ? 1.0 : -1.0) / double(c)
                                             : 0.0);
      }
      for (long l = 0; l < long(grid.block_columns); ++l) {
        const Z w = fft::root_of_unity(-u * l, c);
        first(j, 2 * u, l) = T(w.real());
        first(j, 2 * u + 1, l) = T(!alone ? w.imag() : has_half ? (l % 2 == 0 ? 1.0 : -1.0) : 0.0);
      }
    }
  }
  return assemble<T>(grid, last, middle, first);
}

template <class T>
BlockProduct<T> grid_factors(const Grid& grid) {
  if constexpr (is_complex_v<T>)
    return complex_factors<T>(grid);
  else
    return real_factors<T>(grid);
}

template <class T>
Z widen(T x) {
  return {double(Kokkos::real(x)), double(Kokkos::imag(x))};
}

void require_divisor(const char* what, const char* name, size_t n, size_t block) {
  if (n == 0 || block == 0 || n % block != 0)
    throw ShapeError(std::string(what) + ": block size " + std::to_string(block) + " does not divide the " +
                     std::to_string(n) + " " + name);
}

/// A Toeplitz matrix by its diagonals r - s = -(columns - 1) .. rows - 1.
template <class T>
BlockProduct<T> from_diagonals(const char* what, size_t rows, size_t columns, std::vector<Z> diagonals,
                               size_t block) {
  require_divisor(what, "rows", rows, block);
  require_divisor(what, "columns", columns, block);
  const size_t differences = (rows + columns) / block - 1;
  // An even period wastes no row of real factors on the imaginary part of frequency 0.
  const size_t period = is_complex_v<T> ? differences : differences + differences % 2;
  return grid_factors<T>(
      {block, rows / block, columns / block, period, -long(columns) + 1, std::move(diagonals)});
}

}  // namespace

template <class T>
BlockProduct<T> circulant(const std::vector<T>& filter, size_t block) {
  const size_t n = filter.size();
  require_divisor("circulant", "points", n, block);
  std::vector<Z> diagonals(2 * n - 1);
  for (size_t e = 0; e < diagonals.size(); ++e) diagonals[e] = widen(filter[(e + 1) % n]);
  return grid_factors<T>({block, n / block, n / block, n / block, -long(n) + 1, std::move(diagonals)});
}

template <class T>
BlockProduct<T> circular_convolution(const std::vector<T>& filter, size_t n, size_t block) {
  if (filter.empty() || filter.size() > n)
    throw ShapeError("circular_convolution: a filter of " + std::to_string(filter.size()) + " taps for " +
                     std::to_string(n) + " points; expected 1 to " + std::to_string(n));
  auto padded = filter;
  padded.resize(n);
  return circulant(padded, block);
}

template <class T>
BlockProduct<T> toeplitz(const std::vector<T>& first_column, const std::vector<T>& first_row, size_t block) {
  const size_t rows = first_column.size(), columns = first_row.size();
  std::vector<Z> diagonals;
  for (size_t s = columns; s-- > 1;) diagonals.push_back(widen(first_row[s]));
  for (const T& x : first_column) diagonals.push_back(widen(x));
  return from_diagonals<T>("toeplitz", rows, columns, std::move(diagonals), block);
}

template <class T>
BlockProduct<T> hankel(const std::vector<T>& first_column, const std::vector<T>& last_row, size_t block) {
  const size_t rows = first_column.size(), columns = last_row.size();
  // H[r, s] = h[r + s] = T[r, columns - 1 - s] with T's diagonals r - s' = -(columns - 1) .. in the order of
  // h.
  std::vector<Z> diagonals;
  for (const T& x : first_column) diagonals.push_back(widen(x));
  for (size_t s = 1; s < columns; ++s) diagonals.push_back(widen(last_row[s]));
  std::vector<size_t> reversed(columns);
  for (size_t s = 0; s < columns; ++s) reversed[s] = columns - 1 - s;
  return simplify(compose(from_diagonals<T>("hankel", rows, columns, std::move(diagonals), block),
                          permutation_product<T>(reversed)));
}

template <class T>
BlockProduct<T> linear_convolution(const std::vector<T>& filter, size_t n, size_t block) {
  require_divisor("linear_convolution", "points", n, block);
  if (filter.empty()) throw ShapeError("linear_convolution: the filter has no taps");
  const size_t rows = (n + filter.size() - 1 + block - 1) / block * block;
  std::vector<Z> diagonals(rows + n - 1);
  for (size_t t = 0; t < filter.size(); ++t) diagonals[n - 1 + t] = widen(filter[t]);
  return from_diagonals<T>("linear_convolution", rows, n, std::move(diagonals), block);
}

#define DANAUS_INSTANTIATE(T)                                                                 \
  template BlockProduct<T> circulant<T>(const std::vector<T>&, size_t);                       \
  template BlockProduct<T> circular_convolution<T>(const std::vector<T>&, size_t, size_t);    \
  template BlockProduct<T> toeplitz<T>(const std::vector<T>&, const std::vector<T>&, size_t); \
  template BlockProduct<T> hankel<T>(const std::vector<T>&, const std::vector<T>&, size_t);   \
  template BlockProduct<T> linear_convolution<T>(const std::vector<T>&, size_t, size_t);
DANAUS_FOR_EACH_SCALAR(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
