#include <danaus/monarch/structured/low_rank.hpp>

#include <danaus/core/instantiate.hpp>

#include <monarch/structured/batch.hpp>
#include <monarch/structured/truncated_svd.hpp>

#include <cmath>

namespace danaus::monarch {

namespace {

/// y[s, r] = sum_c a[r, c] x[s, c].
template <class View>
auto multiply(const View& a, const View& x) {
  using T = typename View::non_const_value_type;
  const auto y = make_batch<T>(x.extent(0), a.extent(0));
  for (size_t s = 0; s < x.extent(0); ++s)
    for (size_t r = 0; r < a.extent(0); ++r) {
      T sum(0);
      for (size_t c = 0; c < a.extent(1); ++c) sum += a(r, c) * x(s, c);
      y(s, r) = sum;
    }
  return y;
}

/// x[s, c] = sum_r conj(a[r, c]) y[s, r].
template <class View>
auto multiply_adjoint(const View& a, const View& y) {
  using T = typename View::non_const_value_type;
  const auto x = make_batch<T>(y.extent(0), a.extent(1));
  for (size_t s = 0; s < y.extent(0); ++s)
    for (size_t r = 0; r < a.extent(0); ++r)
      for (size_t c = 0; c < a.extent(1); ++c) x(s, c) += conjugate(a(r, c)) * y(s, r);
  return x;
}

/// a_grad[r, c] = sum_s y_grad[s, r] conj(x[s, c]), as one row.
template <class View>
auto matrix_gradient(const View& y_grad, const View& x) {
  using T = typename View::non_const_value_type;
  const auto gradient = make_batch<T>(y_grad.extent(1), x.extent(1));
  for (size_t s = 0; s < x.extent(0); ++s)
    for (size_t r = 0; r < gradient.extent(0); ++r)
      for (size_t c = 0; c < gradient.extent(1); ++c) gradient(r, c) += y_grad(s, r) * conjugate(x(s, c));
  return flat_copy<T>(gradient);
}

}  // namespace

template <class T>
LowRank<T>::LowRank(const HostTensor<T, 2>& up, const HostTensor<T, 2>& down) : up_(up), down_(down) {
  if (up.extent(1) != down.extent(0) || up.extent(1) == 0)
    throw ShapeError("LowRank: up of shape " + to_string(shape_of(up)) + " and down of shape " +
                     to_string(shape_of(down)) + "; expected (rows, r) and (r, columns), r > 0");
}

template <class T>
LowRank<T>::LowRank(size_t rows, size_t columns, size_t rank)
    : LowRank(make_batch<T>(rows, rank), make_batch<T>(rank, columns)) {}

template <class T>
HostTensor<T, 2> LowRank<T>::apply(const HostTensor<T, 2>& x) const {
  require_batch("LowRank::apply", x, columns());
  return multiply(up_, multiply(down_, x));
}

template <class T>
HostTensor<T, 2> LowRank<T>::adjoint(const HostTensor<T, 2>& y) const {
  require_batch("LowRank::adjoint", y, rows());
  return multiply_adjoint(down_, multiply_adjoint(up_, y));
}

template <class T>
HostTensor<T, 2> LowRank<T>::dense() const {
  return dense_by_columns(*this);
}

template <class T>
StructuredGradient<T> backward(const LowRank<T>& a, const HostTensor<T, 2>& x,
                               const HostTensor<T, 2>& y_grad) {
  require_gradient_batches("backward (LowRank)", a, x, y_grad);
  const auto middle = multiply(a.down(), x), middle_grad = multiply_adjoint(a.up(), y_grad);
  return {multiply_adjoint(a.down(), middle_grad),
          {matrix_gradient(y_grad, middle), matrix_gradient(middle_grad, x)}};
}

template <class T>
std::vector<ParameterArray<T>> parameter_arrays(const LowRank<T>& a) {
  return {{"up", flat<T>(a.up()), double(a.rank()), double(a.rows())},
          {"down", flat<T>(a.down()), double(a.columns()), double(a.rank())}};
}

template <class T>
LowRank<T> fit_low_rank(const HostTensor<T, 2>& a, size_t rank) {
  if (rank == 0 || rank > std::min(a.extent(0), a.extent(1)))
    throw ShapeError("fit_low_rank: rank " + std::to_string(rank) + " for a matrix of shape " +
                     to_string(shape_of(a)) + "; expected 1 to the smaller side");
  const auto svd = truncated_svd<T>(a, rank);
  LowRank<T> result(a.extent(0), a.extent(1), rank);
  for (size_t q = 0; q < rank; ++q) {
    const auto root = real_t<T>(std::sqrt(svd.sigma[q]));
    for (size_t row = 0; row < a.extent(0); ++row) result.up()(row, q) = root * svd.u(row, q);
    for (size_t column = 0; column < a.extent(1); ++column)
      result.down()(q, column) = root * conjugate(svd.v(column, q));
  }
  return result;
}

#define DANAUS_INSTANTIATE(T)                                                            \
  template class LowRank<T>;                                                             \
  template StructuredGradient<T> backward<T>(const LowRank<T>&, const HostTensor<T, 2>&, \
                                             const HostTensor<T, 2>&);                   \
  template std::vector<ParameterArray<T>> parameter_arrays<T>(const LowRank<T>&);        \
  template LowRank<T> fit_low_rank<T>(const HostTensor<T, 2>&, size_t);
DANAUS_FOR_EACH_SCALAR(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
