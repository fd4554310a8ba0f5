#pragma once

#include <danaus/monarch/block_product.hpp>
#include <danaus/monarch/padded.hpp>

namespace danaus::monarch {

/// Sizes of the linear layer that the authors of Monarch train: `nblocks` blocks in both factors, of widths
/// that need not match, for any number of inputs and outputs.
///
///     p = ceil(inputs / nblocks),  s = ceil(outputs / nblocks),  q = min(p, s)
///     right (block k, row, column) = (nblocks, q, p)      left (block j, row, column) = (nblocks, s, q)
///     z[k q + row] = sum_i right[k, row, i] x[k p + i],   y[row nblocks + j] = sum_t left[j, row, t] z[t
///     nblocks + j]
///
/// The input is filled with zeros up to nblocks p, the output cut to `outputs`. nblocks q (p + s) parameters,
/// 2 n^2 / nblocks for n inputs and outputs. A slice (j, k) is a matrix of rank r = q / nblocks, rounded up
/// or down: for few blocks this layer is far from rank one. Source: Dao et al. 2022
/// (doi:10.48550/arXiv.2204.00595), the layer MonarchLinear of their code.
struct NblocksShape {
  size_t inputs, outputs, nblocks;

  /// @throws ShapeError unless all sizes are at least 1
  static NblocksShape make(size_t outputs, size_t inputs, size_t nblocks);

  size_t input_width() const { return (inputs + nblocks - 1) / nblocks; }    ///< p
  size_t output_width() const { return (outputs + nblocks - 1) / nblocks; }  ///< s
  size_t inner_width() const {
    return input_width() < output_width() ? input_width() : output_width();
  }  ///< q
  size_t parameters() const { return nblocks * inner_width() * (input_width() + output_width()); }
};

/// The layer in host memory, with these factors. Real or complex.
template <class T>
class NblocksMatrix : public Padded<BlockProduct<T>> {
 public:
  /// @param left (j, row, t) @param right (k, row, i), both shared @throws ShapeError
  NblocksMatrix(const NblocksShape& shape, const HostTensor<T, 3>& left, const HostTensor<T, 3>& right);

  const NblocksShape& shape() const { return shape_; }
  /// Of the two factors: the product that carries them has a third for the order of the outputs.
  size_t parameters() const { return shape_.parameters(); }
  double flops() const { return (is_complex_v<T> ? 8.0 : 2.0) * double(parameters()); }

 private:
  NblocksShape shape_;
};

/// The authors' initialisation, Kaiming-uniform with each factor's own fan-in and the gain of a leaky ReLU of
/// slope sqrt(5): entries uniform on (-1/sqrt(f), 1/sqrt(f)), f the columns of a block.
/// @param seed  see Random; the left factor has its own stream
template <class T>
NblocksMatrix<T> random_nblocks_matrix(const NblocksShape& shape, std::uint64_t seed);

}  // namespace danaus::monarch
