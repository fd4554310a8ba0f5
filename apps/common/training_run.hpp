#pragma once

#include "options.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

/// The folder of a training run, as `train` writes it and `eval --run` reads it.
namespace danaus::app {

/// @throws UsageError if --out is there and neither --resume nor --overwrite says what to do with it
void require_usable_run(const Options& options);

/// Takes the options that were not given from the configuration of the run in --out, which is to be resumed.
/// @throws UsageError naming the options that were given and differ; epochs may
void resume_options(Options& options);

/// Claims the folder and writes what describes the run: config.ini, command.txt, build.json.
void prepare_run(const Options& options, const std::string& program);

/// A checkpoint is a file, a run a folder with `last.h5` and `best.h5`. @throws MissingInputError
std::string checkpoint_path(const std::string& path, const std::string& which);

/// The resolved options of the run that a checkpoint lies in; empty for a bare checkpoint.
std::map<std::string, std::string> run_options(const std::string& checkpoint);

/// metrics.csv of a run, by column; empty for a bare checkpoint.
std::map<std::string, std::vector<double>> training_log(const std::string& checkpoint);

/// With "." and links resolved, whether it exists or not.
std::string absolute_path(const std::string& path);

}  // namespace danaus::app
