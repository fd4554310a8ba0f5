#pragma once

#include <danaus/core/complex.hpp>

#include <vector>

/// Singular values of small matrices in host memory. Matrices are column-major, as LAPACK has them. All of it
/// runs inside the calling thread, gives the same bits whatever is computed beside it, and may be called from
/// many threads at once while BLAS has one thread (set_blas_threads). T: double or Complex<double>.
namespace danaus::linalg {

/// The leading singular triplets of a matrix: a ~ sum_q u_q sigma_q v_q*, the closest matrix of that rank in
/// the Frobenius norm (Eckart and Young 1936, doi:10.1007/BF02288367).
template <class T>
struct SingularTriplets {
  size_t rank = 0;
  std::vector<T> u;           ///< u_q at [q * rows]
  std::vector<double> sigma;  ///< decreasing
  std::vector<T> v;           ///< v_q at [q * columns]
};

/// The `rank` leading triplets, at a fraction of the cost of a whole decomposition: eigenvectors of the Gram
/// matrix of the shorter side, then one step of subspace iteration on the matrix itself. Where that could
/// lose accuracy (small singular values beside a large one) LAPACK's gesdd decides. With ‖a‖ the Frobenius
/// norm, ‖a - u sigma v*‖ is within some 10 eps ‖a‖ of the smallest possible.
/// @param a  column-major (rows, columns), finite
/// @throws ShapeError unless 1 <= rank <= min(rows, columns)
/// @throws InternalError if LAPACK does not converge
template <class T>
SingularTriplets<T> leading_svd(const T* a, size_t rows, size_t columns, size_t rank);

/// The dominant triplet of each of `count` matrices of one shape, back to back. Matrices of at most
/// largest_lane_side are worked on side by side, one in each lane of the CPU's vectors.
/// @param u (count, rows) @param sigma (count) @param v (count, columns)
template <class T>
void dominant_svd(size_t count, const T* a, size_t rows, size_t columns, T* u, double* sigma, T* v);
inline constexpr size_t largest_lane_side = 128;

/// All min(rows, columns) singular values, decreasing.
template <class T>
std::vector<double> singular_values(const T* a, size_t rows, size_t columns);

}  // namespace danaus::linalg
