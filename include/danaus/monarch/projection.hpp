#pragma once

#include <danaus/monarch/nblocks.hpp>
#include <danaus/monarch/rectangular.hpp>

#include <functional>
#include <vector>

/// The closest Monarch matrix to a dense one in the Frobenius norm, for every class of this folder.
///
/// A Monarch matrix ties the entries of each slice (j, k) together and no others:
///
///     min ‖A - M‖^2 = sum_{j, k} min ‖S_jk - (rank r)‖^2,   S_jk[l, i] = A[(l, j), (k, i)]
///
/// so the optimum is a truncated singular value decomposition of each slice (Dao et al. 2022, theorem 1,
/// doi:10.48550/arXiv.2204.00595); the singular values are split evenly between the factors. Exact up to
/// rounding: ‖A - M‖ / ‖A‖ is within 1e-12 of its minimum, a member of the class is returned to 1e-14 in
/// double. Slices are worked on in double precision whatever T is, independently: the same bits for any
/// number of threads. About 4 n^2 sqrt(n) operations for an n x n matrix with blocks of sqrt(n).
namespace danaus::monarch {

/// A dense matrix whose rows are read when they are needed: from memory, or from a file that need not fit
/// there.
template <class T>
struct RowSource {
  size_t rows = 0, columns = 0;
  /// Rows first .. first + count - 1 into `data` (row, column). Called from one thread at a time.
  std::function<void(size_t first, size_t count, T* data)> read;
};

template <class T>
RowSource<T> rows_of(const HostTensor<T, 2>& a);

struct ProjectionOptions {
  /// Rows are read in groups of about this size, at least one slice row j: rows / J rows.
  size_t memory_bytes = size_t(256) << 20;
  /// Called now and then with the share of the work that is done.
  std::function<void(double share)> progress = {};
  /// Compute all singular values of all slices too: several times the work.
  bool with_spectrum = false;
};

struct ProjectionReport {
  double norm = 0;      ///< ‖A‖
  double residual = 0;  ///< ‖A - M‖, of M as returned: rounded to T
  double relative_error() const { return norm > 0 ? residual / norm : 0; }
  size_t slice_rows = 0, slice_columns = 0;  ///< numbers of j and k
  std::vector<double> slice_error;  ///< ‖S_jk - M_jk‖ / ‖S_jk‖ at [j slice_columns + k]; 0 for zero slices
  /// sqrt(sum_jk sigma_q(S_jk)^2) / ‖A‖ for each q, with with_spectrum: the error at rank r is the root of
  /// the sum of squares from r on.
  std::vector<double> spectrum;
};

/// Onto Monarch matrices of this shape, with an input permutation if one is given (so that e.g. DFTs are
/// members).
/// @throws ShapeError if A is not of the shape
/// @throws DataError naming the first entry that is not finite
template <class T>
MonarchMatrix<T> project(const RowSource<T>& a, const MonarchShape& shape,
                         const std::vector<size_t>& input_permutation = {},
                         const ProjectionOptions& options = {}, ProjectionReport* report = nullptr);

/// Onto slices of rank r. @throws ShapeError also if rank is 0
template <class T>
BlockTensorTrain<T> project_with_rank(const RowSource<T>& a, const MonarchShape& shape, size_t rank,
                                      const ProjectionOptions& options = {},
                                      ProjectionReport* report = nullptr);

/// Onto rectangular Monarch matrices with wrapped diagonals.
template <class T>
RectangularMonarch<T> project(const RowSource<T>& a, const RectangularShape& shape,
                              const ProjectionOptions& options = {}, ProjectionReport* report = nullptr);

/// Onto the authors' linear layer.
template <class T>
NblocksMatrix<T> project(const RowSource<T>& a, const NblocksShape& shape,
                         const ProjectionOptions& options = {}, ProjectionReport* report = nullptr);

/// Onto the top-left corners of larger Monarch matrices of this shape: for sizes that no block divides. What
/// lies outside of the corner is zero.
template <class T>
Padded<MonarchMatrix<T>> project_padded(const RowSource<T>& a, const MonarchShape& shape,
                                        const ProjectionOptions& options = {},
                                        ProjectionReport* report = nullptr);

}  // namespace danaus::monarch
