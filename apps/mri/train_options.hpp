#pragma once

#include <common/options.hpp>

#include <danaus/mri/training/reconstruction_task.hpp>

#include <filesystem>

namespace danaus::app {

/// The option table of `danaus-mri train`.
std::vector<Option> train_options();

/// Scans to train on and to validate with: DIR/train and DIR/validation where these folders exist; else the
/// first --scans files, and the last --validation of all.
struct TrainingFiles {
  std::vector<std::filesystem::path> training, validation;
};
TrainingFiles training_files(Options& options);

/// Gives a value to every option that depends on the data or the model.
/// @throws UsageError for values that do not fit them
void resolve_train_options(Options& options, const mri::ScanSet& training, const mri::ScanSet* validation);

/// What the resolved options say, in the terms of the library.
mri::LearnedModelConfig model_config(const Options& options, const mri::ScanDescription& scan);
mri::ReconstructionTaskOptions task_options(const Options& options);

}  // namespace danaus::app
