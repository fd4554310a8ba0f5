#include "lifting_kernels.hpp"

#include <danaus/core/instantiate.hpp>

#include <algorithm>

#include "partial_sums.hpp"
#if !defined(KOKKOS_ENABLE_CUDA)
#include <danaus/core/dense_rows.hpp>
#endif

namespace danaus::nn {

#if !defined(KOKKOS_ENABLE_CUDA)

namespace host {

using Policy = Kokkos::TeamPolicy<Exec>;

/// The last input of the points of a grid row, which is the same in every row.
template <class T>
void coordinates_along_y(const LiftingInput<T>& in, T* coordinates) {
  for (size_t j = 0; j < in.ny; ++j) coordinates[j] = in.at(0, 0, j, in.inputs() - 1);
}

/// The inputs of one grid row, (point, input).
template <class T>
void gather_row(const LiftingInput<T>& in, const T* along_y, size_t b, size_t i, T* row) {
  const size_t inputs = in.inputs(), values = in.frames * in.channels;
  for (size_t f = 0; f < in.frames; ++f) {
    const T* from = in.frame[f] + (b * in.nx + i) * in.ny * in.channels;
    if (in.channels == 1) {
      for (size_t j = 0; j < in.ny; ++j) row[j * inputs + f] = from[j];
      continue;
    }
    for (size_t j = 0; j < in.ny; ++j)
      for (size_t c = 0; c < in.channels; ++c)
        row[j * inputs + f * in.channels + c] = from[j * in.channels + c];
  }
  const T along_x = in.at(b, i, 0, values);
  for (size_t j = 0; j < in.ny; ++j) {
    row[j * inputs + values] = along_x;
    row[j * inputs + values + 1] = along_y[j];
  }
}

template <class T>
void lift(const Exec& space, const LiftingInput<T>& in, const Tensor<T, 2>& weights, const Tensor<T, 1>& bias,
          const Tensor<T, 4>& y) {
  const size_t inputs = in.inputs(), channels = weights.extent(1), ld = simd::padded<T>(channels);
  const size_t rows = in.batch * (in.nx + in.padding), parts = std::min<size_t>(rows, 256);
  const size_t w_size = (inputs + 1) * ld, x_size = in.ny * inputs, numbers = w_size + x_size + in.ny;
  auto policy =
      Policy(space, int(parts), 1).set_scratch_size(1, Kokkos::PerTeam(int(numbers * sizeof(T) + 64)));
  Kokkos::parallel_for("danaus::nn::lift", policy, [=](const Policy::member_type& team) {
    T* w = static_cast<T*>(team.team_scratch(1).get_shmem_aligned(numbers * sizeof(T), 64));
    T *b = w + inputs * ld, *x = w + w_size, *along_y = x + x_size;
    simd::pack_weights(weights.data(), inputs, channels, w);
    simd::pack_weights(bias.data(), 1, channels, b);
    coordinates_along_y(in, along_y);
    const size_t part = size_t(team.league_rank());
    for (size_t r = rows * part / parts; r < rows * (part + 1) / parts; ++r) {
      const size_t sample = r / (in.nx + in.padding), i = r % (in.nx + in.padding);
      T* to = &y(sample, i, 0, 0);
      size_t done = 0;
      if (i < in.nx) {
        gather_row(in, along_y, sample, i, x);
        simd::dense_rows<T>(in.ny, inputs, channels, x, inputs, w, b, Write::overwrite, to, channels);
        done = in.ny * channels;
      }
      std::fill(to + done, to + (in.ny + in.padding) * channels, T(0));
    }
  });
}

template <class T>
void lift_backward(const Exec& space, const LiftingInput<T>& in, const Tensor<T, 2>& weights,
                   const Tensor<T, 4>& y_grad, const LiftingGradient<T>& in_grad,
                   const Tensor<T, 3>& partial) {
  const size_t inputs = in.inputs(), channels = weights.extent(1), ld = simd::padded<T>(channels),
               ldx = simd::padded<T>(inputs);
  const size_t rows = in.batch * in.nx, parts = partial.extent(0);
  const size_t w_size = channels * ldx, sums_size = (inputs + 1) * ld, x_size = in.ny * inputs,
               dx_size = in.ny * ldx;
  const size_t numbers = w_size + sums_size + x_size + dx_size + in.ny;
  auto policy =
      Policy(space, int(parts), 1).set_scratch_size(1, Kokkos::PerTeam(int(numbers * sizeof(T) + 64)));
  Kokkos::parallel_for("danaus::nn::lift_backward", policy, [=](const Policy::member_type& team) {
    T* w = static_cast<T*>(team.team_scratch(1).get_shmem_aligned(numbers * sizeof(T), 64));
    T *sums = w + w_size, *dx = sums + sums_size, *x = dx + dx_size, *along_y = x + x_size;
    simd::pack_transposed(weights.data(), inputs, channels, w);
    coordinates_along_y(in, along_y);
    std::fill(sums, sums + sums_size, T(0));
    const size_t part = size_t(team.league_rank());
    for (size_t r = rows * part / parts; r < rows * (part + 1) / parts; ++r) {
      const size_t sample = r / in.nx, i = r % in.nx;
      gather_row(in, along_y, sample, i, x);
      const T* dy = &y_grad(sample, i, 0, 0);
      simd::dense_gradient<T>(in.ny, inputs, channels, x, inputs, dy, channels, sums);
      simd::column_sums<T>(in.ny, channels, dy, channels, sums + inputs * ld);
      if (!in_grad.any) continue;
      simd::dense_rows<T>(in.ny, channels, ldx, dy, channels, w, nullptr, Write::overwrite, dx, ldx);
      for (size_t f = 0; f < in.frames; ++f) {
        if (!in_grad.frame[f]) continue;
        T* to = in_grad.frame[f] + (sample * in.nx + i) * in.ny * in.channels;
        for (size_t j = 0; j < in.ny; ++j)
          for (size_t c = 0; c < in.channels; ++c)
            store(in_grad.write[f], dx[j * ldx + f * in.channels + c], to[j * in.channels + c]);
      }
    }
    for (size_t k = 0; k <= inputs; ++k)
      for (size_t c = 0; c < channels; ++c) partial(part, k, c) = sums[k * ld + c];
  });
}

}  // namespace host

#endif

template <class T>
void lift_device(const Exec& space, const LiftingInput<T>& in, const Tensor<T, 2>& weights,
                 const Tensor<T, 1>& bias, const Tensor<T, 4>& y) {
  using Range = Kokkos::MDRangePolicy<Exec, Kokkos::Rank<4>>;
  Kokkos::parallel_for(
      "danaus::nn::lift (device)",
      Range(space, {0, 0, 0, 0},
            {long(y.extent(0)), long(y.extent(1)), long(y.extent(2)), long(y.extent(3))}),
      KOKKOS_LAMBDA(long b, long i, long j, long c) {
        T sum = 0;
        if (size_t(i) < in.nx && size_t(j) < in.ny) {
          sum = bias(c);
          for (size_t k = 0; k < in.inputs(); ++k) sum += weights(k, c) * in.at(b, i, j, k);
        }
        y(b, i, j, c) = sum;
      });
}

template <class T>
void lift_backward_device(const Exec& space, const LiftingInput<T>& in, const Tensor<T, 2>& weights,
                          const Tensor<T, 4>& y_grad, Workspace& scratch, const LiftingGradient<T>& in_grad,
                          const Tensor<T, 2>& weights_grad, const Tensor<T, 1>& bias_grad) {
  using Range = Kokkos::MDRangePolicy<Exec, Kokkos::Rank<3>>;
  const size_t inputs = in.inputs(), channels = weights.extent(1);
  if (in_grad.any)
    Kokkos::parallel_for(
        "danaus::nn::lift_backward (device, frames)",
        Range(space, {0, 0, 0}, {long(in.batch * in.nx), long(in.ny), long(in.frames * in.channels)}),
        KOKKOS_LAMBDA(long row, long j, long k) {
          const size_t f = size_t(k) / in.channels;
          if (!in_grad.frame[f]) return;
          T sum = 0;
          for (size_t c = 0; c < channels; ++c)
            sum += weights(k, c) * y_grad(size_t(row) / in.nx, size_t(row) % in.nx, j, c);
          store(in_grad.write[f], sum,
                in_grad.frame[f][(size_t(row) * in.ny + size_t(j)) * in.channels + size_t(k) % in.channels]);
        });
  const auto mark = scratch.mark();
  const auto partial = scratch.take<T, 3>({gradient_parts, inputs + 1, channels});
  const size_t rows = in.batch * in.nx;
  Kokkos::parallel_for(
      "danaus::nn::lift_backward (device, weights)",
      Range(space, {0, 0, 0}, {long(gradient_parts), long(inputs + 1), long(channels)}),
      KOKKOS_LAMBDA(long part, long k, long c) {
        T sum = 0;
        for (size_t r = rows * size_t(part) / gradient_parts; r < rows * size_t(part + 1) / gradient_parts;
             ++r)
          for (size_t j = 0; j < in.ny; ++j)
            sum += (size_t(k) < inputs ? in.at(r / in.nx, r % in.nx, j, k) : T(1)) *
                   y_grad(r / in.nx, r % in.nx, j, c);
        partial(part, k, c) = sum;
      });
  add_partial_sums<T>(space, partial, weights_grad, bias_grad);
  scratch.release(mark);
}

template <class T>
void lift(const Exec& space, const LiftingInput<T>& in, const Tensor<T, 2>& weights, const Tensor<T, 1>& bias,
          const Tensor<T, 4>& y) {
#if defined(KOKKOS_ENABLE_CUDA)
  lift_device<T>(space, in, weights, bias, y);
#else
  host::lift<T>(space, in, weights, bias, y);
#endif
}

template <class T>
void lift_backward(const Exec& space, const LiftingInput<T>& in, const Tensor<T, 2>& weights,
                   const Tensor<T, 4>& y_grad, Workspace& scratch, const LiftingGradient<T>& in_grad,
                   const Tensor<T, 2>& weights_grad, const Tensor<T, 1>& bias_grad) {
#if defined(KOKKOS_ENABLE_CUDA)
  lift_backward_device<T>(space, in, weights, y_grad, scratch, in_grad, weights_grad, bias_grad);
#else
  const auto mark = scratch.mark();
  const auto partial = scratch.take<T, 3>({gradient_parts, in.inputs() + 1, weights.extent(1)});
  host::lift_backward<T>(space, in, weights, y_grad, in_grad, partial);
  add_partial_sums<T>(space, partial, weights_grad, bias_grad);
  scratch.release(mark);
#endif
}

#define DANAUS_INSTANTIATE(T)                                                                          \
  template void lift<T>(const Exec&, const LiftingInput<T>&, const Tensor<T, 2>&, const Tensor<T, 1>&, \
                        const Tensor<T, 4>&);                                                          \
  template void lift_device<T>(const Exec&, const LiftingInput<T>&, const Tensor<T, 2>&,               \
                               const Tensor<T, 1>&, const Tensor<T, 4>&);                              \
  template void lift_backward<T>(const Exec&, const LiftingInput<T>&, const Tensor<T, 2>&,             \
                                 const Tensor<T, 4>&, Workspace&, const LiftingGradient<T>&,           \
                                 const Tensor<T, 2>&, const Tensor<T, 1>&);                            \
  template void lift_backward_device<T>(const Exec&, const LiftingInput<T>&, const Tensor<T, 2>&,      \
                                        const Tensor<T, 4>&, Workspace&, const LiftingGradient<T>&,    \
                                        const Tensor<T, 2>&, const Tensor<T, 1>&);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::nn
