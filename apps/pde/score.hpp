#pragma once

#include "trained_model.hpp"

#include <danaus/pde/data/data_set.hpp>
#include <danaus/pde/metrics/pdebench.hpp>
#include <danaus/train/evaluate.hpp>

#include <optional>

namespace danaus::app {

/// A trained model and how well it does on a data set.
struct Score {
  std::string name;  ///< the run or checkpoint, as the user named it
  TrainedModel trained;
  std::shared_ptr<const pde::DataSet> data;
  std::vector<size_t> samples;  ///< of the file, that were scored
  size_t steps = 0;
  train::Evaluation evaluation;
  std::optional<pde::PdeBenchScores> metrics;
  size_t parameters = 0;
};

struct ScoreOptions {
  std::string which = "last";
  size_t steps = 0;    ///< 0: as trained, for the training file, else all that are there
  size_t samples = 0;  ///< 0: the test samples of the training file, all of any other
  size_t batch = 20;
  pde::MetricsProfile profile = pde::MetricsProfile::fno;
};

/// @throws DataError, UsageError if model and data do not fit
Score score(const std::string& run, std::shared_ptr<const pde::DataSet> data, const ScoreOptions& options);

/// Tensor in any memory -> numbers on the host.
std::vector<float> host_values(const Tensor<float, 4>& tensor);

}  // namespace danaus::app
