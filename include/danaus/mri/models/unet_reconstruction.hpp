#pragma once

#include <danaus/mri/models/learned_model.hpp>
#include <danaus/mri/models/unet.hpp>

#include <optional>

namespace danaus::mri {

/// The SKM-TEA baseline: a U-Net from the zero-filled SENSE image to the image, every echo by itself, real
/// and imaginary part as two channels. See UNet for the network.
template <class R>
class UNetReconstruction : public LearnedModel<R> {
 public:
  UNetReconstruction(const LearnedModelConfig& config, std::uint64_t seed);

  Var<Complex<R>, 4> reconstruct(Tape& tape, const SliceBatch<R>& batch) const override;
  std::map<std::string, std::string> hyper_parameters() const override { return config_.to_map(); }

 private:
  LearnedModelConfig config_;
  std::optional<UNet<R>> network_;
};

}  // namespace danaus::mri
