#pragma once

#include <common/option_table.hpp>

namespace danaus::app {

/// The options of `danaus-pde train`; a run's configuration is made of them.
std::vector<Option> train_options();

/// The names for --model.
std::vector<std::string> model_names();

}  // namespace danaus::app
