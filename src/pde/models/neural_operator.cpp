#include <danaus/pde/models/neural_operator.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/core/random.hpp>
#include <danaus/nn/frame_arithmetic.hpp>
#include <danaus/nn/initialization.hpp>
#include <danaus/pde/models/monarch_weights.hpp>

#include <array>
#include <cmath>

namespace danaus::pde {

namespace {

nn::Activation activation_of(const std::string& name) {
  if (name == "gelu") return nn::Activation::gelu;
  if (name == "relu") return nn::Activation::relu;
  throw UsageError("activation '" + name + "': expected gelu or relu");
}

size_t block_of(size_t block, size_t points) { return block ? block : monarch::default_block(points); }

}  // namespace

template <class T>
NeuralOperator<T>::NeuralOperator(const ModelConfig& config, Basis basis) : config_(config) {
  auto& store = this->parameters_;
  const size_t frames = std::max<size_t>(config.history, 1);
  const auto activation = activation_of(config.activation);
  const bool batch_norm = config.norm == "batch";
  if (!batch_norm && config.norm != "none")
    throw UsageError("norm '" + config.norm + "': expected none or batch");
  if (config.layers == 0 || config.width == 0) throw UsageError("layers and width must be at least 1");
  if (config.increment && (config.history == 0 || config.input_channels != config.output_channels))
    throw UsageError(
        "increment needs a time-dependent problem whose next frame has the channels of the last one");

  const auto linear = linear_weights(config);
  const auto monarch_of = [&](size_t e) {
    return linear[e].monarch ? std::optional(linear[e].monarch->shape(linear[e].inputs, linear[e].outputs))
                             : std::nullopt;
  };
  lifting_.emplace(store, "lifting", frames, config.input_channels, config.width, config.padding,
                   monarch_of(0));
  nn::SpectralShape shape{};
  shape.nx = config.points_x + config.padding;
  shape.ny = config.points_y + config.padding;
  shape.modes = config.modes;
  shape.channels = config.width;
  shape.groups = basis == Basis::monarch ? config.groups : 1;
  shape.block_x = block_of(config.block, shape.nx);
  shape.block_y = block_of(config.block, shape.ny);
  // The chosen block size is part of the model: store it where one number says it.
  if (basis == Basis::monarch && shape.block_x == shape.block_y) config_.block = shape.block_x;
  const bool one_basis = basis == Basis::fourier || config.shared;
  for (size_t l = 0; l < (one_basis ? 1 : config.layers); ++l) {
    const std::string name = one_basis ? "basis" : "layer_" + std::to_string(l) + "/basis";
    bases_.push_back(basis == Basis::fourier
                         ? std::make_shared<const nn::SpectralBasis<T>>(shape)
                         : std::make_shared<const nn::SpectralBasis<T>>(store, name, shape));
  }
  for (size_t l = 0; l < config.layers; ++l) {
    const std::string name = "layer_" + std::to_string(l);
    const auto after = l + 1 < config.layers ? activation : nn::Activation::identity;
    layers_.emplace_back(store, name, bases_[one_basis ? 0 : l],
                         batch_norm ? nn::Activation::identity : after, monarch_of(1 + l));
    if (batch_norm) norms_.emplace_back(store, name + "/norm", config.width, after);
  }
  projection_.emplace(store, "projection", config.width, ModelConfig::hidden, config.output_channels,
                      config.padding, activation, monarch_of(1 + config.layers));
  if (config.normalize) {
    const Shape<3> in{config.points_x, config.points_y, config.input_channels},
        out{config.points_x, config.points_y, config.output_channels};
    const auto add = [&](const std::string& name, const Shape<3>& s) {
      return store.template add<T, 3>("normalizer/" + name, s, ParameterGroup::state);
    };
    input_normalizer_ = {add("input_mean", in), add("input_deviation", in)};
    output_normalizer_ = {add("output_mean", out), add("output_deviation", out)};
  }
  store.freeze();
}

template <class T>
void NeuralOperator<T>::initialize(std::uint64_t seed) {
  std::uint64_t number = 0;  // of the parameter among the weights: the same for fixed and learned transforms
  const auto draw_from = [&](std::uint64_t first_stream, const auto& parameter, double offset, double scale) {
    const auto value = parameter.value();
    using S = typename decltype(value)::value_type;
    const Tensor<T, 1> reals(reinterpret_cast<T*>(value.data()), value.size() * (sizeof(S) / sizeof(T)));
    nn::fill_uniform<T>(Random(seed, stream::initialization + (first_stream << 8)), offset, scale, reals);
  };
  const auto draw = [&](const auto& parameter, double offset, double scale) {
    draw_from(number++, parameter, offset, scale);
  };
  const auto draw_around_0 = [&](std::uint64_t first_stream, const auto& parameter, size_t inputs) {
    const double bound = 1 / std::sqrt(double(inputs));
    draw_from(first_stream, parameter, -bound, 2 * bound);
  };
  // Each Monarch factor by its own fan-in, as its authors do; all other weights are as in the dense model.
  const auto draw_linear = [&](const nn::LinearWeights<T>& weights, const auto& bias) {
    const std::uint64_t first = number++, left_factors = 1 << 20;
    if (weights.monarch()) {
      draw_around_0(first, weights.right(), weights.monarch()->right_columns());
      draw_around_0(first + left_factors, weights.left(), weights.monarch()->left_columns());
    } else {
      draw_around_0(first, weights.dense(), weights.shape()[0]);
    }
    draw_around_0(number++, bias, weights.shape()[0]);
  };
  draw_linear(lifting_->weights(), lifting_->bias());
  for (const auto& layer : layers_) {
    draw(layer.spectral_weights(), 0, 1 / double(config_.width * config_.width));
    draw_linear(layer.weights(), layer.bias());
  }
  draw_linear(projection_->weights_1(), projection_->bias_1());
  draw_around_0(number++, projection_->weights_2(), ModelConfig::hidden);
  draw_around_0(number++, projection_->bias_2(), ModelConfig::hidden);
  for (const auto& basis : bases_) basis->initialize();
  for (const auto& norm : norms_) norm.initialize();
  if (config_.normalize) {
    fill(input_normalizer_->deviation.value(), T(1));
    fill(output_normalizer_->deviation.value(), T(1));
  }
  Kokkos::fence("danaus::pde::NeuralOperator::initialize");
}

/// scale = 1 / deviation, shift = -mean / deviation.
template <class T>
void inverse_affine(const Exec& space, const Tensor<T, 3>& mean, const Tensor<T, 3>& deviation,
                    const Tensor<T, 3>& scale, const Tensor<T, 3>& shift) {
  Kokkos::parallel_for(
      "danaus::pde::inverse_affine", over_entries(space, mean), KOKKOS_LAMBDA(size_t q) {
        scale.data()[q] = T(1) / deviation.data()[q];
        shift.data()[q] = -mean.data()[q] / deviation.data()[q];
      });
}

template <class T>
train::Frame<T> NeuralOperator<T>::normalized(Tape& tape, const train::Frame<T>& frame) const {
  if (!input_normalizer_) return frame;
  const auto mean = input_normalizer_->mean.value(), deviation = input_normalizer_->deviation.value();
  const auto scale = tape.saved<T, 3>(shape_of(mean)), shift = tape.saved<T, 3>(shape_of(mean));
  inverse_affine<T>(tape.space(), mean, deviation, scale, shift);
  return nn::affine<T>(tape, frame, scale, shift);
}

template <class T>
train::Frame<T> NeuralOperator<T>::denormalized(Tape& tape, const train::Frame<T>& frame) const {
  if (!output_normalizer_) return frame;
  return nn::affine<T>(tape, frame, output_normalizer_->deviation.value(), output_normalizer_->mean.value());
}

template <class T>
train::Frame<T> NeuralOperator<T>::step(Tape& tape, const std::vector<train::Frame<T>>& history) {
  std::vector<train::Frame<T>> inputs;
  for (const auto& frame : history) inputs.push_back(normalized(tape, frame));
  const auto lifted = (*lifting_)(tape, inputs);
  std::vector<typename nn::SpectralBasis<T>::Packed> packed;
  for (const auto& basis : bases_) packed.push_back(basis->pack(tape));
  // The values between two layers lie in one of two places by turns.
  const auto mark = tape.scratch().mark();
  std::array<Tensor<T, 4>, 2> room;
  if (norms_.empty())
    for (auto& place : room) place = tape.scratch().template take<T, 4>(shape_of(lifted.value));
  nn::Activated<T> v = lifted;
  for (size_t l = 0; l < layers_.size(); ++l) {
    v = layers_[l](tape, v, packed[packed.size() == 1 ? 0 : l], room[l % 2]);
    if (!norms_.empty()) v = norms_[l](tape, v.value, training_);
  }
  const auto out = denormalized(tape, (*projection_)(tape, v.value));
  tape.scratch().release(mark);
  return config_.increment ? nn::add<T>(tape, history.back(), out) : out;
}

namespace {

/// Mean and deviation over the samples at every point; a point that never varies has deviation 1e-5.
template <class T>
void fit(const std::vector<Tensor<T, 4>>& batches, const Tensor<T, 3>& mean, const Tensor<T, 3>& deviation) {
  const size_t size = mean.size();
  std::vector<double> sum(size, 0), squares(size, 0);
  double count = 0;
  for (const bool second : {false, true})
    for (const auto& batch : batches) {
      const auto host = to_host(batch);
      for (size_t q = 0; q < host.size(); ++q) {
        const double value = double(host.data()[q]);
        if (second) {
          const double d = value - sum[q % size] / count;
          squares[q % size] += d * d;
        } else {
          sum[q % size] += value;
        }
      }
      if (!second) count += double(host.extent(0));
    }
  HostTensor<T, 3> m("mean", layout_of<3>(shape_of(mean))), s("deviation", layout_of<3>(shape_of(mean)));
  for (size_t q = 0; q < size; ++q) {
    m.data()[q] = T(sum[q] / count);
    s.data()[q] = T(std::sqrt(squares[q] / std::max(count - 1, 1.0)) + 1e-5);
  }
  copy(mean, m);
  copy(deviation, s);
}

}  // namespace

template <class T>
void NeuralOperator<T>::fit_normalizer(const std::vector<Tensor<T, 4>>& inputs,
                                       const std::vector<Tensor<T, 4>>& targets) {
  if (!config_.normalize) return;
  fit<T>(inputs, input_normalizer_->mean.value(), input_normalizer_->deviation.value());
  fit<T>(targets, output_normalizer_->mean.value(), output_normalizer_->deviation.value());
}

#define DANAUS_INSTANTIATE(T) template class NeuralOperator<T>;
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::pde
