#pragma once

#include <danaus/monarch/monarch_shape.hpp>
#include <danaus/monarch/structured/structured_matrix.hpp>

namespace danaus::monarch {

/// A block tensor-train of two cores: a Monarch matrix whose slices have rank r instead of one.
///
///     A[(l, j), (k, i)] = sum_q left[j, l, k r + q] right[k, j r + q, i],   q < r
///
/// indices as in MonarchShape; r J K (L + I) parameters with J, K left and right blocks, L left rows and I
/// right columns. r = 1 is a Monarch matrix; r = min(L, I) is any dense matrix. The published layer of
/// Monarch
/// (`nblocks` blocks in both factors) has this form too. Source: Qiu et al. 2024
/// (doi:10.48550/arXiv.2406.06248).
///
/// Initialisation and learning rates: as ParameterArray says, with fan-in I for right and r K for left (their
/// section 3): constant in the width of the layer if the blocks are, so learning rates stay large.
template <class T>
class BlockTensorTrain {
 public:
  using value_type = T;

  /// @param left (j, l, k r + q) @param right (k, j r + q, i), both shared
  BlockTensorTrain(const MonarchShape& shape, size_t rank, const HostTensor<T, 3>& left,
                   const HostTensor<T, 3>& right);
  /// Zero cores, for initialize().
  BlockTensorTrain(const MonarchShape& shape, size_t rank);

  const MonarchShape& shape() const { return shape_; }
  size_t rank() const { return rank_; }
  const HostTensor<T, 3>& left() const { return left_; }
  const HostTensor<T, 3>& right() const { return right_; }
  size_t rows() const { return shape_.rows(); }
  size_t columns() const { return shape_.columns(); }
  size_t parameters() const { return rank_ * shape_.parameters(); }
  double flops() const { return double(flops_per_product<T> * parameters()); }

  HostTensor<T, 2> apply(const HostTensor<T, 2>& x) const;
  HostTensor<T, 2> adjoint(const HostTensor<T, 2>& y) const;
  HostTensor<T, 2> dense() const;

 private:
  MonarchShape shape_;
  size_t rank_;
  HostTensor<T, 3> left_, right_;
};

template <class T>
StructuredGradient<T> backward(const BlockTensorTrain<T>& a, const HostTensor<T, 2>& x,
                               const HostTensor<T, 2>& y_grad);
template <class T>
std::vector<ParameterArray<T>> parameter_arrays(const BlockTensorTrain<T>& a);

/// The closest block tensor-train of this shape and rank: every slice (j, k) is an L x I matrix of its own,
/// of which the r leading singular triplets are kept, singular values split evenly.
/// @throws ShapeError if the matrix is not of the shape, or unless 1 <= rank <= min(L, I)
template <class T>
BlockTensorTrain<T> fit_block_tensor_train(const HostTensor<T, 2>& a, const MonarchShape& shape, size_t rank);

}  // namespace danaus::monarch
