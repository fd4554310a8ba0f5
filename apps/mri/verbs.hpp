#pragma once

#include <common/options.hpp>

namespace danaus::app {

/// The verbs of danaus-mri, each with its option table.
Verb generate_verb();
Verb mask_verb();
Verb coils_verb();
Verb train_verb();
Verb reconstruct_verb();
Verb eval_verb();
Verb info_verb();
Verb check_verb();

}  // namespace danaus::app
