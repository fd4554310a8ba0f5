#include <danaus/nn/mode_mixing.hpp>

#include <danaus/core/instantiate.hpp>

#if !defined(KOKKOS_ENABLE_CUDA)
#include <danaus/core/dense_rows.hpp>
#endif

namespace danaus::nn {

namespace {

template <class T>
void require_shapes(const char* what, const Tensor<Complex<T>, 4>& weights, const Tensor<T, 5>& spectrum,
                    const Tensor<T, 5>& out) {
  const std::string name(what);
  require_shape(name + ": spectrum", spectrum,
                {spectrum.extent(0), weights.extent(0), 2, weights.extent(1), weights.extent(2)});
  require_shape(name + ": out", out,
                {spectrum.extent(0), weights.extent(0), 2, weights.extent(1), weights.extent(3)});
}

}  // namespace

#if !defined(KOKKOS_ENABLE_CUDA)

namespace host {

using simd::for_each_tile;
using simd::Pack;
using simd::padded;
using simd::TileColumns;
using simd::width;

/// One mode of a spectrum: rows of channels, real part and imaginary part.
template <class T>
struct ModeRows {
  T* data;
  size_t sample_stride, plane_stride;
  T* at(size_t sample, size_t plane) const { return data + sample * sample_stride + plane * plane_stride; }
};

template <class T>
ModeRows<T> rows_of(const Tensor<T, 5>& s, size_t kx, size_t ky) {
  return {&s(0, kx, 0, ky, 0), s.stride(0), s.stride(2)};
}

/// packed[i] = {re[padded], im[padded]} of the row i of one mode's matrix.
template <class T>
void split_rows(const Complex<T>* w, size_t rows, size_t columns, T* packed) {
  const size_t ld = padded<T>(columns);
  for (size_t i = 0; i < rows; ++i) {
    T* re = packed + 2 * i * ld;
    for (size_t o = 0; o < columns; ++o) {
      re[o] = w[i * columns + o].real();
      re[ld + o] = w[i * columns + o].imag();
    }
    for (size_t o = columns; o < ld; ++o) re[o] = re[ld + o] = T(0);
  }
}

/// The conjugate transpose of the same, row by row.
template <class T>
void split_adjoint_rows(const Complex<T>* w, size_t rows, size_t columns, T* packed) {
  const size_t ld = padded<T>(rows);
  for (size_t o = 0; o < columns; ++o) {
    T* re = packed + 2 * o * ld;
    for (size_t i = 0; i < rows; ++i) {
      re[i] = w[i * columns + o].real();
      re[ld + i] = -w[i * columns + o].imag();
    }
    for (size_t i = rows; i < ld; ++i) re[i] = re[ld + i] = T(0);
  }
}

template <int RG, int NV, class T>
inline __attribute__((always_inline)) void mix_tile(size_t depth, const ModeRows<const T>& x, size_t sample,
                                                    const T* w, size_t ld, const TileColumns& c,
                                                    const ModeRows<T>& y) {
  Pack<T> re[RG][NV], im[RG][NV];
  DANAUS_UNROLL
  for (int r = 0; r < RG; ++r) DANAUS_UNROLL
  for (int v = 0; v < NV; ++v) re[r][v] = im[r][v] = Pack<T>(T(0));
  for (size_t i = 0; i < depth; ++i) {
    const T* row = w + 2 * i * ld;
    Pack<T> wr[NV], wi[NV];
    DANAUS_UNROLL
    for (int v = 0; v < NV; ++v) {
      wr[v] = simd::load(row + c.at(v));
      wi[v] = simd::load(row + ld + c.at(v));
    }
    DANAUS_UNROLL
    for (int r = 0; r < RG; ++r) {
      const Pack<T> xr(x.at(sample + r, 0)[i]), xi(x.at(sample + r, 1)[i]);
      DANAUS_UNROLL
      for (int v = 0; v < NV; ++v) {
        re[r][v] = re[r][v] + xr * wr[v];
        im[r][v] = im[r][v] + xr * wi[v];
        re[r][v] = re[r][v] - xi * wi[v];
        im[r][v] = im[r][v] + xi * wr[v];
      }
    }
  }
  DANAUS_UNROLL
  for (int r = 0; r < RG; ++r) DANAUS_UNROLL
  for (int v = 0; v < NV; ++v) {
    simd::store_first(re[r][v], y.at(sample + r, 0) + c.at(v), c.count);
    simd::store_first(im[r][v], y.at(sample + r, 1) + c.at(v), c.count);
  }
}

/// y = x w for all samples of one mode.
template <class T>
void mix_mode(size_t samples, size_t depth, size_t columns, const ModeRows<const T>& x, const T* w,
              const ModeRows<T>& y) {
  const size_t ld = padded<T>(columns);
  for_each_tile<T>(columns, [&]<int NV>(const TileColumns& c) {
    constexpr int RG = simd::accumulators / (2 * NV);
    size_t s = 0;
    for (; s + RG <= samples; s += RG) mix_tile<RG, NV>(depth, x, s, w, ld, c, y);
    for (; s < samples; ++s) mix_tile<1, NV>(depth, x, s, w, ld, c, y);
  });
}

template <int KT, class T>
inline __attribute__((always_inline)) void gradient_tile(size_t samples, const ModeRows<const T>& x,
                                                         size_t input, const T* dy, size_t ld, size_t first,
                                                         size_t columns, Complex<T>* dw) {
  constexpr size_t W = size_t(width<T>);
  Pack<T> re[KT], im[KT];
  DANAUS_UNROLL
  for (int k = 0; k < KT; ++k) re[k] = im[k] = Pack<T>(T(0));
  for (size_t s = 0; s < samples; ++s) {
    const Pack<T> yr = simd::load(dy + 2 * s * ld + first), yi = simd::load(dy + (2 * s + 1) * ld + first);
    DANAUS_UNROLL
    for (int k = 0; k < KT; ++k) {
      const Pack<T> xr(x.at(s, 0)[input + k]), xi(x.at(s, 1)[input + k]);
      re[k] = re[k] + yr * xr;
      im[k] = im[k] + yi * xr;
      re[k] = re[k] + yi * xi;
      im[k] = im[k] - yr * xi;
    }
  }
  alignas(64) T a[W], b[W];
  const size_t count = std::min(W, columns - first);
  for (int k = 0; k < KT; ++k) {
    simd::store(re[k], a);
    simd::store(im[k], b);
    T* to = reinterpret_cast<T*>(dw + (input + k) * columns + first);
    for (size_t o = 0; o < count; ++o) {
      to[2 * o] += a[o];
      to[2 * o + 1] += b[o];
    }
  }
}

template <class T>
void mode_gradient(size_t samples, size_t depth, size_t columns, const ModeRows<const T>& x,
                   const ModeRows<const T>& dy, T* buffer, Complex<T>* dw) {
  const size_t ld = padded<T>(columns);
  for (size_t s = 0; s < samples; ++s)
    for (size_t plane = 0; plane < 2; ++plane) {
      T* to = buffer + (2 * s + plane) * ld;
      for (size_t o = 0; o < columns; ++o) to[o] = dy.at(s, plane)[o];
      for (size_t o = columns; o < ld; ++o) to[o] = T(0);
    }
  constexpr int KT = simd::accumulators / 4;
  for (size_t first = 0; first < columns; first += size_t(width<T>)) {
    size_t i = 0;
    for (; i + KT <= depth; i += KT) gradient_tile<KT>(samples, x, i, buffer, ld, first, columns, dw);
    for (; i < depth; ++i) gradient_tile<1>(samples, x, i, buffer, ld, first, columns, dw);
  }
}

using Policy = Kokkos::TeamPolicy<Exec>;

template <class T>
Policy over_modes(const Exec& space, const Tensor<Complex<T>, 4>& weights, size_t numbers) {
  return Policy(space, int(weights.extent(0) * weights.extent(1)), 1)
      .set_scratch_size(1, Kokkos::PerTeam(int(numbers * sizeof(T) + 64)));
}

template <class T>
void mix(const Exec& space, const Tensor<Complex<T>, 4>& weights, const Tensor<T, 5>& spectrum,
         const Tensor<T, 5>& out) {
  const size_t modes_y = weights.extent(1), inputs = weights.extent(2), outputs = weights.extent(3);
  const size_t numbers = 2 * inputs * padded<T>(outputs);
  Kokkos::parallel_for(
      "danaus::nn::mix_modes", over_modes<T>(space, weights, numbers), [=](const Policy::member_type& team) {
        const size_t kx = size_t(team.league_rank()) / modes_y, ky = size_t(team.league_rank()) % modes_y;
        T* w = static_cast<T*>(team.team_scratch(1).get_shmem_aligned(numbers * sizeof(T), 64));
        split_rows(&weights(kx, ky, 0, 0), inputs, outputs, w);
        mix_mode<T>(spectrum.extent(0), inputs, outputs, rows_of<const T>(spectrum, kx, ky), w,
                    rows_of<T>(out, kx, ky));
      });
}

template <class T>
void mix_backward(const Exec& space, const Tensor<Complex<T>, 4>& weights, const Tensor<T, 5>& spectrum,
                  const Tensor<T, 5>& out_grad, const Tensor<T, 5>& spectrum_grad,
                  const Tensor<Complex<T>, 4>& weights_grad) {
  const size_t modes_y = weights.extent(1), inputs = weights.extent(2), outputs = weights.extent(3),
               samples = spectrum.extent(0);
  const size_t w_numbers = 2 * outputs * padded<T>(inputs),
               numbers = w_numbers + 2 * samples * padded<T>(outputs);
  Kokkos::parallel_for(
      "danaus::nn::mix_modes_backward", over_modes<T>(space, weights, numbers),
      [=](const Policy::member_type& team) {
        const size_t kx = size_t(team.league_rank()) / modes_y, ky = size_t(team.league_rank()) % modes_y;
        T* w = static_cast<T*>(team.team_scratch(1).get_shmem_aligned(numbers * sizeof(T), 64));
        split_adjoint_rows(&weights(kx, ky, 0, 0), inputs, outputs, w);
        const auto dy = rows_of<const T>(out_grad, kx, ky);
        mode_gradient<T>(samples, inputs, outputs, rows_of<const T>(spectrum, kx, ky), dy, w + w_numbers,
                         &weights_grad(kx, ky, 0, 0));
        mix_mode<T>(samples, outputs, inputs, dy, w, rows_of<T>(spectrum_grad, kx, ky));
      });
}

}  // namespace host

#endif

/// One thread per number; the GPU build uses it.
template <class T>
void mix_modes_device(const Exec& space, const Tensor<Complex<T>, 4>& weights, const Tensor<T, 5>& spectrum,
                      const Tensor<T, 5>& out) {
  using Range = Kokkos::MDRangePolicy<Exec, Kokkos::Rank<4>>;
  Kokkos::parallel_for(
      "danaus::nn::mix_modes (device)",
      Range(space, {0, 0, 0, 0},
            {long(out.extent(0)), long(out.extent(1)), long(out.extent(3)), long(out.extent(4))}),
      KOKKOS_LAMBDA(long b, long kx, long ky, long o) {
        Complex<T> sum(0, 0);
        for (size_t i = 0; i < weights.extent(2); ++i)
          sum += weights(kx, ky, i, o) * Complex<T>(spectrum(b, kx, 0, ky, i), spectrum(b, kx, 1, ky, i));
        out(b, kx, 0, ky, o) = sum.real();
        out(b, kx, 1, ky, o) = sum.imag();
      });
}

template <class T>
void mix_modes_backward_device(const Exec& space, const Tensor<Complex<T>, 4>& weights,
                               const Tensor<T, 5>& spectrum, const Tensor<T, 5>& out_grad,
                               const Tensor<T, 5>& spectrum_grad, const Tensor<Complex<T>, 4>& weights_grad) {
  using Range = Kokkos::MDRangePolicy<Exec, Kokkos::Rank<4>>;
  Kokkos::parallel_for(
      "danaus::nn::mix_modes_backward (device, spectrum)",
      Range(space, {0, 0, 0, 0},
            {long(spectrum.extent(0)), long(spectrum.extent(1)), long(spectrum.extent(3)),
             long(spectrum.extent(4))}),
      KOKKOS_LAMBDA(long b, long kx, long ky, long i) {
        Complex<T> sum(0, 0);
        for (size_t o = 0; o < weights.extent(3); ++o)
          sum += Kokkos::conj(weights(kx, ky, i, o)) *
                 Complex<T>(out_grad(b, kx, 0, ky, o), out_grad(b, kx, 1, ky, o));
        spectrum_grad(b, kx, 0, ky, i) = sum.real();
        spectrum_grad(b, kx, 1, ky, i) = sum.imag();
      });
  Kokkos::parallel_for(
      "danaus::nn::mix_modes_backward (device, weights)",
      Range(space, {0, 0, 0, 0},
            {long(weights.extent(0)), long(weights.extent(1)), long(weights.extent(2)),
             long(weights.extent(3))}),
      KOKKOS_LAMBDA(long kx, long ky, long i, long o) {
        Complex<T> sum(0, 0);
        for (size_t b = 0; b < spectrum.extent(0); ++b)
          sum += Complex<T>(out_grad(b, kx, 0, ky, o), out_grad(b, kx, 1, ky, o)) *
                 Complex<T>(spectrum(b, kx, 0, ky, i), -spectrum(b, kx, 1, ky, i));
        weights_grad(kx, ky, i, o) += sum;
      });
}

template <class T>
void mix_modes(const Exec& space, const Tensor<Complex<T>, 4>& weights, const Tensor<T, 5>& spectrum,
               const Tensor<T, 5>& out) {
  require_shapes<T>("mix_modes", weights, spectrum, out);
#if defined(KOKKOS_ENABLE_CUDA)
  mix_modes_device<T>(space, weights, spectrum, out);
#else
  host::mix<T>(space, weights, spectrum, out);
#endif
}

template <class T>
void mix_modes_backward(const Exec& space, const Tensor<Complex<T>, 4>& weights, const Tensor<T, 5>& spectrum,
                        const Tensor<T, 5>& out_grad, const Tensor<T, 5>& spectrum_grad,
                        const Tensor<Complex<T>, 4>& weights_grad) {
  require_shapes<T>("mix_modes_backward", weights, spectrum, out_grad);
  require_shape("mix_modes_backward: spectrum_grad", spectrum_grad, shape_of(spectrum));
  require_shape("mix_modes_backward: weights_grad", weights_grad, shape_of(weights));
#if defined(KOKKOS_ENABLE_CUDA)
  mix_modes_backward_device<T>(space, weights, spectrum, out_grad, spectrum_grad, weights_grad);
#else
  host::mix_backward<T>(space, weights, spectrum, out_grad, spectrum_grad, weights_grad);
#endif
}

#define DANAUS_INSTANTIATE(T)                                                                                \
  template void mix_modes<T>(const Exec&, const Tensor<Complex<T>, 4>&, const Tensor<T, 5>&,                 \
                             const Tensor<T, 5>&);                                                           \
  template void mix_modes_backward<T>(const Exec&, const Tensor<Complex<T>, 4>&, const Tensor<T, 5>&,        \
                                      const Tensor<T, 5>&, const Tensor<T, 5>&,                              \
                                      const Tensor<Complex<T>, 4>&);                                         \
  template void mix_modes_device<T>(const Exec&, const Tensor<Complex<T>, 4>&, const Tensor<T, 5>&,          \
                                    const Tensor<T, 5>&);                                                    \
  template void mix_modes_backward_device<T>(const Exec&, const Tensor<Complex<T>, 4>&, const Tensor<T, 5>&, \
                                             const Tensor<T, 5>&, const Tensor<T, 5>&,                       \
                                             const Tensor<Complex<T>, 4>&);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::nn
