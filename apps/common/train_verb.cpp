#include "train_verb.hpp"

#include "program.hpp"
#include "version.hpp"

#include <cstdio>

namespace danaus::app {

void resolve_step_schedule(Options& options) {
  if (options.text("schedule") == "step")
    options.resolve("schedule", "step:" + to_text(options.real("epochs") / 5) + ":0.5");
}

train::LoopOptions loop_options(const Options& options) {
  train::LoopOptions t;
  t.epochs = options.size("epochs");
  t.batch = options.size("batch");
  t.schedule = optim::parse_schedule(options.text("schedule"));
  t.schedule.base_rate = options.real("lr");
  t.schedule.warm_up = options.real("warm-up") * double(t.epochs);
  t.optimizer.decay = optim::parse_optimizer(options.text("optimizer"));
  t.optimizer.weight_decay = options.real("weight-decay");
  t.optimizer.transform_rate_factor = options.real("transform-lr-factor");
  t.optimizer.clip = options.real("clip");
  t.optimizer.ema = options.real("ema");
  t.validate_every = options.size("validate-every");
  t.seed = std::uint64_t(options.integer("seed"));
  t.run = options.text("out");
  t.existing = train::ExistingRun::resume;
  t.header.created_by = created_by();
  t.header.command = command_line();
  t.header.seed = t.seed;
  t.progress = options.toggle("quiet") ? ProgressMode::none : parse_progress_mode(options.text("progress"));
  return t;
}

Json parameter_shapes(const ParameterStore<float>& store) {
  Json shapes = Json::object();
  for (const auto& p : store.parameters())
    if (p.group != ParameterGroup::state) shapes[p.name] = p.shape;
  return shapes;
}

Outcome dry_run_outcome(const Json& json, const ParameterStore<float>& store) {
  char text[160];
  std::snprintf(text, sizeof text, "%zu parameters, about %.0f MiB, about %s\n", store.count_reals(),
                json["memory_bytes"].get<double>() / (1 << 20),
                format_duration(json["seconds_estimate"].get<double>()).c_str());
  return {json, text};
}

Json result_json(const train::TrainResult& r, const std::vector<std::pair<std::string, double>>& scores) {
  Json json = {{"model", r.model}};
  json["parameters"] = r.parameters;
  json["parameters_complex_as_one"] = r.parameters_complex_as_one;
  json["epochs"] = r.epochs;
  for (const auto& [name, score] : scores) json[name] = number_or_null(score);
  json["seconds_per_epoch"] = r.seconds_per_epoch;
  json["seconds_total"] = r.seconds_total;
  json["seed"] = r.seed;
  json["data_digest"] = r.data_digest;
  return json;
}

}  // namespace danaus::app
