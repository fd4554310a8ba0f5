#include <danaus/optim/adam.hpp>

#include <danaus/core/instantiate.hpp>

#include <cmath>

namespace danaus::optim {

Decay parse_optimizer(const std::string& name) {
  if (name == "adam") return Decay::l2;
  if (name == "adamw") return Decay::decoupled;
  throw UsageError("optimizer: expected adam or adamw, found '" + name + "'");
}

namespace {
template <class T>
Tensor<T, 1> part(const Tensor<T, 1>& flat, FlatRange range) {
  return Kokkos::subview(flat, std::make_pair(range.begin, range.end));
}
}  // namespace

template <class T>
void adam_update(const Exec& space, const AdamCoefficients<T>& c, const Tensor<double, 0>& norm_squared,
                 const Tensor<double, 0>& other_norm_squared, const ConstTensor<T, 1>& gradient,
                 const Tensor<T, 1>& weight, const Tensor<T, 1>& first, const Tensor<T, 1>& second,
                 const Tensor<T, 1>& average) {
  const bool averages = average.size() != 0;
  Kokkos::parallel_for(
      "danaus::optim::adam_update", over_entries(space, weight), KOKKOS_LAMBDA(size_t i) {
        const double norm = norm_squared();
        if (!Kokkos::isfinite(norm + other_norm_squared())) return;
        T g = gradient(i);
        if (c.clip_squared > 0 && norm > c.clip_squared) g *= T(Kokkos::sqrt(c.clip_squared / norm));
        T w = weight(i) * c.shrink;
        g += c.l2 * weight(i);
        const T m = c.beta1 * first(i) + (T(1) - c.beta1) * g;
        const T v = c.beta2 * second(i) + (T(1) - c.beta2) * g * g;
        w -= c.rate * c.correction1 * m / (Kokkos::sqrt(v * c.correction2) + c.epsilon);
        first(i) = m;
        second(i) = v;
        weight(i) = w;
        if (averages) average(i) = c.ema * average(i) + (T(1) - c.ema) * w;
      });
}

void count_failed_update(const Exec& space, const Tensor<double, 0>& norm_a, const Tensor<double, 0>& norm_b,
                         const Tensor<size_t, 0>& failed) {
  Kokkos::parallel_for(
      "danaus::optim::count_failed_update", Kokkos::RangePolicy<Exec>(space, 0, 1), KOKKOS_LAMBDA(size_t) {
        if (!Kokkos::isfinite(norm_a() + norm_b())) ++failed();
      });
}

template <class T>
void exchange(const Exec& space, const Tensor<T, 1>& a, const Tensor<T, 1>& b) {
  Kokkos::parallel_for(
      "danaus::optim::exchange", over_entries(space, a), KOKKOS_LAMBDA(size_t i) {
        const T kept = a(i);
        a(i) = b(i);
        b(i) = kept;
      });
}

template <class T>
Adam<T>::Adam(ParameterStore<T>& store, const AdamOptions& options)
    : store_(store),
      options_(options),
      first_("danaus::optim::Adam::first_moment", store.values().size()),
      second_("danaus::optim::Adam::second_moment", store.values().size()),
      weights_norm_(store.values().size()),
      transform_norm_(store.values().size()),
      failed_("danaus::optim::Adam::failed") {
  if (!store.is_frozen()) throw std::logic_error("Adam: the parameter store is not frozen");
  if (!has_average()) return;
  average_ = uninitialized<T, 1>("danaus::optim::Adam::average", {store.values().size()});
  Kokkos::deep_copy(average_, store.values());
}

template <class T>
void Adam<T>::step(const Exec& space, double rate, double clip_scale) {
  const AdamOptions& o = options_;
  const double t = double(++updates_), clip = o.clip * clip_scale;
  AdamCoefficients<T> c;
  c.correction1 = T(1 / (1 - std::pow(o.beta1, t)));
  c.correction2 = T(1 / (1 - std::pow(o.beta2, t)));
  c.beta1 = T(o.beta1);
  c.beta2 = T(o.beta2);
  c.epsilon = T(o.epsilon);
  // Early averages forget the initial weights faster.
  c.ema = T(std::min(o.ema, (1 + t) / (10 + t)));
  c.clip_squared = clip * clip;

  const FlatRange weights = store_.range(ParameterGroup::weights),
                  transform = store_.range(ParameterGroup::transform);
  weights_norm_.compute<T>(space, part<T>(store_.gradients(), weights));
  transform_norm_.compute<T>(space, part<T>(store_.gradients(), transform));
  count_failed_update(space, weights_norm_.result(), transform_norm_.result(), failed_);

  const auto update = [&](FlatRange range, const SquaredNorm& norm, const SquaredNorm& other) {
    if (range.begin == range.end) return;
    adam_update<T>(space, c, norm.result(), other.result(), part<T>(store_.gradients(), range),
                   part<T>(store_.values(), range), part<T>(first_, range), part<T>(second_, range),
                   has_average() ? part<T>(average_, range) : average_);
  };
  c.rate = T(rate);
  c.l2 = T(o.decay == Decay::l2 ? o.weight_decay : 0);
  c.shrink = T(o.decay == Decay::decoupled ? 1 - rate * o.weight_decay : 1);
  update(weights, weights_norm_, transform_norm_);
  c.rate = T(rate * o.transform_rate_factor);
  c.l2 = 0;
  c.shrink = 1;
  update(transform, transform_norm_, weights_norm_);
}

template <class T>
size_t Adam<T>::failed_updates(const Exec& space) const {
  space.fence("danaus::optim::Adam::failed_updates");
  size_t failed;
  Kokkos::deep_copy(failed, failed_);
  return failed;
}

template <class T>
double Adam<T>::gradient_norm(const Exec& space, ParameterGroup group) const {
  space.fence("danaus::optim::Adam::gradient_norm");
  double squared;
  Kokkos::deep_copy(squared, (group == ParameterGroup::transform ? transform_norm_ : weights_norm_).result());
  return std::sqrt(squared);
}

template <class T>
AveragedWeights<T>::AveragedWeights(const Exec& space, ParameterStore<T>& store, const Adam<T>& adam)
    : space_(space), store_(store), adam_(adam) {
  exchange();
}
template <class T>
AveragedWeights<T>::~AveragedWeights() {
  exchange();
}
template <class T>
void AveragedWeights<T>::exchange() {
  if (!adam_.has_average()) return;
  for (ParameterGroup group : {ParameterGroup::weights, ParameterGroup::transform})
    optim::exchange<T>(space_, part<T>(store_.values(), store_.range(group)),
                       part<T>(adam_.average(), store_.range(group)));
}

#define DANAUS_INSTANTIATE(T)                                                                           \
  template void adam_update<T>(const Exec&, const AdamCoefficients<T>&, const Tensor<double, 0>&,       \
                               const Tensor<double, 0>&, const ConstTensor<T, 1>&, const Tensor<T, 1>&, \
                               const Tensor<T, 1>&, const Tensor<T, 1>&, const Tensor<T, 1>&);          \
  template void exchange<T>(const Exec&, const Tensor<T, 1>&, const Tensor<T, 1>&);                     \
  template class Adam<T>;                                                                               \
  template class AveragedWeights<T>;
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::optim
