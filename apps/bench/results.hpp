#pragma once

#include "machine.hpp"
#include "timing.hpp"

#include <complex>
#include <optional>

namespace danaus::app {

/// What is compared; `rival` names the opponent and how it was run.
struct Case {
  std::string name, size, rival = {};
  std::optional<double> goal = {};
  double flops = 0,
         bytes = 0;  ///< of ours: useful arithmetic, and the least traffic (inputs read, outputs written)
};

/// A row of `results`: `case`, `size`, `ours_seconds`, `rival`, `rival_seconds`, `ratio` (rival / ours: above
/// 1, ours is faster), `goal`, `spread` (the quartiles of the paired ratios). With flops and bytes also
/// `gflops`, `intensity` (flops per byte), `share_of_peak` and `share_of_bandwidth`: of the measured roofs
/// with as many threads. Data that stay in a cache take a share of the memory bandwidth above 1.
Json compared_row(const Case& what, const Paired& times, const Roofs& roofs);
/// The same without a rival: `rival`, `rival_seconds`, `ratio` are null, `spread` are quartiles in seconds.
Json timed_row(const std::string& name, const std::string& size, const std::vector<double>& seconds);

/// `ratio` is ours / rival and good below `goal`: the row says so in `smaller_is_better`.
void invert_ratio(Json& row);

/// The rows as a table for a terminal, with a mark where the goal is met.
std::string results_text(const Json& results);

/// The machine and the rows, as JSON and as text.
Outcome outcome_of(const Json& machine, const Json& results);

/// "n = 64, 1024 vectors": a value by vector and point, as a check sees ours and a rival.
using Values = std::function<std::complex<float>(size_t vector, size_t point)>;

/// A way to compute what ours computes that one would use without Danaus.
struct Rival {
  std::string name;
  std::function<void()> run;
  /// What the last run computed.
  std::function<Values()> output;
};

/// An output that is read where the rival has left it, in host memory.
inline std::function<Values()> in_place_output(const Values& values) {
  return [values] { return values; };
}

/// A comparison of times means nothing unless both compute the same.
/// @throws InternalError naming the rival if the relative L2 difference exceeds `tolerance`
void require_same(const std::string& rival, size_t vectors, size_t points, const Values& ours,
                  const Values& theirs, double tolerance = 1e-5);

}  // namespace danaus::app
