#pragma once

#include <common/options.hpp>

#include <danaus/pde/data/data_set.hpp>
#include <danaus/pde/models/model_table.hpp>
#include <danaus/train/options.hpp>

namespace danaus::app {

/// Gives a value to every option that depends on the data, the recipe or others.
/// @throws DataError if there are too few frames; UsageError if the split is impossible
void resolve_train_options(Options& options, const pde::DataSet& data);

/// What the resolved options say, in the terms of the library.
pde::DataOptions data_options(const Options& options);
pde::ModelConfig model_config(const Options& options, const pde::DataDescription& data);
train::TrainOptions train_options_of(const Options& options, const pde::DataDescription& data);

}  // namespace danaus::app
