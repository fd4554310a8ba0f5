#include <danaus/monarch/structured/block_tensor_train.hpp>

#include <danaus/core/instantiate.hpp>

#include <monarch/structured/batch.hpp>
#include <monarch/structured/truncated_svd.hpp>

#include <cmath>

namespace danaus::monarch {

namespace {

/// middle[s, k J r + j r + q] = sum_i right[k, j r + q, i] x[s, k I + i].
template <class T>
HostTensor<T, 2> apply_right(const BlockTensorTrain<T>& a, const HostTensor<T, 2>& x) {
  const auto& right = a.right();
  const size_t blocks = right.extent(0), rows = right.extent(1), columns = right.extent(2);
  const auto middle = make_batch<T>(x.extent(0), blocks * rows);
  for (size_t s = 0; s < x.extent(0); ++s)
    for (size_t k = 0; k < blocks; ++k)
      for (size_t row = 0; row < rows; ++row) {
        T sum(0);
        for (size_t i = 0; i < columns; ++i) sum += right(k, row, i) * x(s, k * columns + i);
        middle(s, k * rows + row) = sum;
      }
  return middle;
}

/// middle[s, k J r + j r + q] = sum_l conj(left[j, l, k r + q]) y[s, l J + j].
template <class T>
HostTensor<T, 2> apply_left_adjoint(const BlockTensorTrain<T>& a, const HostTensor<T, 2>& y) {
  const auto& m = a.shape();
  const size_t J = m.left_blocks, r = a.rank();
  const auto middle = make_batch<T>(y.extent(0), m.right_blocks * J * r);
  for (size_t s = 0; s < y.extent(0); ++s)
    for (size_t j = 0; j < J; ++j)
      for (size_t l = 0; l < m.left_rows; ++l)
        for (size_t k = 0; k < m.right_blocks; ++k)
          for (size_t q = 0; q < r; ++q)
            middle(s, (k * J + j) * r + q) += conjugate(a.left()(j, l, k * r + q)) * y(s, l * J + j);
  return middle;
}

/// x[s, k I + i] = sum_row conj(right[k, row, i]) middle[s, k J r + row].
template <class T>
HostTensor<T, 2> apply_right_adjoint(const BlockTensorTrain<T>& a, const HostTensor<T, 2>& middle) {
  const auto& right = a.right();
  const size_t rows = right.extent(1), columns = right.extent(2);
  const auto x = make_batch<T>(middle.extent(0), a.columns());
  for (size_t s = 0; s < x.extent(0); ++s)
    for (size_t k = 0; k < right.extent(0); ++k)
      for (size_t row = 0; row < rows; ++row)
        for (size_t i = 0; i < columns; ++i)
          x(s, k * columns + i) += conjugate(right(k, row, i)) * middle(s, k * rows + row);
  return x;
}

}  // namespace

template <class T>
BlockTensorTrain<T>::BlockTensorTrain(const MonarchShape& shape, size_t rank, const HostTensor<T, 3>& left,
                                      const HostTensor<T, 3>& right)
    : shape_(shape), rank_(rank), left_(left), right_(right) {
  if (rank == 0) throw ShapeError("BlockTensorTrain: rank 0; expected at least 1");
  require_shape("BlockTensorTrain: left", left,
                {shape.left_blocks, shape.left_rows, shape.right_blocks * rank});
  require_shape("BlockTensorTrain: right", right,
                {shape.right_blocks, shape.left_blocks * rank, shape.right_columns});
}

template <class T>
BlockTensorTrain<T>::BlockTensorTrain(const MonarchShape& shape, size_t rank)
    : BlockTensorTrain(shape, rank,
                       HostTensor<T, 3>("danaus::monarch::left", shape.left_blocks, shape.left_rows,
                                        shape.right_blocks * rank),
                       HostTensor<T, 3>("danaus::monarch::right", shape.right_blocks,
                                        shape.left_blocks * rank, shape.right_columns)) {}

template <class T>
HostTensor<T, 2> BlockTensorTrain<T>::apply(const HostTensor<T, 2>& x) const {
  require_batch("BlockTensorTrain::apply", x, columns());
  const auto middle = apply_right(*this, x);
  const size_t J = shape_.left_blocks, r = rank_;
  const auto y = make_batch<T>(x.extent(0), rows());
  for (size_t s = 0; s < x.extent(0); ++s)
    for (size_t j = 0; j < J; ++j)
      for (size_t l = 0; l < shape_.left_rows; ++l) {
        T sum(0);
        for (size_t k = 0; k < shape_.right_blocks; ++k)
          for (size_t q = 0; q < r; ++q) sum += left_(j, l, k * r + q) * middle(s, (k * J + j) * r + q);
        y(s, l * J + j) = sum;
      }
  return y;
}

template <class T>
HostTensor<T, 2> BlockTensorTrain<T>::adjoint(const HostTensor<T, 2>& y) const {
  require_batch("BlockTensorTrain::adjoint", y, rows());
  return apply_right_adjoint(*this, apply_left_adjoint(*this, y));
}

template <class T>
HostTensor<T, 2> BlockTensorTrain<T>::dense() const {
  const auto a = make_batch<T>(rows(), columns());
  const auto& m = shape_;
  for (size_t l = 0; l < m.left_rows; ++l)
    for (size_t j = 0; j < m.left_blocks; ++j)
      for (size_t k = 0; k < m.right_blocks; ++k)
        for (size_t q = 0; q < rank_; ++q)
          for (size_t i = 0; i < m.right_columns; ++i)
            a(l * m.left_blocks + j, k * m.right_columns + i) +=
                left_(j, l, k * rank_ + q) * right_(k, j * rank_ + q, i);
  return a;
}

template <class T>
StructuredGradient<T> backward(const BlockTensorTrain<T>& a, const HostTensor<T, 2>& x,
                               const HostTensor<T, 2>& y_grad) {
  require_gradient_batches("backward (BlockTensorTrain)", a, x, y_grad);
  const auto& m = a.shape();
  const size_t J = m.left_blocks, I = m.right_columns, r = a.rank();
  const auto middle = apply_right(a, x), middle_grad = apply_left_adjoint(a, y_grad);
  // The same shapes as the cores, in one row each.
  const HostTensor<T, 1> left("left_grad", a.left().size()), right("right_grad", a.right().size());
  for (size_t s = 0; s < x.extent(0); ++s) {
    for (size_t j = 0; j < J; ++j)
      for (size_t l = 0; l < m.left_rows; ++l)
        for (size_t k = 0; k < m.right_blocks; ++k)
          for (size_t q = 0; q < r; ++q)
            left((j * m.left_rows + l) * m.right_blocks * r + k * r + q) +=
                y_grad(s, l * J + j) * conjugate(middle(s, (k * J + j) * r + q));
    for (size_t k = 0; k < m.right_blocks; ++k)
      for (size_t row = 0; row < J * r; ++row)
        for (size_t i = 0; i < I; ++i)
          right((k * J * r + row) * I + i) += middle_grad(s, k * J * r + row) * conjugate(x(s, k * I + i));
  }
  return {apply_right_adjoint(a, middle_grad), {left, right}};
}

template <class T>
std::vector<ParameterArray<T>> parameter_arrays(const BlockTensorTrain<T>& a) {
  const auto& m = a.shape();
  return {{"left", flat<T>(a.left()), double(m.right_blocks * a.rank()), double(m.left_rows)},
          {"right", flat<T>(a.right()), double(m.right_columns), double(m.left_blocks * a.rank())}};
}

template <class T>
BlockTensorTrain<T> fit_block_tensor_train(const HostTensor<T, 2>& a, const MonarchShape& shape,
                                           size_t rank) {
  require_shape("fit_block_tensor_train: a", a, {shape.rows(), shape.columns()});
  const size_t L = shape.left_rows, J = shape.left_blocks, I = shape.right_columns;
  if (rank == 0 || rank > std::min(L, I))
    throw ShapeError("fit_block_tensor_train: rank " + std::to_string(rank) + " for slices of " +
                     std::to_string(L) + " x " + std::to_string(I) + "; expected 1 to the smaller side");
  const BlockTensorTrain<T> result(shape, rank);
  const auto slice = make_batch<T>(L, I);
  for (size_t j = 0; j < J; ++j)
    for (size_t k = 0; k < shape.right_blocks; ++k) {
      for (size_t l = 0; l < L; ++l)
        for (size_t i = 0; i < I; ++i) slice(l, i) = a(l * J + j, k * I + i);
      const auto svd = truncated_svd<T>(slice, rank);
      for (size_t q = 0; q < rank; ++q) {
        const auto root = real_t<T>(std::sqrt(svd.sigma[q]));
        for (size_t l = 0; l < L; ++l) result.left()(j, l, k * rank + q) = root * svd.u(l, q);
        for (size_t i = 0; i < I; ++i) result.right()(k, j * rank + q, i) = root * conjugate(svd.v(i, q));
      }
    }
  return result;
}

#define DANAUS_INSTANTIATE(T)                                                                          \
  template class BlockTensorTrain<T>;                                                                  \
  template StructuredGradient<T> backward<T>(const BlockTensorTrain<T>&, const HostTensor<T, 2>&,      \
                                             const HostTensor<T, 2>&);                                 \
  template std::vector<ParameterArray<T>> parameter_arrays<T>(const BlockTensorTrain<T>&);             \
  template BlockTensorTrain<T> fit_block_tensor_train<T>(const HostTensor<T, 2>&, const MonarchShape&, \
                                                         size_t);
DANAUS_FOR_EACH_SCALAR(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
