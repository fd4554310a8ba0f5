#pragma once

#include "arguments.hpp"

#include <danaus/mri/data/image_file.hpp>
#include <danaus/mri/metrics/image_score.hpp>
#include <danaus/mri/models/learned_reconstruction.hpp>
#include <danaus/mri/models/reconstruction.hpp>
#include <danaus/mri/training/self_fit.hpp>

#include <filesystem>
#include <map>
#include <memory>
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

/// The method that is no entry of mri::methods(): it is fitted to a scan before it reconstructs.
inline constexpr const char* self_unrolled = "self-unrolled";
std::vector<std::string> all_method_names();

/// Who is scored: a method with its settings, a trained model, one that is fitted to the scan itself, or
/// images that another program reconstructed.
struct Candidate {
  const mri::Method* method = nullptr;
  mri::MethodSettings settings = {};
  std::string run = {};  ///< folder or checkpoint as it was given
  std::shared_ptr<mri::LearnedReconstruction> learned = nullptr;
  bool fits_itself = false;           ///< `learned` is there once fit() was called for a scan
  std::string program = {};           ///< what the images are called
  std::filesystem::path images = {};  ///< their folder; one file per scan, of the scan's name

  std::string name() const;
  size_t parameters() const { return learned ? learned->parameters() : method ? method->parameters : 0; }
  /// Fits the model to a scan. @return seconds
  double fit(const mri::Scan& scan, const mri::MapSource& maps, const mri::Mask& mask,
             const std::function<void()>& before_step);
  HostTensor<Complex<float>, 4> reconstruct(const Exec& space, const HostTensor<Complex<float>, 4>& kspace,
                                            const HostTensor<Complex<float>, 4>& maps,
                                            const mri::Mask& mask) const;
};

/// What a row or picture is called: the method's name, with the run's where several have it.
std::string label_of(const Candidate& candidate, const std::vector<Candidate>& all);

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
