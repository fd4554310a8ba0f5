#include "timing.hpp"

#include <danaus/core/timer.hpp>

#include <Kokkos_Core.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace danaus::app {
namespace {

constexpr const char* fence_label = "danaus::app::time_in_turn";

/// How often the system has taken a core from one of our threads.
long preemptions() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_nivcsw;
}

/// Seconds per call.
double sample(const Contestant& contestant, size_t calls) {
  double seconds = 0;
  Timer timer;
  for (size_t call = 0; call < calls; ++call) {
    if (contestant.prepare) {
      contestant.prepare();
      Kokkos::fence(fence_label);
      timer.reset();
    }
    contestant.run();
    if (contestant.prepare) {
      Kokkos::fence(fence_label);
      seconds += timer.seconds();
    }
  }
  if (contestant.prepare) return seconds / double(calls);
  Kokkos::fence(fence_label);
  return timer.seconds() / double(calls);
}

/// A sample during which other programs had one of our cores says nothing: it is taken again, for a while.
double undisturbed_sample(const Contestant& contestant, size_t calls) {
  constexpr int tries = 10;
  constexpr double patience_seconds = 0.2;
  double best = std::numeric_limits<double>::infinity();
  const Timer timer;
  for (int attempt = 0; attempt < tries && (attempt == 0 || timer.seconds() < patience_seconds); ++attempt) {
    const long before = preemptions();
    const double seconds = sample(contestant, calls);
    if (preemptions() == before) return seconds;
    best = std::min(best, seconds);
  }
  return best;
}

size_t calls_per_sample(const Contestant& contestant, double sample_seconds) {
  if (sample_seconds <= 0) return 1;
  sample(contestant, 1);  // allocates, and brings code and data into the caches
  size_t calls = 1;
  for (;;) {
    const double seconds = sample(contestant, calls) * double(calls);
    if (seconds >= sample_seconds) return calls;
    // A tenth more than needed, so that the next sample is long enough.
    const double factor = seconds > 0 ? 1.1 * sample_seconds / seconds : 10;
    calls = size_t(std::ceil(double(calls) * std::clamp(factor, 1.5, 10.0)));
  }
}

}  // namespace

Samples time_in_turn(const std::vector<Contestant>& contestants, const Timing& timing) {
  const size_t count = contestants.size();
  std::vector<size_t> calls;
  for (const auto& contestant : contestants)
    calls.push_back(calls_per_sample(contestant, timing.sample_seconds));
  Samples samples(count);
  for (size_t round = 0; round < timing.rounds; ++round)
    for (size_t turn = 0; turn < count; ++turn) {
      const size_t c = (round + turn) % count;
      samples[c].push_back(undisturbed_sample(contestants[c], calls[c]));
    }
  return samples;
}

double quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  const double position = q * double(values.size() - 1);
  const size_t below = size_t(position), above = std::min(below + 1, values.size() - 1);
  return values[below] + (position - double(below)) * (values[above] - values[below]);
}

Paired paired(const std::vector<double>& ours, const std::vector<double>& rival) {
  std::vector<double> ratios;
  for (size_t round = 0; round < ours.size(); ++round) ratios.push_back(rival[round] / ours[round]);
  const double ours_median = quantile(ours, 0.5), rival_median = quantile(rival, 0.5);
  return {ours_median, rival_median, rival_median / ours_median, quantile(ratios, 0.25),
          quantile(ratios, 0.75)};
}

size_t fastest(const std::vector<Contestant>& contestants) {
  if (contestants.size() == 1) return 0;
  const auto samples = time_in_turn(contestants, {.rounds = 5, .sample_seconds = 2e-3});
  size_t best = 0;
  for (size_t c = 1; c < samples.size(); ++c)
    if (quantile(samples[c], 0.0) < quantile(samples[best], 0.0)) best = c;
  return best;
}

}  // namespace danaus::app
