#pragma once

#include <danaus/autograd/tape.hpp>
#include <danaus/mri/operators/sense_operator.hpp>
#include <danaus/train/learnable.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace danaus::mri {

/// Slices as a learned model sees them, on the device. Items are the echoes of a slice side by side,
/// item = slice * echoes + echo.
template <class R>
struct SliceBatch {
  size_t slices = 1, echoes = 1;
  Tensor<Complex<R>, 4> samples;    ///< (item, ky, kz, coil), zero where not sampled, in model units
  ConstTensor<Complex<R>, 5> maps;  ///< (slice, y, z, coil, 1)
  ConstTensor<R, 3> mask;           ///< (slice, ky, kz), 0 or 1
  std::shared_ptr<const SenseOperator<R>> sense;
  Tensor<Complex<R>, 4> zero_filled;  ///< A^H y (item, y, z, 1), where the model wants it
};

/// A learned reconstruction: images from samples.
template <class R>
class LearnedModel : public train::Learnable<R> {
 public:
  /// @return (item, y, z, 1), zero where all sensitivities are, in the units of the samples
  virtual Var<Complex<R>, 4> reconstruct(Tape& tape, const SliceBatch<R>& batch) const = 0;

  /// Twice the samples give twice the image: no scale is needed at inference.
  virtual bool is_linear() const { return false; }
};

/// What defines a model: its name and every hyper-parameter. Each model reads those that concern it.
struct LearnedModelConfig {
  std::string model = "msense";
  size_t rows = 0, columns = 0;                    ///< plane
  size_t acquired_rows = 0, acquired_columns = 0;  ///< its centre, outside of which all samples are zero
  size_t echoes = 1;
  std::string scale = "p95";         ///< see scaling.hpp
  size_t block_y = 0, block_z = 0;   ///< of Monarch transforms of the plane; 0: chosen from the extents
  std::string density = "none";      ///< of msense: none, computed, learned
  size_t iterations = 5;             ///< of unrolled
  size_t patch = 16, grids = 4;      ///< of unrolled: edge of a patch, shifted grids
  size_t channels = 16;              ///< of unrolled's convolution; 0: none
  bool tied = false, joint = false;  ///< of unrolled: one set for all iterations; echoes shrunk jointly
  bool band_limit = true;            ///< of unrolled: its image has nothing beyond the acquired samples
  size_t width = 32, poolings = 4;   ///< of unet: channels after its first convolution
  bool residual = false;             ///< of unet: it predicts what is added to the zero-filled image

  std::map<std::string, std::string> to_map() const;
  /// What older checkpoints do not name is off. @throws DataError naming what is missing or no number
  static LearnedModelConfig from_map(const std::map<std::string, std::string>& map);
};

struct LearnedModelEntry {
  std::string name, summary;
  double learning_rate;  ///< default
  std::unique_ptr<LearnedModel<float>> (*create)(const LearnedModelConfig&, std::uint64_t seed);
};

/// msense, separable, unrolled, unet.
const std::vector<LearnedModelEntry>& learned_models();

/// A model with its initial weights.
/// @throws UsageError with the nearest name, or naming an option that does not fit the plane
std::unique_ptr<LearnedModel<float>> create_learned_model(const LearnedModelConfig& config,
                                                          std::uint64_t seed);

}  // namespace danaus::mri
