#pragma once

// Vectorised CPU kernels of mode_mixing.hpp: for each mode a product over the batch, with complex numbers
// side by side as the weights hold them. The real and the imaginary parts of one factor multiply the other's
// packs apart,
//
//     a = sum Re(x) w,   b = sum Im(x) w,   so that   x w = a + i b,
//
// and only the sums are put together: nothing is rearranged inside a loop.

#include <danaus/core/complex.hpp>
#include <danaus/core/complex_lanes.hpp>
#include <danaus/core/dense_rows.hpp>

namespace danaus::nn::host {

using simd::Pack;
using simd::TileColumns;
using simd::width;

/// One mode of a spectrum: rows of channels, real part and imaginary part.
template <class T>
struct ModeRows {
  T* data;
  size_t samples, channels, sample_stride, plane_stride;
  T* at(size_t sample, size_t plane) const { return data + sample * sample_stride + plane * plane_stride; }
};

template <class T>
ModeRows<T> rows_of(const Tensor<T, 5>& s, size_t kx, size_t ky) {
  return {&s(0, kx, 0, ky, 0), s.extent(0), s.extent(4), s.stride(0), s.stride(2)};
}

/// pairs[sample][2 channel + plane]. The rows lie far apart, often at the same place in every page; here they
/// are read once. The next mode's follow them in memory.
template <class T>
void join_rows(const ModeRows<const T>& rows, T* pairs) {
  for (size_t s = 0; s < rows.samples; ++s)
    for (size_t plane = 0; plane < 2; ++plane)
      for (size_t c = 0; c < rows.channels; c += 64 / sizeof(T))
        __builtin_prefetch(rows.at(s, plane) + rows.channels + c);
  for (size_t s = 0; s < rows.samples; ++s)
    simd::join_pairs(rows.at(s, 0), rows.at(s, 1), rows.channels, Write::overwrite,
                     pairs + s * 2 * rows.channels);
}

/// z = x w or x conj(w) for RG samples and NV packs; z and the rows of w hold pairs.
template <bool conjugate, int RG, int NV, class T>
inline __attribute__((always_inline)) void mix_tile(size_t depth, const T* x, const T* w, size_t ld,
                                                    const TileColumns& c, T* z) {
  Pack<T> a[RG][NV], b[RG][NV];
  DANAUS_UNROLL
  for (int r = 0; r < RG; ++r) DANAUS_UNROLL
  for (int v = 0; v < NV; ++v) a[r][v] = b[r][v] = Pack<T>(T(0));
  for (size_t i = 0; i < depth; ++i) {
    Pack<T> row[NV];
    DANAUS_UNROLL
    for (int v = 0; v < NV; ++v) row[v] = simd::load_first(w + i * ld + c.at(v), c.count);
    DANAUS_UNROLL
    for (int r = 0; r < RG; ++r) {
      const T* from = x + (size_t(r) * depth + i) * 2;
      const Pack<T> re(from[0]), im(from[1]);
      DANAUS_UNROLL
      for (int v = 0; v < NV; ++v) {
        a[r][v] = a[r][v] + re * row[v];
        b[r][v] = b[r][v] + im * row[v];
      }
    }
  }
  // a + i b, or conj(a) + i conj(b)
  const Pack<T> sign = conjugate ? simd::alternating(T(1), T(-1)) : simd::alternating(T(-1), T(1));
  DANAUS_UNROLL
  for (int r = 0; r < RG; ++r) DANAUS_UNROLL
  for (int v = 0; v < NV; ++v) {
    const Pack<T> swapped = simd::swap_pairs<T>(b[r][v]);
    const Pack<T> sum = conjugate ? a[r][v] * sign + swapped : a[r][v] + swapped * sign;
    simd::store_first(sum, z + size_t(r) * ld + c.at(v), c.count);
  }
}

/// y = x w or x conj(w) for all samples of one mode.
/// @param x  pairs (sample, depth)
/// @param w  pairs (depth, channel)
/// @param z  room for the pairs of four samples
template <bool conjugate, class T>
void mix_mode(size_t depth, const T* x, const T* w, T* z, const ModeRows<T>& y) {
  const size_t ld = 2 * y.channels;
  const auto rows = [&]<int RG>(size_t s) {
    simd::for_each_tile<T>(ld, [&]<int NV>(const TileColumns& c) {
      mix_tile<conjugate, RG, NV>(depth, x + s * 2 * depth, w, ld, c, z);
    });
    for (size_t r = 0; r < size_t(RG); ++r)
      simd::split_pairs(z + r * ld, y.channels, y.at(s + r, 0), y.at(s + r, 1));
  };
  constexpr int RG = simd::accumulators / 4;
  size_t s = 0;
  for (; s + RG <= y.samples; s += RG) rows.template operator()<RG>(s);
  for (; s < y.samples; ++s) rows.template operator()<1>(s);
}

/// dw[k] += sum_s conj(x[s][k]) dy[s] for KT inputs and NV packs of pairs.
template <int KT, int NV, class T>
inline __attribute__((always_inline)) void gradient_tile(size_t samples, const T* x, size_t ldx, const T* dy,
                                                         size_t ld, const TileColumns& c, T* dw) {
  Pack<T> a[KT][NV], b[KT][NV];
  DANAUS_UNROLL
  for (int k = 0; k < KT; ++k) DANAUS_UNROLL
  for (int v = 0; v < NV; ++v) a[k][v] = b[k][v] = Pack<T>(T(0));
  for (size_t s = 0; s < samples; ++s) {
    Pack<T> row[NV];
    DANAUS_UNROLL
    for (int v = 0; v < NV; ++v) row[v] = simd::load_first(dy + s * ld + c.at(v), c.count);
    DANAUS_UNROLL
    for (int k = 0; k < KT; ++k) {
      const T* from = x + s * ldx + 2 * size_t(k);
      const Pack<T> re(from[0]), im(from[1]);
      DANAUS_UNROLL
      for (int v = 0; v < NV; ++v) {
        a[k][v] = a[k][v] + re * row[v];
        b[k][v] = b[k][v] + im * row[v];
      }
    }
  }
  const Pack<T> sign = simd::alternating(T(1), T(-1));  // a - i b
  DANAUS_UNROLL
  for (int k = 0; k < KT; ++k) {
    T* to = dw + size_t(k) * ld;
    DANAUS_UNROLL
    for (int v = 0; v < NV; ++v)  // every load before a store: packs may overlap
      a[k][v] = simd::load_first(to + c.at(v), c.count) + (a[k][v] + simd::swap_pairs<T>(b[k][v]) * sign);
    DANAUS_UNROLL
    for (int v = 0; v < NV; ++v) simd::store_first(a[k][v], to + c.at(v), c.count);
  }
}

template <class T>
void mode_gradient(size_t samples, size_t depth, size_t columns, const T* x, const T* dy, T* dw) {
  const size_t ld = 2 * columns, ldx = 2 * depth;
  simd::for_each_tile<T>(ld, [&]<int NV>(const TileColumns& c) {
    constexpr size_t KT = simd::accumulators / 4;
    size_t k = 0;
    for (; k + KT <= depth; k += KT)
      gradient_tile<int(KT), NV>(samples, x + 2 * k, ldx, dy, ld, c, dw + k * ld);
    for (; k < depth; ++k) gradient_tile<1, NV>(samples, x + 2 * k, ldx, dy, ld, c, dw + k * ld);
  });
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
  const size_t x_size = spectrum.extent(0) * 2 * inputs, numbers = x_size + 4 * 2 * outputs;
  Kokkos::parallel_for(
      "danaus::nn::mix_modes", over_modes<T>(space, weights, numbers), [=](const Policy::member_type& team) {
        const size_t kx = size_t(team.league_rank()) / modes_y, ky = size_t(team.league_rank()) % modes_y;
        T* x = static_cast<T*>(team.team_scratch(1).get_shmem_aligned(numbers * sizeof(T), 64));
        join_rows(rows_of<const T>(spectrum, kx, ky), x);
        mix_mode<false>(inputs, x, reinterpret_cast<const T*>(&weights(kx, ky, 0, 0)), x + x_size,
                        rows_of<T>(out, kx, ky));
      });
}

template <class T>
void mix_backward(const Exec& space, const Tensor<Complex<T>, 4>& weights, const Tensor<T, 5>& spectrum,
                  const Tensor<T, 5>& out_grad, const Tensor<T, 5>& spectrum_grad,
                  const Tensor<Complex<T>, 4>& weights_grad) {
  const size_t modes_y = weights.extent(1), inputs = weights.extent(2), outputs = weights.extent(3),
               samples = spectrum.extent(0);
  const size_t w_size = 2 * inputs * outputs, x_size = samples * 2 * inputs, dy_size = samples * 2 * outputs;
  const size_t numbers = w_size + x_size + dy_size + 4 * 2 * inputs;
  Kokkos::parallel_for(
      "danaus::nn::mix_modes_backward", over_modes<T>(space, weights, numbers),
      [=](const Policy::member_type& team) {
        const size_t kx = size_t(team.league_rank()) / modes_y, ky = size_t(team.league_rank()) % modes_y;
        T* w = static_cast<T*>(team.team_scratch(1).get_shmem_aligned(numbers * sizeof(T), 64));
        T *x = w + w_size, *dy = x + x_size;
        simd::transpose(inputs, outputs, &weights(kx, ky, 0, 0), ptrdiff_t(outputs),
                        reinterpret_cast<Complex<T>*>(w), ptrdiff_t(inputs));
        join_rows(rows_of<const T>(spectrum, kx, ky), x);
        join_rows(rows_of<const T>(out_grad, kx, ky), dy);
        mode_gradient(samples, inputs, outputs, x, dy, reinterpret_cast<T*>(&weights_grad(kx, ky, 0, 0)));
        mix_mode<true>(outputs, dy, w, dy + dy_size, rows_of<T>(spectrum_grad, kx, ky));
      });
}

}  // namespace danaus::nn::host
