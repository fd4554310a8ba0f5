#pragma once

#include <common/options.hpp>

namespace danaus::app {

/// The names for --recipe.
std::vector<std::string> recipe_names();

/// Fills the options that --recipe stands for with its values, except those that have one already.
/// @param is_static  one field in, one field out (Darcy), not a time series
void apply_recipe(Options& options, bool is_static);

}  // namespace danaus::app
