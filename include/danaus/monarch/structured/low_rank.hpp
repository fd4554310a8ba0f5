#pragma once

#include <danaus/monarch/structured/structured_matrix.hpp>

namespace danaus::monarch {

/// A matrix of rank r: A = up down, r (rows + columns) parameters. Of them r^2 are a gauge (up G, G^-1 down).
///
/// Initialisation and learning rates: as ParameterArray says, with fan-in `columns` for down and r for up.
template <class T>
class LowRank {
 public:
  using value_type = T;

  /// @param up (rows, r) @param down (r, columns), both shared @throws ShapeError unless r agrees
  LowRank(const HostTensor<T, 2>& up, const HostTensor<T, 2>& down);
  /// Zero factors, for initialize().
  LowRank(size_t rows, size_t columns, size_t rank);

  const HostTensor<T, 2>& up() const { return up_; }
  const HostTensor<T, 2>& down() const { return down_; }
  size_t rank() const { return up_.extent(1); }
  size_t rows() const { return up_.extent(0); }
  size_t columns() const { return down_.extent(1); }
  size_t parameters() const { return rank() * (rows() + columns()); }
  double flops() const { return double(flops_per_product<T> * parameters()); }

  HostTensor<T, 2> apply(const HostTensor<T, 2>& x) const;
  HostTensor<T, 2> adjoint(const HostTensor<T, 2>& y) const;
  HostTensor<T, 2> dense() const;

 private:
  HostTensor<T, 2> up_, down_;
};

template <class T>
StructuredGradient<T> backward(const LowRank<T>& a, const HostTensor<T, 2>& x,
                               const HostTensor<T, 2>& y_grad);
template <class T>
std::vector<ParameterArray<T>> parameter_arrays(const LowRank<T>& a);

/// The closest matrix of rank r (Eckart and Young 1936, doi:10.1007/BF02288367), singular values split
/// evenly.
/// @throws ShapeError unless 1 <= rank <= min(rows, columns)
template <class T>
LowRank<T> fit_low_rank(const HostTensor<T, 2>& a, size_t rank);

}  // namespace danaus::monarch
