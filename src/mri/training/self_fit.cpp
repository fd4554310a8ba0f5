#include <danaus/mri/training/self_fit.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/random.hpp>
#include <danaus/core/timer.hpp>
#include <danaus/mri/models/tape_operations.hpp>
#include <danaus/mri/training/losses.hpp>
#include <danaus/optim/adam.hpp>
#include <danaus/optim/schedule.hpp>
#include <danaus/train/batches.hpp>

#include <cmath>
#include <limits>

namespace danaus::mri {

namespace {

/// Half the edge of the centre square that is always seen.
constexpr size_t centre_reach = 4;
/// More than a network that learns from other scans takes: nothing else makes up for steps that fall short.
constexpr size_t iterations = 10;
/// Of gradient descent; below 2 it converges.
constexpr float first_step = 1.6f;
/// Slices that the early stopping looks at.
constexpr size_t checked_slices = 4;

LearnedModelConfig network_for(const ScanDescription& d) {
  LearnedModelConfig c;
  c.model = "unrolled";
  c.rows = d.rows, c.columns = d.columns;
  c.acquired_rows = d.acquired_rows, c.acquired_columns = d.acquired_columns;
  c.echoes = d.echoes;
  c.tied = c.joint = true;
  c.iterations = iterations;
  return c;
}

/// Means of |y| and |y|^2 over all entries.
struct Norms {
  double magnitude = 0, square = 0;
};
Norms norms_of(const Tensor<Complex<float>, 4>& samples) {
  const auto host = to_host(samples);
  Norms norms;
  for (size_t i = 0; i < host.size(); ++i) {
    const double size = double(Kokkos::abs(host.data()[i]));
    norms.magnitude += size / double(host.size());
    norms.square += size * size / double(host.size());
  }
  return norms;
}

/// One fit: the data of the scan, the network and its optimiser.
class Fit {
 public:
  Fit(const Exec& space, const Scan& scan, const MapSource& maps, const Mask& mask,
      const SelfFitOptions& options)
      : space_(space),
        scan_(scan),
        maps_(maps),
        mask_(mask),
        options_(options),
        config_(network_for(scan.description())),
        model_(create_learned_model(config_, options.seed)),
        optimizer_(model_->parameters(), {.clip = 1}),
        tape_(space) {
    const auto values = to_host(model_->parameters().values());
    for (const auto& p : model_->parameters().parameters())
      if (p.name.ends_with("/step")) values(p.offset) = first_step;
    copy(model_->parameters().values(), values);
  }

  SelfFit run(const std::function<void()>& before_step) {
    const Timer timer;
    SelfFit fit;
    optim::Schedule schedule;
    schedule.kind = optim::Schedule::Kind::cosine;
    schedule.base_rate = options_.rate;
    schedule.epochs = double(options_.steps);
    const size_t slices = scan_.description().slices;
    double best = std::numeric_limits<double>::infinity();
    auto weights = to_host(model_->parameters().values());
    size_t since_best = 0;
    while (fit.steps < options_.steps && since_best < options_.patience) {
      if (before_step) before_step();
      const auto order = train::epoch_order(options_.seed, fit.steps / slices, slices);
      step(order[fit.steps % slices], fit.steps, schedule.rate(double(fit.steps)));
      if (++fit.steps % options_.check_every != 0) continue;
      fit.checks.push_back(check());
      ++since_best;
      if (fit.checks.back() < best) {
        best = fit.checks.back(), since_best = 0;
        weights = to_host(model_->parameters().values());
      }
    }
    copy(model_->parameters().values(), weights);
    fit.model = std::make_shared<LearnedReconstruction>(std::move(model_), config_);
    fit.seconds = timer.seconds();
    return fit;
  }

 private:
  struct Comparison {
    SliceBatch<float> batch;
    std::shared_ptr<const SenseOperator<float>> at;
    Tensor<Complex<float>, 4> samples;
  };

  /// What the network sees of a slice, and the samples at other points, in the same units.
  Comparison comparison(size_t slice, const Mask& seen, const Mask& compared) {
    const auto kspace = scan_.read_kspace(slice);
    const auto maps = maps_.read(slice);
    std::vector<double> scales;
    Comparison c;
    c.batch = make_batch(space_, config_.scale, {kspace}, {maps}, {&seen}, scales);
    std::vector<double> unused;
    const auto other = make_batch(space_, "", {kspace}, {maps}, {&compared}, unused);
    c.at = other.sense, c.samples = other.samples;
    scale_items(space_, scales, c.samples);
    return c;
  }

  /// Of the predicted samples, in both norms relative to the samples' own; none if there are no samples.
  std::vector<Var<float, 0>> errors_of(const Comparison& c) {
    const Norms norms = norms_of(c.samples);
    if (!(norms.magnitude > 0)) return {};
    tape_.reset();
    const auto y = sense_forward<float>(tape_, c.at, model_->reconstruct(tape_, c.batch));
    return {mean_error<float>(tape_, y, c.samples, 1, false, float(1 / norms.magnitude)),
            mean_error<float>(tape_, y, c.samples, 1, true, float(1 / norms.square))};
  }

  void step(size_t slice, size_t number, double rate) {
    const auto split = split_mask(mask_, options_, slice, number);
    const auto c = comparison(slice, split.seen, split.compared);
    const auto errors = errors_of(c);
    if (errors.empty()) return;  // an empty slice teaches nothing
    fill(space_, model_->parameters().gradients(), 0.f);
    tape_.backward(errors);
    optimizer_.step(space_, rate);
  }

  double check() {
    tape_.set_recording(Recording::off);
    const size_t slices = scan_.description().slices, count = std::min(slices, checked_slices);
    double error = 0;
    for (size_t n = 0; n < count; ++n) {
      const size_t slice = (2 * n + 1) * slices / (2 * count);
      const auto split = split_mask(mask_, options_, slice, 0);
      Mask others = mask_;
      for (size_t p = 0; p < others.size(); ++p)
        others.samples[p] &= std::uint8_t(!split.held_out.samples[p]);
      const auto c = comparison(slice, others, split.held_out);
      const auto errors = errors_of(c);
      space_.fence("danaus::mri::fit_to_scan");
      double both = 0;
      for (const auto& e : errors) both += double(to_host(e.value)());
      error += both;
    }
    tape_.set_recording(Recording::on);
    return error / double(count);
  }

  Exec space_;
  const Scan& scan_;
  const MapSource& maps_;
  const Mask& mask_;
  SelfFitOptions options_;
  LearnedModelConfig config_;
  std::unique_ptr<LearnedModel<float>> model_;
  optim::Adam<float> optimizer_;
  Tape tape_;
};

}  // namespace

MaskSplit split_mask(const Mask& mask, const SelfFitOptions& options, size_t slice, size_t step) {
  const Random fixed(options.seed, stream::undersampling + (std::uint64_t(slice) << 8)),
      drawn(options.seed + 1 + step, stream::undersampling + (std::uint64_t(slice) << 8));
  MaskSplit split{mask, Mask(mask.rows, mask.columns), Mask(mask.rows, mask.columns)};
  for (size_t j = 0; j < mask.rows; ++j)
    for (size_t k = 0; k < mask.columns; ++k) {
      const bool is_centre = j + centre_reach >= mask.rows / 2 && j < mask.rows / 2 + centre_reach &&
                             k + centre_reach >= mask.columns / 2 && k < mask.columns / 2 + centre_reach;
      if (!mask(j, k) || is_centre) continue;
      const size_t point = j * mask.columns + k;
      if (fixed.uniform(point) < options.check_share)
        split.held_out(j, k) = 1;
      else if (drawn.uniform(point) < options.loss_share)
        split.compared(j, k) = 1;
      else
        continue;
      split.seen(j, k) = 0;
    }
  return split;
}

SelfFit fit_to_scan(const Exec& space, const Scan& scan, const MapSource& maps, const Mask& mask,
                    const SelfFitOptions& options, const std::function<void()>& before_step) {
  if (maps.map_count() > 1)
    throw DataError(scan.description().path + ": expected one set of coil sensitivities, found " +
                    std::to_string(maps.map_count()));
  return Fit(space, scan, maps, mask, options).run(before_step);
}

}  // namespace danaus::mri
