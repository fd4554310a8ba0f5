#pragma once

#include <danaus/autograd/parameter_store.hpp>
#include <danaus/autograd/tape.hpp>
#include <danaus/nn/activation.hpp>

namespace danaus::nn {

/// Batch normalisation over (batch, x, y), channel by channel, and an activation:
///
///     y = activation(gain (x - mean) / sqrt(variance + 1e-5) + offset)
///
/// In training mean and variance are those of the batch, and the running ones move by a tenth towards them
/// (the variance without bias); in evaluation the running ones are used. gain starts at 1, offset at 0.
/// Source: Ioffe and Szegedy 2015 (doi:10.48550/arXiv.1502.03167).
template <class T>
class BatchNorm {
 public:
  static constexpr double epsilon = 1e-5, momentum = 0.1;

  BatchNorm(ParameterStore<T>& store, const std::string& name, size_t channels, Activation activation)
      : gain_(store.template add<T, 1>(name + "/gain", {channels})),
        offset_(store.template add<T, 1>(name + "/offset", {channels})),
        running_mean_(store.template add<T, 1>(name + "/running_mean", {channels}, ParameterGroup::state)),
        running_variance_(
            store.template add<T, 1>(name + "/running_variance", {channels}, ParameterGroup::state)),
        activation_(activation) {}

  void initialize() const {
    fill(gain_.value(), T(1));
    fill(running_variance_.value(), T(1));
  }

  /// @param x  (batch, x, y, channel)
  Var<T, 4> operator()(Tape& tape, const Var<T, 4>& x, bool training) const;

 private:
  Parameter<T, 1> gain_, offset_, running_mean_, running_variance_;
  Activation activation_;
};

}  // namespace danaus::nn
