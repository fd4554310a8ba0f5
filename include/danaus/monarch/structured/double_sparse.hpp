#pragma once

#include <danaus/monarch/structured/structured_matrix.hpp>

namespace danaus::monarch {

/// A sparse matrix with a fixed pattern, by rows: row r has the entries row_begin[r] .. row_begin[r + 1] - 1.
template <class T>
struct Sparse {
  size_t rows = 0, columns = 0;
  std::vector<size_t> row_begin = {}, column = {};
  HostTensor<T, 1> values = {};

  /// The entries of a dense matrix that are not zero.
  static Sparse from_dense(const HostTensor<T, 2>& a);
};

/// A product of two sparse matrices, A = outer inner. As many parameters as both have entries; the indices
/// are not counted.
///
/// Initialisation and learning rates: as ParameterArray says, with fan-in the mean number of entries in a row
/// of the factor. Source of the class: Boža and Macko 2024 (doi:10.48550/arXiv.2409.18850).
template <class T>
class DoubleSparse {
 public:
  using value_type = T;

  /// @throws ShapeError unless outer.columns == inner.rows
  DoubleSparse(const Sparse<T>& outer, const Sparse<T>& inner);

  const Sparse<T>& outer() const { return outer_; }
  const Sparse<T>& inner() const { return inner_; }
  size_t rows() const { return outer_.rows; }
  size_t columns() const { return inner_.columns; }
  size_t parameters() const { return outer_.values.size() + inner_.values.size(); }
  double flops() const { return double(flops_per_product<T> * parameters()); }

  HostTensor<T, 2> apply(const HostTensor<T, 2>& x) const;
  HostTensor<T, 2> adjoint(const HostTensor<T, 2>& y) const;
  HostTensor<T, 2> dense() const;

 private:
  Sparse<T> outer_, inner_;
};

template <class T>
StructuredGradient<T> backward(const DoubleSparse<T>& a, const HostTensor<T, 2>& x,
                               const HostTensor<T, 2>& y_grad);
template <class T>
std::vector<ParameterArray<T>> parameter_arrays(const DoubleSparse<T>& a);

/// Fits two sparse factors to a dense matrix. In turn one factor is held and the other found: by the
/// alternating direction method of multipliers with the number of entries as the constraint, then exactly on
/// the pattern it found, by least squares; for several penalties, of which the best is kept. Steps that would
/// raise the error are not taken. The first guess keeps the largest entries of A in one factor beside the
/// identity, or, for an inner size below both sides, those of its truncated singular vectors. A local optimum
/// at best.
/// @param inner_size     columns of outer and rows of inner
/// @param outer_entries, inner_entries  numbers of entries that each factor may have
/// @throws ShapeError if a number of entries is zero or does not fit its factor, DataError if one of the
/// matrix is not finite
template <class T>
DoubleSparse<T> fit_double_sparse(const HostTensor<T, 2>& a, size_t inner_size, size_t outer_entries,
                                  size_t inner_entries, const FitOptions& options = {},
                                  FitReport* report = nullptr);

}  // namespace danaus::monarch
