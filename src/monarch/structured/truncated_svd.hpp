#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/core/tensor.hpp>

#include <vector>

namespace danaus::monarch {

/// The leading singular triplets of a matrix: a ~ u diag(sigma) v*.
template <class T>
struct TruncatedSvd {
  HostTensor<T, 2> u;         ///< (rows, rank)
  std::vector<double> sigma;  ///< decreasing
  HostTensor<T, 2> v;         ///< (columns, rank)
};

/// linalg::leading_svd() for row-major matrices of any scalar, in double precision.
/// @throws DataError if the matrix holds a number that is not finite
template <class T>
TruncatedSvd<T> truncated_svd(const HostTensor<T, 2>& a, size_t rank);

}  // namespace danaus::monarch
