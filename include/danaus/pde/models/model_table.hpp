#pragma once

#include <danaus/train/model.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace danaus::pde {

/// Everything that defines a neural operator; the names are the options of `danaus-pde train`.
struct ModelConfig {
  static constexpr size_t hidden = 128;  ///< width of the head's hidden layer

  std::string model = "fno";
  size_t points_x = 64, points_y = 64;  ///< grid of the data
  size_t history = 10;                  ///< input frames; 0 for static problems (one input frame)
  size_t input_channels = 1;            ///< channels of one input frame
  size_t output_channels = 1;           ///< channels of the predicted frame
  size_t modes = 12, width = 20, layers = 4;
  size_t block = 0;                 ///< block size of learned transforms; 0 chooses
  size_t groups = 1;                ///< learned transforms per layer, each for width / groups channels
  bool shared = false;              ///< one set of learned transforms for all layers
  size_t padding = 0;               ///< points appended to each axis inside the model
  std::string norm = "none";        ///< none | batch
  std::string activation = "gelu";  ///< gelu | relu
  bool increment = false;           ///< predict the change of the last frame
  /// Linear weights that are Monarch matrices, empty for none; see linear_weights().
  std::string monarch_weights = "";
  bool normalize = false;  ///< unit Gaussian inputs and outputs (static problems)

  /// Without `monarch-weights` where there are none, as checkpoints were before it existed.
  std::map<std::string, std::string> to_map() const;
  /// @throws DataError if a key is missing or malformed
  static ModelConfig from_map(const std::map<std::string, std::string>& map);
};

/// A model is one entry in one table.
struct ModelEntry {
  std::string name, description;
  std::unique_ptr<train::Model<float>> (*create)(const ModelConfig& config, std::uint64_t seed);
};
const std::vector<ModelEntry>& model_table();

/// The model of that name with initial weights drawn from `seed`.
/// @throws UsageError for a name that is not in the table (with the nearest one) or an impossible
/// configuration
std::unique_ptr<train::Model<float>> create_model(const ModelConfig& config, std::uint64_t seed);

}  // namespace danaus::pde
