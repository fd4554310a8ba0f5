#pragma once

#include <danaus/nn/activation.hpp>
#include <danaus/nn/mode_mixing.hpp>
#include <danaus/nn/pointwise.hpp>
#include <danaus/nn/spectral_basis.hpp>

#include <memory>

namespace danaus::nn {

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
                std::shared_ptr<const SpectralBasis<T>> basis, Activation activation)
      : basis_(std::move(basis)),
        spectral_weights_(store.template add<Complex<T>, 4>(
            name + "/spectral_weights", {2 * basis_->shape().modes, basis_->shape().modes,
                                         basis_->shape().channels, basis_->shape().channels})),
        weights_(store.template add<T, 2>(name + "/weights",
                                          {basis_->shape().channels, basis_->shape().channels})),
        bias_(store.template add<T, 1>(name + "/bias", {basis_->shape().channels})),
        activation_(activation) {}

  /// @param v  (batch, nx, ny, channel), padding included
  Var<T, 4> operator()(Tape& tape, const Var<T, 4>& v,
                       const typename SpectralBasis<T>::Packed& packed) const {
    const auto& s = basis_->shape();
    const auto shape = shape_of(v.value);
    require_shape("OperatorLayer", v.value, {shape[0], s.nx, s.ny, s.channels});
    const auto& space = tape.space();
    Workspace& scratch = tape.scratch();
    const bool keep = tape.is_recording();

    const Shape<5> spectrum_shape{shape[0], 2 * s.modes, 2, s.modes, s.channels};
    const Shape<5> inner_shape{shape[0], s.nx, 2, s.modes, s.channels};
    const auto mark = scratch.mark();
    const auto take = [&](const Shape<5>& wanted, bool saved) {
      return saved ? tape.saved<T, 5>(wanted) : scratch.take<T, 5>(wanted);
    };
    // The inner values are kept for the gradient of learned factors only.
    const auto inner = take(inner_shape, keep && basis_->is_learned());
    const auto spectrum = take(spectrum_shape, keep);
    const auto mixed = take(spectrum_shape, keep && basis_->is_learned());
    auto out = tape.output<T, 4>(shape);
    const auto z = keep && activation_ != Activation::identity ? tape.saved<T, 4>(shape) : out.value;

    basis_->forward(space, packed, v.value, inner, spectrum);
    mix_modes<T>(space, spectral_weights_.value(), spectrum, mixed);
    basis_->inverse(space, packed, mixed, scratch, z);
    add_pointwise<T>(space, weights_.value(), bias_.value(), activation_, as_points(v.value), as_points(z),
                     as_points(out.value));
    scratch.release(mark);

    tape.record("danaus::nn::OperatorLayer", out,
                [layer = *this, v, out, z, inner, spectrum, mixed, packed, &scratch](const Exec& space) {
                  layer.backward(space, v, out, z, inner, spectrum, mixed, packed, scratch);
                });
    return out;
  }

  const Parameter<Complex<T>, 4>& spectral_weights() const { return spectral_weights_; }
  const Parameter<T, 2>& weights() const { return weights_; }
  const Parameter<T, 1>& bias() const { return bias_; }

 private:
  static Tensor<T, 2> as_points(const Tensor<T, 4>& v) {
    return Tensor<T, 2>(v.data(), v.extent(0) * v.extent(1) * v.extent(2), v.extent(3));
  }

  void backward(const Exec& space, const Var<T, 4>& v, const Var<T, 4>& out, const Tensor<T, 4>& z,
                const Tensor<T, 5>& inner, const Tensor<T, 5>& spectrum, const Tensor<T, 5>& mixed,
                const typename SpectralBasis<T>::Packed& packed, Workspace& scratch) const {
    const auto mark = scratch.mark();
    const bool wanted = v.is_tracked();
    const Write write = wanted ? v.claim_grad() : Write::overwrite;
    const auto v_grad = wanted ? v.grad() : scratch.take<T, 4>(shape_of(v.value));
    add_pointwise_backward<T>(space, weights_.value(), activation_, as_points(v.value), as_points(z),
                              as_points(out.grad()), scratch, write, as_points(v_grad), weights_.grad(),
                              bias_.grad());
    const auto mixed_grad = scratch.take<T, 5>(shape_of(spectrum));
    const auto spectrum_grad = scratch.take<T, 5>(shape_of(spectrum));
    basis_->inverse_backward(space, packed, basis_->is_learned() ? mixed : mixed_grad, out.grad(), scratch,
                             mixed_grad);
    mix_modes_backward<T>(space, spectral_weights_.value(), spectrum, mixed_grad, spectrum_grad,
                          spectral_weights_.grad());
    const auto saved_inner =
        basis_->is_learned()
            ? inner
            : scratch.take<T, 5>({z.extent(0), z.extent(1), 2, spectrum.extent(3), spectrum.extent(4)});
    basis_->forward_backward(space, packed, v.value, saved_inner, spectrum_grad, scratch, Write::accumulate,
                             v_grad);
    scratch.release(mark);
  }

  std::shared_ptr<const SpectralBasis<T>> basis_;
  Parameter<Complex<T>, 4> spectral_weights_;
  Parameter<T, 2> weights_;
  Parameter<T, 1> bias_;
  Activation activation_;
};

}  // namespace danaus::nn
