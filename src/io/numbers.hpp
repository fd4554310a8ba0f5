#pragma once

#include <danaus/io/array_type.hpp>

#include <cstring>

namespace danaus::io {

/// Calls work(Stored{}) with the C++ type of a real ScalarType.
template <class Work>
void with_real_type(ScalarType type, const Work& work) {
  switch (type) {
    case ScalarType::u8:
      return work(std::uint8_t{});
    case ScalarType::i8:
      return work(std::int8_t{});
    case ScalarType::u16:
      return work(std::uint16_t{});
    case ScalarType::i16:
      return work(std::int16_t{});
    case ScalarType::u32:
      return work(std::uint32_t{});
    case ScalarType::i32:
      return work(std::int32_t{});
    case ScalarType::u64:
      return work(std::uint64_t{});
    case ScalarType::i64:
      return work(std::int64_t{});
    case ScalarType::f32:
      return work(float{});
    case ScalarType::f64:
      return work(double{});
    default:
      return;
  }
}

/// Converts `count` numbers that lie anywhere in memory, `stride` bytes apart, to T's real type; the results
/// lie `target_stride` entries apart.
template <class T>
void convert_numbers(ScalarType type, const char* source, std::size_t stride, std::size_t count, T* target,
                     std::size_t target_stride = 1) {
  with_real_type(type, [&](auto zero) {
    auto value = zero;
    for (std::size_t i = 0; i < count; ++i) {
      std::memcpy(&value, source + i * stride, sizeof value);
      target[i * target_stride] = T(value);
    }
  });
}

/// The axes of a row-major array in the opposite or any other order: `result` has shape[axis] =
/// source_shape[order[axis]].
template <class T>
std::vector<T> permuted(const std::vector<T>& source, const Extents& source_shape,
                        const std::vector<std::size_t>& order) {
  const std::size_t rank = order.size();
  Extents strides(rank, 1), shape(rank), step(rank), index(rank, 0);
  for (std::size_t axis = rank; axis-- > 1;) strides[axis - 1] = strides[axis] * source_shape[axis];
  for (std::size_t axis = 0; axis < rank; ++axis) {
    shape[axis] = source_shape[order[axis]];
    step[axis] = strides[order[axis]];
  }
  std::vector<T> result(source.size());
  std::size_t from = 0;
  for (T& entry : result) {
    entry = source[from];
    for (std::size_t axis = rank; axis-- > 0;) {
      from += step[axis];
      if (++index[axis] < shape[axis]) break;
      from -= step[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return result;
}

/// rank - 1, ..., 1, 0
inline std::vector<std::size_t> reversed_axes(std::size_t rank) {
  std::vector<std::size_t> order(rank);
  for (std::size_t axis = 0; axis < rank; ++axis) order[axis] = rank - 1 - axis;
  return order;
}

}  // namespace danaus::io
