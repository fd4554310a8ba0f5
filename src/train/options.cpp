#include <danaus/train/options.hpp>

#include <danaus/core/error.hpp>

#include <cmath>
#include <limits>

namespace danaus::train {

namespace {

template <class Number>
void require(bool possible, const std::string& option, Number found, const std::string& expected) {
  if (!possible) throw UsageError(option + ": expected " + expected + ", found " + std::to_string(found));
}

}  // namespace

double TrainResult::score(const std::string& name) const {
  const auto found = scores.find(name);
  return found == scores.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
}

void LoopOptions::validate() const {
  require(epochs > 0, "epochs", epochs, "at least 1");
  require(batch > 0, "batch", batch, "at least 1");
  require(validate_every > 0, "validate-every", validate_every, "at least 1");
  require(schedule.base_rate > 0 && std::isfinite(schedule.base_rate), "lr", schedule.base_rate,
          "more than 0");
  require(schedule.warm_up >= 0 && schedule.warm_up <= double(epochs), "warm-up", schedule.warm_up,
          "between 0 and the number of epochs");
  require(optimizer.weight_decay >= 0, "weight-decay", optimizer.weight_decay, "at least 0");
  require(optimizer.transform_rate_factor >= 0, "transform-lr-factor", optimizer.transform_rate_factor,
          "at least 0");
  require(optimizer.clip >= 0, "clip", optimizer.clip, "at least 0 (0: no clipping)");
  require(optimizer.ema >= 0 && optimizer.ema < 1, "ema", optimizer.ema,
          "at least 0 (0: none) and less than 1");
}

void TrainOptions::validate(size_t samples, size_t frames) const {
  LoopOptions::validate();
  require(history > 0, "history", history, "at least one input frame");
  require(steps > 0, "steps", steps, "at least 1");
  require(history + steps <= frames, "steps", steps,
          "history + steps at most the " + std::to_string(frames) + " frames of the data (history " +
              std::to_string(history) + ")");
  unroll.require_at_most(steps);
  require(validation_samples < train_samples, "validation", validation_samples,
          "fewer than the " + std::to_string(train_samples) + " training samples it is taken from");
  require(train_samples <= samples && test_samples <= samples - train_samples, "train", train_samples,
          "train + test at most the " + std::to_string(samples) + " samples of the data (test " +
              std::to_string(test_samples) + ")");
  require(noise >= 0 && std::isfinite(noise), "noise", noise, "at least 0");
}

}  // namespace danaus::train
