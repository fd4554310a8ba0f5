#pragma once

#include <common/options.hpp>

namespace danaus::app {

/// The verbs of danaus-pde, each with its option table.
Verb generate_verb();
Verb train_verb();
Verb eval_verb();
Verb predict_verb();
Verb sparsify_verb();
Verb densify_verb();
Verb info_verb();
Verb check_verb();

}  // namespace danaus::app
