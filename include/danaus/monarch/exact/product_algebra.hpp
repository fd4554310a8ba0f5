#pragma once

#include <danaus/monarch/block_product.hpp>
#include <danaus/monarch/monarch_matrix.hpp>

#include <vector>

/// Products of block-diagonal matrices as an algebra: what the exact constructions are assembled from.
/// Everything here is exact but for the rounding of the entries it multiplies.
namespace danaus::monarch {

/// The same matrix as a product of three factors: order of the outputs, left blocks, right blocks.
template <class T>
BlockProduct<T> to_product(const MonarchMatrix<T>& matrix);

/// outer * inner. @throws ShapeError unless outer.columns() == inner.rows()
template <class T>
BlockProduct<T> compose(const BlockProduct<T>& outer, const BlockProduct<T>& inner);

/// The conjugate transpose, factor by factor.
template <class T>
BlockProduct<T> adjoint(const BlockProduct<T>& product);

/// diag(entries), one factor of 1 x 1 blocks.
template <class T>
BlockProduct<T> diagonal_product(const std::vector<T>& entries);

/// y[t] = x[permutation[t]], one factor of ones.
template <class T>
BlockProduct<T> permutation_product(const std::vector<size_t>& permutation);

/// The same matrix in fewer factors: diagonals and permutations go into their neighbours, and two adjacent
/// factors whose blocks meet one to one become one, unless that costs parameters. The product of a Monarch
/// matrix with the adjoint of another thus comes out in three factors (Dao et al. 2022, proposition 13).
template <class T>
BlockProduct<T> simplify(const BlockProduct<T>& product);

/// The top-left corner of the matrix, still as block-diagonal factors: the rows and columns that are not kept
/// leave the outer factors. This is how embeddings in a larger matrix (classes with expansion e > 1) are cut.
/// @throws ShapeError if a factor would keep different numbers of rows, or of columns, in its blocks
template <class T>
BlockProduct<T> top_left(const BlockProduct<T>& product, size_t rows, size_t columns);

}  // namespace danaus::monarch
