#pragma once

#include <danaus/io/hdf5_writer.hpp>
#include <danaus/pde/models/model_table.hpp>

#include <filesystem>

namespace danaus::pde {

/// What became of one linear weight or learned transform.
struct WeightConversion {
  std::string name;
  size_t inputs, outputs;
  std::string from, to;  ///< "dense", "nblocks=4", "block=8"
  size_t parameters_before, parameters_after;
  double relative_error;  ///< ‖W - M‖ / ‖W‖ in the Frobenius norm, of the weights that are evaluated
  double seconds;
};

struct CheckpointConversion {
  std::vector<WeightConversion> weights;       ///< those that changed
  size_t parameters_before, parameters_after;  ///< of the whole model, complex ones as two
};

/// Which weights the new model has dense, which as Monarch matrices.
struct ConversionTarget {
  std::string monarch_weights = "";  ///< see linear_weights()
  bool dense_transforms = false;     ///< multiply learned transforms out, to blocks of all points of an axis
};

/// The configuration of the new model.
/// @throws UsageError for a bad pattern, or dense transforms of a model that learns none or whose grid is not
/// square (one block size serves both axes)
ModelConfig converted(const ModelConfig& config, const ConversionTarget& target);

/// Writes a checkpoint of the same training with other weights dense, others Monarch matrices: weights,
/// averages, Adam's moments (see train/weight_conversion.hpp, train/transform_conversion.hpp) and the state
/// of the training, so that `--resume` goes on with it. The result of a finished run is dropped, for it is
/// that of another model; so are, unless the weights are the same up to rounding, the best and the lowest
/// error so far.
/// @throws MissingInputError, DataError (damaged, no checkpoint, not finite), UsageError as converted(),
/// IoError
CheckpointConversion convert_checkpoint(const std::filesystem::path& from, const std::filesystem::path& to,
                                        const ConversionTarget& target, const io::FileHeader& header);

}  // namespace danaus::pde
