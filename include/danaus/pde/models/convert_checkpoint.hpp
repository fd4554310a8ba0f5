#pragma once

#include <danaus/io/hdf5_writer.hpp>
#include <danaus/pde/models/model_table.hpp>

#include <filesystem>

namespace danaus::pde {

/// What became of one linear weight.
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

/// Writes a checkpoint of the same training with other linear weights dense, others Monarch matrices:
/// weights, averages, Adam's moments (see train/weight_conversion.hpp) and the state of the training, so that
/// `--resume` goes on with it. The result of a finished run is dropped, for it is that of another model; so
/// are, unless the weights are the same up to rounding, the best and the lowest error so far.
/// @param monarch_weights  of the new model, see linear_weights()
/// @throws MissingInputError, DataError (damaged, no checkpoint, not finite), UsageError (a pattern), IoError
CheckpointConversion convert_checkpoint(const std::filesystem::path& from, const std::filesystem::path& to,
                                        const std::string& monarch_weights, const io::FileHeader& header);

}  // namespace danaus::pde
