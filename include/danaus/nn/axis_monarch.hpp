#pragma once

#include <danaus/autograd/parameter_store.hpp>
#include <danaus/autograd/tape.hpp>
#include <danaus/monarch/axis_transform.hpp>

namespace danaus::nn {

/// A learned complex Monarch transform along axis 1 or 2 of (batch, x, y, channel):
///
///     out[.., o, ..] = output_weights[o] sum_t M[o, kept_inputs[t]] in[.., t, ..]
///
/// Its two factors form parameters of the group `transform`, named name/left and name/right; whoever owns the
/// layer initialises them. Factors that act on inputs or outputs which are not kept exist but stay as they
/// are. Source: Dao et al. 2022 (doi:10.48550/arXiv.2204.00595).
template <class T>
class AxisMonarch {
 public:
  /// @param axis  1 or 2
  /// @throws ShapeError if the spec does not fit its own shape
  AxisMonarch(ParameterStore<T>& store, const std::string& name, const monarch::TransformSpec& spec,
              int axis);

  /// Factors in the order that kernels read, valid until the parameters change.
  Tensor<T, 1> pack(Tape& tape) const;

  /// @param x  extent of the axis = kept inputs @return the same with the kept outputs
  /// @throws ShapeError
  Var<Complex<T>, 4> operator()(Tape& tape, const Var<Complex<T>, 4>& x, const Tensor<T, 1>& packed) const;

  /// The same without a tape: y = M x.
  void apply(const Exec& space, const Tensor<T, 1>& packed, const ConstTensor<Complex<T>, 4>& x,
             const Tensor<Complex<T>, 4>& y) const;
  /// Adds to the factors' gradients, and writes x_grad = M^H y_grad unless it is empty.
  void backward(const Exec& space, const Tensor<T, 1>& packed, const ConstTensor<Complex<T>, 4>& x,
                const ConstTensor<Complex<T>, 4>& y_grad, Workspace& scratch, Write write,
                const Tensor<Complex<T>, 4>& x_grad) const;

  const monarch::AxisTransform<T>& transform() const { return transform_; }
  const Parameter<Complex<T>, 3>& left() const { return left_; }
  const Parameter<Complex<T>, 3>& right() const { return right_; }

 private:
  monarch::AxisTransform<T> transform_;
  Parameter<Complex<T>, 3> left_, right_;
  int axis_;
};

}  // namespace danaus::nn
