#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace danaus::train {

/// How many steps the loss runs through, over the epochs: `1:0.5,2:0.25,full:0.25` is one step in the first
/// half of the epochs, two in the next quarter, the whole trajectory in the last. The published recipes are
/// `full:1`.
class UnrollSchedule {
 public:
  struct Phase {
    std::size_t steps;  ///< 0: full
    double share;
  };

  UnrollSchedule() : phases_{{0, 1.0}} {}
  /// @throws UsageError unless `text` is a list of STEPS:SHARE with shares that add up to 1
  explicit UnrollSchedule(const std::string& text);

  const std::vector<Phase>& phases() const { return phases_; }
  std::string to_string() const;

  /// @throws UsageError if a phase has more steps than a trajectory
  void require_at_most(std::size_t full) const;
  /// Index of the phase that holds in `epoch`: phases end at the epochs nearest to their shares.
  std::size_t phase_of(std::size_t epoch, std::size_t epochs) const;
  std::size_t steps_at(std::size_t epoch, std::size_t epochs, std::size_t full) const;

 private:
  std::vector<Phase> phases_;
};

}  // namespace danaus::train
