#pragma once

#include <common/program.hpp>

namespace danaus::app {

Verb bench_transform_verb();
Verb bench_layer_verb();
Verb bench_train_verb();
Verb bench_mri_verb();
Verb bench_io_verb();
Verb bench_compare_verb();

}  // namespace danaus::app
