#include <danaus/train/evaluate.hpp>

#include <danaus/core/instantiate.hpp>

#include <cmath>

namespace danaus::train {

template <class T>
void sum_errors(const Exec& space, const ConstTensor<T, 4>& prediction, const ConstTensor<T, 4>& target,
                const Tensor<double, 3>& sums) {
  require_shape("sum_errors: prediction", prediction, shape_of(target));
  require_shape("sum_errors: sums", sums, {target.extent(0), target.extent(1), 2});
  const size_t points_x = target.extent(1), row = target.extent(2) * target.extent(3);
  const T *p = prediction.data(), *y = target.data();
  Kokkos::parallel_for(
      "danaus::train::sum_errors", Kokkos::RangePolicy<Exec>(space, 0, target.extent(0) * points_x),
      KOKKOS_LAMBDA(size_t r) {
        double error = 0, norm = 0;
        for (size_t i = r * row; i < (r + 1) * row; ++i) {
          const double difference = double(p[i]) - double(y[i]);
          error += difference * difference;
          norm += double(y[i]) * double(y[i]);
        }
        sums(r / points_x, r % points_x, 0) = error;
        sums(r / points_x, r % points_x, 1) = norm;
      });
}

template <class T>
Evaluation evaluate(Tape& tape, Model<T>& model, SampleSource<T>& data, SampleRange samples,
                    const RollOut& roll_out, const std::function<void()>& before_batch) {
  const auto [history_size, steps, batch_size] = roll_out;
  const Recording recording = tape.is_recording() ? Recording::on : Recording::off;
  tape.set_recording(Recording::off);
  model.set_training(false);

  Evaluation result;
  result.samples = samples.size();
  result.relative_l2_per_step.assign(steps, 0.0);
  for (size_t begin = samples.begin; begin < samples.end; begin += batch_size) {
    if (before_batch) before_batch();
    const size_t batch = std::min(batch_size, samples.end - begin);
    std::vector<Window> windows;
    for (size_t b = 0; b < batch; ++b) windows.push_back({begin + b, 0});
    const auto frames = data.load(tape.space(), windows, history_size + steps);

    // Predictions replace the observed frames that nobody needs any more, so that the tape can be reset every
    // step.
    std::vector<Frame<T>> history;
    for (size_t f = 0; f < history_size; ++f) history.push_back(Frame<T>::constant(frames[f]));
    const auto sums = zeros<double, 4>("sums", {steps, batch, frames.back().extent(1), 2});
    for (size_t s = 0; s < steps; ++s) {
      tape.reset();
      const auto prediction = model.step(tape, history);
      const Tensor<T, 4>& target = frames[history_size + s];
      sum_errors<T>(tape.space(), prediction.value, target,
                    Kokkos::subview(sums, s, Kokkos::ALL, Kokkos::ALL, Kokkos::ALL));
      if (s + 1 == steps) break;
      copy(tape.space(), target, prediction.value);
      history.erase(history.begin());
      history.push_back(Frame<T>::constant(target));
    }
    tape.space().fence("danaus::train::evaluate");

    const auto host = to_host(sums);
    for (size_t b = 0; b < batch; ++b) {
      double error = 0, norm = 0;
      for (size_t s = 0; s < steps; ++s) {
        double step_error = 0, step_norm = 0;
        for (size_t x = 0; x < host.extent(2); ++x) {
          step_error += host(s, b, x, 0);
          step_norm += host(s, b, x, 1);
        }
        result.relative_l2_per_step[s] += std::sqrt(step_error / step_norm);
        error += step_error;
        norm += step_norm;
      }
      result.relative_l2 += std::sqrt(error / norm);
    }
  }
  for (double& e : result.relative_l2_per_step) e /= double(result.samples);
  result.relative_l2 /= double(result.samples);
  tape.reset();
  tape.set_recording(recording);
  return result;
}

#define DANAUS_INSTANTIATE(T)                                                                      \
  template void sum_errors<T>(const Exec&, const ConstTensor<T, 4>&, const ConstTensor<T, 4>&,     \
                              const Tensor<double, 3>&);                                           \
  template Evaluation evaluate<T>(Tape&, Model<T>&, SampleSource<T>&, SampleRange, const RollOut&, \
                                  const std::function<void()>&);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::train
