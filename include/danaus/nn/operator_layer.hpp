#pragma once

#include <danaus/nn/activation.hpp>
#include <danaus/nn/linear_weights.hpp>
#include <danaus/nn/mode_mixing.hpp>
#include <danaus/nn/pointwise.hpp>
#include <danaus/nn/spectral_basis.hpp>

#include <memory>

namespace danaus::nn {

/// What one layer hands to the next: value = activation(z). Layers need z in the backward pass and compute
/// the value again from it, so that the value itself may lie in memory that is soon used again.
template <class T>
struct Activated {
  Var<T, 4> value;
  Tensor<T, 4> z;
  Activation activation = Activation::identity;

  Activated(const Var<T, 4>& v) : value(v), z(v.value) {}
  Activated(const Var<T, 4>& v, const Tensor<T, 4>& before, Activation a)
      : value(v), z(before), activation(a) {}
};

/// One layer of a neural operator:
///
///     out = activation(inverse(R . forward(v)) + W v + b)
///
/// with a learned complex matrix R per kept mode and a learned point-wise W. The transforms are those of a
/// SpectralBasis: fixed they make a Fourier layer, learned a Monarch layer; nothing else differs. A basis may
/// be shared by several layers. Spectral weights start uniform in [0, 1) / (inputs * outputs), real and
/// imaginary part, W and b uniform in
/// +-1/sqrt(inputs), as published.
/// Source: Li et al. 2021 (doi:10.48550/arXiv.2010.08895).
template <class T>
class OperatorLayer {
 public:
  OperatorLayer(ParameterStore<T>& store, const std::string& name,
                std::shared_ptr<const SpectralBasis<T>> basis, Activation activation,
                const std::optional<MonarchWeightsShape>& monarch = {})
      : basis_(std::move(basis)),
        spectral_weights_(store.template add<Complex<T>, 4>(
            name + "/spectral_weights", {2 * basis_->shape().modes, basis_->shape().modes,
                                         basis_->shape().channels, basis_->shape().channels})),
        weights_(store, name + "/weights", basis_->shape().channels, basis_->shape().channels, monarch),
        bias_(store.template add<T, 1>(name + "/bias", {basis_->shape().channels})),
        activation_(activation) {}

  /// @param v  (batch, nx, ny, channel), padding included
  Var<T, 4> operator()(Tape& tape, const Var<T, 4>& v,
                       const typename SpectralBasis<T>::Packed& packed) const {
    return (*this)(tape, Activated<T>(v), packed, {}).value;
  }
  /// The same for a sequence of layers, which keeps one tensor for each of them instead of two.
  /// @param room  of v's shape, for the value of an activation; valid until whoever owns it uses it again
  Activated<T> operator()(Tape& tape, const Activated<T>& v, const typename SpectralBasis<T>::Packed& packed,
                          const Tensor<T, 4>& room) const {
    const auto& s = basis_->shape();
    const auto shape = shape_of(v.z);
    require_shape("OperatorLayer", v.z, {shape[0], s.nx, s.ny, s.channels});
    const auto& space = tape.space();
    Workspace& scratch = tape.scratch();
    const bool keep = tape.is_recording(), keeps_z = keep && activation_ != Activation::identity;
    const bool uses_room = room.data() && (keeps_z || !keep);

    const auto weights = weights_.on(tape);
    const Shape<5> spectrum_shape{shape[0], 2 * s.modes, 2, s.modes, s.channels};
    const auto mark = scratch.mark();
    const auto take = [&](bool saved) {
      return saved ? tape.saved<T, 5>(spectrum_shape) : scratch.take<T, 5>(spectrum_shape);
    };
    const auto spectrum = take(keep);
    const auto mixed = take(keep && basis_->is_learned());
    auto out = uses_room ? tape.output_in<T, 4>(room) : tape.output<T, 4>(shape);
    const auto z = keeps_z ? tape.saved<T, 4>(shape) : out.value;

    basis_->forward(space, packed, v.value.value, scratch, spectrum);
    mix_modes<T>(space, spectral_weights_.value(), spectrum, mixed);
    basis_->inverse(space, packed, mixed, scratch, z);
    add_pointwise<T>(space, weights.value(), bias_.value(), activation_, as_points(v.value.value),
                     as_points(z), as_points(out.value));
    scratch.release(mark);

    tape.record("danaus::nn::OperatorLayer", out,
                [layer = *this, weights, v, out, z, spectrum, mixed, packed, &scratch](const Exec& space) {
                  layer.backward(space, weights, v, out, z, spectrum, mixed, packed, scratch);
                });
    return {out, z, activation_};
  }

  const Parameter<Complex<T>, 4>& spectral_weights() const { return spectral_weights_; }
  const LinearWeights<T>& weights() const { return weights_; }
  const Parameter<T, 1>& bias() const { return bias_; }

 private:
  static Tensor<T, 2> as_points(const Tensor<T, 4>& v) {
    return Tensor<T, 2>(v.data(), v.extent(0) * v.extent(1) * v.extent(2), v.extent(3));
  }

  void backward(const Exec& space, const typename LinearWeights<T>::Matrix& weights, const Activated<T>& v,
                const Var<T, 4>& out, const Tensor<T, 4>& z, const Tensor<T, 5>& spectrum,
                const Tensor<T, 5>& mixed, const typename SpectralBasis<T>::Packed& packed,
                Workspace& scratch) const {
    const auto mark = scratch.mark();
    const bool wanted = v.value.is_tracked();
    const Write write = wanted ? v.value.claim_grad() : Write::overwrite;
    const auto v_grad = wanted ? v.value.grad() : scratch.take<T, 4>(shape_of(v.z));
    ActivatedPoints<T> points{as_points(v.z), v.activation};
    auto value = v.z;
    if (basis_->is_learned() && v.activation != Activation::identity) {
      value = scratch.take<T, 4>(shape_of(v.z));
      points.value = as_points(value);
    }
    add_pointwise_backward<T>(space, weights.value(), activation_, points, as_points(z),
                              as_points(out.grad()), scratch, write, as_points(v_grad),
                              weights.claim_grad(space), bias_.grad());
    const auto mixed_grad = scratch.take<T, 5>(shape_of(spectrum));
    const auto spectrum_grad = scratch.take<T, 5>(shape_of(spectrum));
    basis_->inverse_backward(space, packed, basis_->is_learned() ? mixed : mixed_grad, out.grad(), scratch,
                             mixed_grad);
    mix_modes_backward<T>(space, spectral_weights_.value(), spectrum, mixed_grad, spectrum_grad,
                          spectral_weights_.grad());
    basis_->forward_backward(space, packed, value, spectrum_grad, scratch, Write::accumulate, v_grad);
    scratch.release(mark);
  }

  std::shared_ptr<const SpectralBasis<T>> basis_;
  Parameter<Complex<T>, 4> spectral_weights_;
  LinearWeights<T> weights_;
  Parameter<T, 1> bias_;
  Activation activation_;
};

}  // namespace danaus::nn
