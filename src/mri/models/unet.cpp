#include <danaus/mri/models/unet.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/instantiate.hpp>
#include <danaus/nn/frame_arithmetic.hpp>
#include <danaus/nn/instance_norm.hpp>
#include <danaus/nn/pooling.hpp>
#include <danaus/nn/rearrange.hpp>

namespace danaus::mri {

namespace {

constexpr nn::ConvolutionOptions three_by_three{3, 3, 1, 1, 1, false}, one_by_one{1, 1, 1, 0, 0, true};

size_t round_up(size_t points, size_t multiple) { return (points + multiple - 1) / multiple * multiple; }

}  // namespace

template <class T>
UNet<T>::Block::Block(ParameterStore<T>& store, const std::string& name, size_t in_channels,
                      size_t out_channels)
    : first(store, name + "/convolution_1", in_channels, out_channels, three_by_three),
      second(store, name + "/convolution_2", out_channels, out_channels, three_by_three) {}

template <class T>
Var<T, 4> UNet<T>::Block::operator()(Tape& tape, const Var<T, 4>& x) const {
  const auto y = nn::instance_norm<T>(tape, first(tape, x), negative_slope);
  return nn::instance_norm<T>(tape, second(tape, y), negative_slope);
}

template <class T>
UNet<T>::UNet(ParameterStore<T>& store, const UNetConfig& config) : config_(config) {
  if (config.channels == 0 || config.channels > 1024 || config.poolings == 0 || config.poolings > 8)
    throw UsageError("U-Net: expected 1 to 1024 channels and 1 to 8 poolings, found " +
                     std::to_string(config.channels) + " and " + std::to_string(config.poolings));
  size_t channels = config.channels;
  down_.emplace_back(store, "down_0", 2, channels);
  for (size_t level = 1; level <= config.poolings; ++level, channels *= 2)
    down_.emplace_back(store, level < config.poolings ? "down_" + std::to_string(level) : "bottom", channels,
                       2 * channels);
  for (size_t level = config.poolings; level-- > 0; channels /= 2) {
    const std::string name = "up_" + std::to_string(level);
    up_.push_back({nn::TransposedConvolution<T>(store, name + "/transposed", channels, channels / 2),
                   Block(store, name, channels, channels / 2)});
  }
  output_.emplace(store, "output", channels, 2, one_by_one);
}

template <class T>
void UNet<T>::initialize(std::uint64_t seed) const {
  std::uint64_t number = 0;
  const auto draw = [&](const auto& layer) { layer.initialize(seed, number++); };
  for (const auto& block : down_) draw(block.first), draw(block.second);
  for (const auto& up : up_) draw(up.transposed), draw(up.block.first), draw(up.block.second);
  draw(*output_);
  Kokkos::fence("danaus::mri::UNet::initialize");
}

template <class T>
Var<T, 4> UNet<T>::operator()(Tape& tape, const Var<T, 4>& image) const {
  const auto shape = shape_of(image.value);
  require_shape("U-Net", image.value, {shape[0], shape[1], shape[2], 2});
  const size_t multiple = size_t(1) << config_.poolings;
  auto x = nn::pad_or_crop<T>(tape, image, round_up(shape[1], multiple), round_up(shape[2], multiple));
  std::vector<Var<T, 4>> skipped;
  for (size_t level = 0; level < config_.poolings; ++level) {
    skipped.push_back(down_[level](tape, x));
    x = nn::average_pool<T>(tape, skipped.back());
  }
  x = down_.back()(tape, x);
  for (const auto& up : up_) {
    const auto finer = nn::instance_norm<T>(tape, up.transposed(tape, x), negative_slope);
    x = up.block(tape, nn::concatenate<T>(tape, finer, skipped.back()));
    skipped.pop_back();
  }
  x = nn::pad_or_crop<T>(tape, (*output_)(tape, x), shape[1], shape[2]);
  return config_.residual ? nn::add<T>(tape, image, x) : x;
}

#define DANAUS_INSTANTIATE(T) template class UNet<T>;
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::mri
