#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/monarch/monarch_shape.hpp>

#include <vector>

namespace danaus::monarch {

/// A Monarch matrix in host memory, with an optional input permutation p:
///
///     y[l J + j] = sum_{k, i} left[j, l, k] right[k, j, i] x[p[k I + i]]
///
/// with J left blocks and I columns in a right block (see MonarchShape). Real or complex. The numerical tools
/// of this folder work on these; trained transforms run as AxisTransform. Source: Dao et al. 2022,
/// section 3.1 (doi:10.48550/arXiv.2204.00595).
template <class T>
class MonarchMatrix {
 public:
  using value_type = T;

  /// @param left (block j, row l, column k) @param right (block k, row j, column i), both shared
  /// @param input_permutation  empty: none
  /// @throws ShapeError unless the blocks fit each other and the permutation is one of all columns
  MonarchMatrix(const HostTensor<T, 3>& left, const HostTensor<T, 3>& right,
                std::vector<size_t> input_permutation = {});

  const MonarchShape& shape() const { return shape_; }
  const HostTensor<T, 3>& left() const { return left_; }
  const HostTensor<T, 3>& right() const { return right_; }
  const std::vector<size_t>& input_permutation() const { return input_permutation_; }
  size_t rows() const { return shape_.rows(); }
  size_t columns() const { return shape_.columns(); }
  size_t parameters() const { return shape_.parameters(); }
  /// Real operations of apply() on one vector: 2 for each parameter, 8 where it is complex.
  double flops() const { return (is_complex_v<T> ? 8.0 : 2.0) * double(parameters()); }

  /// y[s] = M x[s]. @param x (sample, column) @return (sample, row) @throws ShapeError
  HostTensor<T, 2> apply(const HostTensor<T, 2>& x) const;
  /// x[s] = M* y[s]. @param y (sample, row) @return (sample, column) @throws ShapeError
  HostTensor<T, 2> adjoint(const HostTensor<T, 2>& y) const;
  /// (row, column), each entry one product.
  HostTensor<T, 2> dense() const;

 private:
  MonarchShape shape_;
  HostTensor<T, 3> left_, right_;
  std::vector<size_t> input_permutation_;
};

}  // namespace danaus::monarch
