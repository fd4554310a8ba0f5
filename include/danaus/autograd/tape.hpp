#pragma once

#include <danaus/autograd/var.hpp>

#include <functional>
#include <string>
#include <vector>

namespace danaus {

/// Whether a tape keeps what the backward pass needs.
enum class Recording { off, on };

/// Reverse-mode automatic differentiation at the grain of fused operations.
///
/// An operation takes its output from the tape, computes it, and records how gradients flow back:
///
///     auto y = tape.output<T, 3>(shape);
///     kernel(tape.space(), x.value, y.value);
///     tape.record("danaus::nn::Layer", y, [x, y](const Exec& space) {
///       if (x.is_tracked()) {
///         const Write write = x.claim_grad();
///         kernel_adjoint(space, y.grad(), write, x.grad());
///       }
///     });
///
/// backward() runs the records in reverse and skips those whose output received no gradient. All memory comes
/// from workspaces and is taken back by reset(), so a training step allocates nothing after the first one.
/// The gradient of an intermediate value is returned as soon as its record has run; those of leaves made by
/// variable() stay until reset(). First-order gradients only.
class Tape {
 public:
  explicit Tape(const Exec& space = {}, Recording recording = Recording::on)
      : space_(space), recording_(recording), pool_(gradients_) {}
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  const Exec& space() const { return space_; }
  /// Where the next operations run.
  void set_space(const Exec& space) { space_ = space; }
  bool is_recording() const { return recording_ == Recording::on; }
  void set_recording(Recording recording) { recording_ = recording; }

  /// Uninitialised output of an operation; tracked when recording.
  template <class T, int R>
  Var<T, R> output(const Shape<R>& shape) {
    const auto value = activations_.take<T, R>(shape);
    return is_recording() ? Var<T, R>::tracked(value, pool_) : Var<T, R>::constant(value);
  }
  /// The same in memory of the caller's, for a value that is not needed in the backward pass.
  template <class T, int R>
  Var<T, R> output_in(const Tensor<T, R>& value) {
    return is_recording() ? Var<T, R>::tracked(value, pool_) : Var<T, R>::constant(value);
  }
  /// A leaf whose gradient is wanted.
  template <class T, int R>
  Var<T, R> variable(const Tensor<T, R>& value) {
    return Var<T, R>::tracked(value, pool_);
  }
  /// Uninitialised memory that lives until reset(): what an operation saves for its backward pass.
  template <class T, int R>
  Tensor<T, R> saved(const Shape<R>& shape) {
    return activations_.take<T, R>(shape);
  }
  /// Scratch of one operation or one backward pass: mark(), take(), release() before it returns.
  Workspace& scratch() { return scratch_; }

  template <class T, int R, class Backward>
  void record(const char* name, const Var<T, R>& out, Backward backward) {
    if (!is_recording()) return;
    steps_.push_back({name, [out, backward = std::move(backward)](const Exec& space) {
                        if (!out.has_grad()) return;
                        backward(space);
                        out.release_grad();
                      }});
  }

  /// Gradients of the sum of the losses.
  template <class T>
  void backward(const std::vector<Var<T, 0>>& losses) {
    for (const auto& loss : losses) {
      loss.claim_grad();
      fill(space_, loss.grad(), T(1));
    }
    run_backward();
  }
  template <class T>
  void backward(const Var<T, 0>& loss) {
    backward(std::vector<Var<T, 0>>{loss});
  }

  /// Forgets all records and takes all memory back.
  void reset() {
    steps_.clear();
    pool_.clear();
    activations_.reset();
    gradients_.reset();
    scratch_.reset();
  }

  size_t size() const { return steps_.size(); }
  /// Bytes of device memory held.
  size_t capacity() const { return activations_.capacity() + gradients_.capacity() + scratch_.capacity(); }

 private:
  struct Step {
    const char* name;
    std::function<void(const Exec&)> run;
  };

  void run_backward();

  Exec space_;
  Recording recording_;
  Workspace activations_, gradients_, scratch_;
  GradientPool pool_;
  std::vector<Step> steps_;
};

}  // namespace danaus
