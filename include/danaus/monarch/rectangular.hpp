#pragma once

#include <danaus/monarch/block_product.hpp>
#include <danaus/monarch/monarch_matrix.hpp>
#include <danaus/monarch/structured/block_tensor_train.hpp>

namespace danaus::monarch {

/// Sizes of a rectangular Monarch matrix M = L R of n3 rows and n1 columns, blocks (b1, b2, b3):
///
///     R (n2 x n1)  block-diagonal, K = n1/b1 blocks of b2 x b1; n2 = K b2
///     L (n3 x n2)  (n3/b3) x K blocks of b3 x b2, each a wrapped diagonal: entry (o, j) is zero unless
///                  o = j modulo min(b2, b3)
///
/// n1 b2 + n2 n3 / min(b2, b3) parameters. b2 = b3 is the class M^(b,n) made rectangular. For b2 <= b3 a
/// slice (inner index, right block) has rank 1; for b2 > b3 each output sums up to ceil(b2/b3) inner indices
/// of a block, and slices have that rank. Neither need divide the other: slices are then ragged. Source: Dao
/// et al. 2022, appendix C (doi:10.48550/arXiv.2204.00595).
struct RectangularShape {
  size_t right_blocks;     ///< K
  size_t right_columns;    ///< b1
  size_t right_rows;       ///< b2
  size_t left_rows;        ///< b3
  size_t left_block_rows;  ///< n3/b3

  /// @throws ShapeError unless b1 divides the columns, b3 the rows, and none is zero
  static RectangularShape make(size_t rows, size_t columns, size_t b1, size_t b2, size_t b3);

  size_t rows() const { return left_block_rows * left_rows; }
  size_t inner() const { return right_blocks * right_rows; }
  size_t columns() const { return right_blocks * right_columns; }
  /// min(b2, b3), the number of groups of outputs that share no inner index.
  size_t residues() const { return right_rows < left_rows ? right_rows : left_rows; }
  /// max(b2, b3), the entries of one wrapped diagonal.
  size_t diagonal() const { return right_rows < left_rows ? left_rows : right_rows; }
  size_t parameters() const {
    return right_blocks * (right_rows * right_columns + left_block_rows * diagonal());
  }
};

/// A rectangular Monarch matrix in host memory:
///
///     y[l b3 + t mod b3] = sum_{k, t} left[l, k, t] z[k, t mod b2],   z[k, j] = sum_i right[k, j, i] x[k b1
///     + i]
///
/// with t < max(b2, b3) along each wrapped diagonal. Real or complex.
template <class T>
class RectangularMonarch {
 public:
  using value_type = T;

  /// @param left (l, k, t) @param right (k, j, i), both shared
  RectangularMonarch(const RectangularShape& shape, const HostTensor<T, 3>& left,
                     const HostTensor<T, 3>& right);
  /// Zero factors.
  explicit RectangularMonarch(const RectangularShape& shape);

  const RectangularShape& shape() const { return shape_; }
  const HostTensor<T, 3>& left() const { return left_; }
  const HostTensor<T, 3>& right() const { return right_; }
  size_t rows() const { return shape_.rows(); }
  size_t columns() const { return shape_.columns(); }
  size_t parameters() const { return shape_.parameters(); }
  double flops() const { return (is_complex_v<T> ? 8.0 : 2.0) * double(parameters()); }

  HostTensor<T, 2> apply(const HostTensor<T, 2>& x) const;
  HostTensor<T, 2> adjoint(const HostTensor<T, 2>& y) const;
  HostTensor<T, 2> dense() const;

 private:
  RectangularShape shape_;
  HostTensor<T, 3> left_, right_;
};

/// Gradients of a loss whose gradient with respect to y = M x is y_grad, see StructuredMatrix. @throws
/// ShapeError
template <class T>
StructuredGradient<T> backward(const RectangularMonarch<T>& m, const HostTensor<T, 2>& x,
                               const HostTensor<T, 2>& y_grad);
/// Initialisation and learning rates: as ParameterArray says, with fan-in b1 for right, and for left the
/// inner indices that an output sums: K ceil(b2 / b3).
template <class T>
std::vector<ParameterArray<T>> parameter_arrays(const RectangularMonarch<T>& m);

/// The same matrix as two block-diagonal factors of equal blocks. @throws ShapeError unless b2 divides b3
template <class T>
MonarchMatrix<T> to_monarch(const RectangularMonarch<T>& matrix);

/// The same matrix as slices of rank b2/b3. @throws ShapeError unless b3 divides b2
template <class T>
BlockTensorTrain<T> to_block_tensor_train(const RectangularMonarch<T>& matrix);

/// The same matrix as three factors: order of the outputs, left blocks, right blocks.
template <class T>
BlockProduct<T> to_product(const BlockTensorTrain<T>& matrix);

}  // namespace danaus::monarch
