// GCC 12 takes the undefined source operand of the vector square root for a mistake (its bug 105593).
#if defined(__GNUC__) && !defined(__clang__) && !defined(__CUDACC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <danaus/core/simd.hpp>
#pragma GCC diagnostic pop
#endif

#include <danaus/optim/adam.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/core/simd.hpp>

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

void clipping_scales(const Exec& space, double clip, const Tensor<double, 0>& weights_norm_squared,
                     const Tensor<double, 0>& transform_norm_squared, const Tensor<double, 1>& scales,
                     const Tensor<size_t, 0>& failed) {
  Kokkos::parallel_for(
      "danaus::optim::clipping_scales", Kokkos::RangePolicy<Exec>(space, 0, 1), KOKKOS_LAMBDA(size_t) {
        const double squares[2] = {weights_norm_squared(), transform_norm_squared()};
        const bool finite = Kokkos::isfinite(squares[0] + squares[1]);
        if (!finite) ++failed();
        for (int group = 0; group < 2; ++group) {
          const double norm = Kokkos::sqrt(squares[group]);
          scales(group) = !finite ? -1.0 : clip > 0 && norm > clip ? clip / norm : 1.0;
        }
      });
}

template <class T>
void adam_update(const Exec& space, const AdamCoefficients<T>& c, const ConstTensor<double, 1>& scales,
                 int group, const ConstTensor<T, 1>& gradient, const Tensor<T, 1>& weight,
                 const Tensor<T, 1>& first, const Tensor<T, 1>& second, const Tensor<T, 1>& average) {
  using simd::load, simd::store;
  constexpr size_t width = simd::width<T>;
  static_assert(ParameterStore<T>::alignment % width == 0, "groups are whole packs");
  const T* g_data = gradient.data();
  T *w_data = weight.data(), *m_data = first.data(), *v_data = second.data();
  T* average_data = average.size() ? average.data() : nullptr;
  Kokkos::parallel_for(
      "danaus::optim::adam_update", Kokkos::RangePolicy<Exec>(space, 0, weight.size() / width),
      KOKKOS_LAMBDA(size_t pack) {
        using Pack = simd::Pack<T>;
        const double scale = scales(group);
        if (scale < 0) return;
        const size_t i = pack * width;
        Pack w = load(w_data + i);
        const Pack g = load(g_data + i) * Pack(T(scale)) + Pack(c.l2) * w;
        const Pack m = Pack(c.beta1) * load(m_data + i) + Pack(T(1) - c.beta1) * g;
        const Pack v = Pack(c.beta2) * load(v_data + i) + Pack(T(1) - c.beta2) * g * g;
        w = Pack(c.shrink) * w -
            Pack(c.rate * c.correction1) * m / (Kokkos::sqrt(v * Pack(c.correction2)) + Pack(c.epsilon));
        store<T>(m, m_data + i);
        store<T>(v, v_data + i);
        store<T>(w, w_data + i);
        if (average_data)
          store<T>(Pack(c.ema) * load(average_data + i) + Pack(T(1) - c.ema) * w, average_data + i);
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
      scales_("danaus::optim::Adam::scales", 2),
      failed_("danaus::optim::Adam::failed") {
  if (!store.is_frozen()) throw std::logic_error("Adam: the parameter store is not frozen");
  if (!has_average()) return;
  average_ = uninitialized<T, 1>("danaus::optim::Adam::average", {store.values().size()});
  copy(average_, store.values());
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

  const FlatRange weights = store_.range(ParameterGroup::weights);
  const FlatRange transform = store_.range(ParameterGroup::transform);
  weights_norm_.template compute<T>(space, part<T>(store_.gradients(), weights));
  transform_norm_.template compute<T>(space, part<T>(store_.gradients(), transform));
  clipping_scales(space, clip, weights_norm_.result(), transform_norm_.result(), scales_, failed_);

  const auto update = [&](FlatRange range, int group) {
    if (range.begin == range.end) return;
    adam_update<T>(space, c, scales_, group, part<T>(store_.gradients(), range),
                   part<T>(store_.values(), range), part<T>(first_, range), part<T>(second_, range),
                   has_average() ? part<T>(average_, range) : average_);
  };
  c.rate = T(rate);
  c.l2 = T(o.decay == Decay::l2 ? o.weight_decay : 0);
  c.shrink = T(o.decay == Decay::decoupled ? 1 - rate * o.weight_decay : 1);
  update(weights, 0);
  c.rate = T(rate * o.transform_rate_factor);
  c.l2 = 0;
  c.shrink = 1;
  update(transform, 1);
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

#define DANAUS_INSTANTIATE(T)                                                                               \
  template void adam_update<T>(const Exec&, const AdamCoefficients<T>&, const ConstTensor<double, 1>&, int, \
                               const ConstTensor<T, 1>&, const Tensor<T, 1>&, const Tensor<T, 1>&,          \
                               const Tensor<T, 1>&, const Tensor<T, 1>&);                                   \
  template void exchange<T>(const Exec&, const Tensor<T, 1>&, const Tensor<T, 1>&);                         \
  template class Adam<T>;                                                                                   \
  template class AveragedWeights<T>;
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::optim
