#include <danaus/monarch/monarch_matrix.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/linalg/for_each_item.hpp>

#include <monarch/structured/batch.hpp>

#include <string>

namespace danaus::monarch {

template <class T>
MonarchMatrix<T>::MonarchMatrix(const HostTensor<T, 3>& left, const HostTensor<T, 3>& right,
                                std::vector<size_t> input_permutation)
    : shape_{right.extent(0), right.extent(2), left.extent(0), left.extent(1)},
      left_(left),
      right_(right),
      input_permutation_(std::move(input_permutation)) {
  if (left.size() == 0 || right.size() == 0 || left.extent(2) != right.extent(0) ||
      right.extent(1) != left.extent(0))
    throw ShapeError("MonarchMatrix: left " + to_string(shape_of(left)) + " and right " +
                     to_string(shape_of(right)) + "; expected (j, l, k) and (k, j, i) with the same j and k");
  if (input_permutation_.empty()) return;
  std::vector<bool> seen(columns());
  for (size_t from : input_permutation_)
    if (from < columns()) seen[from] = true;
  for (size_t t = 0; t < columns(); ++t)
    if (!seen[t] || input_permutation_.size() != columns())
      throw ShapeError("MonarchMatrix: expected an input permutation of " + std::to_string(columns()) +
                       " columns, found " + std::to_string(input_permutation_.size()) + " numbers without " +
                       std::to_string(t));
}

template <class T>
HostTensor<T, 2> MonarchMatrix<T>::apply(const HostTensor<T, 2>& x) const {
  require_batch("MonarchMatrix::apply", x, columns());
  const size_t K = shape_.right_blocks, I = shape_.right_columns, J = shape_.left_blocks,
               L = shape_.left_rows;
  const HostTensor<T, 2> y("danaus::monarch::MonarchMatrix::apply", x.extent(0), rows());
  linalg::for_each_item(x.extent(0), [&](size_t s) {
    std::vector<T> input(columns()), middle(K * J);
    for (size_t t = 0; t < columns(); ++t)
      input[t] = x(s, input_permutation_.empty() ? t : input_permutation_[t]);
    for (size_t k = 0; k < K; ++k)
      for (size_t j = 0; j < J; ++j) {
        T sum(0);
        for (size_t i = 0; i < I; ++i) sum += right_(k, j, i) * input[k * I + i];
        middle[j * K + k] = sum;
      }
    for (size_t j = 0; j < J; ++j)
      for (size_t l = 0; l < L; ++l) {
        T sum(0);
        for (size_t k = 0; k < K; ++k) sum += left_(j, l, k) * middle[j * K + k];
        y(s, l * J + j) = sum;
      }
  });
  return y;
}

template <class T>
HostTensor<T, 2> MonarchMatrix<T>::adjoint(const HostTensor<T, 2>& y) const {
  require_batch("MonarchMatrix::adjoint", y, rows());
  const size_t K = shape_.right_blocks, I = shape_.right_columns, J = shape_.left_blocks,
               L = shape_.left_rows;
  const HostTensor<T, 2> x("danaus::monarch::MonarchMatrix::adjoint", y.extent(0), columns());
  linalg::for_each_item(y.extent(0), [&](size_t s) {
    std::vector<T> output(columns()), middle(K * J);
    for (size_t j = 0; j < J; ++j)
      for (size_t l = 0; l < L; ++l)
        for (size_t k = 0; k < K; ++k) middle[j * K + k] += conjugate(left_(j, l, k)) * y(s, l * J + j);
    for (size_t k = 0; k < K; ++k)
      for (size_t j = 0; j < J; ++j)
        for (size_t i = 0; i < I; ++i) output[k * I + i] += conjugate(right_(k, j, i)) * middle[j * K + k];
    for (size_t t = 0; t < columns(); ++t)
      x(s, input_permutation_.empty() ? t : input_permutation_[t]) = output[t];
  });
  return x;
}

template <class T>
HostTensor<T, 2> MonarchMatrix<T>::dense() const {
  const HostTensor<T, 2> a("danaus::monarch::MonarchMatrix::dense", rows(), columns());
  const size_t I = shape_.right_columns, J = shape_.left_blocks;
  for (size_t l = 0; l < shape_.left_rows; ++l)
    for (size_t j = 0; j < J; ++j)
      for (size_t k = 0; k < shape_.right_blocks; ++k)
        for (size_t i = 0; i < I; ++i) {
          const size_t t = k * I + i;
          a(l * J + j, input_permutation_.empty() ? t : input_permutation_[t]) =
              left_(j, l, k) * right_(k, j, i);
        }
  return a;
}

#define DANAUS_INSTANTIATE(T) template class MonarchMatrix<T>;
DANAUS_FOR_EACH_SCALAR(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
