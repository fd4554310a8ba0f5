#pragma once

#include <danaus/autograd/parameter_store.hpp>
#include <danaus/autograd/tape.hpp>
#include <danaus/nn/convolution_plan.hpp>

#include <map>

namespace danaus::nn {

struct ConvolutionOptions {
  size_t kernel_x = 3, kernel_y = 3, stride = 1, padding_x = 1, padding_y = 1;
  bool bias = true;
};

namespace detail {

/// The plans of a layer, one for each geometry that it has met. Copies of the layer share them; not for
/// several threads at once.
template <class T>
class ConvolutionPlans {
 public:
  const ConvolutionPlan<T>& at(const ConvolutionShape& shape) const {
    const auto found = plans_->find(shape);
    return found != plans_->end() ? found->second : plans_->emplace(shape, shape).first->second;
  }

 private:
  std::shared_ptr<std::map<ConvolutionShape, ConvolutionPlan<T>>> plans_ =
      std::make_shared<std::map<ConvolutionShape, ConvolutionPlan<T>>>();
};

}  // namespace detail

/// Learnable 2-D convolution (batch, x, y, input channel) -> (batch, x', y', output channel):
///
///     y[b, i, j, o] = bias[o] + sum_{k, l, c} weights[o, k, l, c] x[b, s i + k - p_x, s j + l - p_y, c]
///
/// See ConvolutionPlan for how it runs. Weights (output channel, x, y, input channel).
template <class T>
class Convolution {
 public:
  Convolution(ParameterStore<T>& store, const std::string& name, size_t in_channels, size_t out_channels,
              const ConvolutionOptions& options = {});

  /// Uniform in +-1/sqrt(input channels * kernel_x * kernel_y), a function of `seed` and `number` alone; the
  /// bias likewise. Uses the numbers `number` and `number` + 1.
  void initialize(std::uint64_t seed, std::uint64_t number) const;

  /// @throws ShapeError if the channels do not fit or the grid is smaller than the kernel
  Var<T, 4> operator()(Tape& tape, const Var<T, 4>& x) const;

  const Parameter<T, 4>& weights() const { return weights_; }
  const Parameter<T, 1>& bias() const { return bias_; }

 private:
  ConvolutionOptions options_;
  Parameter<T, 4> weights_;
  Parameter<T, 1> bias_;
  detail::ConvolutionPlans<T> plans_;
};

/// Learnable transposed convolution without a bias whose kernel is as long as its stride s: every point
/// becomes a patch of s x s points,
///
///     y[b, s i + k, s j + l, o] = sum_c weights[c, k, l, o] x[b, i, j, c]
///
/// It is the adjoint of the convolution that takes y to x. Weights (input channel, x, y, output channel).
template <class T>
class TransposedConvolution {
 public:
  TransposedConvolution(ParameterStore<T>& store, const std::string& name, size_t in_channels,
                        size_t out_channels, size_t stride = 2);

  /// Uniform in +-1/sqrt(output channels * s^2), the default of PyTorch's layer.
  void initialize(std::uint64_t seed, std::uint64_t number) const;

  /// @param x  (batch, x, y, input channel)
  /// @return   (batch, s x, s y, output channel)
  /// @throws ShapeError if the channels do not fit
  Var<T, 4> operator()(Tape& tape, const Var<T, 4>& x) const;

  const Parameter<T, 4>& weights() const { return weights_; }

 private:
  size_t stride_;
  Parameter<T, 4> weights_;
  detail::ConvolutionPlans<T> plans_;
};

}  // namespace danaus::nn
