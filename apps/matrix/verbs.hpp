#pragma once

#include <common/options.hpp>

namespace danaus::app {

/// The verbs of danaus-matrix, each with its option table.
Verb project_verb();
Verb factorize_verb();
Verb transform_verb();
Verb apply_verb();
Verb info_verb();
Verb check_verb();

}  // namespace danaus::app
