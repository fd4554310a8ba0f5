#pragma once

#include <common/program.hpp>

namespace danaus::app {

Verb bench_transform_verb();
Verb bench_layer_verb();
Verb bench_train_verb();
Verb bench_io_verb();
Verb bench_compare_verb();

/// The rivals of some verbs run on the CPU: setting them against a GPU would say nothing.
/// @throws UsageError in a build for GPUs
void require_host_build(const char* verb);

}  // namespace danaus::app
