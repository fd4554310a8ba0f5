#pragma once

#include <danaus/core/tensor.hpp>

#include <vector>

namespace danaus {

/// Device memory that is handed out in order and taken back all at once: the activations, gradients and
/// scratch of one step. After the first step of a given shape nothing is allocated any more.
///
/// mark() / release(mark) return the most recent tensors early; reset() returns all. Tensors taken from it
/// stay valid until then. They are not initialised.
class Workspace {
 public:
  static constexpr size_t alignment = 128;

  template <class T, int R>
  Tensor<T, R> take(const Shape<R>& shape) {
    return Tensor<T, R>(static_cast<T*>(take_bytes(size_of(shape) * sizeof(T))), layout_of<R>(shape));
  }

  struct Mark {
    size_t block = 0, used = 0;
  };
  Mark mark() const { return position_; }
  void release(Mark mark) { position_ = mark; }
  void reset() { position_ = {}; }

  /// Bytes held, whether in use or not.
  size_t capacity() const;

 private:
  void* take_bytes(size_t bytes);

  std::vector<Kokkos::View<char*, Memory>> blocks_;
  Mark position_;
};

}  // namespace danaus
