#pragma once

#include <danaus/nn/linear_weights.hpp>

namespace danaus::nn {

/// First layer of a neural operator: a linear map, point by point, from the history and the position to
/// `width` channels, in one pass and without gathering the history into one tensor.
///
///     y[p, c] = bias[c] + sum_{f, i} weights[f * channels + i, c] history[f][p, i]
///                       + weights[F, c] x_p + weights[F + 1, c] y_p,   F = frames * channels
///
/// with x_p = i / (nx - 1) and y_p = j / (ny - 1) as in linspace(0, 1, n). The result is (batch, nx +
/// padding, ny + padding, width), zero behind the grid. Weights start uniform in +-1/sqrt(inputs), like the
/// bias. Source: Li et al. 2021, "Fourier Neural Operator" (doi:10.48550/arXiv.2010.08895).
template <class T>
class Lifting {
 public:
  Lifting(ParameterStore<T>& store, const std::string& name, size_t frames, size_t channels, size_t width,
          size_t padding, const std::optional<MonarchWeightsShape>& monarch = {})
      : weights_(store, name + "/weights", frames * channels + 2, width, monarch),
        bias_(store.template add<T, 1>(name + "/bias", {width})),
        padding_(padding) {}

  /// @param history  frames (batch, nx, ny, channel), oldest first
  /// @throws ShapeError if the frames disagree with each other or with the layer
  Var<T, 4> operator()(Tape& tape, const std::vector<Var<T, 4>>& history) const;

  const LinearWeights<T>& weights() const { return weights_; }
  const Parameter<T, 1>& bias() const { return bias_; }

 private:
  LinearWeights<T> weights_;
  Parameter<T, 1> bias_;
  size_t padding_;
};

}  // namespace danaus::nn
