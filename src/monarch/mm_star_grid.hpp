#pragma once

#include <danaus/core/tensor.hpp>
#include <danaus/linalg/dense.hpp>
#include <danaus/linalg/for_each_item.hpp>
#include <danaus/linalg/svd.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

/// What the factorisation of M1 M2* works on: the matrix and its factors, block by block. T: double or
/// Complex<double>.
namespace danaus::monarch::mm {

using linalg::DenseMatrix;

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A matrix as a grid of b x b blocks of m x m: block (i, j) holds rows l b + i and columns l' b + j.
template <class T>
struct Grid {
  size_t b = 0, m = 0;
  std::vector<DenseMatrix<T>> blocks = {};

  const DenseMatrix<T>& operator()(size_t i, size_t j) const { return blocks[i * b + j]; }
};

template <class T>
Grid<T> grid_of(const HostTensor<T, 2>& a, size_t b) {
  Grid<T> grid{b, a.extent(0) / b};
  for (size_t i = 0; i < b; ++i)
    for (size_t j = 0; j < b; ++j) {
      DenseMatrix<T> block(grid.m, grid.m);
      for (size_t r = 0; r < grid.m; ++r)
        for (size_t c = 0; c < grid.m; ++c) block(r, c) = a(r * b + i, c * b + j);
      grid.blocks.push_back(std::move(block));
    }
  return grid;
}

template <class To, class From>
DenseMatrix<To> converted(const DenseMatrix<From>& a) {
  DenseMatrix<To> result(a.rows, a.columns);
  for (size_t e = 0; e < a.entries.size(); ++e) {
    if constexpr (is_complex_v<To> || !is_complex_v<From>)
      result.entries[e] = To(a.entries[e]);
    else
      result.entries[e] = a.entries[e].real();
  }
  return result;
}

/// Block (i, j) is outer[i] diag(middle[i][j]) inner[j].
template <class T>
struct Factors {
  std::vector<DenseMatrix<T>> outer, inner;
  std::vector<std::vector<T>> middle;  ///< at [i b + j]
  double error = infinity;
};

template <class T>
double grid_norm(const Grid<T>& grid) {
  double sum = 0, scale = 0;
  for (const auto& block : grid.blocks) scale = std::max(scale, linalg::norm(block));
  if (scale == 0) return 0;
  for (const auto& block : grid.blocks) sum += std::pow(linalg::norm(block) / scale, 2);
  return scale * std::sqrt(sum);
}

/// ‖A - M‖ / ‖A‖.
template <class T>
double error_of(const Grid<T>& grid, double norm, const Factors<T>& f) {
  std::vector<double> squares(grid.b);
  linalg::for_each_item(grid.b, [&](size_t i) {
    for (size_t j = 0; j < grid.b; ++j) {
      auto scaled = f.outer[i];
      for (size_t k = 0; k < grid.m; ++k)
        for (size_t l = 0; l < grid.m; ++l) scaled(l, k) *= f.middle[i * grid.b + j][k];
      auto difference = linalg::multiply(scaled, f.inner[j]);
      for (size_t e = 0; e < difference.entries.size(); ++e) difference.entries[e] -= grid(i, j).entries[e];
      squares[i] += std::pow(linalg::norm(difference) / norm, 2);
    }
  });
  double sum = 0;
  for (double s : squares) sum += s;
  return std::isfinite(sum) ? std::sqrt(sum) : infinity;
}

/// Scales the columns of outer and the rows of inner to length 1 and fits the diagonals: the coefficient of
/// each row of outer^-1 B in the direction of the same row of inner.
template <class T>
bool fit_middle(const Grid<T>& grid, Factors<T>& f) {
  const size_t b = grid.b, m = grid.m;
  for (size_t t = 0; t < b; ++t)
    for (size_t k = 0; k < m; ++k) {
      double column = 0, row = 0;
      for (size_t l = 0; l < m; ++l) {
        column += std::pow(double(Kokkos::abs(f.outer[t](l, k))), 2);
        row += std::pow(double(Kokkos::abs(f.inner[t](k, l))), 2);
      }
      for (size_t l = 0; l < m; ++l) {
        f.outer[t](l, k) = column > 0 ? f.outer[t](l, k) / std::sqrt(column) : T(0);
        f.inner[t](k, l) = row > 0 ? f.inner[t](k, l) / std::sqrt(row) : T(0);
      }
    }
  f.middle.assign(b * b, std::vector<T>(m));
  std::vector<int> is_singular(b);
  linalg::for_each_item(b, [&](size_t i) {
    const auto inverse = linalg::inverse(f.outer[i]).matrix;
    is_singular[i] = inverse.entries.empty();
    for (size_t j = 0; j < b && !is_singular[i]; ++j) {
      const auto rows = linalg::multiply(inverse, grid(i, j));
      for (size_t k = 0; k < m; ++k)
        for (size_t l = 0; l < m; ++l) f.middle[i * b + j][k] += rows(k, l) * conjugate(f.inner[j](k, l));
    }
  });
  return std::none_of(is_singular.begin(), is_singular.end(), [](int s) { return s != 0; });
}

/// One step of refinement from both sides; whether all inverses exist.
template <class T>
bool refine(const Grid<T>& grid, Factors<T>& f) {
  const size_t b = grid.b, m = grid.m;
  std::vector<DenseMatrix<T>> inverse(b);
  std::vector<int> is_singular(b);
  const auto invert_all = [&](const std::vector<DenseMatrix<T>>& matrices) {
    linalg::for_each_item(b, [&](size_t t) {
      inverse[t] = linalg::inverse(matrices[t]).matrix;
      is_singular[t] = inverse[t].entries.empty();
    });
    return std::none_of(is_singular.begin(), is_singular.end(), [](int s) { return s != 0; });
  };
  // Column k of B_ij inner_j^-1 = outer_i diag, for all j: a matrix (l, j) of rank one.
  if (!invert_all(f.inner)) return false;
  linalg::for_each_item(b, [&](size_t i) {
    std::vector<T> slices(m * m * b), u(m * m), v(m * b);
    std::vector<double> sigma(m);
    for (size_t j = 0; j < b; ++j) {
      const auto columns = linalg::multiply(grid(i, j), inverse[j]);
      for (size_t k = 0; k < m; ++k) std::copy_n(&columns(0, k), m, slices.data() + (k * b + j) * m);
    }
    linalg::dominant_svd(m, slices.data(), m, b, u.data(), sigma.data(), v.data());
    for (size_t k = 0; k < m; ++k) std::copy_n(u.data() + k * m, m, &f.outer[i](0, k));
  });
  // Row k of outer_i^-1 B_ij = diag inner_j, for all i: a matrix (l, i) of rank one.
  if (!invert_all(f.outer)) return false;
  linalg::for_each_item(b, [&](size_t j) {
    std::vector<T> slices(m * m * b), u(m * m), v(m * b);
    std::vector<double> sigma(m);
    for (size_t i = 0; i < b; ++i) {
      const auto rows = linalg::multiply(inverse[i], grid(i, j));
      for (size_t k = 0; k < m; ++k)
        for (size_t l = 0; l < m; ++l) slices[(k * b + i) * m + l] = rows(k, l);
    }
    linalg::dominant_svd(m, slices.data(), m, b, u.data(), sigma.data(), v.data());
    for (size_t k = 0; k < m; ++k)
      for (size_t l = 0; l < m; ++l) f.inner[j](k, l) = u[k * m + l];
  });
  return fit_middle(grid, f);
}

}  // namespace danaus::monarch::mm
