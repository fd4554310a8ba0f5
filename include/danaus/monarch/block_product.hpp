#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/core/tensor.hpp>

#include <vector>

namespace danaus::monarch {

/// A block-diagonal matrix behind a permutation: y[k R + r] = sum_c blocks[k, r, c] x[permutation[k C + c]]
/// with blocks of R x C.
template <class T>
struct BlockFactor {
  HostTensor<T, 3> blocks;  ///< (block, row, column)
  std::vector<size_t> permutation;
};

/// A product of block-diagonal matrices with permutations between them, in host memory: factors()[0] is
/// applied last. Blocks may be rectangular, so a product may widen and narrow on its way. Real or complex.
/// Source: the products MM*, (MM*)^2, ... of Dao et al. 2022, section 3.1 (doi:10.48550/arXiv.2204.00595).
template <class T>
class BlockProduct {
 public:
  using value_type = T;

  /// @throws ShapeError, naming the factor, unless there is one at least, each takes what the next gives, and
  /// each permutation is one of all its inputs
  explicit BlockProduct(std::vector<BlockFactor<T>> factors);

  const std::vector<BlockFactor<T>>& factors() const { return factors_; }
  size_t rows() const { return factors_.front().blocks.extent(0) * factors_.front().blocks.extent(1); }
  size_t columns() const { return factors_.back().permutation.size(); }
  /// Numbers in all blocks.
  size_t parameters() const;
  /// Real operations of apply() on one vector: 2 for each parameter, 8 where it is complex.
  double flops() const { return (is_complex_v<T> ? 8.0 : 2.0) * double(parameters()); }

  /// y[s] = A x[s]. @param x (sample, column) @return (sample, row) @throws ShapeError
  HostTensor<T, 2> apply(const HostTensor<T, 2>& x) const;
  /// x[s] = A* y[s]. @param y (sample, row) @return (sample, column) @throws ShapeError
  HostTensor<T, 2> adjoint(const HostTensor<T, 2>& y) const;
  /// (row, column)
  HostTensor<T, 2> dense() const;

 private:
  std::vector<BlockFactor<T>> factors_;
};

}  // namespace danaus::monarch
