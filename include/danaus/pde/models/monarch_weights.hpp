#pragma once

#include <danaus/nn/monarch_weights.hpp>
#include <danaus/pde/models/model_table.hpp>

#include <optional>

namespace danaus::pde {

/// The classes of Monarch matrices for linear weights; see nn::MonarchWeightsShape.
enum class MonarchClass {
  nblocks,  ///< the authors' layer of that many blocks
  block,    ///< blocks of that size, slices of rank 1
};

/// Which Monarch matrices are meant: "nblocks=4", "block=8".
struct MonarchKind {
  MonarchClass monarch_class = MonarchClass::nblocks;
  size_t number = 4;

  nn::MonarchWeightsShape shape(size_t inputs, size_t outputs) const;
  std::string to_string() const;
};

/// A linear weight of a neural operator that can be dense or a Monarch matrix: the lifting, the channel
/// mixing beside each spectral convolution, and the first layer of the head. (The head's last layer has as
/// few rows as the output has channels: no Monarch matrix is smaller.)
struct LinearWeightsEntry {
  std::string name;  ///< of the parameter: "layer_0/weights"
  size_t inputs, outputs;
  std::optional<MonarchKind> monarch;  ///< none: dense
};

/// All of them in the order of the model, each as ModelConfig::monarch_weights says:
///
///     PATTERN[:nblocks=N|:block=B], ...       "layer_*/weights:nblocks=4,projection/weights_1:block=8"
///
/// with `*` and `?` as a shell has them (`*` matches / too); nblocks=4 where nothing is said; the first
/// pattern that fits a weight decides, weights without one are dense.
/// @throws UsageError for a malformed entry, or one that fits no weight, naming those there are
std::vector<LinearWeightsEntry> linear_weights(const ModelConfig& config);

/// The inverse: the text that says this, by name.
std::string to_text(const std::vector<LinearWeightsEntry>& entries);

/// The entries among `entries` that a comma-separated list of patterns names.
/// @throws UsageError for a pattern that fits none, naming those there are
std::vector<size_t> matching(const std::vector<LinearWeightsEntry>& entries, const std::string& patterns);

}  // namespace danaus::pde
