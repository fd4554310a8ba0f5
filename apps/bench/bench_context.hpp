#pragma once

#include "fftw_rival.hpp"
#include "results.hpp"

#include <danaus/core/team.hpp>

#include <common/options.hpp>

namespace danaus::app {

/// What the cases of a verb share.
struct BenchContext {
  Timing timing;
  Roofs roofs;
  FftwEffort effort = FftwEffort::patient;
  bool is_quick = false;
  bool is_quiet = false;

  /// "FFTW PATIENT, ": the beginning of a rival's name.
  std::string fftw_name() const { return effort == FftwEffort::patient ? "FFTW PATIENT" : "FFTW MEASURE"; }
  /// One line on stderr: planning and large sizes take a while.
  void announce(const std::string& what) const;
};

/// What --quick, --quiet and --rounds say.
BenchContext context_of(const Options& options);

/// Lanes of a tile: two vectors of sixteen floats, and a multiple of every narrower one.
inline constexpr size_t tile_lanes = 32;

/// Normal random number `index` of stream `stream_of_case`: the time does not depend on the values, the check
/// does.
float test_value(size_t stream_of_case, size_t index);

}  // namespace danaus::app
