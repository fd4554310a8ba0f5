#pragma once

#include <danaus/core/tensor.hpp>
#include <danaus/monarch/block_product.hpp>
#include <danaus/monarch/monarch_matrix.hpp>

#include <numeric>
#include <vector>

/// Small tools of the exact constructions.
namespace danaus::monarch {

/// Zero blocks (block, row, column).
template <class T>
HostTensor<T, 3> make_blocks(size_t blocks, size_t rows, size_t columns) {
  return HostTensor<T, 3>("danaus::monarch::blocks", blocks, rows, columns);
}
inline std::vector<size_t> identity_permutation(size_t n) {
  std::vector<size_t> p(n);
  std::iota(p.begin(), p.end(), size_t(0));
  return p;
}
inline bool is_identity(const std::vector<size_t>& p) { return p == identity_permutation(p.size()); }

inline std::vector<size_t> inverse_permutation(const std::vector<size_t>& p) {
  std::vector<size_t> inverse(p.size());
  for (size_t t = 0; t < p.size(); ++t) inverse[p[t]] = t;
  return inverse;
}

/// p[a * columns + b] = b * rows + a: reads a rows-by-columns transpose.
inline std::vector<size_t> transposing_permutation(size_t rows, size_t columns) {
  std::vector<size_t> p(rows * columns);
  for (size_t a = 0; a < rows; ++a)
    for (size_t b = 0; b < columns; ++b) p[a * columns + b] = b * rows + a;
  return p;
}

template <class T>
BlockProduct<T> make_product(std::vector<BlockFactor<T>> factors) {
  return BlockProduct<T>(std::move(factors));
}
template <class T>
std::vector<BlockFactor<T>> factors_of(const BlockProduct<T>& product) {
  return product.factors();
}
template <class T>
MonarchMatrix<T> make_monarch(const HostTensor<T, 3>& left, const HostTensor<T, 3>& right,
                              std::vector<size_t> input_permutation = {}) {
  return MonarchMatrix<T>(left, right, std::move(input_permutation));
}

}  // namespace danaus::monarch
