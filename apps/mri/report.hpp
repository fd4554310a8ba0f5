#pragma once

#include "scoring.hpp"

#include <danaus/train/options.hpp>

namespace danaus::app {

/// One self-contained HTML file: the table of scores, T2 errors, and pictures of all methods side by side
/// with zoomed details and error maps.
void write_report(const std::string& file, const std::string& profile, const Scores& scores);

/// The report of one training run: scores, curves of metrics.csv, options.
void write_training_report(const std::string& file, const train::TrainResult& result,
                           const std::map<std::string, std::string>& options,
                           const std::map<std::string, std::vector<double>>& log);

/// "34.3 ± 0.2", "0.886 ± 0.002", without the error for one scan; "–" for none.
std::string spread_text(const Spread& spread, int digits);
std::string seconds_text(const MethodScore& row);

}  // namespace danaus::app
