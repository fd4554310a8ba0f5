#include "projection_kernels.hpp"

#include <danaus/core/instantiate.hpp>

#include <algorithm>

#include "projection_device.hpp"
#if !defined(KOKKOS_ENABLE_CUDA)
#include <danaus/core/dense_rows.hpp>

#include "activation_host.hpp"
#endif

namespace danaus::nn {

namespace {

template <class T>
void require_shapes(const ProjectionWeights<T>& w, const Tensor<T, 4>& x, const Tensor<T, 4>& y) {
  const size_t width = w.weights_1.extent(0), hidden = w.weights_1.extent(1),
               channels = w.weights_2.extent(0);
  require_shape("project: bias_1", w.bias_1, {hidden});
  require_shape("project: weights_2", w.weights_2, {channels, hidden});
  require_shape("project: bias_2", w.bias_2, {channels});
  require_shape("project: x", x, {y.extent(0), x.extent(1), x.extent(2), width});
  require_shape("project: y", y, {x.extent(0), y.extent(1), y.extent(2), channels});
}

/// The partial sums of one part lie one after the other: weights_1, bias_1, weights_2, bias_2.
template <class T>
void add_all_parts(const Exec& space, const Tensor<T, 2>& partial, const ProjectionWeights<T>& w_grad) {
  add_partial_sums<T>(space, partial.data(), w_grad.weights_1, w_grad.bias_1, w_grad.weights_2,
                      w_grad.bias_2);
}

template <class T>
size_t weight_count(const ProjectionWeights<T>& w) {
  return w.weights_1.size() + w.bias_1.size() + w.weights_2.size() + w.bias_2.size();
}

}  // namespace

#if !defined(KOKKOS_ENABLE_CUDA)

namespace host {

using Policy = Kokkos::TeamPolicy<Exec>;

/// Points that are worked on at a time: their hidden values stay in L1.
constexpr size_t projection_tile = 32;

template <Activation activation, class T>
void forward_tile(size_t points, size_t channels, T* h, size_t ldh, const T* w2, const T* b2, T* y) {
  constexpr size_t W = size_t(width<T>);
  activate_row<activation>(points * ldh, h, h);
  for (size_t p = 0; p < points; ++p)
    for (size_t o = 0; o < channels; ++o) {
      Pack<T> sum(T(0));
      for (size_t j = 0; j < ldh; j += W)
        sum = sum + simd::load(h + p * ldh + j) * simd::load(w2 + o * ldh + j);
      y[p * channels + o] = b2[o] + simd::pairwise_sum<T>(sum);
    }
}

template <Activation activation, class T>
void forward_rows(const Exec& space, const ProjectionWeights<T>& w, const Tensor<T, 4>& x,
                  const Tensor<T, 4>& y) {
  const size_t channels_in = x.extent(3), hidden = w.weights_1.extent(1), channels = w.weights_2.extent(0);
  const size_t ldh = simd::padded<T>(hidden), nx = y.extent(1), ny = y.extent(2), rows = y.extent(0) * nx;
  const size_t parts = std::min<size_t>(rows, 256);
  const size_t w1_size = (channels_in + 1) * ldh, w2_size = channels * ldh, h_size = projection_tile * ldh;
  const size_t numbers = w1_size + w2_size + h_size;
  auto policy =
      Policy(space, int(parts), 1).set_scratch_size(1, Kokkos::PerTeam(int(numbers * sizeof(T) + 64)));
  Kokkos::parallel_for("danaus::nn::project", policy, [=](const Policy::member_type& team) {
    T* w1 = static_cast<T*>(team.team_scratch(1).get_shmem_aligned(numbers * sizeof(T), 64));
    T *b1 = w1 + channels_in * ldh, *w2 = w1 + w1_size, *h = w2 + w2_size;
    simd::pack_weights(w.weights_1.data(), channels_in, hidden, w1);
    simd::pack_weights(w.bias_1.data(), 1, hidden, b1);
    simd::pack_weights(w.weights_2.data(), channels, hidden, w2);
    const size_t part = size_t(team.league_rank());
    for (size_t r = rows * part / parts; r < rows * (part + 1) / parts; ++r)
      for (size_t j = 0; j < ny; j += projection_tile) {
        const size_t points = std::min(projection_tile, ny - j);
        simd::dense_rows<T>(points, channels_in, ldh, &x(r / nx, r % nx, j, 0), channels_in, w1, b1,
                            Write::overwrite, h, ldh);
        forward_tile<activation>(points, channels, h, ldh, w2, w.bias_2.data(), &y(r / nx, r % nx, j, 0));
      }
  });
}

/// h holds the hidden values before the activation and receives their gradient; `value` has room for a row.
template <Activation activation, class T>
void backward_tile(size_t points, size_t channels, T* h, size_t ldh, const T* w2, const T* dy, T* value,
                   T* dw2, T* db2) {
  for (size_t p = 0; p < points; ++p, dy += channels) {
    T* row = h + p * ldh;
    activate_and_slope<activation>(ldh, row, value);
    for (size_t o = 0; o < channels; ++o) {
      db2[o] += dy[o];
#pragma omp simd
      for (size_t j = 0; j < ldh; ++j) dw2[o * ldh + j] += dy[o] * value[j];
    }
    if (channels == 1) {
#pragma omp simd
      for (size_t j = 0; j < ldh; ++j) row[j] *= dy[0] * w2[j];
      continue;
    }
    for (size_t j = 0; j < ldh; ++j) {
      T sum = 0;
      for (size_t o = 0; o < channels; ++o) sum += dy[o] * w2[o * ldh + j];
      row[j] *= sum;
    }
  }
}

template <Activation activation, class T>
void backward_rows(const Exec& space, const ProjectionWeights<T>& w, const Tensor<T, 4>& x,
                   const Tensor<T, 4>& y_grad, Write write, const Tensor<T, 4>& x_grad,
                   const Tensor<T, 2>& partial) {
  const size_t channels_in = x.extent(3), hidden = w.weights_1.extent(1), channels = w.weights_2.extent(0);
  const size_t ldh = simd::padded<T>(hidden), ldc = simd::padded<T>(channels_in);
  const size_t nx = y_grad.extent(1), ny = y_grad.extent(2), px = x.extent(1), py = x.extent(2);
  const size_t rows = y_grad.extent(0) * px, parts = gradient_parts;
  const size_t w1_size = (channels_in + 1) * ldh, w1t_size = hidden * ldc, w2_size = channels * ldh;
  const size_t acc_size = (channels_in + 1) * ldh + channels * ldh + simd::padded<T>(channels);
  const size_t h_size = (projection_tile + 1) * ldh;
  const size_t numbers = w1_size + w1t_size + w2_size + acc_size + h_size;
  const bool wants_x = x_grad.data() != nullptr;
  auto policy =
      Policy(space, int(parts), 1).set_scratch_size(1, Kokkos::PerTeam(int(numbers * sizeof(T) + 64)));
  Kokkos::parallel_for("danaus::nn::project_backward", policy, [=](const Policy::member_type& team) {
    T* w1 = static_cast<T*>(team.team_scratch(1).get_shmem_aligned(numbers * sizeof(T), 64));
    T *b1 = w1 + channels_in * ldh, *w1t = w1 + w1_size, *w2 = w1t + w1t_size, *dw1 = w2 + w2_size;
    T *db1 = dw1 + channels_in * ldh, *dw2 = db1 + ldh, *db2 = dw2 + channels * ldh,
      *h = db2 + simd::padded<T>(channels);
    simd::pack_weights(w.weights_1.data(), channels_in, hidden, w1);
    simd::pack_weights(w.bias_1.data(), 1, hidden, b1);
    simd::pack_transposed(w.weights_1.data(), channels_in, hidden, w1t);
    simd::pack_weights(w.weights_2.data(), channels, hidden, w2);
    std::fill(dw1, dw1 + acc_size, T(0));
    const size_t part = size_t(team.league_rank());
    for (size_t r = rows * part / parts; r < rows * (part + 1) / parts; ++r) {
      const size_t sample = r / px, i = r % px;
      if (wants_x && write == Write::overwrite && (i >= nx || ny < py)) {
        T* padding = &x_grad(sample, i, i < nx ? ny : 0, 0);
        std::fill(padding, &x_grad(sample, i, 0, 0) + py * channels_in, T(0));
      }
      if (i >= nx) continue;
      for (size_t j = 0; j < ny; j += projection_tile) {
        const size_t points = std::min(projection_tile, ny - j);
        const T* xp = &x(sample, i, j, 0);
        simd::dense_rows<T>(points, channels_in, ldh, xp, channels_in, w1, b1, Write::overwrite, h, ldh);
        backward_tile<activation>(points, channels, h, ldh, w2, &y_grad(sample, i, j, 0),
                                  h + projection_tile * ldh, dw2, db2);
        simd::dense_gradient<T>(points, channels_in, ldh, xp, channels_in, h, ldh, dw1);
        simd::column_sums<T>(points, ldh, h, ldh, db1);
        if (!wants_x) continue;
        simd::dense_rows<T>(points, hidden, channels_in, h, ldh, w1t, nullptr, write,
                            &x_grad(sample, i, j, 0), channels_in);
      }
    }
    size_t at = 0;
    for (size_t k = 0; k <= channels_in; ++k)  // the row behind the weights is the bias
      for (size_t j = 0; j < hidden; ++j) partial(part, at++) = dw1[k * ldh + j];
    for (size_t o = 0; o < channels; ++o)
      for (size_t j = 0; j < hidden; ++j) partial(part, at++) = dw2[o * ldh + j];
    for (size_t o = 0; o < channels; ++o) partial(part, at++) = db2[o];
  });
}

}  // namespace host

#endif

template <class T>
void project_device(const Exec& space, const ProjectionWeights<T>& w, Activation activation,
                    const Tensor<T, 4>& x, const Tensor<T, 4>& y) {
  const device::ProjectKernel<T> kernel{w, activation, x, y};
  const size_t tiles = (kernel.points() + device::projection_points - 1) / device::projection_points;
  Kokkos::parallel_for("danaus::nn::project (device)",
                       team_policy(space, tiles, device::projection_threads, 1, kernel.scratch_bytes()),
                       kernel);
}

template <class T>
void project_backward_device(const Exec& space, const ProjectionWeights<T>& w, Activation activation,
                             const Tensor<T, 4>& x, const Tensor<T, 4>& y_grad, Workspace& scratch,
                             Write write, const Tensor<T, 4>& x_grad, const ProjectionWeights<T>& w_grad) {
  const auto mark = scratch.mark();
  const auto partial = scratch.take<T, 2>({gradient_parts, weight_count<T>(w)});
  fill(space, partial, T(0));
  const device::ProjectBackwardKernel<T> kernel{
      w, activation, x, y_grad, x_grad, write, partial.data(), partial.extent(1)};
  Kokkos::parallel_for(
      "danaus::nn::project_backward (device)",
      team_policy(space, gradient_parts, device::projection_threads, 1, kernel.scratch_bytes()), kernel);
  add_all_parts<T>(space, partial, w_grad);
  scratch.release(mark);
}

template <class T>
void project(const Exec& space, const ProjectionWeights<T>& w, Activation activation, const Tensor<T, 4>& x,
             const Tensor<T, 4>& y) {
  require_shapes<T>(w, x, y);
#if defined(KOKKOS_ENABLE_CUDA)
  project_device<T>(space, w, activation, x, y);
#else
  host::with_activation(activation, [&]<Activation a>() { host::forward_rows<a, T>(space, w, x, y); });
#endif
}

template <class T>
void project_backward(const Exec& space, const ProjectionWeights<T>& w, Activation activation,
                      const Tensor<T, 4>& x, const Tensor<T, 4>& y_grad, Workspace& scratch, Write write,
                      const Tensor<T, 4>& x_grad, const ProjectionWeights<T>& w_grad) {
  require_shapes<T>(w, x, y_grad);
#if defined(KOKKOS_ENABLE_CUDA)
  project_backward_device<T>(space, w, activation, x, y_grad, scratch, write, x_grad, w_grad);
#else
  const auto mark = scratch.mark();
  const auto partial = scratch.take<T, 2>({gradient_parts, weight_count<T>(w)});
  host::with_activation(activation, [&]<Activation a>() {
    host::backward_rows<a, T>(space, w, x, y_grad, write, x_grad, partial);
  });
  add_all_parts<T>(space, partial, w_grad);
  scratch.release(mark);
#endif
}

#define DANAUS_INSTANTIATE(T)                                                                                \
  template void project<T>(const Exec&, const ProjectionWeights<T>&, Activation, const Tensor<T, 4>&,        \
                           const Tensor<T, 4>&);                                                             \
  template void project_device<T>(const Exec&, const ProjectionWeights<T>&, Activation, const Tensor<T, 4>&, \
                                  const Tensor<T, 4>&);                                                      \
  template void project_backward<T>(const Exec&, const ProjectionWeights<T>&, Activation,                    \
                                    const Tensor<T, 4>&, const Tensor<T, 4>&, Workspace&, Write,             \
                                    const Tensor<T, 4>&, const ProjectionWeights<T>&);                       \
  template void project_backward_device<T>(const Exec&, const ProjectionWeights<T>&, Activation,             \
                                           const Tensor<T, 4>&, const Tensor<T, 4>&, Workspace&, Write,      \
                                           const Tensor<T, 4>&, const ProjectionWeights<T>&);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::nn
