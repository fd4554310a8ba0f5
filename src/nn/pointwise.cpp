#include <danaus/nn/pointwise.hpp>

#include <danaus/core/instantiate.hpp>

#include <algorithm>

#include "device_products.hpp"
#include "device_twins.hpp"
#if !defined(KOKKOS_ENABLE_CUDA)
#include <danaus/core/dense_rows.hpp>

#include "activation_host.hpp"
#endif

namespace danaus::nn {

namespace {

template <class T>
void require_shapes(const char* what, const Tensor<T, 2>& weights, const Tensor<T, 2>& x,
                    const Tensor<T, 2>& z, const Tensor<T, 2>& out) {
  const std::string name(what);
  const size_t channels = weights.extent(0);
  require_shape(name + ": weights", weights, {channels, channels});
  require_shape(name + ": x", x, {x.extent(0), channels});
  require_shape(name + ": z", z, shape_of(x));
  require_shape(name + ": out", out, shape_of(x));
}

}  // namespace

#if !defined(KOKKOS_ENABLE_CUDA)

namespace host {

using Policy = Kokkos::TeamPolicy<Exec>;

/// Points that are worked on at a time: their rows stay in L1.
constexpr size_t tile = 64;

template <Activation activation, class T>
void add_pointwise(const Exec& space, const Tensor<T, 2>& weights, const Tensor<T, 1>& bias,
                   const Tensor<T, 2>& x, const Tensor<T, 2>& z, const Tensor<T, 2>& out) {
  const size_t channels = weights.extent(0), ld = simd::padded<T>(channels), points = x.extent(0);
  const size_t tiles = (points + tile - 1) / tile, parts = std::min<size_t>(tiles, 256);
  const size_t numbers = (channels + 1) * ld;
  auto policy =
      Policy(space, int(parts), 1).set_scratch_size(1, Kokkos::PerTeam(int(numbers * sizeof(T) + 64)));
  Kokkos::parallel_for("danaus::nn::add_pointwise", policy, [=](const Policy::member_type& team) {
    T* w = static_cast<T*>(team.team_scratch(1).get_shmem_aligned(numbers * sizeof(T), 64));
    T* b = w + channels * ld;
    simd::pack_weights(weights.data(), channels, channels, w);
    simd::pack_weights(bias.data(), 1, channels, b);
    const size_t part = size_t(team.league_rank());
    for (size_t t = tiles * part / parts; t < tiles * (part + 1) / parts; ++t) {
      const size_t first = t * tile, count = std::min(tile, points - first);
      T *zp = z.data() + first * channels, *to = out.data() + first * channels;
      simd::dense_rows(count, channels, channels, x.data() + first * channels, channels, w, b,
                       Write::accumulate, zp, channels);
      if (activation != Activation::identity || to != zp) activate_row<activation>(count * channels, zp, to);
    }
  });
}

template <Activation activation, class T>
void add_pointwise_backward(const Exec& space, const Tensor<T, 2>& weights, const ActivatedPoints<T>& x,
                            const Tensor<T, 2>& z, const Tensor<T, 2>& out_grad, Write write,
                            const Tensor<T, 2>& x_grad, const Tensor<T, 3>& partial) {
  const size_t channels = weights.extent(0), ld = simd::padded<T>(channels), points = z.extent(0);
  const size_t tiles = (points + tile - 1) / tile;
  const size_t w_size = channels * ld, sums_size = (channels + 1) * ld;
  const size_t numbers = w_size + sums_size + tile * channels;
  auto policy = Policy(space, int(gradient_parts), 1)
                    .set_scratch_size(1, Kokkos::PerTeam(int(numbers * sizeof(T) + 64)));
  Kokkos::parallel_for("danaus::nn::add_pointwise_backward", policy, [=](const Policy::member_type& team) {
    T* w = static_cast<T*>(team.team_scratch(1).get_shmem_aligned(numbers * sizeof(T), 64));
    T *sums = w + w_size, *values_of_tile = sums + sums_size;
    simd::pack_transposed(weights.data(), channels, channels, w);
    std::fill(sums, values_of_tile, T(0));
    const size_t chunk = size_t(team.league_rank());
    for (size_t t = tiles * chunk / gradient_parts; t < tiles * (chunk + 1) / gradient_parts; ++t) {
      const size_t first = t * tile, count = std::min(tile, points - first);
      T* dz = out_grad.data() + first * channels;
      if (activation != Activation::identity)
        multiply_by_slope<activation>(count * channels, z.data() + first * channels, dz, dz);
      const T* xp = x.before.data() + first * channels;
      if (x.activation != Activation::identity) {
        T* value = x.value.data() ? x.value.data() + first * channels : values_of_tile;
        activate_row(x.activation, count * channels, xp, value);
        xp = value;
      }
      simd::dense_gradient(count, channels, channels, xp, channels, dz, channels, sums);
      simd::column_sums(count, channels, dz, channels, sums + channels * ld);
      simd::dense_rows(count, channels, channels, dz, channels, w, static_cast<const T*>(nullptr), write,
                       x_grad.data() + first * channels, channels);
    }
    for (size_t i = 0; i <= channels; ++i)
      for (size_t o = 0; o < channels; ++o) partial(chunk, i, o) = sums[i * ld + o];
  });
}

}  // namespace host

#endif

template <class T>
void add_pointwise_device(const Exec& space, const Tensor<T, 2>& weights, const Tensor<T, 1>& bias,
                          Activation activation, const Tensor<T, 2>& x, const Tensor<T, 2>& z,
                          const Tensor<T, 2>& out) {
  const int channels = int(weights.extent(0));
  device::dense_rows<T>(
      space, z.extent(0), channels, channels, {weights.data(), channels, 1},
      KOKKOS_LAMBDA(size_t p, int i) { return x(p, i); },
      KOKKOS_LAMBDA(size_t p, int o, T sum) {
        const T value = sum + z(p, o) + bias(o);
        z(p, o) = value;
        out(p, o) = activate(activation, value);
      });
}

template <class T>
void add_pointwise_backward_device(const Exec& space, const Tensor<T, 2>& weights, Activation activation,
                                   const ActivatedPoints<T>& x, const Tensor<T, 2>& z,
                                   const Tensor<T, 2>& out_grad, Workspace& scratch, Write write,
                                   const Tensor<T, 2>& x_grad, const Tensor<T, 2>& weights_grad,
                                   const Tensor<T, 1>& bias_grad) {
  const size_t points = z.extent(0);
  const int channels = int(weights.extent(0));
  const auto mark = scratch.mark();
  const auto before = x.before;
  const auto x_activation = x.activation;
  const bool keeps = x.value.data() || x_activation != Activation::identity;
  const auto value = x.value.data() ? x.value : keeps ? scratch.take<T, 2>(shape_of(z)) : before;
  device::dense_rows<T>(
      space, points, channels, channels, {weights.data(), 1, channels},
      KOKKOS_LAMBDA(size_t p, int o) {
        const T gradient = out_grad(p, o) * slope(activation, z(p, o));
        out_grad(p, o) = gradient;
        return gradient;
      },
      KOKKOS_LAMBDA(size_t p, int i, T sum) {
        store(write, sum, x_grad(p, i));
        if (keeps) value(p, i) = activate(x_activation, before(p, i));
      });
  const auto partial = scratch.take<T, 3>({gradient_parts, size_t(channels + 1), size_t(channels)});
  device::outer_products<T>(
      space, points, channels + 1, channels,
      KOKKOS_LAMBDA(size_t p, int i) { return i < channels ? value(p, i) : T(1); },
      KOKKOS_LAMBDA(size_t p, int o) { return out_grad(p, o); }, partial.data(),
      partial.extent(1) * partial.extent(2));
  add_partial_sums<T>(space, partial.data(), weights_grad, bias_grad);
  scratch.release(mark);
}

template <class T>
void add_pointwise(const Exec& space, const Tensor<T, 2>& weights, const Tensor<T, 1>& bias,
                   Activation activation, const Tensor<T, 2>& x, const Tensor<T, 2>& z,
                   const Tensor<T, 2>& out) {
  require_shapes<T>("add_pointwise", weights, x, z, out);
  require_shape("add_pointwise: bias", bias, {weights.extent(1)});
#if defined(KOKKOS_ENABLE_CUDA)
  add_pointwise_device<T>(space, weights, bias, activation, x, z, out);
#else
  host::with_activation(activation,
                        [&]<Activation a>() { host::add_pointwise<a, T>(space, weights, bias, x, z, out); });
#endif
}

template <class T>
void add_pointwise_backward(const Exec& space, const Tensor<T, 2>& weights, Activation activation,
                            const ActivatedPoints<T>& x, const Tensor<T, 2>& z, const Tensor<T, 2>& out_grad,
                            Workspace& scratch, Write write, const Tensor<T, 2>& x_grad,
                            const Tensor<T, 2>& weights_grad, const Tensor<T, 1>& bias_grad) {
  require_shapes<T>("add_pointwise_backward", weights, x.before, z, out_grad);
  if (x.value.data()) require_shape("add_pointwise_backward: value", x.value, shape_of(z));
  require_shape("add_pointwise_backward: x_grad", x_grad, shape_of(z));
  require_shape("add_pointwise_backward: weights_grad", weights_grad, shape_of(weights));
  require_shape("add_pointwise_backward: bias_grad", bias_grad, {weights.extent(1)});
#if defined(KOKKOS_ENABLE_CUDA)
  add_pointwise_backward_device<T>(space, weights, activation, x, z, out_grad, scratch, write, x_grad,
                                   weights_grad, bias_grad);
#else
  const auto mark = scratch.mark();
  const auto partial = scratch.take<T, 3>({gradient_parts, weights.extent(0) + 1, weights.extent(1)});
  host::with_activation(activation, [&]<Activation a>() {
    host::add_pointwise_backward<a, T>(space, weights, x, z, out_grad, write, x_grad, partial);
  });
  add_partial_sums<T>(space, partial.data(), weights_grad, bias_grad);
  scratch.release(mark);
#endif
}

#define DANAUS_INSTANTIATE(T)                                                                              \
  template void add_pointwise<T>(const Exec&, const Tensor<T, 2>&, const Tensor<T, 1>&, Activation,        \
                                 const Tensor<T, 2>&, const Tensor<T, 2>&, const Tensor<T, 2>&);           \
  template void add_pointwise_device<T>(const Exec&, const Tensor<T, 2>&, const Tensor<T, 1>&, Activation, \
                                        const Tensor<T, 2>&, const Tensor<T, 2>&, const Tensor<T, 2>&);    \
  template void add_pointwise_backward<T>(const Exec&, const Tensor<T, 2>&, Activation,                    \
                                          const ActivatedPoints<T>&, const Tensor<T, 2>&,                  \
                                          const Tensor<T, 2>&, Workspace&, Write, const Tensor<T, 2>&,     \
                                          const Tensor<T, 2>&, const Tensor<T, 1>&);                       \
  template void add_pointwise_backward_device<T>(                                                          \
      const Exec&, const Tensor<T, 2>&, Activation, const ActivatedPoints<T>&, const Tensor<T, 2>&,        \
      const Tensor<T, 2>&, Workspace&, Write, const Tensor<T, 2>&, const Tensor<T, 2>&,                    \
      const Tensor<T, 1>&);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::nn
