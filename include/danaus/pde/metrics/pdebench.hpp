#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace danaus::pde {

/// The extents of the prediction of one sample, (step, x, y, channel).
struct TrajectoryShape {
  std::size_t steps = 1, points_x = 1, points_y = 1, channels = 1;
  std::size_t frame_size() const { return points_x * points_y * channels; }
  std::size_t size() const { return steps * frame_size(); }
};

/// Which errors are reported: `fno` the relative L2 error alone, `pdebench` and `corrected` also
/// PDEBenchScores.
enum class MetricsProfile { fno, pdebench, corrected };
/// @throws UsageError
MetricsProfile parse_metrics_profile(const std::string& name);

/// With e = p - u, N = nx ny points, S samples, B batches, means over steps and channels outside unless said
/// otherwise:
///
///                  corrected                                        pdebench
///     rmse         mean_s sqrt(sum_x e^2 / N)                       the same, over batches as below
///     nrmse        mean_s sqrt(sum_x e^2 / sum_x u^2)               the same
///     crmse        sqrt(mean_s (sum_x e / N)^2)                     the same
///     max_error    max over all samples, steps, channels, points    mean of max_{s,x} |e| of each batch
///     boundary     mean_s sqrt(mean of e^2 over the points of the   sqrt(mean_s (sum of e^2 over the four
///     edges, corners
///                  edge, each once)                                 twice) / (2 nx + 2 ny))
///     fourier      mean over the shells k of the band of            mean over the shells of sqrt(mean_s sum
///     |E|^2) / N
///                  sqrt(mean_s mean |E|^2) / N, over all wave        over the quadrant kx, ky >= 0
///                  vectors of the shell
///
/// E is the discrete Fourier transform of e, shell k holds the wave vectors with k <= |(kx, ky)| < k + 1 for
/// k < min(nx, ny) / 2, the bands are k < 4, 4 <= k < 12, k >= 12 (0 for an empty one). `pdebench` reproduces
/// the published evaluation: a score is computed per batch, summed, and divided by the number of batches less
/// one (its index of the last batch; by one if there is only one). The unit square is assumed.
/// One-dimensional fields have ny = 1, two end points, and shells by |k|. Source: Takamoto et al. 2022
/// (doi:10.48550/arXiv.2210.07182).
struct PdeBenchScores {
  double rmse = 0, nrmse = 0, crmse = 0, max_error = 0, boundary_rmse = 0;
  std::array<double, 3> fourier_rmse{};
};

class PdeBenchMetrics {
 public:
  /// @param batch  samples per batch of the published evaluation; `corrected` does not depend on it
  PdeBenchMetrics(MetricsProfile profile, const TrajectoryShape& shape, std::size_t batch);
  ~PdeBenchMetrics();

  /// One sample: `prediction` and `truth` are (step, x, y, channel).
  void add(const float* prediction, const float* truth);
  PdeBenchScores scores() const;

 private:
  struct Spectrum;
  /// Sums over samples; entry (step, channel), for the spectrum (step, channel, shell).
  struct Sums {
    std::size_t samples = 0;
    std::vector<double> rmse, nrmse, mean_squared, max, boundary, shells;
  };

  Sums empty_sums() const;
  PdeBenchScores scores_of(const Sums& sums) const;
  void add_field(const float* prediction, const float* truth, std::size_t field);
  double boundary(const std::vector<double>& error) const;

  MetricsProfile profile_;
  TrajectoryShape shape_;
  std::size_t batch_, shells_;
  std::unique_ptr<Spectrum> spectrum_;
  Sums sums_;
  std::vector<PdeBenchScores> batches_;
};

}  // namespace danaus::pde
