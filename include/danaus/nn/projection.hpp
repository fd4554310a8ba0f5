#pragma once

#include <danaus/nn/activation.hpp>
#include <danaus/nn/linear_weights.hpp>

namespace danaus::nn {

/// Last layers of a neural operator, fused: Linear(width -> hidden), activation, Linear(hidden -> channels),
/// point by point. The hidden values (the largest of the whole model) never reach memory; the backward pass
/// computes them again. Points of the padding are left out.
///
///     y[p, o] = bias_2[o] + sum_j weights_2[o, j] activation(bias_1[j] + sum_c weights_1[c, j] x[p, c])
///
/// Weights start uniform in +-1/sqrt(inputs of each linear map).
/// Source: Li et al. 2021, "Fourier Neural Operator" (doi:10.48550/arXiv.2010.08895).
template <class T>
class Projection {
 public:
  Projection(ParameterStore<T>& store, const std::string& name, size_t width, size_t hidden, size_t channels,
             size_t padding, Activation activation, const std::optional<MonarchWeightsShape>& monarch = {})
      : weights_1_(store, name + "/weights_1", width, hidden, monarch),
        bias_1_(store.template add<T, 1>(name + "/bias_1", {hidden})),
        weights_2_(store.template add<T, 2>(name + "/weights_2", {channels, hidden})),
        bias_2_(store.template add<T, 1>(name + "/bias_2", {channels})),
        padding_(padding),
        activation_(activation) {}

  /// @param x  (batch, nx + padding, ny + padding, width)
  /// @return   (batch, nx, ny, channels)
  Var<T, 4> operator()(Tape& tape, const Var<T, 4>& x) const;

  const LinearWeights<T>& weights_1() const { return weights_1_; }
  const Parameter<T, 1>& bias_1() const { return bias_1_; }
  const Parameter<T, 2>& weights_2() const { return weights_2_; }
  const Parameter<T, 1>& bias_2() const { return bias_2_; }

 private:
  LinearWeights<T> weights_1_;
  Parameter<T, 1> bias_1_;
  Parameter<T, 2> weights_2_;
  Parameter<T, 1> bias_2_;
  size_t padding_;
  Activation activation_;
};

}  // namespace danaus::nn
