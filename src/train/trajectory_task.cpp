#include <train/trajectory_task.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/train/batches.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace danaus::train {

namespace {

/// What fit_normalizer may be given at once.
constexpr size_t normalizer_bytes = size_t(1) << 30;

}  // namespace

template <class T>
TrajectoryTask<T>::TrajectoryTask(const Exec& space, Model<T>& model, SampleSource<T>& data,
                                  const Loss<T>& loss, const TrainOptions& options)
    : space_(space),
      model_(model),
      data_(data),
      loss_(loss),
      options_(options),
      fit_{0, options.train_samples - options.validation_samples},
      validation_{fit_.end, options.train_samples},
      test_{data.samples() - options.test_samples, data.samples()},
      batch_samples_("danaus::train::batch_samples", options.batch),
      host_batch_samples_(Kokkos::create_mirror_view(batch_samples_)) {}

template <class T>
void TrajectoryTask<T>::prepare(bool is_new) {
  if (is_new) fit_normalizer();
  if (options_.noise > 0) prepare_noise();
}

/// The first window of the training samples, or of those that fit the memory set aside.
template <class T>
void TrajectoryTask<T>::fit_normalizer() {
  std::vector<Tensor<T, 4>> inputs, targets;
  size_t bytes = 0;
  for (size_t f = 0; f <= options_.history; ++f) bytes += sizeof(T) * size_of(data_.frame_shape(f));
  const size_t samples = std::clamp<size_t>(normalizer_bytes / bytes, 1, fit_.size());
  for (size_t begin = 0; begin < samples; begin += options_.batch) {
    std::vector<Window> windows;
    for (size_t s = begin; s < std::min(begin + options_.batch, samples); ++s) windows.push_back({s, 0});
    const auto frames = data_.load(space_, windows, options_.history + 1);
    for (size_t f = 0; f < frames.size(); ++f) {
      auto frame = uninitialized<T, 4>("danaus::train::normalizer", shape_of(frames[f]));
      copy(space_, frame, frames[f]);
      (f < options_.history ? inputs : targets).push_back(frame);
    }
  }
  space_.fence("danaus::train::fit_normalizer");
  model_.fit_normalizer(inputs, targets);
}

template <class T>
void TrajectoryTask<T>::prepare_noise() {
  const auto deviations = channel_deviations(space_, data_, fit_, options_.history, options_.batch);
  noise_ = Tensor<double, 1>("danaus::train::noise", deviations.size());
  const auto host = Kokkos::create_mirror_view(noise_);
  for (size_t c = 0; c < deviations.size(); ++c) host(c) = options_.noise * deviations[c];
  copy(noise_, host);
}

template <class T>
BatchLoss<T> TrajectoryTask<T>::losses(Tape& tape, size_t epoch, const std::vector<size_t>& samples) {
  const size_t unroll = options_.unroll.steps_at(epoch, options_.epochs, options_.steps);
  windows_.clear();
  for (size_t sample : samples) {
    const size_t positions = options_.steps - unroll + 1;
    windows_.push_back({sample, start_frame(options_.seed, epoch, sample, positions)});
  }
  const auto frames = data_.load(space_, windows_, options_.history + unroll);
  if (options_.noise > 0) add_noise_to(epoch, frames);

  BatchLoss<T> batch;
  std::vector<Frame<T>> history;
  for (size_t f = 0; f < options_.history; ++f) history.push_back(Frame<T>::constant(frames[f]));
  for (size_t s = 0; s < unroll; ++s) {
    const auto prediction = model_.step(tape, history);
    batch.losses.push_back(loss_(tape, prediction, frames[options_.history + s]));
    history.erase(history.begin());
    history.push_back(prediction);
  }
  batch.terms = samples.size() * unroll;
  return batch;
}

template <class T>
void TrajectoryTask<T>::add_noise_to(size_t epoch, const std::vector<Tensor<T, 4>>& frames) {
  for (size_t b = 0; b < windows_.size(); ++b) host_batch_samples_(b) = windows_[b].sample;
  copy(space_, batch_samples_, host_batch_samples_);
  for (size_t f = 0; f < options_.history; ++f)
    add_noise<T>(space_, options_.seed, epoch, batch_samples_, f, noise_, frames[f]);
}

template <class T>
double TrajectoryTask<T>::relative_l2(Tape& tape, SampleRange samples,
                                      const std::function<void()>& before_batch) {
  if (samples.size() == 0) return std::numeric_limits<double>::quiet_NaN();
  return evaluate<T>(tape, model_, data_, samples, {options_.history, options_.steps, options_.batch},
                     before_batch)
      .relative_l2;
}

template <class T>
Scores TrajectoryTask<T>::validate(Tape& tape, const std::function<void()>& before_batch) {
  return {{"relative_l2", relative_l2(tape, validation_, before_batch)}};
}

template <class T>
Scores TrajectoryTask<T>::final_scores(Tape& tape, const std::function<void()>& before_batch) {
  const size_t scored = options_.test_samples ? std::min(options_.test_samples, fit_.size()) : fit_.size();
  Scores scores;
  scores["train_relative_l2"] = relative_l2(tape, {0, scored}, before_batch);
  scores["validation_relative_l2"] = relative_l2(tape, validation_, before_batch);
  scores["test_relative_l2"] = relative_l2(tape, test_, before_batch);
  return scores;
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
  TrajectoryTask<T> task(space, model, data, loss, options);
  return run_training<T>(space, task, options);
}

#define DANAUS_INSTANTIATE(T)                                                                            \
  template class TrajectoryTask<T>;                                                                      \
  template std::vector<double> channel_deviations<T>(const Exec&, SampleSource<T>&, SampleRange, size_t, \
                                                     size_t);                                            \
  template TrainResult train<T>(const Exec&, Model<T>&, SampleSource<T>&, const Loss<T>&,                \
                                const TrainOptions&);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::train
