#include <danaus/nn/two_layer_convolution.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/instantiate.hpp>
#include <danaus/core/random.hpp>
#include <nn/local_convolution.hpp>

#include <cmath>

namespace danaus::nn {

template <class T>
TwoLayerConvolution<T>::TwoLayerConvolution(ParameterStore<T>& store, const std::string& name,
                                            size_t channels, size_t hidden)
    : channels_(channels),
      hidden_(hidden),
      weights_1_(store.template add<T, 3>(name + "/weights_1", {conv_taps, channels, hidden})),
      weights_2_(store.template add<T, 3>(name + "/weights_2", {conv_taps, channels, hidden})),
      bias_1_(store.template add<T, 1>(name + "/bias_1", {hidden})),
      bias_2_(store.template add<T, 1>(name + "/bias_2", {channels})) {
  if (hidden != 8 && hidden != 16 && hidden != 32)
    throw UsageError("channels: expected 8, 16 or 32 of a convolution, found " + std::to_string(hidden));
}

template <class T>
void TwoLayerConvolution<T>::initialize(std::uint64_t seed, std::uint64_t stream) const {
  const Random random(seed, stream);
  const auto host = Kokkos::create_mirror_view(weights_1_.value());
  const double bound = 1 / std::sqrt(double(conv_taps * channels_));
  for (size_t i = 0; i < host.size(); ++i) host.data()[i] = T(bound * (2 * random.uniform(i) - 1));
  copy(weights_1_.value(), host);
}

template <class T>
Var<T, 4> TwoLayerConvolution<T>::operator()(Tape& tape, const Var<T, 4>& x) const {
  const auto s = shape_of(x.value);
  require_shape("TwoLayerConvolution: x", x.value, {s[0], s[1], s[2], channels_});
  const Exec& space = tape.space();
  const Shape<4> framed_channels{s[0], s[1] + 2, s[2] + 2, channels_},
      framed_hidden{s[0], s[1] + 2, s[2] + 2, hidden_};
  const auto input = tape.saved<T, 4>(framed_channels);
  const auto hidden = tape.saved<T, 4>(framed_hidden);
  const auto z = tape.is_recording() ? tape.saved<T, 4>(framed_hidden) : hidden;  // before the activation
  const auto out = tape.output<T, 4>(s);
  frame<T>(space, x.value, input);
  convolve_to_hidden<T>(space, weights_1_.value(), bias_1_.value(), false, !tape.is_recording(), input, z);
  if (tape.is_recording()) activate_all<T>(space, z, hidden);
  convolve_from_hidden<T>(space, weights_2_.value(), bias_2_.value(), false, hidden, Write::overwrite,
                          out.value);

  Workspace& scratch = tape.scratch();
  tape.record("danaus::nn::TwoLayerConvolution", out, [=, layer = *this, &scratch](const Exec& on) {
    const auto mark = scratch.mark();
    const auto grad = scratch.take<T, 4>(framed_channels), hidden_grad = scratch.take<T, 4>(framed_hidden);
    const auto partial =
        scratch.take<T, 4>({size_t(conv_chunks), size_t(conv_taps), layer.channels_, layer.hidden_});
    const auto sums = scratch.take<T, 2>({size_t(conv_chunks), layer.channels_}),
               hidden_sums = scratch.take<T, 2>({size_t(conv_chunks), layer.hidden_});
    frame<T>(on, out.grad(), grad);
    convolution_weight_gradient<T>(on, false, grad, hidden, partial, layer.weights_2_.grad());
    sum_channels<T>(on, grad, sums, layer.bias_2_.grad());
    convolve_to_hidden<T>(on, layer.weights_2_.value(), Tensor<T, 1>(), true, false, grad, hidden_grad);
    multiply_by_slope<T>(on, z, hidden_grad);
    convolution_weight_gradient<T>(on, true, input, hidden_grad, partial, layer.weights_1_.grad());
    sum_channels<T>(on, hidden_grad, hidden_sums, layer.bias_1_.grad());
    if (x.is_tracked()) {
      const Write write = x.claim_grad();
      convolve_from_hidden<T>(on, layer.weights_1_.value(), Tensor<T, 1>(), true, hidden_grad, write,
                              x.grad());
    }
    scratch.release(mark);
  });
  return out;
}

#define DANAUS_INSTANTIATE(T) template class TwoLayerConvolution<T>;
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::nn
