#pragma once

#include <common/program.hpp>

namespace danaus::app {

Verb bench_train_verb();

}  // namespace danaus::app
