#include <danaus/mri/training/reconstruction_task.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/random.hpp>
#include <danaus/io/digest.hpp>

#include <cmath>

namespace danaus::mri {

namespace {

/// Which acceleration and which mask of the bank a slice has in an epoch.
struct Draw {
  size_t acceleration;
  std::uint64_t mask;
};
Draw draw_undersampling(std::uint64_t seed, size_t epoch, size_t sample, size_t accelerations) {
  const Random random(seed, stream::undersampling + (std::uint64_t(epoch) << 8));
  return {size_t(random.integer(2 * std::uint64_t(sample), accelerations)),
          random.integer(2 * std::uint64_t(sample) + 1, Undersampling::bank)};
}

Tensor<Complex<float>, 4> target_tensor(const std::vector<HostTensor<Complex<float>, 3>>& targets,
                                        const std::vector<double>& scales) {
  const size_t echoes = targets[0].extent(0), plane = targets[0].extent(1) * targets[0].extent(2);
  const auto tensor = uninitialized<Complex<float>, 4>(
      "target", {targets.size() * echoes, targets[0].extent(1), targets[0].extent(2), size_t(1)});
  const auto host = Kokkos::create_mirror_view(tensor);
  for (size_t n = 0; n < targets.size(); ++n) {
    const auto factor = float(1 / scales[n]);
    for (size_t i = 0; i < echoes * plane; ++i)
      host.data()[n * echoes * plane + i] = factor * targets[n].data()[i];
  }
  copy(tensor, host);
  return tensor;
}

/// One echo of (echo, y, z) or (echo, y, z, 1) into a volume.
void put_slice(const Complex<float>* echo, size_t plane, size_t slice, ComplexVolume& volume) {
  std::copy(echo, echo + plane, volume.values.begin() + std::ptrdiff_t(slice * plane));
}

}  // namespace

ReconstructionTask::ReconstructionTask(const Exec& space, LearnedModel<float>& model,
                                       const LearnedModelConfig& config, const ScanSet& training,
                                       const ScanSet* validation, const ReconstructionTaskOptions& options)
    : space_(space),
      model_(model),
      config_(config),
      training_(training),
      validation_(validation),
      options_(options) {}

std::string ReconstructionTask::digest() const {
  std::string all;
  for (size_t s = 0; s < training_.size(); ++s) {
    const auto& d = training_.scan(s).description();
    all += (d.digest.empty() ? d.path : d.digest) + " " + std::to_string(d.slices) + "\n";
  }
  return io::to_string(io::digest_of(all));
}

const Mask& ReconstructionTask::mask_of(const ScanSet& set, size_t scan, size_t acceleration,
                                        std::optional<std::uint64_t> fresh) {
  const double r = options_.undersampling.accelerations[acceleration];
  // Fresh masks depend on the plane alone, fixed ones may lie in the scan's file.
  const std::string key = std::to_string(r) + (fresh ? " fresh " + std::to_string(*fresh)
                                                     : " of " + set.scan(scan).description().path);
  const auto found = masks_.find(key);
  if (found != masks_.end()) return found->second;
  return masks_.emplace(key, options_.undersampling.mask(set.scan(scan), r, fresh)).first->second;
}

train::BatchLoss<float> ReconstructionTask::losses(Tape& tape, size_t epoch,
                                                   const std::vector<size_t>& samples) {
  std::vector<HostTensor<Complex<float>, 4>> kspace, maps;
  std::vector<HostTensor<Complex<float>, 3>> targets;
  std::vector<const Mask*> masks;
  for (size_t sample : samples) {
    const auto position = training_.locate(sample);
    TrainingSlice slice = training_.read(position);
    if (options_.augment) {
      const auto& d = training_.description();
      slice = augmented(slice, draw_augmentation(options_.seed, epoch, sample, d.rows, d.columns));
    }
    kspace.push_back(slice.kspace), maps.push_back(slice.maps), targets.push_back(slice.target);
    const Draw draw =
        draw_undersampling(options_.seed, epoch, sample, options_.undersampling.accelerations.size());
    masks.push_back(&mask_of(training_, position.scan, draw.acceleration,
                             options_.undersampling.fresh ? std::optional(draw.mask) : std::nullopt));
  }
  std::vector<double> scales;
  const auto batch = make_batch(space_, config_.scale, kspace, maps, masks, scales);
  const auto target = target_tensor(targets, scales);
  const auto prediction = model_.reconstruct(tape, batch);
  return {image_losses<float>(tape, options_.loss, prediction, target, samples.size()), samples.size(),
          image_relative_l2<float>(tape, prediction.value, target, samples.size())};
}

train::Criterion ReconstructionTask::criterion() const {
  if (!validation_) return {"train_loss", "", ""};
  return {"psnr", "valid-PSNR", "%12.3f", true};
}

void ReconstructionTask::score_scan(Tape& tape, size_t scan, size_t acceleration,
                                    const std::function<void()>& before_batch,
                                    std::vector<ImageScore>& scores) {
  const auto& d = validation_->scan(scan).description();
  const size_t plane = d.rows * d.columns;
  const Mask& mask = mask_of(*validation_, scan, acceleration, std::nullopt);
  const ComplexVolume empty{d.slices, d.rows, d.columns, std::vector<Complex<float>>(d.slices * plane)};
  std::vector<ComplexVolume> images(d.echoes, empty), targets(d.echoes, empty);
  for (size_t x = 0; x < d.slices; ++x) {
    if (before_batch) before_batch();
    const TrainingSlice slice = validation_->read({scan, x});
    std::vector<double> scales;
    const auto batch = make_batch(space_, config_.scale, {slice.kspace}, {slice.maps}, {&mask}, scales);
    const auto host = image_of(space_, tape, model_, batch, scales[0]);
    for (size_t e = 0; e < d.echoes; ++e) {
      put_slice(host.data() + e * plane, plane, x, images[e]);
      put_slice(slice.target.data() + e * plane, plane, x, targets[e]);
    }
  }
  for (size_t e = 0; e < d.echoes; ++e)
    scores.push_back(score_image(options_.metrics, images[e], targets[e]));
}

train::Scores ReconstructionTask::validate(Tape& tape, const std::function<void()>& before_batch) {
  const Recording recording = tape.is_recording() ? Recording::on : Recording::off;
  tape.set_recording(Recording::off);
  model_.set_training(false);
  std::vector<ImageScore> scores;
  for (size_t scan = 0; scan < validation_->size(); ++scan)
    for (size_t a = 0; a < options_.undersampling.accelerations.size(); ++a)
      score_scan(tape, scan, a, before_batch, scores);
  tape.reset();
  tape.set_recording(recording);
  train::Scores mean{{"psnr", 0}, {"ssim", 0}, {"relative_l2", 0}};
  for (const auto& s : scores) mean["psnr"] += s.psnr, mean["ssim"] += s.ssim, mean["relative_l2"] += s.nrmse;
  for (auto& [name, value] : mean) value /= double(scores.size());
  return mean;
}

train::Scores ReconstructionTask::final_scores(Tape& tape, const std::function<void()>& before_batch) {
  if (!validation_) return {};
  const train::Scores scores = validate(tape, before_batch);
  return {{"psnr", scores.at("psnr")},
          {"ssim", scores.at("ssim")},
          {"validation_relative_l2", scores.at("relative_l2")}};
}

}  // namespace danaus::mri
