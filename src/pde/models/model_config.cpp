#include <danaus/pde/models/model_table.hpp>
#include <danaus/train/hyper_parameters.hpp>

namespace danaus::pde {

namespace {

/// Calls f(name, member) for every hyper-parameter, so that writing and reading cannot disagree.
template <class Config, class F>
void for_each_entry(Config& c, F f) {
  f("model", c.model);
  f("points-x", c.points_x);
  f("points-y", c.points_y);
  f("history", c.history);
  f("input-channels", c.input_channels);
  f("output-channels", c.output_channels);
  f("modes", c.modes);
  f("width", c.width);
  f("layers", c.layers);
  f("block", c.block);
  f("groups", c.groups);
  f("shared", c.shared);
  f("padding", c.padding);
  f("norm", c.norm);
  f("activation", c.activation);
  f("increment", c.increment);
  f("normalize", c.normalize);
}

}  // namespace

std::map<std::string, std::string> ModelConfig::to_map() const {
  std::map<std::string, std::string> map;
  for_each_entry(
      *this, [&](const char* name, const auto& value) { map[name] = train::hyper_parameter_text(value); });
  if (!monarch_weights.empty()) map["monarch-weights"] = monarch_weights;
  return map;
}

ModelConfig ModelConfig::from_map(const std::map<std::string, std::string>& map) {
  ModelConfig config;
  for_each_entry(config, [&](const char* name, auto& value) {
    const auto entry = map.find(name);
    if (entry == map.end())
      throw DataError(std::string("the model's hyper-parameter '") + name + "' is missing");
    if (!train::parse_hyper_parameter(entry->second, value))
      throw DataError(std::string("the model's hyper-parameter '") + name + "' is '" + entry->second + "'");
  });
  if (const auto entry = map.find("monarch-weights"); entry != map.end())
    config.monarch_weights = entry->second;
  return config;
}

}  // namespace danaus::pde
