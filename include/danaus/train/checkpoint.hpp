#pragma once

#include <danaus/optim/adam.hpp>
#include <danaus/train/learnable.hpp>
#include <danaus/train/options.hpp>

#include <filesystem>
#include <limits>
#include <optional>

namespace danaus::train {

/// Where a run is, besides its parameters: enough to continue it with the same bits.
struct TrainingState {
  size_t epoch = 0;        ///< complete ones
  size_t batch = 0;        ///< complete ones of the next epoch
  std::uint64_t step = 0;  ///< updates of the parameters
  double loss_sum = 0;     ///< of the next epoch so far
  std::uint64_t loss_terms = 0;
  double relative_l2_sum = 0;  ///< likewise, where the loss is not that
  std::string criterion = "relative_l2";
  double best = std::numeric_limits<double>::infinity();         ///< of the criterion; infinity: none yet
  Scores validation;                                             ///< the last ones
  double lowest_loss = std::numeric_limits<double>::infinity();  ///< mean of an epoch of this unroll phase
  double elapsed_seconds = 0;
  double epoch_seconds = 0;               ///< iterations of the next epoch so far
  std::vector<double> seconds_of_epochs;  ///< iterations of the complete ones
  std::uint64_t seed = 0;
  std::string data_digest;
  std::optional<TrainResult> result;  ///< of a finished run
};

inline constexpr const char* checkpoint_format = "danaus-checkpoint";
inline constexpr std::int64_t checkpoint_version = 1;

/// Writes a checkpoint (sealed, verified, renamed):
///
///     /parameters/<name>  in natural shapes; complex as {r, i}; the raw weights, running statistics too
///     /ema/<name>         averaged weights, where they are kept
///     /normalizer/<name>  state whose name starts with normalizer/
///     /optimizer/first_moment/<name>, second_moment/<name>, attribute `updates`
///     /training                    attributes: the TrainingState, with best_<criterion> and
///                                  validation_<score>; seconds_of_epochs
///     /model                       attributes: every hyper-parameter
template <class T>
void write_checkpoint(const std::filesystem::path& path, const io::FileHeader& header,
                      const Learnable<T>& model, const optim::Adam<T>& optimizer, const TrainingState& state);

/// Reads what write_checkpoint wrote into a model of the same structure, its optimiser, and the state.
/// @throws MissingInputError, DataError (damaged, no checkpoint, or which parameters differ and how)
template <class T>
TrainingState read_checkpoint(const std::filesystem::path& path, Learnable<T>& model,
                              optim::Adam<T>& optimizer);

/// The raw weights, or the averaged ones if there are any.
enum class WeightsKind { raw, averaged };

/// Parameters and state alone: to evaluate a model, or to start another run from it.
template <class T>
void read_parameters(const std::filesystem::path& path, Learnable<T>& model, WeightsKind kind);

/// The attributes of /model: what builds the model again.
std::map<std::string, std::string> read_hyper_parameters(const std::filesystem::path& path);

}  // namespace danaus::train
