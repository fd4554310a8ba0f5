#pragma once

#include <danaus/core/error.hpp>
#include <danaus/core/tensor.hpp>
#include <danaus/monarch/exact/table.hpp>
#include <danaus/monarch/exact/trigonometric.hpp>

#include <string>
#include <vector>

namespace danaus::monarch {

/// A request as the constructions of the table read it: every number checked, every error naming what to
/// change.
class TransformInputs {
 public:
  /// @throws UsageError if an array is missing, DataError if a number is not finite
  TransformInputs(const TransformRequest& request, const TransformKind& kind);

  /// @throws UsageError if no size was given
  size_t size() const;
  size_t size_or(size_t size_of_arrays) const { return request_.size != 0 ? request_.size : size_of_arrays; }
  /// @throws DataError unless the size of the array is the size asked for, or none was
  void require_size(const std::string& array, size_t found) const;
  /// @throws UsageError unless the block size divides n
  size_t block(size_t n) const;
  /// @throws UsageError unless it is 2, 3 or 4
  TrigonometricType type() const;

  bool has(const std::string& array) const { return request_.arrays.count(array) > 0; }
  /// Whether an array that the kind reads is complex.
  bool any_complex() const;
  /// @throws DataError unless it has R axes, and unless it is real where T is
  template <class T, int R>
  HostTensor<T, R> tensor(const std::string& array) const {
    const TransformArray& a = checked(array, R, is_complex_v<T>);
    Shape<R> shape{};
    for (int axis = 0; axis < R; ++axis) shape[axis] = a.shape[axis];
    HostTensor<T, R> result(array, layout_of<R>(shape));
    for (size_t e = 0; e < result.size(); ++e) result.data()[e] = convert<T>(a.values[e]);
    return result;
  }
  template <class T>
  std::vector<T> vector(const std::string& array) const {
    const auto numbers = tensor<T, 1>(array);
    return {numbers.data(), numbers.data() + numbers.size()};
  }
  /// @throws DataError unless it holds each of 0 .. n-1 once
  std::vector<size_t> permutation(const std::string& array) const;

 private:
  template <class T>
  static T convert(const Complex<double>& z) {
    if constexpr (is_complex_v<T>)
      return {real_t<T>(z.real()), real_t<T>(z.imag())};
    else
      return T(z.real());
  }
  const TransformArray& checked(const std::string& array, size_t axes, bool may_be_complex) const;

  const TransformRequest& request_;
  const TransformKind& kind_;
};

}  // namespace danaus::monarch
