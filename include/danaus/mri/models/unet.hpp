#pragma once

#include <danaus/nn/convolution.hpp>

#include <optional>
#include <vector>

namespace danaus::mri {

/// Everything that defines a U-Net.
struct UNetConfig {
  size_t channels = 32;   ///< after the first convolution; doubled by every pooling
  size_t poolings = 4;    ///< how often the grid is halved
  bool residual = false;  ///< predict what is to be added to the input
};

/// The U-Net of the fastMRI and SKM-TEA baselines: zero-filled SENSE image in, image out, both as real and
/// imaginary channels (batch, y, z, 2).
///
/// A block is twice {3x3 convolution without bias, instance normalisation, leaky ReLU 0.2}. On the way down
/// there is a block before each 2 x 2 average pooling and one at the bottom, with 32, 64, ..., 512 channels;
/// on the way up a 2 x 2 transposed convolution (with normalisation and leaky ReLU), its result and the way
/// down's concatenated, a block. A 1 x 1 convolution with bias ends it. No dropout, as published for both.
/// 7,756,418 parameters at 32 channels and 4 poolings. Weights start as PyTorch's do: uniform in
/// +-1/sqrt(inputs).
///
/// Axes that are no multiple of 2^poolings are padded with zeros on both sides (the larger half behind) and
/// the result is cropped. The normalisations make the result almost blind to the input's scale (but for the
/// 1e-5 under the first root): bring images to size 1 and the result back with the same factor.
///
/// Sources: Ronneberger et al. 2015 (doi:10.1007/978-3-319-24574-4_28), Zbontar et al. 2018, "fastMRI"
/// (doi:10.48550/arXiv.1811.08839), Desai et al. 2021, "SKM-TEA" (doi:10.48550/arXiv.2203.06823).
template <class T>
class UNet {
 public:
  static constexpr double negative_slope = 0.2;

  /// @throws UsageError if the configuration is impossible
  UNet(ParameterStore<T>& store, const UNetConfig& config);

  /// Draws the initial weights; call after the store is frozen.
  void initialize(std::uint64_t seed) const;

  /// @param image  (batch, y, z, 2)
  /// @throws ShapeError if there are not two channels
  Var<T, 4> operator()(Tape& tape, const Var<T, 4>& image) const;

 private:
  struct Block {
    nn::Convolution<T> first, second;
    Block(ParameterStore<T>& store, const std::string& name, size_t in_channels, size_t out_channels);
    Var<T, 4> operator()(Tape& tape, const Var<T, 4>& x) const;
  };
  struct Up {
    nn::TransposedConvolution<T> transposed;
    Block block;
  };

  UNetConfig config_;
  std::vector<Block> down_;  ///< the last one is the bottom
  std::vector<Up> up_;       ///< from the bottom
  std::optional<nn::Convolution<T>> output_;
};

}  // namespace danaus::mri
