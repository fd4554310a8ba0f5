#pragma once

#include <danaus/core/complex.hpp>

#include <cstddef>
#include <vector>

/// Small dense matrices in host memory, column-major as LAPACK has them. All of it runs inside the calling
/// thread. T: double or Complex<double>.
namespace danaus::linalg {

template <class T>
struct DenseMatrix {
  std::size_t rows = 0, columns = 0;
  std::vector<T> entries;  ///< (row, column) at [column * rows + row]

  DenseMatrix() = default;
  DenseMatrix(std::size_t r, std::size_t c) : rows(r), columns(c), entries(r * c) {}
  T& operator()(std::size_t row, std::size_t column) { return entries[column * rows + row]; }
  const T& operator()(std::size_t row, std::size_t column) const { return entries[column * rows + row]; }
};

/// a b. @throws ShapeError
template <class T>
DenseMatrix<T> multiply(const DenseMatrix<T>& a, const DenseMatrix<T>& b);

/// Frobenius.
template <class T>
double norm(const DenseMatrix<T>& a);

template <class T>
struct Inverse {
  DenseMatrix<T> matrix;  ///< empty if the matrix is singular in working precision
  double condition = 0;   ///< ‖a‖_1 ‖a^-1‖_1, infinite if singular
};

/// By LU decomposition with pivoting. @throws ShapeError unless the matrix is square
template <class T>
Inverse<T> inverse(const DenseMatrix<T>& a);

struct EigenDecomposition {
  std::vector<Complex<double>> values;
  DenseMatrix<Complex<double>> vectors;  ///< in columns, of unit length; conjugate pairs for real matrices
};

/// Eigenvalues and right eigenvectors of a square matrix without symmetry, in no order.
/// @throws ShapeError, InternalError if the QR iteration does not converge
template <class T>
EigenDecomposition eigen(const DenseMatrix<T>& a);

}  // namespace danaus::linalg
