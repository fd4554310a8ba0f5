#pragma once

#include <cstddef>
#include <vector>

namespace danaus::pde {

/// The extents of the prediction of one sample, (step, x, y, channel).
struct TrajectoryShape {
  std::size_t steps = 1, points_x = 1, points_y = 1, channels = 1;
  std::size_t frame_size() const { return points_x * points_y * channels; }
  std::size_t size() const { return steps * frame_size(); }
};

/// Relative L2 error, the metric of the FNO papers:
///
///     relative_l2          mean over samples of |p - u| / |u|, norms over the whole flattened trajectory
///     relative_l2_per_step the same of each step by itself
///
/// A sample with u = 0 counts its absolute error. Sums in double precision, in order.
class RelativeError {
 public:
  explicit RelativeError(const TrajectoryShape& shape) : shape_(shape), per_step_(shape.steps, 0.0) {}

  /// One sample: `prediction` and `truth` are (step, x, y, channel).
  void add(const float* prediction, const float* truth);

  std::size_t samples() const { return per_sample_.size(); }
  double relative_l2() const;
  std::vector<double> relative_l2_per_step() const;
  const std::vector<double>& relative_l2_per_sample() const { return per_sample_; }

 private:
  TrajectoryShape shape_;
  std::vector<double> per_sample_, per_step_;
};

}  // namespace danaus::pde
