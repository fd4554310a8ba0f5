#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/core/tensor.hpp>

#include <vector>

/// Dense Hermitian matrices in host memory, through LAPACK. Matrices are row-major, n x n.
namespace danaus::linalg {

/// A = V diag(values) V^H, values ascending; column k of V belongs to values[k]. Only the lower triangle of A
/// is read. With one BLAS thread (set_blas_threads) the result does not depend on the machine's load.
template <class R>
struct HermitianEigen {
  std::vector<R> values;
  std::vector<Complex<R>> vectors;  ///< (row, k)
};

/// @throws ShapeError unless `a` has n * n entries, InternalError if LAPACK does not converge (nan)
template <class R>
HermitianEigen<R> hermitian_eigen(size_t n, std::vector<Complex<R>> a);

/// Lower-triangular L with A = L L^H; the strict upper triangle is zero.
/// @throws DataError if A is not positive definite
template <class R>
std::vector<Complex<R>> cholesky(size_t n, std::vector<Complex<R>> a);

/// C = A^H A for a row-major A (rows, columns): C (columns, columns), both triangles.
template <class R>
std::vector<Complex<R>> gram(size_t rows, size_t columns, const std::vector<Complex<R>>& a);

}  // namespace danaus::linalg
