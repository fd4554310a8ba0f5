#pragma once

#include <danaus/train/train.hpp>

namespace danaus::train {

/// Training on trajectories, or on pairs of input and target, as train() describes it.
template <class T>
class TrajectoryTask : public Task<T> {
 public:
  TrajectoryTask(const Exec& space, Model<T>& model, SampleSource<T>& data, const Loss<T>& loss,
                 const TrainOptions& options);

  Learnable<T>& model() override { return model_; }
  size_t samples() const override { return fit_.size(); }
  std::string digest() const override { return data_.digest(); }
  void prepare(bool is_new) override;
  size_t phase(size_t epoch) const override { return options_.unroll.phase_of(epoch, options_.epochs); }
  BatchLoss<T> losses(Tape& tape, size_t epoch, const std::vector<size_t>& samples) override;
  bool has_validation() const override { return validation_.size() > 0; }
  Criterion criterion() const override { return {"relative_l2", "valid-rel-L2", "%12.3e"}; }
  Scores validate(Tape& tape, const std::function<void()>& before_batch) override;
  Scores final_scores(Tape& tape, const std::function<void()>& before_batch) override;

 private:
  void fit_normalizer();
  void prepare_noise();
  void add_noise_to(size_t epoch, const std::vector<Tensor<T, 4>>& frames);
  double relative_l2(Tape& tape, SampleRange samples, const std::function<void()>& before_batch);

  Exec space_;
  Model<T>& model_;
  SampleSource<T>& data_;
  const Loss<T>& loss_;
  TrainOptions options_;
  SampleRange fit_, validation_, test_;
  std::vector<Window> windows_;
  Tensor<size_t, 1> batch_samples_;
  typename Tensor<size_t, 1>::HostMirror host_batch_samples_;
  Tensor<double, 1> noise_;
};

}  // namespace danaus::train
