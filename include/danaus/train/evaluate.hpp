#pragma once

#include <danaus/train/model.hpp>
#include <danaus/train/sample_source.hpp>

#include <functional>

namespace danaus::train {

/// Scores of a roll-out: the model sees the first `history` frames and then only its own predictions.
struct Evaluation {
  /// Mean over samples of |p - y| / |y|, the norms over the whole flattened trajectory.
  double relative_l2 = 0;
  /// The same of each predicted frame by itself.
  std::vector<double> relative_l2_per_step;
  size_t samples = 0;
};

/// Half-open range of samples.
struct SampleRange {
  size_t begin = 0, end = 0;
  size_t size() const { return end - begin; }
};

struct RollOut {
  size_t history = 1;  ///< frames the model sees
  size_t steps = 1;    ///< frames it predicts
  size_t batch = 20;
};

/// Full roll-out without recording. One step's memory suffices for any number of steps.
/// The model is left in evaluation mode and the tape in its recording mode; the tape is reset.
/// @param before_batch  called before every batch; may throw to stop
template <class T>
Evaluation evaluate(Tape& tape, Model<T>& model, SampleSource<T>& data, SampleRange samples,
                    const RollOut& roll_out, const std::function<void()>& before_batch = {});

/// sums[b, x] = (sum (p - y)^2, sum y^2) over y and channels, in index order.
template <class T>
void sum_errors(const Exec& space, const ConstTensor<T, 4>& prediction, const ConstTensor<T, 4>& target,
                const Tensor<double, 3>& sums);

}  // namespace danaus::train
