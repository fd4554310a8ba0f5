#pragma once

#include "scoring.hpp"

namespace danaus::app {

/// One self-contained HTML file: the table of scores, T2 errors, and pictures of all methods side by side
/// with zoomed details and error maps.
void write_report(const std::string& file, const std::string& profile, const Scores& scores);

/// "34.3 ± 0.2", "0.886 ± 0.002", without the error for one scan; "–" for none.
std::string spread_text(const Spread& spread, int digits);

}  // namespace danaus::app
