#pragma once

#include <danaus/monarch/block_product.hpp>

#include <vector>

/// Matrices that are constant along their diagonals, exact as three block-diagonal factors, for every block
/// size b that divides their sizes and every filter, short ones and the identity included.
///
/// With r = l b + j the matrix is a grid of b x b blocks that depend on the difference of their places alone.
/// A DFT of c points across the grid (c = n/b, or enough for the wrapped differences) makes it
/// block-diagonal:
///
///     C = (1/c) (F_c^* (x) I_b) diag(C_0 .. C_{c-1}) (F_c (x) I_b),   C_k = sum_d T_d exp(-2 pi i k d / c)
///
/// with T_d the b x b block at difference d: b blocks of c x n/b, c blocks of b x b, b blocks of m/b x c (m
/// rows, n columns). This is M1 M2* (Dao et al. 2022, proposition 13) without its assumptions. Real matrices
/// get real factors: frequencies k and c-k are one pair of reals, so the middle factor has c/2 blocks of
/// 2b x 2b.
namespace danaus::monarch {

/// Circular convolution: C[r, s] = filter[(r - s) mod n], n = filter.size(). As scipy.linalg.circulant.
/// @throws ShapeError unless block divides n
template <class T>
BlockProduct<T> circulant(const std::vector<T>& filter, size_t block);

/// Circular convolution of n points with a filter of at most n taps: circulant of the filter with zeros
/// behind.
/// @throws ShapeError if the filter is longer than n, or block does not divide n
template <class T>
BlockProduct<T> circular_convolution(const std::vector<T>& filter, size_t n, size_t block);

/// T[r, s] = first_column[r - s] for r >= s, first_row[s - r] otherwise; first_row[0] is not read. As
/// scipy.linalg.toeplitz, of any shape: first_column.size() rows, first_row.size() columns. The embedding
/// circulant has c = (rows + columns) / b - 1 block rows, for real matrices the next even number.
/// @throws ShapeError unless block divides rows and columns
template <class T>
BlockProduct<T> toeplitz(const std::vector<T>& first_column, const std::vector<T>& first_row, size_t block);

/// H[r, s] = first_column[r + s] while that lies inside, last_row[r + s - rows + 1] otherwise; last_row[0] is
/// not read. As scipy.linalg.hankel. A Toeplitz matrix that reads x backwards.
/// @throws ShapeError unless block divides rows and columns
template <class T>
BlockProduct<T> hankel(const std::vector<T>& first_column, const std::vector<T>& last_row, size_t block);

/// Linear convolution of n points with a filter of any length m >= 1:
///
///     y[r] = sum_s filter[r - s] x[s],   r < n + m - 1
///
/// as numpy.convolve(x, filter). The product has n + m - 1 rows rounded up to a multiple of block; the rows
/// beyond n + m - 1 are zero up to rounding.
/// @throws ShapeError unless block divides n
template <class T>
BlockProduct<T> linear_convolution(const std::vector<T>& filter, size_t n, size_t block);

}  // namespace danaus::monarch
