#include <danaus/train/loop.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/train/batches.hpp>
#include <danaus/train/signals.hpp>

#include <algorithm>
#include <cmath>
#include <string_view>

namespace danaus::train {

namespace {

constexpr size_t iterations_between_checks = 16;
constexpr double divergence_factor = 1e3;

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + std::ptrdiff_t(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

/// Without the prefix that says of which samples a column is.
double score_of(const Scores& validation, std::string name) {
  constexpr std::string_view prefix = "validation_";
  if (name.starts_with(prefix)) name = name.substr(prefix.size());
  const auto found = validation.find(name);
  return found == validation.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
}

std::string format(const char* pattern, auto... args) {
  char text[160];
  std::snprintf(text, sizeof text, pattern, args...);
  return text;
}

/// One run: options, optimiser, state, and the parts of the loop.
template <class T>
class Run {
 public:
  Run(const Exec& space, Task<T>& task, const LoopOptions& options)
      : space_(space),
        task_(task),
        options_(options),
        criterion_(task.criterion()),
        directory_(options.run, options.existing),
        tape_(space),
        loss_sum_("danaus::train::loss_sum"),
        relative_l2_sum_("danaus::train::relative_l2_sum") {
    options_.schedule.epochs = double(options.epochs);
    task.prepare(!directory_.is_resumed());
    optimizer_.emplace(model().parameters(), options.optimizer);
    if (directory_.is_resumed()) {
      resume();
    } else {
      state_.seed = options.seed;
      state_.data_digest = task.digest();
    }
    state_.criterion = criterion_.name;
    fill(loss_sum_, state_.loss_sum);
    fill(relative_l2_sum_, state_.relative_l2_sum);
    checked_sum_ = state_.loss_sum;
    checked_terms_ = state_.loss_terms;
  }

  TrainResult run() {
    if (state_.result && state_.epoch == options_.epochs) return *state_.result;
    state_.result.reset();
    elapsed_before_ = state_.elapsed_seconds;
    const size_t batches = batches_per_epoch();
    MetricsLog log(directory_.metrics(), columns(),
                   directory_.is_resumed() ? std::optional(completed_steps()) : std::nullopt);
    Progress progress(options_.progress, "train", double(options_.epochs * batches), "iterations",
                      double(state_.step));
    progress.line(
        format(" epoch   train-rel-L2   %12s         lr    s/epoch        eta", criterion_.heading.c_str()));
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
  Learnable<T>& model() { return task_.model(); }
  size_t batches_per_epoch() const { return (task_.samples() + options_.batch - 1) / options_.batch; }

  std::vector<std::string> columns() const {
    std::vector<std::string> all{"epoch", "step"};
    for (const auto& name : task_.first_columns()) all.push_back(name);
    all.insert(all.end(), {"learning_rate", "seconds"});
    for (const auto& name : task_.last_columns()) all.push_back(name);
    return all;
  }

  std::uint64_t completed_steps() const { return std::uint64_t(state_.epoch) * batches_per_epoch(); }

  void resume() {
    state_ = read_checkpoint(directory_.last(), model(), *optimizer_);
    const auto name = directory_.last().string();
    if (state_.seed != options_.seed)
      throw UsageError("seed: " + name + " has " + std::to_string(state_.seed) + ", found " +
                       std::to_string(options_.seed));
    if (state_.data_digest != task_.digest())
      throw UsageError("data: " + name + " was trained on other data (digest " + state_.data_digest +
                       ", found " + task_.digest() + ")");
    if (state_.epoch > options_.epochs)
      throw UsageError("epochs: " + name + " has done " + std::to_string(state_.epoch) + " already, found " +
                       std::to_string(options_.epochs));
    if (state_.batch > batches_per_epoch() || state_.step != completed_steps() + state_.batch)
      throw UsageError("batch, train, validation: " + name + " has other numbers of samples");
  }

  void run_epoch(Progress& progress) {
    model().set_training(true);
    const size_t batches = batches_per_epoch();
    const auto order = epoch_order(options_.seed, state_.epoch, task_.samples());
    Timer timer;
    const double seconds_before = state_.epoch_seconds;
    double saving_seconds = 0;
    for (size_t done = 0; state_.batch < batches; ++done) {
      stop_if_asked();
      iterate(order);
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

  void iterate(const std::vector<size_t>& order) {
    const size_t begin = state_.batch * options_.batch, end = std::min(begin + options_.batch, order.size());
    batch_.assign(order.begin() + std::ptrdiff_t(begin), order.begin() + std::ptrdiff_t(end));
    tape_.reset();
    const BatchLoss<T> batch = task_.losses(tape_, state_.epoch, batch_);
    for (const auto& loss : batch.losses) accumulate_loss<T>(space_, loss.value, loss_sum_);
    if (batch.relative_l2.data()) accumulate_loss<T>(space_, batch.relative_l2, relative_l2_sum_);
    state_.loss_terms += batch.terms;
    fill(space_, model().parameters().gradients(), T(0));
    tape_.backward(batch.losses);

    const double epoch = double(state_.epoch) + double(state_.batch) / double(batches_per_epoch());
    optimizer_->step(space_, options_.schedule.rate(epoch), double(batch.terms));
  }

  /// Brings the sum of losses to the host and looks at it.
  void check() {
    space_.fence("danaus::train::check");
    Kokkos::deep_copy(state_.loss_sum, loss_sum_);
    Kokkos::deep_copy(state_.relative_l2_sum, relative_l2_sum_);
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

  Scores with_averaged_weights(Scores (Task<T>::*score)(Tape&, const std::function<void()>&)) {
    const AveragedWeights averaged(space_, model().parameters(), *optimizer_);
    return (task_.*score)(tape_, [this] { stop_if_asked(); });
  }

  bool is_better(double criterion) const {
    if (std::isnan(criterion)) return false;
    if (std::isinf(state_.best)) return true;
    return criterion_.higher_is_better ? criterion > state_.best : criterion < state_.best;
  }

  void finish_epoch(MetricsLog& log, Progress& progress) {
    const size_t epoch = state_.epoch + 1;
    const double train_loss = state_.loss_sum / double(state_.loss_terms);
    const double train_relative_l2 =
        state_.relative_l2_sum > 0 ? state_.relative_l2_sum / double(state_.loss_terms) : train_loss;
    const bool validates = epoch % options_.validate_every == 0 || epoch == options_.epochs;
    Scores validation;
    if (task_.has_validation() && validates) validation = with_averaged_weights(&Task<T>::validate);
    // Resuming after this evaluation was stopped comes here without an iteration.
    const double last_rate =
        options_.schedule.rate(double(state_.epoch) + 1 - 1 / double(batches_per_epoch()));

    const bool same_phase = epoch < options_.epochs && task_.phase(epoch) == task_.phase(state_.epoch);
    state_.lowest_loss =
        same_phase ? std::min(state_.lowest_loss, train_loss) : std::numeric_limits<double>::infinity();
    state_.seconds_of_epochs.push_back(state_.epoch_seconds);
    state_.epoch = epoch;
    state_.batch = 0;
    state_.epoch_seconds = 0;
    state_.loss_sum = state_.relative_l2_sum = 0;
    state_.loss_terms = 0;
    fill(loss_sum_, 0.0);
    fill(relative_l2_sum_, 0.0);
    checked_sum_ = 0;
    checked_terms_ = 0;
    if (validates) state_.validation = validation;
    const double criterion = task_.has_validation() ? score_of(validation, criterion_.name) : train_loss;
    const bool is_best = is_better(criterion);
    if (is_best) state_.best = criterion;

    state_.elapsed_seconds = elapsed();
    std::vector<double> row;
    for (const auto& column : columns()) {
      row.push_back(column == "epoch"               ? double(epoch)
                    : column == "step"              ? double(state_.step)
                    : column == "learning_rate"     ? last_rate
                    : column == "seconds"           ? state_.elapsed_seconds
                    : column == "train_relative_l2" ? train_relative_l2
                    : column == "train_loss"        ? train_loss
                                                    : score_of(validation, column));
    }
    log.row(row);
    if (is_best) save(directory_.best());
    save_last();
    show(progress, train_relative_l2, score_of(validation, criterion_.name), last_rate);
  }

  /// A row of the table: the first and the last epoch, and one now and then.
  void show(Progress& progress, double train, double validation, double rate) {
    const bool is_due = since_row_.seconds() > 5 || state_.epoch == 1 || state_.epoch == options_.epochs;
    if (!is_due) return;
    since_row_.reset();
    progress.line(
        format("%6zu   %12.3e   ", state_.epoch, train) +
        (criterion_.format.empty() ? std::string(12, ' ') : format(criterion_.format.c_str(), validation)) +
        format("   %8.2e   %8.2f   %8s", rate, state_.seconds_of_epochs.back(),
               format_duration(progress.seconds_left()).c_str()));
  }

  void finish() {
    TrainResult result;
    const auto hyper = model().hyper_parameters();
    if (const auto name = hyper.find("model"); name != hyper.end()) result.model = name->second;
    result.parameters = model().parameters().count_reals();
    result.parameters_complex_as_one = model().parameters().count_complex_as_one();
    result.epochs = options_.epochs;
    result.scores = with_averaged_weights(&Task<T>::final_scores);
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
    write_checkpoint<T>(path, options_.header, model(), *optimizer_, state_);
  }

  void stop_if_asked() const {
    if (const int signal = signals_.signal())
      throw InterruptedError(std::string("stopped by ") + (signal == SIGINT ? "SIGINT" : "SIGTERM") +
                             " after iteration " + std::to_string(state_.step));
  }

  using AveragedWeights = optim::AveragedWeights<T>;

  Exec space_;
  Task<T>& task_;
  LoopOptions options_;
  Criterion criterion_;
  RunDirectory directory_;
  SignalGuard signals_;
  Tape tape_;
  std::optional<optim::Adam<T>> optimizer_;
  TrainingState state_;

  Tensor<double, 0> loss_sum_, relative_l2_sum_;
  double checked_sum_ = 0;
  std::uint64_t checked_terms_ = 0;
  std::vector<size_t> batch_;

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
TrainResult run_training(const Exec& space, Task<T>& task, const LoopOptions& options) {
  options.validate();
  return Run<T>(space, task, options).run();
}

#define DANAUS_INSTANTIATE(T)                                                                        \
  template void accumulate_loss<T>(const Exec&, const ConstTensor<T, 0>&, const Tensor<double, 0>&); \
  template TrainResult run_training<T>(const Exec&, Task<T>&, const LoopOptions&);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::train
