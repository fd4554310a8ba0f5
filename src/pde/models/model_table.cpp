#include <danaus/core/nearest_name.hpp>
#include <danaus/pde/models/neural_operator.hpp>

namespace danaus::pde {

namespace {

template <Basis basis>
std::unique_ptr<train::Model<float>> create(const ModelConfig& config, std::uint64_t seed) {
  auto model = std::make_unique<NeuralOperator<float>>(config, basis);
  model->initialize(seed);
  return model;
}

}  // namespace

const std::vector<ModelEntry>& model_table() {
  static const std::vector<ModelEntry> table{
      {"fno", "Fourier neural operator (Li et al. 2021)", create<Basis::fourier>},
      {"monarch-no", "Monarch neural operator: learned transforms that start at the DFT (Dao et al. 2022)",
       create<Basis::monarch>},
  };
  return table;
}

std::unique_ptr<train::Model<float>> create_model(const ModelConfig& config, std::uint64_t seed) {
  std::vector<std::string> names;
  for (const auto& entry : model_table()) {
    if (entry.name == config.model) return entry.create(config, seed);
    names.push_back(entry.name);
  }
  throw UsageError("unknown model '" + config.model + "'; did you mean '" +
                   nearest_name(config.model, names) + "'?");
}

}  // namespace danaus::pde
