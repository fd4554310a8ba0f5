#pragma once

#include <danaus/mri/metrics/image_score.hpp>
#include <danaus/mri/models/learned_reconstruction.hpp>
#include <danaus/mri/training/augmentation.hpp>
#include <danaus/mri/training/losses.hpp>
#include <danaus/train/task.hpp>

#include <functional>
#include <map>
#include <optional>

namespace danaus::mri {

/// Scans of one kind, read slice by slice: one plane, one number of echoes, one set of maps, targets.
class ScanSet {
 public:
  /// @throws DataError naming the file that has other shapes than the first, no maps or no complex target
  explicit ScanSet(const std::vector<std::filesystem::path>& files);
  /// Scans of the kind of others. @throws DataError likewise
  ScanSet(const std::vector<std::filesystem::path>& files, const ScanDescription& kind);

  size_t size() const { return scans_.size(); }
  size_t slices() const { return slices_; }
  const Scan& scan(size_t index) const { return *scans_[index]; }
  const ScanDescription& description() const { return scans_.front()->description(); }

  struct Position {
    size_t scan, slice;
  };
  /// Of slice 0 ... slices() - 1 of all scans one after the other.
  Position locate(size_t index) const;
  TrainingSlice read(Position position) const;

 private:
  std::vector<std::shared_ptr<const Scan>> scans_;
  size_t slices_ = 0;
};

/// How training slices are undersampled.
struct Undersampling {
  std::vector<double> accelerations{4};
  /// A mask for a scan: the fixed one of an acceleration, the same that evaluation uses, or with a number one
  /// of a bank of fresh ones.
  std::function<Mask(const Scan&, double acceleration, std::optional<std::uint64_t> fresh)> mask;
  bool fresh = false;  ///< training draws from the bank
  static constexpr std::uint64_t bank = 64;
};

struct ReconstructionTaskOptions {
  ImageLoss loss = ImageLoss::ssim_l1;
  Undersampling undersampling;
  bool augment = false;
  MetricsProfile metrics = MetricsProfile::meddlr_scan;
  std::uint64_t seed = 0;
};

/// Training of a reconstruction model on slices of fully sampled scans, read from their files as they are
/// needed. Each time a slice is visited one of the accelerations, its mask and, with `augment`, a reflection,
/// shift and phase are drawn from (seed, epoch, slice). Samples and target are divided by the slice's scale;
/// the loss of a batch is the sum over its slices.
///
/// Validation reconstructs every slice of the validation scans at every acceleration with the fixed masks and
/// scores the volumes: `psnr`, `ssim` and `relative_l2` (NRMSE) are means over echoes, scans and
/// accelerations. The criterion is `psnr`; without validation scans the loss.
class ReconstructionTask : public train::Task<float> {
 public:
  ReconstructionTask(const Exec& space, LearnedModel<float>& model, const LearnedModelConfig& config,
                     const ScanSet& training, const ScanSet* validation,
                     const ReconstructionTaskOptions& options);

  train::Learnable<float>& model() override { return model_; }
  size_t samples() const override { return training_.slices(); }
  std::string digest() const override;
  train::BatchLoss<float> losses(Tape& tape, size_t epoch, const std::vector<size_t>& samples) override;
  bool has_validation() const override { return validation_ != nullptr; }
  train::Criterion criterion() const override;
  train::Scores validate(Tape& tape, const std::function<void()>& before_batch) override;
  train::Scores final_scores(Tape& tape, const std::function<void()>& before_batch) override;
  std::vector<std::string> last_columns() const override { return {"psnr", "ssim", "train_loss"}; }

 private:
  const Mask& mask_of(const ScanSet& set, size_t scan, size_t acceleration,
                      std::optional<std::uint64_t> fresh);
  void score_scan(Tape& tape, size_t scan, size_t acceleration, const std::function<void()>& before_batch,
                  std::vector<ImageScore>& scores);

  Exec space_;
  LearnedModel<float>& model_;
  LearnedModelConfig config_;
  const ScanSet& training_;
  const ScanSet* validation_;
  ReconstructionTaskOptions options_;
  std::map<std::string, Mask> masks_;
};

}  // namespace danaus::mri
