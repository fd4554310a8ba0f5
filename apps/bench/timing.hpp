#pragma once

#include <functional>
#include <vector>

namespace danaus::app {

/// One of several pieces of work that are timed against each other.
struct Contestant {
  std::function<void()> run;
  /// Runs untimed before every `run`, which is then timed call by call; empty: `run` is called in a loop.
  std::function<void()> prepare = {};
};

/// How long to measure.
struct Timing {
  size_t rounds = 15;
  /// Calls are repeated until one sample takes at least this. 0: a sample is one call, and there are no
  /// others.
  double sample_seconds = 2e-3;
};

/// Seconds of one call: of each contestant (first index) in each round.
using Samples = std::vector<std::vector<double>>;

/// Times the contestants in turn, round after round, in an order that rotates, so that a machine that drifts
/// or is shared slows all of them alike. Each is called a few times before, which warms it up and finds its
/// number of calls per sample. A short sample during which another program took one of our cores is taken
/// again. Waits for the device.
Samples time_in_turn(const std::vector<Contestant>& contestants, const Timing& timing);

/// Value below which the share q of the values lie, linear between neighbours. q = 1/2: the median.
double quantile(std::vector<double> values, double q);

/// Two contestants compared.
struct Paired {
  double ours = 0, rival = 0;               ///< medians, seconds
  double ratio = 0;                         ///< rival / ours: above 1, ours is faster
  double lower_ratio = 0, upper_ratio = 0;  ///< quartiles of the ratios of the rounds
};
Paired paired(const std::vector<double>& ours, const std::vector<double>& rival);

/// The index of the contestant with the shortest sample of a few rounds: the best layout of a rival, the best
/// block of a fixed transform.
size_t fastest(const std::vector<Contestant>& contestants);

}  // namespace danaus::app
