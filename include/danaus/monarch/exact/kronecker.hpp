#pragma once

#include <danaus/monarch/monarch_matrix.hpp>

namespace danaus::monarch {

/// The Kronecker product A (x) B as a Monarch matrix: every left block is A, every right block is B.
///
///     M[(l, j), (k, i)] = A[l, k] B[j, i]
///
/// @param a, b  (row, column), of any shapes
template <class T>
MonarchMatrix<T> kronecker(const HostTensor<T, 2>& a, const HostTensor<T, 2>& b);

/// The Hadamard matrix of Sylvester's order, entries (-1)^popcount(o & t), as scipy.linalg.hadamard:
/// H_n = H_{n/b} (x) H_b. @throws ShapeError unless n is a power of two and block divides it
template <class T>
MonarchMatrix<T> hadamard_matrix(size_t n, size_t block);

/// The identity of n points: I_{n/b} (x) I_b. @throws ShapeError unless block divides n
template <class T>
MonarchMatrix<T> identity_matrix(size_t n, size_t block);

}  // namespace danaus::monarch
