#include "lifting_kernels.hpp"

#include <danaus/core/instantiate.hpp>

#include <algorithm>

#include "device_products.hpp"
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
  const int channels = int(weights.extent(1));
  const device::PointGrid grid{y.extent(1), y.extent(2)};
  device::dense_rows<T>(
      space, y.extent(0) * grid.nx * grid.ny, int(in.inputs()), channels, {weights.data(), channels, 1},
      KOKKOS_LAMBDA(size_t p, int k) {
        const size_t i = grid.i(p), j = grid.j(p);
        return i < in.nx && j < in.ny ? in.at(grid.sample(p), i, j, size_t(k)) : T(0);
      },
      KOKKOS_LAMBDA(size_t p, int c, T sum) {
        const size_t i = grid.i(p), j = grid.j(p);
        y(grid.sample(p), i, j, size_t(c)) = i < in.nx && j < in.ny ? sum + bias(c) : T(0);
      });
}

template <class T>
void lift_backward_device(const Exec& space, const LiftingInput<T>& in, const Tensor<T, 2>& weights,
                          const Tensor<T, 4>& y_grad, Workspace& scratch, const LiftingGradient<T>& in_grad,
                          const Tensor<T, 2>& weights_grad, const Tensor<T, 1>& bias_grad) {
  const int inputs = int(in.inputs()), channels = int(weights.extent(1));
  const device::PointGrid grid{in.nx, in.ny};
  const size_t points = in.batch * in.nx * in.ny;
  const auto gradient = KOKKOS_LAMBDA(size_t p, int c) {
    return y_grad(grid.sample(p), grid.i(p), grid.j(p), size_t(c));
  };
  if (in_grad.any)
    device::dense_rows<T>(
        space, points, channels, int(in.frames * in.channels), {weights.data(), 1, channels}, gradient,
        KOKKOS_LAMBDA(size_t p, int k, T sum) {
          const size_t f = size_t(k) / in.channels;
          if (in_grad.frame[f])
            store(in_grad.write[f], sum, in_grad.frame[f][p * in.channels + size_t(k) % in.channels]);
        });
  const auto mark = scratch.mark();
  const auto partial = scratch.take<T, 3>({gradient_parts, size_t(inputs + 1), size_t(channels)});
  device::outer_products<T>(
      space, points, inputs + 1, channels,
      KOKKOS_LAMBDA(size_t p, int k) {
        return k < inputs ? in.at(grid.sample(p), grid.i(p), grid.j(p), size_t(k)) : T(1);
      },
      gradient, partial.data(), partial.extent(1) * partial.extent(2));
  add_partial_sums<T>(space, partial.data(), weights_grad, bias_grad);
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
  add_partial_sums<T>(space, partial.data(), weights_grad, bias_grad);
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
