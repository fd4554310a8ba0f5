#pragma once

#include "score.hpp"

#include <common/report/html.hpp>

namespace danaus::app {

/// The model's name, with the run's where several runs have the same model.
std::string label_of(const Score& score, const std::vector<Score*>& all);

/// Up to five predicted steps, the first and the last among them.
std::vector<size_t> steps_to_show(size_t steps);

/// Truth, predictions and errors of every model as pictures with shared ranges: a time series at several
/// times, a static problem for several samples.
void add_pictures(HtmlPage& page, const pde::DataSet& data, const std::vector<Score*>& scores);

}  // namespace danaus::app
