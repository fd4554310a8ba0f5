#pragma once

#include <danaus/core/tensor.hpp>

#include <vector>

namespace danaus::monarch {

/// Sizes of a Monarch matrix: a product of two block-diagonal factors with a fixed permutation between them.
///
///     M[(l, j), (k, i)] = left[j, l, k] right[k, j, i]
///
/// maps x[k, i] (k right block, i its column) to y[l, j] (l row of a left block, j left block); the output
/// index is l * left_blocks + j. Square matrices of block size b | n have n/b right blocks of b x b and b
/// left blocks of n/b x n/b: n^2/b + n b parameters. Blocks may be rectangular. Source: Dao et al. 2022,
/// section 3.1 and appendix C (doi:10.48550/arXiv.2204.00595).
struct MonarchShape {
  size_t right_blocks;   ///< k
  size_t right_columns;  ///< i, columns of one right block
  size_t left_blocks;    ///< j, also the rows of one right block
  size_t left_rows;      ///< l, rows of one left block

  /// The class M^(b,n). @throws ShapeError unless b divides n
  static MonarchShape square(size_t n, size_t block);

  size_t rows() const { return left_blocks * left_rows; }
  size_t columns() const { return right_blocks * right_columns; }
  size_t parameters() const { return left_blocks * right_blocks * (left_rows + right_columns); }
  Shape<3> left() const { return {left_blocks, left_rows, right_blocks}; }       ///< (block, row, column)
  Shape<3> right() const { return {right_blocks, left_blocks, right_columns}; }  ///< (block, row, column)
};

/// How the input x is read. The DFT is a Monarch matrix only behind the strided order.
enum class InputOrder {
  natural,  ///< x[k, i] is entry k * right_columns + i
  strided,  ///< x[k, i] is entry i * right_blocks + k
};

/// The block size that learned transforms of n points use by default: the divisor of n nearest sqrt(n), the
/// smaller of two. @throws UsageError if n has no divisor in [sqrt(n)/2, 2 sqrt(n)], naming the next padding
/// that has one
size_t default_block(size_t n);

}  // namespace danaus::monarch
