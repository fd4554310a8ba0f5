#pragma once

#include <danaus/monarch/structured/structured_sum.hpp>

namespace danaus::monarch {

/// A block-sparse matrix with a fixed pattern: block (block_row[e], block_column[e]) is blocks[e], others
/// zero.
///
/// Initialisation and learning rates: as ParameterArray says, with fan-in b times the mean number of blocks
/// in a block row.
template <class T>
class BlockSparse {
 public:
  using value_type = T;

  /// @param blocks (entry, b, b), shared
  /// @throws ShapeError if the lists differ in length, name a block twice, or one outside the grid
  BlockSparse(size_t grid_rows, size_t grid_columns, std::vector<size_t> block_row,
              std::vector<size_t> block_column, const HostTensor<T, 3>& blocks);

  size_t block() const { return blocks_.extent(1); }
  size_t grid_rows() const { return grid_rows_; }
  size_t grid_columns() const { return grid_columns_; }
  const std::vector<size_t>& block_row() const { return block_row_; }
  const std::vector<size_t>& block_column() const { return block_column_; }
  const HostTensor<T, 3>& blocks() const { return blocks_; }
  size_t rows() const { return grid_rows_ * block(); }
  size_t columns() const { return grid_columns_ * block(); }
  size_t parameters() const { return blocks_.size(); }
  double flops() const { return double(flops_per_product<T> * parameters()); }

  HostTensor<T, 2> apply(const HostTensor<T, 2>& x) const;
  HostTensor<T, 2> adjoint(const HostTensor<T, 2>& y) const;
  HostTensor<T, 2> dense() const;

 private:
  size_t grid_rows_, grid_columns_;
  std::vector<size_t> block_row_, block_column_;
  HostTensor<T, 3> blocks_;
};

template <class T>
StructuredGradient<T> backward(const BlockSparse<T>& a, const HostTensor<T, 2>& x,
                               const HostTensor<T, 2>& y_grad);
template <class T>
std::vector<ParameterArray<T>> parameter_arrays(const BlockSparse<T>& a);

/// The pattern of a flat block butterfly, zero blocks: the first-order term of a product of butterfly factors
/// of up to `max_stride` blocks. Blocks (p, q) of the grid with p = q, or p and q differing in one bit below
/// max_stride; a rectangular grid stretches that of its smaller side. A square grid of g blocks of size b has
/// g b^2 (1 + log2(max_stride)) parameters.
/// Source: Dao et al. 2021, Pixelated Butterfly (doi:10.48550/arXiv.2112.00029).
/// @throws ShapeError unless the smaller side of the grid is a power of two that divides the larger, and
/// max_stride is a power of two up to the smaller side
template <class T>
BlockSparse<T> flat_block_butterfly(size_t grid_rows, size_t grid_columns, size_t block, size_t max_stride);

/// Pixelated Butterfly: flat block butterfly + low rank. The published form weighs the terms with one learned
/// number, gamma B + (1 - gamma) U V^T, which the terms absorb.
template <class T>
using PixelatedButterfly = StructuredSum<BlockSparse<T>, LowRank<T>>;

struct PixelatedButterflyShape {
  size_t grid_rows, grid_columns, block, max_stride, rank;
};

/// Fits a Pixelated Butterfly to a dense matrix by projecting in turn, as fit_monarch_plus_low_rank() does.
template <class T>
PixelatedButterfly<T> fit_pixelated_butterfly(const HostTensor<T, 2>& a, const PixelatedButterflyShape& shape,
                                              const FitOptions& options = {}, FitReport* report = nullptr);

}  // namespace danaus::monarch
