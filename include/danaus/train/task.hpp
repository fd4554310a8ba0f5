#pragma once

#include <danaus/autograd/tape.hpp>
#include <danaus/train/learnable.hpp>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace danaus::train {

/// Numbers by name, such as "relative_l2"; nan for what is not known.
using Scores = std::map<std::string, double>;

/// Losses of one batch, on the tape; their sum is what is minimised.
template <class T>
struct BatchLoss {
  std::vector<Var<T, 0>> losses;
  size_t terms = 0;  ///< how many samples or steps they are sums over
  /// What metrics.csv shows as train_relative_l2, summed over the same terms, where the loss is not that.
  Tensor<T, 0> relative_l2;
};

/// By which number the best weights are chosen.
struct Criterion {
  std::string name;     ///< of the validation score; without validation the mean loss is taken
  std::string heading;  ///< over the progress table, 14 characters at most
  std::string format;   ///< of its cells, such as "%12.3e"; empty: nothing to show
  bool higher_is_better = false;
};

/// What a training loop needs to know of what it trains: a model, the losses of a batch of samples, scores.
/// Trajectories (train.hpp) are one task, reconstruction of scans another.
///
/// Everything random must depend on the seed, the epoch and the sample alone; then a run continued from any
/// checkpoint has the bits of one that never stopped.
template <class T>
class Task {
 public:
  virtual ~Task() = default;

  virtual Learnable<T>& model() = 0;
  /// Training samples; each is visited once per epoch.
  virtual size_t samples() const = 0;
  /// Says which data these are.
  virtual std::string digest() const = 0;

  /// Called once before the first batch.
  /// @param is_new  the run starts anew: what is fixed once, such as normalisation, is fixed here
  virtual void prepare(bool is_new) { (void)is_new; }
  /// Part of the training in which losses can be compared with each other.
  virtual size_t phase(size_t epoch) const { return (void)epoch, 0; }
  /// @param samples  indices below samples(), a batch in the order of the epoch
  virtual BatchLoss<T> losses(Tape& tape, size_t epoch, const std::vector<size_t>& samples) = 0;

  virtual bool has_validation() const = 0;
  /// Without has_validation() lower must be better.
  virtual Criterion criterion() const = 0;
  /// Scores on the validation samples without recording; the tape is left reset and in its recording mode.
  /// @param before_batch  called before every batch; may throw to stop
  virtual Scores validate(Tape& tape, const std::function<void()>& before_batch) = 0;
  /// Scores of a finished run: what its result reports.
  virtual Scores final_scores(Tape& tape, const std::function<void()>& before_batch) = 0;

  /// Columns of metrics.csv between `epoch`, `step` and `learning_rate`, `seconds`, and after these:
  /// names of validation scores, which may begin with "validation_", or "train_relative_l2", "train_loss".
  virtual std::vector<std::string> first_columns() const {
    return {"train_relative_l2", "validation_relative_l2"};
  }
  virtual std::vector<std::string> last_columns() const { return {}; }
};

}  // namespace danaus::train
