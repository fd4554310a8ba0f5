#pragma once

#include <danaus/core/workspace.hpp>

#include <map>
#include <memory>
#include <vector>

namespace danaus {

/// Gradient buffers of one step: a buffer that was given back is the next one of its size to be taken, so a
/// long unroll needs only the few that are alive at the same time.
class GradientPool {
 public:
  explicit GradientPool(Workspace& workspace) : workspace_(workspace) {}

  template <class T, int R>
  Tensor<T, R> take(const Shape<R>& shape) {
    auto& free = free_[size_of(shape) * sizeof(T)];
    if (free.empty()) return workspace_.take<T, R>(shape);
    void* data = free.back();
    free.pop_back();
    return Tensor<T, R>(static_cast<T*>(data), layout_of<R>(shape));
  }
  template <class T, int R>
  void give_back(const Tensor<T, R>& tensor) {
    free_[tensor.size() * sizeof(T)].push_back(const_cast<std::remove_const_t<T>*>(tensor.data()));
  }
  /// Forgets all buffers; their memory belongs to the workspace.
  void clear() {
    for (auto& [bytes, buffers] : free_) buffers.clear();
  }

 private:
  Workspace& workspace_;
  std::map<size_t, std::vector<void*>> free_;
};

/// A tensor that takes part in a computation, with its gradient when one is wanted. Copies share both.
///
/// The gradient of a complex value is dL/dRe + i dL/dIm. The first operation that writes a gradient
/// overwrites, later ones add: claim_grad() says which, so nobody clears buffers.
template <class T, int R>
class Var {
 public:
  Var() = default;

  /// A value without a gradient: data, or anything in inference.
  static Var constant(const Tensor<T, R>& value) {
    Var x;
    x.value = value;
    return x;
  }
  /// A value whose gradient is wanted; made by Tape.
  static Var tracked(const Tensor<T, R>& value, GradientPool& pool) {
    Var x = constant(value);
    x.slot_ = std::make_shared<Slot>(Slot{{}, false, &pool});
    return x;
  }

  bool is_tracked() const { return slot_ != nullptr; }
  bool has_grad() const { return slot_ && slot_->written; }
  /// The gradient; valid after claim_grad().
  Tensor<T, R> grad() const { return slot_->grad; }

  Write claim_grad() const {
    if (slot_->written) return Write::accumulate;
    slot_->grad = slot_->pool->template take<T, R>(shape_of(value));
    slot_->written = true;
    return Write::overwrite;
  }
  /// Called by the tape when nobody needs the gradient any more.
  void release_grad() const {
    slot_->pool->template give_back<T, R>(slot_->grad);
    slot_->grad = {};
    slot_->written = false;
  }

  Tensor<T, R> value;

 private:
  struct Slot {
    Tensor<T, R> grad;
    bool written;
    GradientPool* pool;
  };
  std::shared_ptr<Slot> slot_;
};

}  // namespace danaus
