#include <danaus/train/train.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/train/batches.hpp>
#include <danaus/train/signals.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace danaus::train {

namespace {

constexpr size_t iterations_between_checks = 16;
constexpr double divergence_factor = 1e3;
/// What fit_normalizer may be given at once.
constexpr size_t normalizer_bytes = size_t(1) << 30;

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + std::ptrdiff_t(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

std::string format(const char* pattern, auto... args) {
  char text[160];
  std::snprintf(text, sizeof text, pattern, args...);
  return text;
}

/// One run: options, optimiser, state, and the phases of the loop.
template <class T>
class Run {
 public:
  Run(const Exec& space, Model<T>& model, SampleSource<T>& data, const Loss<T>& loss,
      const TrainOptions& options)
      : space_(space),
        model_(model),
        data_(data),
        loss_(loss),
        options_(options),
        fit_{0, options.train_samples - options.validation_samples},
        validation_{fit_.end, options.train_samples},
        test_{data.samples() - options.test_samples, data.samples()},
        directory_(options.run, options.existing),
        tape_(space),
        loss_sum_("danaus::train::loss_sum"),
        batch_samples_("danaus::train::batch_samples", options.batch),
        host_batch_samples_(Kokkos::create_mirror_view(batch_samples_)) {
    options_.schedule.epochs = double(options.epochs);
    if (!directory_.is_resumed()) fit_normalizer();
    optimizer_.emplace(model.parameters(), options.optimizer);
    if (directory_.is_resumed()) {
      resume();
    } else {
      state_.seed = options.seed;
      state_.data_digest = data.digest();
    }
    if (options.noise > 0) prepare_noise();
    Kokkos::deep_copy(loss_sum_, state_.loss_sum);
    checked_sum_ = state_.loss_sum;
    checked_terms_ = state_.loss_terms;
  }

  TrainResult run() {
    if (state_.result && state_.epoch == options_.epochs) return *state_.result;
    state_.result.reset();
    elapsed_before_ = state_.elapsed_seconds;
    const size_t batches = batches_per_epoch();
    MetricsLog log(
        directory_.metrics(),
        {"epoch", "step", "train_relative_l2", "validation_relative_l2", "learning_rate", "seconds"},
        directory_.is_resumed() ? std::optional(completed_steps()) : std::nullopt);
    Progress progress(options_.progress, "train", double(options_.epochs * batches), "iterations",
                      double(state_.step));
    progress.line(" epoch   train-rel-L2   valid-rel-L2         lr    s/epoch        eta");
    try {
      while (state_.epoch < options_.epochs) {
        run_epoch(progress);
        finish_epoch(log, progress);
      }
      progress.finish();
      finish();
    } catch (const InterruptedError& error) {
      progress.finish();
      save_last();
      throw InterruptedError(std::string(error.what()) + "; continue with --resume");
    }
    return *state_.result;
  }

 private:
  size_t batches_per_epoch() const { return (fit_.size() + options_.batch - 1) / options_.batch; }
  std::uint64_t completed_steps() const { return std::uint64_t(state_.epoch) * batches_per_epoch(); }

  void resume() {
    state_ = read_checkpoint(directory_.last(), model_, *optimizer_);
    const auto name = directory_.last().string();
    if (state_.seed != options_.seed)
      throw UsageError("seed: " + name + " has " + std::to_string(state_.seed) + ", found " +
                       std::to_string(options_.seed));
    if (state_.data_digest != data_.digest())
      throw UsageError("data: " + name + " was trained on other data (digest " + state_.data_digest +
                       ", found " + data_.digest() + ")");
    if (state_.epoch > options_.epochs)
      throw UsageError("epochs: " + name + " has done " + std::to_string(state_.epoch) + " already, found " +
                       std::to_string(options_.epochs));
    if (state_.batch > batches_per_epoch() || state_.step != completed_steps() + state_.batch)
      throw UsageError("batch, train, validation: " + name + " has other numbers of samples");
  }

  /// The first window of the training samples, or of those that fit the memory set aside.
  void fit_normalizer() {
    std::vector<Tensor<T, 4>> inputs, targets;
    size_t bytes = 0;
    for (size_t f = 0; f <= options_.history; ++f) bytes += sizeof(T) * size_of(data_.frame_shape(f));
    const size_t samples = std::clamp<size_t>(normalizer_bytes / bytes, 1, fit_.size());
    for (size_t begin = 0; begin < samples; begin += options_.batch) {
      std::vector<Window> windows;
      for (size_t s = begin; s < std::min(begin + options_.batch, samples); ++s) windows.push_back({s, 0});
      const auto frames = data_.load(space_, windows, options_.history + 1);
      for (size_t f = 0; f < frames.size(); ++f) {
        auto copy = uninitialized<T, 4>("danaus::train::normalizer", shape_of(frames[f]));
        Kokkos::deep_copy(space_, copy, frames[f]);
        (f < options_.history ? inputs : targets).push_back(copy);
      }
    }
    space_.fence("danaus::train::fit_normalizer");
    model_.fit_normalizer(inputs, targets);
  }

  void prepare_noise() {
    const auto deviations = channel_deviations(space_, data_, fit_, options_.history, options_.batch);
    noise_ = Tensor<double, 1>("danaus::train::noise", deviations.size());
    const auto host = Kokkos::create_mirror_view(noise_);
    for (size_t c = 0; c < deviations.size(); ++c) host(c) = options_.noise * deviations[c];
    Kokkos::deep_copy(noise_, host);
  }

  void run_epoch(Progress& progress) {
    model_.set_training(true);
    const size_t batches = batches_per_epoch();
    const auto order = epoch_order(options_.seed, state_.epoch, fit_.size());
    const size_t unroll = options_.unroll.steps_at(state_.epoch, options_.epochs, options_.steps);
    Timer timer;
    const double seconds_before = state_.epoch_seconds;
    double saving_seconds = 0;
    for (size_t done = 0; state_.batch < batches; ++done) {
      stop_if_asked();
      iterate(order, unroll);
      ++state_.batch;
      ++state_.step;
      state_.epoch_seconds = seconds_before + timer.seconds() - saving_seconds;
      progress.update(double(state_.step));
      if (done % iterations_between_checks == iterations_between_checks - 1) check();
      if (since_checkpoint_.seconds() > options_.checkpoint_seconds) {
        const Timer saving;
        save_last();
        // Saving is neither iteration nor loading.
        saving_seconds += saving.seconds();
      }
    }
    check();
    state_.epoch_seconds = seconds_before + timer.seconds() - saving_seconds;
  }

  void iterate(const std::vector<size_t>& order, size_t unroll) {
    const size_t begin = state_.batch * options_.batch,
                 batch = std::min(options_.batch, order.size() - begin);
    windows_.clear();
    for (size_t b = 0; b < batch; ++b) {
      const size_t sample = order[begin + b];
      const size_t positions = options_.steps - unroll + 1;
      windows_.push_back({sample, start_frame(options_.seed, state_.epoch, sample, positions)});
    }
    const auto frames = data_.load(space_, windows_, options_.history + unroll);
    if (options_.noise > 0) add_noise_to(frames);

    tape_.reset();
    std::vector<Frame<T>> history;
    for (size_t f = 0; f < options_.history; ++f) history.push_back(Frame<T>::constant(frames[f]));
    std::vector<Var<T, 0>> losses;
    for (size_t s = 0; s < unroll; ++s) {
      const auto prediction = model_.step(tape_, history);
      losses.push_back(loss_(tape_, prediction, frames[options_.history + s]));
      accumulate_loss<T>(space_, losses.back().value, loss_sum_);
      history.erase(history.begin());
      history.push_back(prediction);
    }
    state_.loss_terms += batch * unroll;
    Kokkos::deep_copy(space_, model_.parameters().gradients(), T(0));
    tape_.backward(losses);

    const double epoch = double(state_.epoch) + double(state_.batch) / double(batches_per_epoch());
    optimizer_->step(space_, options_.schedule.rate(epoch), double(batch * unroll));
  }

  void add_noise_to(const std::vector<Tensor<T, 4>>& frames) {
    for (size_t b = 0; b < windows_.size(); ++b) host_batch_samples_(b) = windows_[b].sample;
    Kokkos::deep_copy(space_, batch_samples_, host_batch_samples_);
    for (size_t f = 0; f < options_.history; ++f)
      add_noise<T>(space_, options_.seed, state_.epoch, batch_samples_, f, noise_, frames[f]);
  }

  /// Brings the sum of losses to the host and looks at it.
  void check() {
    space_.fence("danaus::train::check");
    Kokkos::deep_copy(state_.loss_sum, loss_sum_);
    const double mean =
        (state_.loss_sum - checked_sum_) / double(std::max<size_t>(1, state_.loss_terms - checked_terms_));
    const auto diverged = [&](const std::string& why) {
      throw DivergedError("training diverged in epoch " + std::to_string(state_.epoch + 1) + ", iteration " +
                          std::to_string(state_.step) + ": " + why + "; the last good checkpoint is kept" +
                          "; try a lower --lr or --clip");
    };
    if (!std::isfinite(state_.loss_sum)) diverged("the loss is not finite");
    if (optimizer_->failed_updates(space_)) diverged("the gradient is not finite");
    if (mean > divergence_factor * state_.lowest_loss)
      diverged(format("the loss is %.3g, after %.3g", mean, state_.lowest_loss));
    checked_sum_ = state_.loss_sum;
    checked_terms_ = state_.loss_terms;
  }

  Evaluation score(SampleRange samples) {
    const AveragedWeights averaged(space_, model_.parameters(), *optimizer_);
    return evaluate<T>(tape_, model_, data_, samples, {options_.history, options_.steps, options_.batch},
                       [this] { stop_if_asked(); });
  }

  void finish_epoch(MetricsLog& log, Progress& progress) {
    const size_t epoch = state_.epoch + 1;
    const double train_loss = state_.loss_sum / double(state_.loss_terms);
    const bool validates = epoch % options_.validate_every == 0 || epoch == options_.epochs;
    double validation = std::numeric_limits<double>::quiet_NaN();
    if (validation_.size() && validates) validation = score(validation_).relative_l2;
    // Resuming after this evaluation was stopped comes here without an iteration.
    const double last_rate =
        options_.schedule.rate(double(state_.epoch) + 1 - 1 / double(batches_per_epoch()));

    const auto phase = options_.unroll.phase_of(state_.epoch, options_.epochs);
    const bool same_phase =
        epoch < options_.epochs && options_.unroll.phase_of(epoch, options_.epochs) == phase;
    state_.lowest_loss =
        same_phase ? std::min(state_.lowest_loss, train_loss) : std::numeric_limits<double>::infinity();
    state_.seconds_of_epochs.push_back(state_.epoch_seconds);
    state_.epoch = epoch;
    state_.batch = 0;
    state_.epoch_seconds = 0;
    state_.loss_sum = 0;
    state_.loss_terms = 0;
    Kokkos::deep_copy(loss_sum_, 0.0);
    checked_sum_ = 0;
    checked_terms_ = 0;
    if (validates) state_.validation_relative_l2 = validation;
    const double criterion = validation_.size() ? validation : train_loss;
    const bool is_best = criterion < state_.best_relative_l2;
    if (is_best) state_.best_relative_l2 = criterion;

    state_.elapsed_seconds = elapsed();
    log.row({double(epoch), double(state_.step), train_loss, validation, last_rate, state_.elapsed_seconds});
    if (is_best) save(directory_.best());
    save_last();
    show(progress, train_loss, validation, last_rate);
  }

  /// A row of the table: the first and the last epoch, and one now and then.
  void show(Progress& progress, double train_loss, double validation, double rate) {
    const bool is_due = since_row_.seconds() > 5 || state_.epoch == 1 || state_.epoch == options_.epochs;
    if (!is_due) return;
    since_row_.reset();
    progress.line(format("%6zu   %12.3e   %12.3e   %8.2e   %8.2f   %8s", state_.epoch, train_loss, validation,
                         rate, state_.seconds_of_epochs.back(),
                         format_duration(progress.seconds_left()).c_str()));
  }

  void finish() {
    const auto error_of = [&](SampleRange samples) {
      return samples.size() ? score(samples).relative_l2 : std::numeric_limits<double>::quiet_NaN();
    };
    TrainResult result;
    const auto hyper = model_.hyper_parameters();
    if (const auto name = hyper.find("model"); name != hyper.end()) result.model = name->second;
    result.parameters = model_.parameters().count_reals();
    result.parameters_complex_as_one = model_.parameters().count_complex_as_one();
    result.epochs = options_.epochs;
    const size_t scored = options_.test_samples ? std::min(options_.test_samples, fit_.size()) : fit_.size();
    result.train_relative_l2 = error_of({0, scored});
    result.validation_relative_l2 = error_of(validation_);
    result.test_relative_l2 = error_of(test_);
    result.seconds_per_epoch = median(state_.seconds_of_epochs);
    result.seconds_total = elapsed();
    result.seed = options_.seed;
    result.data_digest = state_.data_digest;
    state_.result = result;
    save(directory_.last());
  }

  double elapsed() const { return elapsed_before_ + since_start_.seconds(); }

  /// Never writes a diverged state.
  void save_last() {
    if (state_.batch > 0) check();
    state_.elapsed_seconds = elapsed();
    save(directory_.last());
    since_checkpoint_.reset();
  }

  void save(const std::filesystem::path& path) {
    space_.fence("danaus::train::save");
    write_checkpoint<T>(path, options_.header, model_, *optimizer_, state_);
  }

  void stop_if_asked() const {
    if (const int signal = signals_.signal())
      throw InterruptedError(std::string("stopped by ") + (signal == SIGINT ? "SIGINT" : "SIGTERM") +
                             " after iteration " + std::to_string(state_.step));
  }

  using AveragedWeights = optim::AveragedWeights<T>;

  Exec space_;
  Model<T>& model_;
  SampleSource<T>& data_;
  const Loss<T>& loss_;
  TrainOptions options_;
  SampleRange fit_, validation_, test_;
  RunDirectory directory_;
  SignalGuard signals_;
  Tape tape_;
  std::optional<optim::Adam<T>> optimizer_;
  TrainingState state_;

  Tensor<double, 0> loss_sum_;
  double checked_sum_ = 0;
  std::uint64_t checked_terms_ = 0;
  std::vector<Window> windows_;
  Tensor<size_t, 1> batch_samples_;
  typename Tensor<size_t, 1>::HostMirror host_batch_samples_;
  Tensor<double, 1> noise_;

  Timer since_start_, since_checkpoint_, since_row_;
  double elapsed_before_ = 0;
};

}  // namespace

template <class T>
void accumulate_loss(const Exec& space, const ConstTensor<T, 0>& loss, const Tensor<double, 0>& sum) {
  Kokkos::parallel_for(
      "danaus::train::accumulate_loss", Kokkos::RangePolicy<Exec>(space, 0, 1),
      KOKKOS_LAMBDA(size_t) { sum() += double(loss()); });
}

template <class T>
std::vector<double> channel_deviations(const Exec& space, SampleSource<T>& data, SampleRange samples,
                                       size_t frames, size_t batch) {
  const size_t channels = data.frame_shape(0)[2];
  std::vector<double> sum(channels), squares(channels);
  double count = 0;
  for (size_t begin = samples.begin; begin < samples.end; begin += batch) {
    std::vector<Window> windows;
    for (size_t s = begin; s < std::min(begin + batch, samples.end); ++s) windows.push_back({s, 0});
    for (const auto& frame : data.load(space, windows, frames)) {
      space.fence("danaus::train::channel_deviations");
      const auto host = to_host(frame);
      for (size_t i = 0; i < host.size(); ++i) {
        const double x = double(host.data()[i]);
        sum[i % channels] += x;
        squares[i % channels] += x * x;
      }
      count += double(host.size() / channels);
    }
  }
  std::vector<double> deviations(channels);
  for (size_t c = 0; c < channels; ++c) {
    const double mean = sum[c] / count;
    deviations[c] = std::sqrt(std::max(0.0, squares[c] / count - mean * mean));
  }
  return deviations;
}

template <class T>
TrainResult train(const Exec& space, Model<T>& model, SampleSource<T>& data, const Loss<T>& loss,
                  const TrainOptions& options) {
  options.validate(data.samples(), data.frames());
  return Run<T>(space, model, data, loss, options).run();
}

#define DANAUS_INSTANTIATE(T)                                                                            \
  template void accumulate_loss<T>(const Exec&, const ConstTensor<T, 0>&, const Tensor<double, 0>&);     \
  template std::vector<double> channel_deviations<T>(const Exec&, SampleSource<T>&, SampleRange, size_t, \
                                                     size_t);                                            \
  template TrainResult train<T>(const Exec&, Model<T>&, SampleSource<T>&, const Loss<T>&,                \
                                const TrainOptions&);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::train
