#include <danaus/monarch/structured/double_sparse.hpp>

#include <danaus/core/instantiate.hpp>

#include <monarch/structured/batch.hpp>

namespace danaus::monarch {

namespace {

template <class T>
HostTensor<T, 2> multiply(const Sparse<T>& a, const HostTensor<T, 2>& x) {
  const auto y = make_batch<T>(x.extent(0), a.rows);
  for (size_t s = 0; s < x.extent(0); ++s)
    for (size_t r = 0; r < a.rows; ++r) {
      T sum(0);
      for (size_t e = a.row_begin[r]; e < a.row_begin[r + 1]; ++e) sum += a.values(e) * x(s, a.column[e]);
      y(s, r) = sum;
    }
  return y;
}

template <class T>
HostTensor<T, 2> multiply_adjoint(const Sparse<T>& a, const HostTensor<T, 2>& y) {
  const auto x = make_batch<T>(y.extent(0), a.columns);
  for (size_t s = 0; s < y.extent(0); ++s)
    for (size_t r = 0; r < a.rows; ++r)
      for (size_t e = a.row_begin[r]; e < a.row_begin[r + 1]; ++e)
        x(s, a.column[e]) += conjugate(a.values(e)) * y(s, r);
  return x;
}

template <class T>
HostTensor<T, 1> values_gradient(const Sparse<T>& a, const HostTensor<T, 2>& y_grad,
                                 const HostTensor<T, 2>& x) {
  const HostTensor<T, 1> gradient("values_grad", a.values.size());
  for (size_t s = 0; s < x.extent(0); ++s)
    for (size_t r = 0; r < a.rows; ++r)
      for (size_t e = a.row_begin[r]; e < a.row_begin[r + 1]; ++e)
        gradient(e) += y_grad(s, r) * conjugate(x(s, a.column[e]));
  return gradient;
}

template <class T>
ParameterArray<T> array_of(const char* name, const Sparse<T>& a) {
  const double entries = double(a.values.size());
  return {name, a.values, entries / double(a.rows), entries / double(a.columns)};
}

}  // namespace

template <class T>
Sparse<T> Sparse<T>::from_dense(const HostTensor<T, 2>& a) {
  Sparse<T> result;
  result.rows = a.extent(0), result.columns = a.extent(1);
  result.row_begin = {0};
  std::vector<T> values;
  for (size_t r = 0; r < result.rows; ++r) {
    for (size_t c = 0; c < result.columns; ++c) {
      if (a(r, c) == T(0)) continue;
      result.column.push_back(c);
      values.push_back(a(r, c));
    }
    result.row_begin.push_back(values.size());
  }
  result.values = HostTensor<T, 1>("danaus::monarch::values", values.size());
  for (size_t e = 0; e < values.size(); ++e) result.values(e) = values[e];
  return result;
}

template <class T>
DoubleSparse<T>::DoubleSparse(const Sparse<T>& outer, const Sparse<T>& inner) : outer_(outer), inner_(inner) {
  if (outer.columns != inner.rows)
    throw ShapeError("DoubleSparse: an outer factor of " + std::to_string(outer.rows) + " x " +
                     std::to_string(outer.columns) + " and an inner one of " + std::to_string(inner.rows) +
                     " x " + std::to_string(inner.columns));
}

template <class T>
HostTensor<T, 2> DoubleSparse<T>::apply(const HostTensor<T, 2>& x) const {
  require_batch("DoubleSparse::apply", x, columns());
  return multiply(outer_, multiply(inner_, x));
}

template <class T>
HostTensor<T, 2> DoubleSparse<T>::adjoint(const HostTensor<T, 2>& y) const {
  require_batch("DoubleSparse::adjoint", y, rows());
  return multiply_adjoint(inner_, multiply_adjoint(outer_, y));
}

template <class T>
HostTensor<T, 2> DoubleSparse<T>::dense() const {
  return dense_by_columns(*this);
}

template <class T>
StructuredGradient<T> backward(const DoubleSparse<T>& a, const HostTensor<T, 2>& x,
                               const HostTensor<T, 2>& y_grad) {
  require_gradient_batches("backward (DoubleSparse)", a, x, y_grad);
  const auto middle = multiply(a.inner(), x), middle_grad = multiply_adjoint(a.outer(), y_grad);
  return {multiply_adjoint(a.inner(), middle_grad),
          {values_gradient(a.outer(), y_grad, middle), values_gradient(a.inner(), middle_grad, x)}};
}

template <class T>
std::vector<ParameterArray<T>> parameter_arrays(const DoubleSparse<T>& a) {
  return {array_of("outer", a.outer()), array_of("inner", a.inner())};
}

#define DANAUS_INSTANTIATE(T)                                                                 \
  template struct Sparse<T>;                                                                  \
  template class DoubleSparse<T>;                                                             \
  template StructuredGradient<T> backward<T>(const DoubleSparse<T>&, const HostTensor<T, 2>&, \
                                             const HostTensor<T, 2>&);                        \
  template std::vector<ParameterArray<T>> parameter_arrays<T>(const DoubleSparse<T>&);
DANAUS_FOR_EACH_SCALAR(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
