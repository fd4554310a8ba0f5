#pragma once

#include <danaus/core/tensor.hpp>

namespace danaus::optim {

/// Sum of squares of a flat buffer, in double precision, left on the device:
///
///     result() = sum_i x_i^2
///
/// The partition into chunks is fixed and the partial sums are added in index order, so the bits do not
/// depend on the number of threads. Not finite if any entry is not (or if the sum overflows).
class SquaredNorm {
 public:
  static constexpr size_t chunk = 256;

  /// @param capacity  the longest buffer that compute() will see
  explicit SquaredNorm(size_t capacity);

  template <class T>
  void compute(const Exec& space, const ConstTensor<T, 1>& x) const;

  const Tensor<double, 0>& result() const { return result_; }

 private:
  Tensor<double, 1> partial_, sums_;
  Tensor<double, 0> result_;
};

/// The two kernels of SquaredNorm: sums of squares of chunks, and sums of chunks of numbers.
template <class T>
void sum_squares_of_chunks(const Exec& space, const ConstTensor<T, 1>& x, const Tensor<double, 1>& sums);
void sum_chunks(const Exec& space, const ConstTensor<double, 1>& x, size_t count,
                const Tensor<double, 1>& sums);

}  // namespace danaus::optim
