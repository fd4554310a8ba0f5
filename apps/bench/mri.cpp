#include "bench_context.hpp"
#include "sense_rival.hpp"
#include "verbs.hpp"

#include <danaus/core/error.hpp>
#include <danaus/mri/masks/mask.hpp>
#include <danaus/mri/models/msense.hpp>
#include <danaus/mri/operators/centred_fft.hpp>
#include <danaus/mri/operators/espirit.hpp>
#include <danaus/mri/solvers/cg_sense.hpp>

#include <cmath>

namespace danaus::app {
namespace {

using Value = Complex<float>;

constexpr size_t cg_iterations = 10;
constexpr float lambda = 0.01f;

struct SensePlane {
  size_t acquired_rows, acquired_columns;  ///< in the centre; the rest is zero-padded
  size_t rows, columns, coils;
  std::string size;
};

/// One plane of synthetic coils: smooth maps of unit norm, a Poisson mask of R = 4, random samples. The time
/// depends on the shape and the mask alone.
struct SenseProblem {
  explicit SenseProblem(const SensePlane& plane)
      : p(plane), maps("maps", 1, p.rows, p.columns, p.coils, 1), weights("weights", 1, p.rows, p.columns) {
    for (size_t j = 0; j < p.rows; ++j)
      for (size_t k = 0; k < p.columns; ++k)
        for (size_t c = 0; c < p.coils; ++c) {
          const double angle =
              6.28 * (double(j * c) / double(p.rows) - double(k * (c % 3)) / double(p.columns));
          maps(0, j, k, c, 0) =
              Value(float(std::cos(angle)), float(std::sin(angle))) * (1 / std::sqrt(float(p.coils)));
        }
    mri::MaskOptions options;
    options.rows = p.acquired_rows, options.columns = p.acquired_columns;
    options.calibration = std::min(options.rows, options.columns) / 8;
    mask = mri::pad_centrally(mri::make_mask(options), p.rows, p.columns);
    for (size_t i = 0; i < mask.size(); ++i) weights.data()[i] = mask.samples[i];
    x = HostTensor<Value, 4>("x", 1, p.rows, p.columns, 1);
    y = HostTensor<Value, 4>("y", 1, p.rows, p.columns, p.coils);
    for (size_t i = 0; i < x.size(); ++i) x.data()[i] = Value(test_value(1, 2 * i), test_value(1, 2 * i + 1));
    for (size_t i = 0; i < y.size(); ++i)
      y.data()[i] = weights.data()[i / p.coils] * Value(test_value(2, 2 * i), test_value(2, 2 * i + 1));
  }

  SensePlane p;
  HostTensor<Value, 5> maps;
  HostTensor<float, 3> weights;
  HostTensor<Value, 4> x, y;
  mri::Mask mask;
};

SenseRival rival_of(const SenseProblem& s, FftwEffort effort) {
  const auto& p = s.p;
  const auto host = [](const Tensor<Value, 1>& phase) { return to_host(phase); };
  const auto image_y = host(mri::image_phase<float>(p.rows)),
             image_z = host(mri::image_phase<float>(p.columns));
  const auto k_y = host(mri::kspace_phase<float>(p.rows)), k_z = host(mri::kspace_phase<float>(p.columns));
  const float root = 1 / std::sqrt(float(p.rows * p.columns));
  SenseRival::Plane maps(p.coils * p.rows * p.columns), weights(p.rows * p.columns);
  for (size_t j = 0; j < p.rows; ++j)
    for (size_t k = 0; k < p.columns; ++k) {
      weights[j * p.columns + k] = std::complex<float>(s.weights(0, j, k) * (k_y(j) * k_z(k)));
      for (size_t c = 0; c < p.coils; ++c)
        maps[(c * p.rows + j) * p.columns + k] =
            std::complex<float>(root * image_y(j) * image_z(k) * s.maps(0, j, k, c, 0));
    }
  return SenseRival(effort, p.rows, p.columns, p.coils, maps, weights);
}

/// Times ours and the rival in turn, after both have computed the same.
class SenseBench {
 public:
  SenseBench(const BenchContext& context, const SensePlane& plane, Json& results)
      : context_(context),
        results_(results),
        s_(plane),
        a_(space_, 1, to_device<Value, 5>(s_.maps), to_device<float, 3>(s_.weights)),
        rival_(rival_of(s_, context.effort)),
        x_(to_device<Value, 4>(s_.x)),
        y_(to_device<Value, 4>(s_.y)),
        image_(uninitialized<Value, 4>("image", a_.image_shape())),
        samples_(uninitialized<Value, 4>("samples", a_.kspace_shape())),
        rival_x_(rival_.points()),
        rival_image_(rival_.points()),
        rival_y_(s_.y.size()),
        rival_samples_(s_.y.size()) {
    const size_t points = rival_.points(), coils = s_.p.coils;
    for (size_t i = 0; i < points; ++i) {
      rival_x_[i] = std::complex<float>(s_.x.data()[i]);
      for (size_t c = 0; c < coils; ++c)
        rival_y_[c * points + i] = std::complex<float>(s_.y.data()[i * coils + c]);
    }
  }

  void run() {
    compare(
        "SENSE forward", [&] { a_.forward(space_, x_, samples_); },
        [&] { rival_.forward(rival_x_, rival_samples_); }, true);
    compare(
        "SENSE adjoint", [&] { a_.adjoint(space_, y_, image_); },
        [&] { rival_.adjoint(rival_y_, rival_image_); }, false);
    compare(
        "SENSE normal", [&] { a_.normal(space_, x_, image_); },
        [&] { rival_.normal(rival_x_, rival_image_); }, false);
    compare(
        "CG-SENSE, " + std::to_string(cg_iterations) + " iterations",
        [&] { mri::cg_sense<float>(space_, a_, y_, lambda, cg_iterations, 0, image_); },
        [&] { rival_.cg_sense(rival_y_, lambda, cg_iterations, rival_image_); }, false);
    HostTensor<Value, 4> kspace("kspace", 1, s_.p.rows, s_.p.columns, s_.p.coils);
    copy(kspace, s_.y);
    // Calibration is fully sampled.
    for (size_t i = 0; i < kspace.size(); ++i)
      if (kspace.data()[i] == Value(0)) kspace.data()[i] = Value(test_value(3, i), 1);
    mri::EspiritOptions how;
    how.calibration = std::min(how.calibration, std::min(s_.p.acquired_rows, s_.p.acquired_columns) / 3);
    alone("ESPIRiT maps, " + std::to_string(how.calibration) + "^2 calibration, 6^2 kernel",
          [&] { mri::espirit(kspace, how); });
    mri::MaskOptions options;
    options.rows = s_.p.acquired_rows, options.columns = s_.p.acquired_columns;
    options.calibration = std::min(options.rows, options.columns) / 8;
    alone("Poisson-disc mask, R = 4", [&] { mri::make_mask(options); });
    learned();
  }

 private:
  void compare(const std::string& name, const std::function<void()>& ours,
               const std::function<void()>& theirs, bool of_samples) {
    ours(), theirs();
    space_.fence();
    const std::string rival = context_.fftw_name() + ", pass by pass";
    const size_t points = rival_.points(), coils = of_samples ? s_.p.coils : 1;
    const auto found = to_host(of_samples ? samples_ : image_);
    const auto& expected = of_samples ? rival_samples_ : rival_image_;
    require_same(
        rival, coils, points,
        [&](size_t c, size_t i) { return std::complex<float>(found.data()[i * coils + c]); },
        [&](size_t c, size_t i) { return expected[c * points + i]; });
    const auto times = time_in_turn({{ours}, {theirs}}, context_.timing);
    results_.push_back(compared_row({.name = name, .size = s_.p.size, .rival = rival, .goal = 1.5},
                                    paired(times[0], times[1]), context_.roofs));
  }

  /// mSENSE against the SENSE that it starts as, and its backward pass against its forward pass. Both rows
  /// are ratios to stay below.
  void learned() {
    mri::LearnedModelConfig config;
    config.rows = s_.p.rows, config.columns = s_.p.columns;
    config.acquired_rows = s_.p.acquired_rows, config.acquired_columns = s_.p.acquired_columns;
    const mri::Msense<float> model(config);
    mri::SliceBatch<float> batch;
    batch.samples = y_, batch.maps = to_device<Value, 5>(s_.maps),
    batch.mask = to_device<float, 3>(s_.weights);
    batch.sense = std::make_shared<const mri::SenseOperator<float>>(a_);
    Tape tape({}, Recording::off), recording;
    const auto add = [&](const std::string& name, const std::string& rival, double goal, const auto& times) {
      Json row = compared_row({.name = name, .size = s_.p.size, .rival = rival, .goal = goal},
                              paired(times[0], times[1]), context_.roofs);
      invert_ratio(row);
      results_.push_back(row);
    };
    const auto forward = [&] {
      tape.reset();
      model.reconstruct(tape, batch);
    };
    add("mSENSE against SENSE", "SENSE adjoint", 1.5,
        time_in_turn({{forward}, {[&] { a_.adjoint(space_, y_, image_); }}}, context_.timing));
    const auto record = [&] {
      recording.reset();
      const auto image = model.reconstruct(recording, batch);
      image.claim_grad();
      fill(space_, image.grad(), Value(1));
    };
    const auto backward = [&] { recording.backward(std::vector<Var<float, 0>>{}); };
    add("mSENSE backward against forward", "its forward pass", 2.5,
        time_in_turn({{.run = backward, .prepare = record}, {forward}}, context_.timing));
  }

  void alone(const std::string& name, const std::function<void()>& work) {
    const auto times = time_in_turn({{work}}, {.rounds = std::max<size_t>(3, context_.timing.rounds / 3)});
    results_.push_back(timed_row(name, s_.p.size, times[0]));
  }

  const BenchContext& context_;
  Json& results_;
  Exec space_;
  SenseProblem s_;
  mri::SenseOperator<float> a_;
  SenseRival rival_;
  Tensor<Value, 4> x_, y_, image_, samples_;
  SenseRival::Plane rival_x_, rival_image_, rival_y_, rival_samples_;
};

std::vector<SensePlane> planes_of(const Options& options) {
  std::vector<SensePlane> planes;
  for (const auto& text : options.list("size")) {
    unsigned n[4] = {};
    char rest = 0;
    const bool is_padded = std::sscanf(text.c_str(), "%ux%u/%ux%u%c", &n[0], &n[1], &n[2], &n[3], &rest) == 4;
    if (!is_padded && std::sscanf(text.c_str(), "%ux%u%c", &n[2], &n[3], &rest) == 2)
      n[0] = n[2], n[1] = n[3];
    for (size_t i = 0; i < 4; ++i)
      if (n[i] < 16 || n[i] > 8192 || n[i] > n[i % 2 + 2])
        throw UsageError(
            "--size: expected planes from 16x16 to 8192x8192 such as 256x256, or acquired and padded ones "
            "such as "
            "416x80/512x160, comma-separated, found \"" +
            text + "\"");
    const size_t coils = options.size("coils");
    planes.push_back({n[0], n[1], n[2], n[3], coils, text + ", " + std::to_string(coils) + " coils"});
  }
  return planes;
}

Outcome run_mri(const Options& options) {
  BenchContext context = context_of(options);
  const auto planes = planes_of(options);
  Json results = Json::array();
  for (const auto& plane : planes) {
    context.announce(plane.size);
    SenseBench(context, plane, results).run();
  }
  return outcome_of(machine_json(), results);
}

}  // namespace

Verb bench_mri_verb() {
  Verb verb;
  verb.name = "mri";
  verb.summary =
      "times SENSE operators and CG-SENSE against an unfused sequence of FFTW, mSENSE against SENSE; ESPIRiT "
      "and masks alone";
  verb.options = {
      text_option("size", "416x80/512x160,256x256", "planes, or acquired/padded ones, comma-separated"),
      integer_option("coils", "8", 1, 128, "coils"),
      integer_option("rounds", "", 3, 100000, "samples of each contestant").note("21; 7 if quick"),
      toggle_option("quick", "false", "fewer rounds, plans that FFTW measures only"),
      common_option("threads"),
      common_option("json"),
      common_option("quiet"),
      common_option("help")};
  verb.examples = {"danaus-bench mri", "danaus-bench mri --size 512x160 --coils 16 --json > mri.json"};
  verb.run = run_mri;
  return verb;
}

}  // namespace danaus::app
