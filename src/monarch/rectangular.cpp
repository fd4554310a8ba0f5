#include <danaus/monarch/rectangular.hpp>

#include <danaus/core/instantiate.hpp>

#include <monarch/structured/batch.hpp>

#include <numeric>
#include <string>

namespace danaus::monarch {

namespace {

/// "blocks (b1, b2, b3) = (4, 6, 3)"
std::string blocks_text(const RectangularShape& s) {
  return "blocks (b1, b2, b3) = " + to_string(Shape<3>{s.right_columns, s.right_rows, s.left_rows});
}

}  // namespace

RectangularShape RectangularShape::make(size_t rows, size_t columns, size_t b1, size_t b2, size_t b3) {
  const std::string blocks = "RectangularShape: blocks (b1, b2, b3) = " + to_string(Shape<3>{b1, b2, b3});
  if (b1 == 0 || b2 == 0 || b3 == 0 || rows == 0 || columns == 0)
    throw ShapeError(blocks + " of a matrix of " + std::to_string(rows) + " x " + std::to_string(columns) +
                     "; expected sizes of at least 1");
  if (columns % b1 != 0)
    throw ShapeError(blocks + ": b1 = " + std::to_string(b1) + " does not divide the " +
                     std::to_string(columns) + " columns");
  if (rows % b3 != 0)
    throw ShapeError(blocks + ": b3 = " + std::to_string(b3) + " does not divide the " +
                     std::to_string(rows) + " rows");
  return {columns / b1, b1, b2, b3, rows / b3};
}

template <class T>
RectangularMonarch<T>::RectangularMonarch(const RectangularShape& shape, const HostTensor<T, 3>& left,
                                          const HostTensor<T, 3>& right)
    : shape_(shape), left_(left), right_(right) {
  require_shape("RectangularMonarch: left", left,
                {shape.left_block_rows, shape.right_blocks, shape.diagonal()});
  require_shape("RectangularMonarch: right", right,
                {shape.right_blocks, shape.right_rows, shape.right_columns});
}

template <class T>
RectangularMonarch<T>::RectangularMonarch(const RectangularShape& shape)
    : RectangularMonarch(shape,
                         HostTensor<T, 3>("danaus::monarch::left", shape.left_block_rows, shape.right_blocks,
                                          shape.diagonal()),
                         HostTensor<T, 3>("danaus::monarch::right", shape.right_blocks, shape.right_rows,
                                          shape.right_columns)) {}

template <class T>
HostTensor<T, 2> RectangularMonarch<T>::apply(const HostTensor<T, 2>& x) const {
  require_batch("RectangularMonarch::apply", x, columns());
  const auto& s = shape_;
  const HostTensor<T, 2> y("danaus::monarch::RectangularMonarch::apply", x.extent(0), rows());
  std::vector<T> middle(s.right_rows);
  for (size_t sample = 0; sample < x.extent(0); ++sample)
    for (size_t k = 0; k < s.right_blocks; ++k) {
      for (size_t j = 0; j < s.right_rows; ++j) {
        T sum(0);
        for (size_t i = 0; i < s.right_columns; ++i)
          sum += right_(k, j, i) * x(sample, k * s.right_columns + i);
        middle[j] = sum;
      }
      for (size_t l = 0; l < s.left_block_rows; ++l)
        for (size_t t = 0; t < s.diagonal(); ++t)
          y(sample, l * s.left_rows + t % s.left_rows) += left_(l, k, t) * middle[t % s.right_rows];
    }
  return y;
}

template <class T>
HostTensor<T, 2> RectangularMonarch<T>::adjoint(const HostTensor<T, 2>& y) const {
  require_batch("RectangularMonarch::adjoint", y, rows());
  const auto& s = shape_;
  const HostTensor<T, 2> x("danaus::monarch::RectangularMonarch::adjoint", y.extent(0), columns());
  for (size_t sample = 0; sample < y.extent(0); ++sample)
    for (size_t k = 0; k < s.right_blocks; ++k) {
      std::vector<T> middle(s.right_rows);
      for (size_t l = 0; l < s.left_block_rows; ++l)
        for (size_t t = 0; t < s.diagonal(); ++t)
          middle[t % s.right_rows] +=
              conjugate(left_(l, k, t)) * y(sample, l * s.left_rows + t % s.left_rows);
      for (size_t j = 0; j < s.right_rows; ++j)
        for (size_t i = 0; i < s.right_columns; ++i)
          x(sample, k * s.right_columns + i) += conjugate(right_(k, j, i)) * middle[j];
    }
  return x;
}

template <class T>
HostTensor<T, 2> RectangularMonarch<T>::dense() const {
  const auto& s = shape_;
  const HostTensor<T, 2> a("danaus::monarch::RectangularMonarch::dense", rows(), columns());
  for (size_t l = 0; l < s.left_block_rows; ++l)
    for (size_t k = 0; k < s.right_blocks; ++k)
      for (size_t t = 0; t < s.diagonal(); ++t)
        for (size_t i = 0; i < s.right_columns; ++i)
          a(l * s.left_rows + t % s.left_rows, k * s.right_columns + i) +=
              left_(l, k, t) * right_(k, t % s.right_rows, i);
  return a;
}

template <class T>
MonarchMatrix<T> to_monarch(const RectangularMonarch<T>& matrix) {
  const auto& s = matrix.shape();
  if (s.left_rows % s.right_rows != 0)
    throw ShapeError("to_monarch: " + blocks_text(s) +
                     "; expected b2 to divide b3 (to_block_tensor_train: b3 to divide b2)");
  const size_t J = s.right_rows, together = s.left_rows / J;
  const HostTensor<T, 3> left("danaus::monarch::left", J, s.left_block_rows * together, s.right_blocks);
  for (size_t l = 0; l < s.left_block_rows; ++l)
    for (size_t k = 0; k < s.right_blocks; ++k)
      for (size_t t = 0; t < s.left_rows; ++t) left(t % J, l * together + t / J, k) = matrix.left()(l, k, t);
  return MonarchMatrix<T>(left, to_host(matrix.right()));
}

template <class T>
BlockTensorTrain<T> to_block_tensor_train(const RectangularMonarch<T>& matrix) {
  const auto& s = matrix.shape();
  if (s.right_rows % s.left_rows != 0)
    throw ShapeError("to_block_tensor_train: " + blocks_text(s) +
                     "; expected b3 to divide b2 (to_monarch: b2 to divide b3)");
  const size_t J = s.left_rows, rank = s.right_rows / J;
  const BlockTensorTrain<T> result({s.right_blocks, s.right_columns, J, s.left_block_rows}, rank);
  for (size_t k = 0; k < s.right_blocks; ++k)
    for (size_t t = 0; t < s.right_rows; ++t) {
      const size_t j = t % J, q = t / J;
      for (size_t l = 0; l < s.left_block_rows; ++l)
        result.left()(j, l, k * rank + q) = matrix.left()(l, k, t);
      for (size_t i = 0; i < s.right_columns; ++i)
        result.right()(k, j * rank + q, i) = matrix.right()(k, t, i);
    }
  return result;
}

template <class T>
BlockProduct<T> to_product(const BlockTensorTrain<T>& matrix) {
  const auto& s = matrix.shape();
  const size_t J = s.left_blocks, K = s.right_blocks, rank = matrix.rank();
  std::vector<size_t> order(s.rows()), middle(K * J * rank), input(s.columns());
  for (size_t j = 0; j < J; ++j) {
    for (size_t l = 0; l < s.left_rows; ++l) order[l * J + j] = j * s.left_rows + l;
    for (size_t k = 0; k < K; ++k)
      for (size_t q = 0; q < rank; ++q) middle[(j * K + k) * rank + q] = (k * J + j) * rank + q;
  }
  std::iota(input.begin(), input.end(), size_t(0));
  const HostTensor<T, 3> ones("danaus::monarch::ones", s.rows(), 1, 1);
  fill(ones, T(1));
  return BlockProduct<T>({{ones, order}, {to_host(matrix.left()), middle}, {to_host(matrix.right()), input}});
}

#define DANAUS_INSTANTIATE(T)                                                          \
  template class RectangularMonarch<T>;                                                \
  template MonarchMatrix<T> to_monarch<T>(const RectangularMonarch<T>&);               \
  template BlockTensorTrain<T> to_block_tensor_train<T>(const RectangularMonarch<T>&); \
  template BlockProduct<T> to_product<T>(const BlockTensorTrain<T>&);
DANAUS_FOR_EACH_SCALAR(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
