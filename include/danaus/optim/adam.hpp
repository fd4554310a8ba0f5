#pragma once

#include <danaus/autograd/parameter_store.hpp>
#include <danaus/optim/gradient_norm.hpp>

#include <optional>
#include <string>

namespace danaus::optim {

/// How weight decay enters: `l2` adds decay * w to the gradient ("Adam" with decay, the published recipes),
/// `decoupled` shrinks the weights by 1 - rate * decay (AdamW).
enum class Decay { l2, decoupled };

struct AdamOptions {
  Decay decay = Decay::l2;
  double weight_decay = 0;
  double transform_rate_factor = 1;  ///< learning rate of learned transforms, in units of the ordinary one
  double clip = 0;                   ///< largest norm of a group's gradient; 0: no clipping
  double ema = 0;                    ///< decay of the running average of the weights; 0: none
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
};

/// "adam" or "adamw". @throws UsageError naming both
Decay parse_optimizer(const std::string& name);

/// Adam and AdamW over the flat buffers of a ParameterStore, one kernel per group:
///
///     g <- g min(1, clip / |g|)                 over the group
///     g <- g + decay w                          (l2)          w <- (1 - rate decay) w      (decoupled)
///     m <- beta1 m + (1 - beta1) g              v <- beta2 v + (1 - beta2) g^2
///     w <- w - rate / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + epsilon)
///     average <- e average + (1 - e) w          e = min(ema, (1 + t) / (10 + t))
///
/// with t the number of updates, this one included; complex numbers are two real ones. The group `transform`
/// has rate * factor, no decay and is clipped apart from `weights`; `state` is left alone. The norms stay on
/// the device. A gradient with an entry that is not finite changes nothing but failed_updates(). Sources:
/// Kingma and Ba 2015 (doi:10.48550/arXiv.1412.6980), Loshchilov and Hutter 2019
/// (doi:10.48550/arXiv.1711.05101).
template <class T>
class Adam {
 public:
  /// The store must be frozen, its weights initialised (the average starts from them) and outlive this
  /// object.
  Adam(ParameterStore<T>& store, const AdamOptions& options);

  /// One update from the store's gradients.
  /// @param clip_scale  multiplies `clip`: the number of terms when the gradient is that of a sum
  void step(const Exec& space, double rate, double clip_scale = 1);

  const AdamOptions& options() const { return options_; }
  bool has_average() const { return options_.ema > 0; }
  std::uint64_t updates() const { return updates_; }
  void set_updates(std::uint64_t updates) { updates_ = updates; }

  /// Laid out as the store's buffers; average() is empty without one.
  const Tensor<T, 1>& first_moment() const { return first_; }
  const Tensor<T, 1>& second_moment() const { return second_; }
  const Tensor<T, 1>& average() const { return average_; }

  /// Updates left out since construction because a gradient was not finite. Waits for the device.
  size_t failed_updates(const Exec& space) const;
  /// Norm of a group's last gradient before clipping. Waits for the device.
  double gradient_norm(const Exec& space, ParameterGroup group) const;

 private:
  ParameterStore<T>& store_;
  AdamOptions options_;
  std::uint64_t updates_ = 0;
  Tensor<T, 1> first_, second_, average_;
  SquaredNorm weights_norm_, transform_norm_;
  Tensor<double, 1> scales_;
  Tensor<size_t, 0> failed_;
};

/// Exchanges the learned parameters of a store with their average, and back: what is evaluated while the
/// average is on.
template <class T>
class AveragedWeights {
 public:
  AveragedWeights(const Exec& space, ParameterStore<T>& store, const Adam<T>& adam);
  ~AveragedWeights();
  AveragedWeights(const AveragedWeights&) = delete;
  AveragedWeights& operator=(const AveragedWeights&) = delete;

 private:
  void exchange();
  Exec space_;
  ParameterStore<T>& store_;
  const Adam<T>& adam_;
};

/// scales(0) and scales(1), for weights and transform: min(1, clip / |g|), or both -1, and `failed` one more,
/// if either norm is not finite.
void clipping_scales(const Exec& space, double clip, const Tensor<double, 0>& weights_norm_squared,
                     const Tensor<double, 0>& transform_norm_squared, const Tensor<double, 1>& scales,
                     const Tensor<size_t, 0>& failed);

/// What one kernel needs for one group.
template <class T>
struct AdamCoefficients {
  T rate, correction1, correction2, shrink, l2, beta1, beta2, epsilon, ema;
};

/// Adam's formula for one group: whole packs, as a ParameterStore lays them out. Nothing happens if its scale
/// is negative; `average` may be empty.
template <class T>
void adam_update(const Exec& space, const AdamCoefficients<T>& c, const ConstTensor<double, 1>& scales,
                 int group, const ConstTensor<T, 1>& gradient, const Tensor<T, 1>& weight,
                 const Tensor<T, 1>& first, const Tensor<T, 1>& second, const Tensor<T, 1>& average);
template <class T>
void exchange(const Exec& space, const Tensor<T, 1>& a, const Tensor<T, 1>& b);

}  // namespace danaus::optim
