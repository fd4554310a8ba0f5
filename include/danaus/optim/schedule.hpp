#pragma once

#include <string>

namespace danaus::optim {

/// A learning rate as a pure function of the epoch, a real number: epoch 2.5 is the middle of the third
/// epoch.
///
/// With E epochs, W epochs of warm-up, base rate r and e = epoch:
///
///     e < W:      r e / W, but at least r / 1000
///     constant    r
///     step        r factor^floor(e / period)                               (the published recipes: 100
///     epochs, 0.5) cosine      f r + (1 - f) r (1 + cos(pi (e - W) / (E - W))) / 2       f: floor one-cycle
///     r/25 -> r over the first 30 % and r -> r/250000 over the rest, both along a half cosine
///
/// one-cycle warms up by itself; W does not apply to it. Source of one-cycle: Smith and Topin 2018
/// (doi:10.48550/arXiv.1708.07120), with the customary two phases.
struct Schedule {
  enum class Kind { constant, step, cosine, one_cycle };
  Kind kind = Kind::constant;
  double base_rate = 1e-3;
  double epochs = 1;    ///< E
  double warm_up = 0;   ///< W
  double period = 100;  ///< of step, in epochs
  double factor = 0.5;  ///< of step
  double floor = 0;     ///< of cosine, in units of the base rate

  double rate(double epoch) const;
};

/// Reads "constant", "step", "step:100:0.5" (period, factor), "cosine", "cosine:0.01" (floor) or "one-cycle".
/// Rate, epochs and warm-up keep their defaults.
/// @throws UsageError naming what was found and what was expected
Schedule parse_schedule(const std::string& text);
/// The inverse of parse_schedule.
std::string to_string(const Schedule& schedule);

}  // namespace danaus::optim
