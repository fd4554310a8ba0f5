#pragma once

#include "score.hpp"

namespace danaus::app {

/// Writes one self-contained HTML file that compares the runs, one section per data set: table, loss curves,
/// error growth per step, pictures of truth, predictions and errors. Predictions are made here.
void write_report(const std::string& file, std::vector<Score>& scores);

}  // namespace danaus::app
