#pragma once

#include <danaus/core/tensor.hpp>

namespace danaus::nn {

/// Sizes of a linear map of channels whose matrix is a Monarch matrix, for any number of inputs and outputs:
///
///     weights[k p + i, row J + j] = sum_t left[j, row, t] right[k, t J + j - k q, i]
///
/// over the t whose inner index t J + j lies in right block k, that is in [k q, (k + 1) q). There are K right
/// blocks of q x p and J left blocks of s x t; inputs beyond the last and outputs beyond the last are left
/// out. A slice (j, k) has rank about q / J. Source: Dao et al. 2022, section 3.1 and the layer MonarchLinear
/// of their code (doi:10.48550/arXiv.2204.00595).
struct MonarchWeightsShape {
  size_t inputs, outputs;
  size_t right_blocks;  ///< K
  size_t right_rows;    ///< q
  size_t left_blocks;   ///< J, divides K q

  /// The authors' layer, monarch::NblocksShape: K = J = nblocks, q the narrower of both block widths.
  /// @throws ShapeError unless all are at least 1
  static MonarchWeightsShape from_nblocks(size_t inputs, size_t outputs, size_t nblocks);
  /// The class M^(b,n) with slices of rank 1, made rectangular: right blocks of b x b, b left blocks.
  /// @throws ShapeError unless all are at least 1
  static MonarchWeightsShape from_block(size_t inputs, size_t outputs, size_t block);

  size_t right_columns() const { return (inputs + right_blocks - 1) / right_blocks; }  ///< p
  size_t left_rows() const { return (outputs + left_blocks - 1) / left_blocks; }       ///< s
  size_t left_columns() const { return right_blocks * right_rows / left_blocks; }      ///< t
  Shape<3> right() const { return {right_blocks, right_rows, right_columns()}; }  ///< (block, row, column)
  Shape<3> left() const { return {left_blocks, left_rows(), left_columns()}; }    ///< (block, row, column)
  size_t parameters() const { return size_of(right()) + size_of(left()); }
  bool operator==(const MonarchWeightsShape&) const = default;
};

/// Multiplies the factors out. @param weights (input, output), overwritten @throws ShapeError
template <class T>
void multiply_out(const Exec& space, const MonarchWeightsShape& shape, const Tensor<T, 3>& left,
                  const Tensor<T, 3>& right, const Tensor<T, 2>& weights);

/// Adds the gradients of the factors, given that of the product:
///
///     left_grad[j, row, t]  += sum_i   right[k, r, i]    weights_grad[k p + i, row J + j]
///     right_grad[k, r, i]   += sum_row left[j, row, t]   weights_grad[k p + i, row J + j],   t J + j = k q +
///     r
///
/// Sums run in index order. @throws ShapeError
template <class T>
void multiply_out_backward(const Exec& space, const MonarchWeightsShape& shape, const Tensor<T, 3>& left,
                           const Tensor<T, 3>& right, const Tensor<T, 2>& weights_grad,
                           const Tensor<T, 3>& left_grad, const Tensor<T, 3>& right_grad);

}  // namespace danaus::nn
