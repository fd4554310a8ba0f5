#pragma once

#include <danaus/mri/data/scan.hpp>
#include <danaus/mri/models/learned_model.hpp>

#include <filesystem>

namespace danaus::mri {

/// Copies slices to the device as a model wants them: samples outside the masks set to zero, divided by
/// the scale of a convention.
///
/// @param scale   a name of scale_names(); empty: samples keep their units and there is no zero-filled image
/// @param kspace  (echo, ky, kz, coil) of each slice
/// @param maps    (y, z, coil, 1) of each slice
/// @param masks   of the full plane, one per slice
/// @param scales  receives the scale of each slice
/// @throws UsageError for more than one set of maps; ShapeError
SliceBatch<float> make_batch(const Exec& space, const std::string& scale,
                             const std::vector<HostTensor<Complex<float>, 4>>& kspace,
                             const std::vector<HostTensor<Complex<float>, 4>>& maps,
                             const std::vector<const Mask*>& masks, std::vector<double>& scales);

/// x /= the scale of its slice; the items of a slice lie side by side.
void scale_items(const Exec& space, const std::vector<double>& scales, const Tensor<Complex<float>, 4>& x);

/// The image (item, y, z, 1) of a batch of one slice, in host memory and in the units that its samples had
/// before they were divided by `scale`. Resets the tape, which should not record.
HostTensor<Complex<float>, 4> image_of(const Exec& space, Tape& tape, const LearnedModel<float>& model,
                                       const SliceBatch<float>& batch, double scale);

/// A trained model, ready to reconstruct slices.
class LearnedReconstruction {
 public:
  /// Reads a checkpoint: the averaged weights where there are any.
  /// @throws MissingInputError, DataError if it is no checkpoint of a reconstruction model
  explicit LearnedReconstruction(const std::filesystem::path& checkpoint);
  /// A model as it is.
  LearnedReconstruction(std::unique_ptr<LearnedModel<float>> model, const LearnedModelConfig& config)
      : config_(config), model_(std::move(model)) {}

  const std::string& name() const { return config_.model; }
  size_t parameters() const { return model_->parameters().count_reals(); }
  const LearnedModelConfig& config() const { return config_; }

  /// @throws UsageError naming the scan's plane or echoes and those that the model was trained for
  void require_fitting(const ScanDescription& scan, size_t map_count) const;

  /// (echo, y, z, 1) from (echo, ky, kz, coil), (y, z, coil, 1) and a mask of the full plane.
  HostTensor<Complex<float>, 4> reconstruct(const Exec& space, const HostTensor<Complex<float>, 4>& kspace,
                                            const HostTensor<Complex<float>, 4>& maps, const Mask& mask);

  /// Bytes that the last reconstruct() held on its tape.
  size_t tape_bytes() const { return tape_.capacity(); }

 private:
  LearnedModelConfig config_;
  std::unique_ptr<LearnedModel<float>> model_;
  Tape tape_{Exec{}, Recording::off};
};

}  // namespace danaus::mri
