#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/core/tensor.hpp>

#include <cmath>
#include <string>

/// Small tools of the structured matrices: batches and dense matrices in host memory.
namespace danaus::monarch {

template <class T>
HostTensor<T, 2> make_batch(size_t rows, size_t columns) {
  return HostTensor<T, 2>("danaus::monarch::batch", rows, columns);
}

/// The columns of A by applying it to the unit vectors.
template <class M>
auto dense_by_columns(const M& a) {
  using T = typename M::value_type;
  const auto unit = make_batch<T>(a.columns(), a.columns());
  for (size_t t = 0; t < a.columns(); ++t) unit(t, t) = T(1);
  const auto images = a.apply(unit);
  const auto result = make_batch<T>(a.rows(), a.columns());
  for (size_t row = 0; row < a.rows(); ++row)
    for (size_t column = 0; column < a.columns(); ++column) result(row, column) = images(column, row);
  return result;
}

/// @throws ShapeError unless every vector of the batch has `size` entries
template <class View>
void require_batch(const char* what, const View& batch, size_t size) {
  if (batch.extent(1) != size)
    throw ShapeError(std::string(what) + ": vectors of " + std::to_string(batch.extent(1)) +
                     " entries for a matrix side of " + std::to_string(size));
}

/// @throws ShapeError unless the batches fit as input and gradient of the output of A
template <class M, class View>
void require_gradient_batches(const char* what, const M& a, const View& x, const View& y_grad) {
  require_batch(what, x, a.columns());
  require_batch(what, y_grad, a.rows());
  if (x.extent(0) != y_grad.extent(0))
    throw ShapeError(std::string(what) + ": " + std::to_string(x.extent(0)) + " inputs and " +
                     std::to_string(y_grad.extent(0)) + " gradients of outputs");
}

/// @throws DataError, naming the entry, unless every entry is finite
template <class View>
void require_finite(const char* what, const View& a) {
  for (size_t row = 0; row < a.extent(0); ++row)
    for (size_t column = 0; column < a.extent(1); ++column)
      if (!std::isfinite(double(Kokkos::abs(a(row, column)))))
        throw DataError(std::string(what) + ": the matrix has an entry that is not finite in row " +
                        std::to_string(row) + ", column " + std::to_string(column));
}

/// The same numbers in one row; shares the data.
template <class T, class View>
HostTensor<T, 1> flat(const View& view) {
  return HostTensor<T, 1>(view.data(), view.size());
}

/// The same numbers in one row, in memory of their own.
template <class T, class View>
HostTensor<T, 1> flat_copy(const View& view) {
  const HostTensor<T, 1> copy("danaus::monarch::flat_copy", view.size());
  for (size_t e = 0; e < view.size(); ++e) copy(e) = view.data()[e];
  return copy;
}

template <class View>
double squared_norm(const View& view) {
  double sum = 0;
  for (size_t e = 0; e < view.size(); ++e) {
    const double m = double(Kokkos::abs(view.data()[e]));
    sum += m * m;
  }
  return sum;
}

/// a - b, entry by entry.
template <class T, class View>
HostTensor<T, 2> difference(const View& a, const View& b) {
  const auto result = make_batch<T>(a.extent(0), a.extent(1));
  for (size_t e = 0; e < a.size(); ++e) result.data()[e] = a.data()[e] - b.data()[e];
  return result;
}

/// ‖a - b‖ / ‖a‖ (Frobenius); of a zero matrix ‖b‖.
template <class T, class View>
double relative_residual(const View& a, const View& b) {
  const double norm = std::sqrt(squared_norm(a));
  return std::sqrt(squared_norm(difference<T>(a, b))) / (norm > 0 ? norm : 1);
}

}  // namespace danaus::monarch
