#pragma once

#include <danaus/core/tensor.hpp>

namespace danaus::linalg {

/// sum_i x_i y_i, accumulated in double over a fixed partition (blocks of dot_block entries, each in index
/// order, then the block sums in index order): the same bits for any number of threads. Waits for the result.
/// @throws ShapeError if the lengths differ
template <class R>
double dot(const Exec& space, ConstTensor<R, 1> x, ConstTensor<R, 1> y);

/// Euclidean norm, likewise.
template <class R>
double norm(const Exec& space, ConstTensor<R, 1> x);

inline constexpr size_t dot_block = 4096;

/// y += factor x.
template <class R>
void add_scaled(const Exec& space, R factor, ConstTensor<R, 1> x, Tensor<R, 1> y);

/// y = x + factor y.
template <class R>
void scale_and_add(const Exec& space, ConstTensor<R, 1> x, R factor, Tensor<R, 1> y);

/// The same partition and order for code that already runs inside its own thread.
template <class R>
double serial_dot(const R* x, const R* y, size_t size) {
  // Eight partial sums: a vector's width, so that the order is fixed and the loop still fast.
  double total = 0;
  for (size_t first = 0; first < size; first += dot_block) {
    const size_t end = first + dot_block < size ? first + dot_block : size;
    double part[8] = {};
    size_t i = first;
    for (; i + 8 <= end; i += 8)
      for (int lane = 0; lane < 8; ++lane) part[lane] += double(x[i + lane]) * double(y[i + lane]);
    for (int lane = 0; i < end; ++i, ++lane) part[lane] += double(x[i]) * double(y[i]);
    total += ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
  }
  return total;
}

}  // namespace danaus::linalg
