#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/core/error.hpp>

#include <complex>
#include <string>

#define lapack_complex_float std::complex<float>
#define lapack_complex_double std::complex<double>
#include <cblas.h>
#include <lapacke.h>

/// LAPACK and BLAS by one name for double and Complex<double>; column-major.
namespace danaus::linalg::lapack {

using Z = Complex<double>;
using Int = lapack_int;

inline std::complex<double>* raw(Z* z) { return reinterpret_cast<std::complex<double>*>(z); }
inline const std::complex<double>* raw(const Z* z) {
  return reinterpret_cast<const std::complex<double>*>(z);
}

/// @throws InternalError naming the routine and its info
inline void require_success(const char* routine, Int info) {
  if (info == LAPACK_WORK_MEMORY_ERROR || info == LAPACK_TRANSPOSE_MEMORY_ERROR) throw std::bad_alloc();
  if (info != 0)
    throw InternalError(std::string("LAPACK ") + routine + " failed with info " + std::to_string(info));
}

/// Lower triangle of c = a* a, a (rows, columns).
inline void gram(Int rows, Int columns, const double* a, double* c) {
  cblas_dsyrk(CblasColMajor, CblasLower, CblasTrans, columns, rows, 1, a, rows, 0, c, columns);
}
inline void gram(Int rows, Int columns, const Z* a, Z* c) {
  cblas_zherk(CblasColMajor, CblasLower, CblasConjTrans, columns, rows, 1, a, rows, 0, c, columns);
}

/// c = op(a) b with op(a) (m, k), b (k, n).
inline void multiply(CBLAS_TRANSPOSE op, Int m, Int n, Int k, const double* a, const double* b, double* c) {
  cblas_dgemm(CblasColMajor, op == CblasConjTrans ? CblasTrans : op, CblasNoTrans, m, n, k, 1, a,
              op == CblasNoTrans ? m : k, b, k, 0, c, m);
}
inline void multiply(CBLAS_TRANSPOSE op, Int m, Int n, Int k, const Z* a, const Z* b, Z* c) {
  const Z one(1), zero(0);
  cblas_zgemm(CblasColMajor, op, CblasNoTrans, m, n, k, &one, a, op == CblasNoTrans ? m : k, b, k, &zero, c,
              m);
}

/// Eigenpairs first .. last (from 1, increasing) of the lower triangle of a Hermitian matrix, destroyed.
/// @return how many were found: fewer than asked for where many eigenvalues are equal
inline Int hermitian_eigen(Int n, double* a, Int first, Int last, double* values, double* vectors) {
  std::vector<Int> support(2 * size_t(n));
  Int found = 0;
  require_success("dsyevr", LAPACKE_dsyevr(LAPACK_COL_MAJOR, 'V', 'I', 'L', n, a, n, 0, 0, first, last, 0,
                                           &found, values, vectors, n, support.data()));
  return found;
}
inline Int hermitian_eigen(Int n, Z* a, Int first, Int last, double* values, Z* vectors) {
  std::vector<Int> support(2 * size_t(n));
  Int found = 0;
  require_success("zheevr", LAPACKE_zheevr(LAPACK_COL_MAJOR, 'V', 'I', 'L', n, raw(a), n, 0, 0, first, last,
                                           0, &found, values, raw(vectors), n, support.data()));
  return found;
}

/// job 'S' (thin u, v*) or 'N'; a is destroyed.
inline void svd(char job, Int rows, Int columns, double* a, double* sigma, double* u, double* v_adjoint) {
  const Int q = std::min(rows, columns);
  require_success(
      "dgesdd", LAPACKE_dgesdd(LAPACK_COL_MAJOR, job, rows, columns, a, rows, sigma, u, rows, v_adjoint, q));
}
inline void svd(char job, Int rows, Int columns, Z* a, double* sigma, Z* u, Z* v_adjoint) {
  const Int q = std::min(rows, columns);
  require_success("zgesdd", LAPACKE_zgesdd(LAPACK_COL_MAJOR, job, rows, columns, raw(a), rows, sigma, raw(u),
                                           rows, raw(v_adjoint), q));
}

}  // namespace danaus::linalg::lapack
