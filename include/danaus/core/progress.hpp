#pragma once

#include <danaus/core/timer.hpp>

#include <cstdio>
#include <string>

namespace danaus {

/// How a long task shows where it is, on stderr.
enum class ProgressMode {
  automatic,  ///< bar on a terminal, plain elsewhere and under mpirun or srun
  bar,        ///< one line that is redrawn
  plain,      ///< a line now and then
  none,
};

/// "auto", "bar", "plain" or "none". @throws UsageError naming them
ProgressMode parse_progress_mode(const std::string& text);

/// What `automatic` means for this process. Ranks started by a launcher see a terminal where there is none,
/// so any launcher variable in the environment (OMPI_COMM_WORLD_RANK, PMI_RANK, PMIX_RANK, SLURM_PROCID, ...)
/// means plain.
ProgressMode resolve(ProgressMode mode, bool is_terminal);

/// "0.4s", "8s", "13m48s", "5h02m", "3d04h"
std::string format_duration(double seconds);

/// Progress of one task of known size: share done, rate, time left. Colour only on a terminal without
/// NO_COLOR.
///
///     Progress progress(mode, "generate", samples, "samples");
///     for (...) progress.update(done);
class Progress {
 public:
  /// @param total  in any unit, greater than 0
  /// @param done   what an earlier run did: it does not count in the rate
  Progress(ProgressMode mode, std::string label, double total, std::string unit, double done = 0,
           std::FILE* out = stderr);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(double done, const std::string& detail = "");
  /// A line of text that stays, such as a table row; shown in all modes but none.
  void line(const std::string& text);
  /// Removes the bar. Also done by the destructor.
  void finish();

  /// From the mean rate so far; negative while unknown.
  double seconds_left() const;
  ProgressMode mode() const { return mode_; }

 private:
  std::string status(const std::string& detail) const;

  ProgressMode mode_;
  bool colour_;
  std::string label_, unit_;
  double total_, first_, done_;
  std::FILE* out_;
  Timer timer_;
  double last_shown_ = 0;
  bool bar_visible_ = false;
};

}  // namespace danaus
