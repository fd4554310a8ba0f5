#include <danaus/nn/convolution.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/nn/initialization.hpp>

#include "partial_sums.hpp"
#include "pass_gradient.hpp"

#include <cmath>

namespace danaus::nn {

template <class T>
void add_channel_bias(const Exec& space, const ConstTensor<T, 1>& bias, const Tensor<T, 4>& y) {
  const size_t channels = bias.size();
  Kokkos::parallel_for(
      "danaus::nn::add_channel_bias", over_entries(space, y),
      KOKKOS_LAMBDA(size_t q) { y.data()[q] += bias(q % channels); });
}

/// bias_grad += sum over all points, part by part in order; partial (part, channel).
template <class T>
void add_channel_bias_gradient(const Exec& space, const ConstTensor<T, 4>& y_grad,
                               const Tensor<double, 2>& partial, const Tensor<T, 1>& bias_grad) {
  const size_t channels = bias_grad.size(), points = y_grad.size() / channels;
  using Range = Indices<2>;
  Kokkos::parallel_for(
      "danaus::nn::add_channel_bias_gradient (partial)",
      Range(space, {0, 0}, {long(gradient_parts), long(channels)}), KOKKOS_LAMBDA(long part, long c) {
        double sum = 0;
        for (size_t p = points * size_t(part) / gradient_parts;
             p < points * size_t(part + 1) / gradient_parts; ++p)
          sum += double(y_grad.data()[p * channels + size_t(c)]);
        partial(part, c) = sum;
      });
  Kokkos::parallel_for(
      "danaus::nn::add_channel_bias_gradient", Kokkos::RangePolicy<Exec>(space, 0, channels),
      KOKKOS_LAMBDA(size_t c) {
        double sum = 0;
        for (size_t part = 0; part < gradient_parts; ++part) sum += partial(part, c);
        bias_grad(c) += T(sum);
      });
}

namespace {

/// Uniform in +-1/sqrt(inputs).
template <class T, class P>
void draw(std::uint64_t seed, std::uint64_t number, size_t inputs, const P& parameter) {
  const double bound = 1 / std::sqrt(double(inputs));
  const auto value = parameter.value();
  fill_uniform<T>(Random(seed, stream::initialization + (number << 8)), -bound, 2 * bound,
                  Tensor<T, 1>(value.data(), value.size()));
}

}  // namespace

template <class T>
Convolution<T>::Convolution(ParameterStore<T>& store, const std::string& name, size_t in_channels,
                            size_t out_channels, const ConvolutionOptions& options)
    : options_(options),
      weights_(store.template add<T, 4>(name + "/weights",
                                        {out_channels, options.kernel_x, options.kernel_y, in_channels})) {
  if (options.bias) bias_ = store.template add<T, 1>(name + "/bias", {out_channels});
}

template <class T>
void Convolution<T>::initialize(std::uint64_t seed, std::uint64_t number) const {
  const auto& s = weights_.shape();
  draw<T>(seed, number, s[1] * s[2] * s[3], weights_);
  if (options_.bias) draw<T>(seed, number + 1, s[1] * s[2] * s[3], bias_);
}

template <class T>
Var<T, 4> Convolution<T>::operator()(Tape& tape, const Var<T, 4>& x) const {
  const auto in = shape_of(x.value);
  const auto& w = weights_.shape();
  require_shape("Convolution", x.value, {in[0], in[1], in[2], w[3]});
  const auto& plan = plans_.at(
      {in[0], in[1], in[2], w[3], w[0], w[1], w[2], options_.stride, options_.padding_x, options_.padding_y});
  Workspace& scratch = tape.scratch();
  auto y = tape.output<T, 4>(plan.shape().output());
  plan.forward(tape.space(), weights_.value(), x.value, scratch, y.value);
  if (options_.bias) add_channel_bias<T>(tape.space(), bias_.value(), y.value);

  tape.record("danaus::nn::Convolution", y, [layer = *this, plan, x, y, &scratch](const Exec& space) {
    plan.gradient(space, x.value, y.grad(), scratch, layer.weights_.grad());
    if (layer.options_.bias) {
      const auto mark = scratch.mark();
      const auto partial = scratch.take<double, 2>({gradient_parts, y.value.extent(3)});
      add_channel_bias_gradient<T>(space, y.grad(), partial, layer.bias_.grad());
      scratch.release(mark);
    }
    if (x.is_tracked()) {
      const Write write = x.claim_grad();
      plan.adjoint(space, layer.weights_.value(), y.grad(), scratch, write, x.grad());
    }
  });
  return y;
}

template <class T>
TransposedConvolution<T>::TransposedConvolution(ParameterStore<T>& store, const std::string& name,
                                                size_t in_channels, size_t out_channels, size_t stride)
    : stride_(stride),
      weights_(store.template add<T, 4>(name + "/weights", {in_channels, stride, stride, out_channels})) {}

template <class T>
void TransposedConvolution<T>::initialize(std::uint64_t seed, std::uint64_t number) const {
  const auto& s = weights_.shape();
  draw<T>(seed, number, s[1] * s[2] * s[3], weights_);
}

template <class T>
Var<T, 4> TransposedConvolution<T>::operator()(Tape& tape, const Var<T, 4>& x) const {
  const auto in = shape_of(x.value);
  const auto& w = weights_.shape();
  require_shape("TransposedConvolution", x.value, {in[0], in[1], in[2], w[0]});
  // The convolution that takes our output to our input.
  const auto& plan =
      plans_.at({in[0], stride_ * in[1], stride_ * in[2], w[3], w[0], stride_, stride_, stride_, 0, 0});
  Workspace& scratch = tape.scratch();
  auto y = tape.output<T, 4>(plan.shape().input());
  plan.adjoint(tape.space(), weights_.value(), x.value, scratch, Write::overwrite, y.value);

  tape.record("danaus::nn::TransposedConvolution", y,
              [layer = *this, plan, x, y, &scratch](const Exec& space) {
                plan.gradient(space, y.grad(), x.value, scratch, layer.weights_.grad());
                if (!x.is_tracked()) return;
                if (x.claim_grad() == Write::overwrite) {
                  plan.forward(space, layer.weights_.value(), y.grad(), scratch, x.grad());
                } else {
                  const auto mark = scratch.mark();
                  const auto more = scratch.take<T, 4>(shape_of(x.value));
                  plan.forward(space, layer.weights_.value(), y.grad(), scratch, more);
                  pass_gradient<T>(space, more.data(), Write::accumulate, x.grad());
                  scratch.release(mark);
                }
              });
  return y;
}

#define DANAUS_INSTANTIATE(T)    \
  template class Convolution<T>; \
  template class TransposedConvolution<T>;
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::nn
