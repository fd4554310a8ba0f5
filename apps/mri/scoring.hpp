#pragma once

#include "arguments.hpp"
#include "candidate.hpp"

#include <danaus/mri/data/image_file.hpp>
#include <danaus/mri/metrics/image_score.hpp>

#include <map>
#include <optional>

namespace danaus::app {

/// Mean over scans and its standard error; the error is nan for one scan, both are for none.
struct Spread {
  double mean, standard_error;
  size_t scans;
};
Spread spread_of(const std::vector<double>& values);

/// One row of the table: a method at one acceleration and echo, over all scans.
struct MethodScore {
  double acceleration;
  std::string method, run;  ///< run: empty for a method without training
  std::string label;        ///< method, and run where methods alone are not unique
  size_t echo, parameters;  ///< echo from 1
  bool is_method;           ///< one of mri::methods(), with these settings
  mri::MethodSettings settings;
  std::vector<double> seconds_per_slice, psnr, ssim, nrmse;  ///< per scan; no seconds of others' images
};

/// T2 measured from both echoes against the tissue's own, per acceleration and method; relative errors per
/// scan.
struct TissueError {
  double acceleration;
  std::string method;  ///< its label
  std::map<std::string, std::vector<double>> relative_error;
};

/// The middle slice of the first scan, for pictures: magnitudes (y, z).
struct ScanPicture {
  std::string label;  ///< "target" or the row's
  double acceleration;
  size_t echo;
  size_t rows, columns;
  std::vector<float> magnitude;
};

struct MaskRecord {
  std::string file, origin, digest;
  double wanted, acceleration, padded_acceleration;
};

struct Scores {
  std::vector<MethodScore> methods;
  std::vector<TissueError> tissues;
  std::vector<ScanPicture> pictures;
  std::vector<MaskRecord> masks;
  bool is_synthetic = false;
  double aspect = 1;  ///< of the picture: width over height
};

/// Scores every candidate on the same masks of every file, slice by slice.
/// @param progress       called after every slice; may throw to stop
/// @param stop_if_asked  called while a model is fitted; may throw to stop
class Scorer {
 public:
  Scorer(const Options& options, mri::MetricsProfile profile) : options_(options), profile_(profile) {}
  Scores score(const std::vector<std::filesystem::path>& files, const std::vector<double>& accelerations,
               const std::vector<Candidate>& candidates, const std::function<void()>& progress,
               const std::function<void()>& stop_if_asked);

 private:
  /// Reconstructs a scan, or reads what was. @return seconds per slice, none of others' images
  std::optional<double> reconstruct(const mri::Scan& scan, const mri::MapSource& maps, const mri::Mask& mask,
                                    Candidate& candidate, const std::function<void()>& progress,
                                    const std::function<void()>& stop_if_asked,
                                    mri::ImageVolume& image) const;
  void score_file(const std::filesystem::path& file, const std::vector<double>& accelerations,
                  const std::vector<Candidate>& candidates, const std::function<void()>& progress,
                  const std::function<void()>& stop_if_asked, Scores& scores);

  const Options& options_;
  mri::MetricsProfile profile_;
};

/// The median T2 of each tissue that qDESS can measure (T2 of at most 60 ms), from a volume of two echoes;
/// pixels whose neighbours are of another tissue are left out.
std::map<std::string, double> measured_t2(const mri::Scan& scan, const mri::ImageVolume& image);

}  // namespace danaus::app
