#include <danaus/mri/models/learned_model.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/nearest_name.hpp>
#include <danaus/mri/models/msense.hpp>
#include <danaus/mri/models/separable.hpp>
#include <danaus/mri/models/unet_reconstruction.hpp>
#include <danaus/mri/models/unrolled.hpp>
#include <danaus/train/hyper_parameters.hpp>

#include <string_view>
#include <type_traits>

namespace danaus::mri {

namespace {

/// Checkpoints written before there was a band limit do without it.
constexpr const char* band_limit_key = "band-limit";

/// One list of the fields serves both directions.
template <class Config, class Visitor>
void visit(Config& c, Visitor&& field) {
  field("model", c.model);
  field("rows", c.rows);
  field("columns", c.columns);
  field("acquired-rows", c.acquired_rows);
  field("acquired-columns", c.acquired_columns);
  field("echoes", c.echoes);
  field("scale", c.scale);
  field("block-y", c.block_y);
  field("block-z", c.block_z);
  field("density", c.density);
  field("iterations", c.iterations);
  field("patch", c.patch);
  field("grids", c.grids);
  field("channels", c.channels);
  field("tied", c.tied);
  field("joint", c.joint);
  field(band_limit_key, c.band_limit);
  field("width", c.width);
  field("poolings", c.poolings);
  field("residual", c.residual);
}

template <template <class> class Model>
std::unique_ptr<LearnedModel<float>> make(const LearnedModelConfig& config, std::uint64_t) {
  return std::make_unique<Model<float>>(config);
}

template <template <class> class Model>
std::unique_ptr<LearnedModel<float>> make_seeded(const LearnedModelConfig& config, std::uint64_t seed) {
  return std::make_unique<Model<float>>(config, seed);
}

}  // namespace

std::map<std::string, std::string> LearnedModelConfig::to_map() const {
  std::map<std::string, std::string> map;
  visit(*this, [&](const char* name, const auto& value) { map[name] = train::hyper_parameter_text(value); });
  return map;
}

LearnedModelConfig LearnedModelConfig::from_map(const std::map<std::string, std::string>& map) {
  LearnedModelConfig config;
  visit(config, [&](const char* name, auto& value) {
    const auto found = map.find(name);
    if (found == map.end() && std::string_view(name) == band_limit_key) {
      config.band_limit = false;
      return;
    }
    if (found == map.end()) throw DataError(std::string("not a reconstruction model: no attribute ") + name);
    if (!train::parse_hyper_parameter(found->second, value))
      throw DataError(std::string(name) + ": expected a " +
                      (std::is_same_v<decltype(value), bool&> ? "switch" : "number") + ", found \"" +
                      found->second + "\"");
  });
  return config;
}

const std::vector<LearnedModelEntry>& learned_models() {
  static const std::vector<LearnedModelEntry> table{
      {"msense", "SENSE with a learned Monarch transform in place of the inverse Fourier transform", 1e-2,
       make<Msense>},
      {"separable", "SENSE with learned separable weights of samples and image: the control to msense", 1e-2,
       make<SeparableWeights>},
      {"unrolled",
       "proximal gradient steps with learned Monarch transforms of patches and a small convolution", 2e-3,
       make_seeded<Unrolled>},
      {"unet", "the U-Net of the SKM-TEA baseline, from the zero-filled image to the image", 1e-3,
       make_seeded<UNetReconstruction>},
  };
  return table;
}

std::unique_ptr<LearnedModel<float>> create_learned_model(const LearnedModelConfig& config,
                                                          std::uint64_t seed) {
  std::vector<std::string> names;
  for (const auto& entry : learned_models()) {
    if (entry.name == config.model) return entry.create(config, seed);
    names.push_back(entry.name);
  }
  throw UsageError("--model " + config.model + ": unknown; did you mean " +
                   nearest_name(config.model, names) + "?");
}

}  // namespace danaus::mri
