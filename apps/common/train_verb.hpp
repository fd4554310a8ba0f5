#pragma once

#include "options.hpp"

#include <danaus/autograd/parameter_store.hpp>
#include <danaus/train/options.hpp>

/// What the `train` verbs of all programs say and read alike.
namespace danaus::app {

/// Gives `--schedule step` its period, a fifth of the epochs, and its factor; call when the epochs are
/// resolved.
void resolve_step_schedule(Options& options);

/// The options of the loop. The folder of the run was claimed, and its description written, before it starts.
train::LoopOptions loop_options(const Options& options);

/// The natural shape of every trained parameter, by name.
Json parameter_shapes(const ParameterStore<float>& store);

/// The outcome of --dry-run: `json`, which has memory_bytes and seconds_estimate, and a line of text.
Outcome dry_run_outcome(const Json& json, const ParameterStore<float>& store);

/// The JSON of a finished run with its scores, null for what is not known.
Json result_json(const train::TrainResult& result, const std::vector<std::pair<std::string, double>>& scores);

}  // namespace danaus::app
