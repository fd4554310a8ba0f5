#pragma once

#include <danaus/autograd/parameter_store.hpp>
#include <danaus/autograd/tape.hpp>
#include <danaus/nn/monarch_weights.hpp>

#include <optional>

namespace danaus::nn {

/// The matrix of a point-wise linear layer, learned either entry by entry or as the two factors of a Monarch
/// matrix. Layers do not tell the difference:
///
///     const auto weights = weights_.on(tape);       // once per use, before the layer's own record
///     kernel(space, weights.value(), ...);          // (input, output)
///     kernel_backward(space, ..., weights.claim_grad(space));   // added to
///
/// Factors are multiplied out on the tape, once per step, so that one set of fused kernels serves both. What
/// a Monarch matrix saves here are parameters and optimiser state, not operations: blocks of 5 to 16
/// channels, as the widths of neural operators give, do not fill a CPU's vectors, and a product block by
/// block with its permutations takes longer than the dense one below about 100 channels.
template <class T>
class LinearWeights {
 public:
  /// Dense: the parameter `name`. Monarch: `name/left` and `name/right`.
  /// @throws ShapeError if the Monarch shape has other sizes
  LinearWeights(ParameterStore<T>& store, const std::string& name, size_t inputs, size_t outputs,
                const std::optional<MonarchWeightsShape>& monarch = {})
      : monarch_(monarch), shape_{inputs, outputs} {
    if (!monarch) {
      dense_ = store.template add<T, 2>(name, shape_);
      return;
    }
    if (monarch->inputs != inputs || monarch->outputs != outputs)
      throw ShapeError("LinearWeights: '" + name + "' maps " + std::to_string(inputs) + " to " +
                       std::to_string(outputs) + " channels, its Monarch shape " +
                       std::to_string(monarch->inputs) + " to " + std::to_string(monarch->outputs));
    left_ = store.template add<T, 3>(name + "/left", monarch->left());
    right_ = store.template add<T, 3>(name + "/right", monarch->right());
  }

  /// The matrix of one step.
  class Matrix {
   public:
    const Tensor<T, 2>& value() const { return product_.value; }
    /// Where the gradient is added; zero when it is first asked for in a step.
    Tensor<T, 2> claim_grad(const Exec& space) const {
      if (!product_.is_tracked()) return dense_grad_;
      if (product_.claim_grad() == Write::overwrite) fill(space, product_.grad(), T(0));
      return product_.grad();
    }

   private:
    friend class LinearWeights;
    Var<T, 2> product_;
    Tensor<T, 2> dense_grad_;
  };

  Matrix on(Tape& tape) const {
    Matrix matrix;
    if (!monarch_) {
      matrix.product_ = Var<T, 2>::constant(dense_.value());
      matrix.dense_grad_ = dense_.grad();
      return matrix;
    }
    matrix.product_ = tape.output<T, 2>(shape_);
    multiply_out<T>(tape.space(), *monarch_, left_.value(), right_.value(), matrix.product_.value);
    tape.record(
        "danaus::nn::LinearWeights", matrix.product_,
        [product = matrix.product_, monarch = *monarch_, left = left_, right = right_](const Exec& space) {
          multiply_out_backward<T>(space, monarch, left.value(), right.value(), product.grad(), left.grad(),
                                   right.grad());
        });
    return matrix;
  }

  const Shape<2>& shape() const { return shape_; }  ///< (input, output)
  const std::optional<MonarchWeightsShape>& monarch() const { return monarch_; }
  /// The parameter of dense weights.
  const Parameter<T, 2>& dense() const { return dense_; }
  /// The parameters of Monarch weights.
  const Parameter<T, 3>& left() const { return left_; }
  const Parameter<T, 3>& right() const { return right_; }

 private:
  std::optional<MonarchWeightsShape> monarch_;
  Shape<2> shape_;
  Parameter<T, 2> dense_;
  Parameter<T, 3> left_, right_;
};

}  // namespace danaus::nn
