#pragma once

// The CPU kernels of local_convolution.cpp where the hidden channels fill whole packs: every sum stays in
// registers. Left to itself the compiler keeps the accumulators in memory and is thirty times slower.

#include <danaus/core/lane_sums.hpp>
#include <danaus/core/tensor.hpp>

#include <nn/activation_host.hpp>
#include <nn/local_convolution.hpp>

#include <algorithm>
#include <array>

namespace danaus::nn::host {

using simd::Pack;

template <int H, class T>
inline constexpr bool fills_packs = simd::width<T> > 1 && H % simd::width<T> == 0;

/// f.template operator()<count>(first) for channels first .. first + count, at most four at a time.
template <class F>
inline __attribute__((always_inline)) void for_channels(int channels, F f) {
  int c = 0;
  for (; c + 4 <= channels; c += 4) f.template operator()<4>(c);
  if (c + 2 <= channels) f.template operator()<2>(c), c += 2;
  if (c < channels) f.template operator()<1>(c);
}

/// f.template operator()<count>(first) for pixels first .. first + count of a row. Where `at_once` do not
/// divide the row, some are computed twice; a shorter row is done one by one.
template <int at_once, class F>
inline __attribute__((always_inline)) void for_pixels(int columns, F f) {
  if (columns < at_once) {
    for (int j = 0; j < columns; ++j) f.template operator()<1>(j);
    return;
  }
  for (int j = 0; j + at_once <= columns; j += at_once) f.template operator()<at_once>(j);
  if (columns % at_once != 0) f.template operator()<at_once>(columns - at_once);
}

/// What the pixels of a row read: the three rows around it, pixel after pixel, and the weights of tap 0 and
/// from one tap to the next. Indices into tensors would take as long as the sums of a tap.
template <class T>
struct RowInput {
  const T* rows[3];
  ptrdiff_t pixel;
  const T* weights;
  ptrdiff_t tap;

  /// @param first  the uppermost of the three rows
  RowInput(const Tensor<T, 4>& in, int b, int first, const Tensor<T, 3>& w, bool mirrored)
      : pixel(ptrdiff_t(in.extent(3))),
        weights(&w(mirrored ? conv_taps - 1 : 0, 0, 0)),
        tap(ptrdiff_t(w.extent(1) * w.extent(2)) * (mirrored ? -1 : 1)) {
    for (int dx = 0; dx < 3; ++dx) rows[dx] = &in(b, first + dx, 0, 0);
  }
  /// f(first pixel's numbers, weights) for every tap of pixels from j on.
  template <class F>
  inline __attribute__((always_inline)) void for_each_tap(int j, F f) const {
    const T* weight = weights;
    for (int dx = 0; dx < 3; ++dx)
      for (int dy = 0; dy < 3; ++dy, weight += tap) f(rows[dx] + (j + dy) * pixel, weight);
  }
};

/// `pixels` pixels of one row, all hidden channels.
template <int H, int pixels, class T>
inline __attribute__((always_inline)) void to_hidden(const RowInput<T>& in, const Tensor<T, 1>& bias,
                                                     int first, T* to) {
  constexpr int W = simd::width<T>;
  const int channels = int(in.pixel);
  for (int h = 0; h < H; h += W) {
    Pack<T> sum[pixels];
    const Pack<T> start = bias.size() > 0 ? simd::load(bias.data() + h) : Pack<T>(T(0));
    DANAUS_UNROLL
    for (int q = 0; q < pixels; ++q) sum[q] = start;
    in.for_each_tap(
        first, [&](const T* from, const T* weight) __attribute__((always_inline)) {
          for (int c = 0; c < channels; ++c) {
            const Pack<T> factor = simd::load(weight + c * H + h);
            DANAUS_UNROLL
            for (int q = 0; q < pixels; ++q) sum[q] = sum[q] + factor * Pack<T>(from[q * channels + c]);
          }
        });
    DANAUS_UNROLL
    for (int q = 0; q < pixels; ++q) simd::store(sum[q], to + (first + q + 1) * H + h);
  }
}

template <int H, class T>
void convolve_to_hidden(const Exec& space, const Tensor<T, 3>& w, const Tensor<T, 1>& bias, bool mirrored,
                        bool activated, const Tensor<T, 4>& in, const Tensor<T, 4>& out) {
  const int rows = int(in.extent(1)) - 2, columns = int(in.extent(2)) - 2;
  Kokkos::parallel_for(
      "danaus::nn::convolve_to_hidden", over_rows(space, out.extent(0), out.extent(1)), [=](int b, int i) {
        T* to = &out(b, i, 0, 0);
        if (i == 0 || i > rows) {
          std::fill_n(to, (columns + 2) * H, T(0));
          return;
        }
        std::fill_n(to, H, T(0));
        std::fill_n(to + (columns + 1) * H, H, T(0));
        const RowInput<T> input(in, b, i - 1, w, mirrored);
        for_pixels<simd::accumulators>(
            columns, [&]<int pixels>(int first) { to_hidden<H, pixels, T>(input, bias, first, to); });
        if (activated) activate_row<Activation::gelu>(size_t(columns * H), to + H, to + H);
      });
}

/// `channels` of `pixels` pixels of one row.
template <int H, int pixels, int channels, class T>
inline __attribute__((always_inline)) void from_hidden(const RowInput<T>& in, const Tensor<T, 1>& bias,
                                                       Write write, int j, int c, T* to, int stride) {
  constexpr int W = simd::width<T>;
  std::array<Pack<T>, size_t(pixels * channels)> lanes;
  lanes.fill(Pack<T>(T(0)));
  in.for_each_tap(
      j, [&](const T* from, const T* weight) __attribute__((always_inline)) {
        DANAUS_UNROLL
        for (int h = 0; h < H; h += W) {
          Pack<T> factor[channels];
          DANAUS_UNROLL
          for (int n = 0; n < channels; ++n) factor[n] = simd::load(weight + (c + n) * H + h);
          DANAUS_UNROLL
          for (int q = 0; q < pixels; ++q) {
            const Pack<T> value = simd::load(from + q * H + h);
            DANAUS_UNROLL
            for (int n = 0; n < channels; ++n)
              lanes[size_t(q * channels + n)] = lanes[size_t(q * channels + n)] + factor[n] * value;
          }
        }
      });
  T sums[pixels * channels];
  for (int q = 0; q < pixels; ++q)
    for (int n = 0; n < channels; ++n) sums[q * channels + n] = bias.size() > 0 ? bias(c + n) : T(0);
  simd::add_lane_sums<T>(lanes, sums);
  for (int q = 0; q < pixels; ++q)
    for (int n = 0; n < channels; ++n)
      danaus::store(write, sums[q * channels + n], to[(j + q) * stride + c + n]);
}

template <int H, class T>
void convolve_from_hidden(const Exec& space, const Tensor<T, 3>& w, const Tensor<T, 1>& bias, bool mirrored,
                          const Tensor<T, 4>& in, Write write, const Tensor<T, 4>& out) {
  const int columns = int(out.extent(2)), channels = int(out.extent(3));
  Kokkos::parallel_for("danaus::nn::convolve_from_hidden", over_rows(space, out.extent(0), out.extent(1)),
                       [=](int b, int i) {
                         const RowInput<T> input(in, b, i, w, mirrored);
                         T* to = &out(b, i, 0, 0);
                         for_channels(channels, [&]<int count>(int c) {
                           // Pixels that share a group of sums are written once each: they may accumulate.
                           constexpr int pixels = simd::accumulators / count;
                           int j = 0;
                           for (; j + pixels <= columns; j += pixels)
                             from_hidden<H, pixels, count, T>(input, bias, write, j, c, to, channels);
                           for (; j < columns; ++j)
                             from_hidden<H, 1, count, T>(input, bias, write, j, c, to, channels);
                         });
                       });
}

/// Rows first .. last of all items: partial(chunk, 3 dx + dy, c + n, h) for every dy, n and h.
template <int H, int channels, class T>
inline __attribute__((always_inline)) void weight_gradient_rows(bool moves_channels,
                                                                const Tensor<T, 4>& values,
                                                                const Tensor<T, 4>& hidden, int first,
                                                                int last, int dx, int c, int chunk,
                                                                const Tensor<T, 4>& partial) {
  constexpr int W = simd::width<T>;
  const int rows = int(values.extent(1)) - 2, columns = int(values.extent(2)) - 2,
            stride = int(values.extent(3));
  for (int h = 0; h < H; h += W) {
    Pack<T> sum[3][channels];
    DANAUS_UNROLL
    for (int dy = 0; dy < 3; ++dy) DANAUS_UNROLL
    for (int n = 0; n < channels; ++n) sum[dy][n] = Pack<T>(T(0));
    for (int row = first; row < last; ++row) {
      const int b = row / rows, i = row % rows;
      const T* value = moves_channels ? &values(b, i + dx, 0, c) : &values(b, i + 1, 1, c);
      const T* other = moves_channels ? &hidden(b, i + 1, 1, h) : &hidden(b, i + dx, 0, h);
      for (int j = 0; j < columns; ++j, value += stride, other += H) {
        if (moves_channels) {
          const Pack<T> fixed = simd::load(other);
          DANAUS_UNROLL
          for (int dy = 0; dy < 3; ++dy) DANAUS_UNROLL
          for (int n = 0; n < channels; ++n)
            sum[dy][n] = sum[dy][n] + fixed * Pack<T>(value[dy * stride + n]);
        } else {
          Pack<T> moved[3];
          DANAUS_UNROLL
          for (int dy = 0; dy < 3; ++dy) moved[dy] = simd::load(other + dy * H);
          DANAUS_UNROLL
          for (int n = 0; n < channels; ++n) {
            const Pack<T> factor(value[n]);
            DANAUS_UNROLL
            for (int dy = 0; dy < 3; ++dy) sum[dy][n] = sum[dy][n] + moved[dy] * factor;
          }
        }
      }
    }
    DANAUS_UNROLL
    for (int dy = 0; dy < 3; ++dy) DANAUS_UNROLL
    for (int n = 0; n < channels; ++n) simd::store(sum[dy][n], &partial(chunk, 3 * dx + dy, c + n, h));
  }
}

/// The sums of each chunk of rows.
template <int H, class T>
void weight_gradient_parts(const Exec& space, bool moves_channels, const Tensor<T, 4>& channels,
                           const Tensor<T, 4>& hidden, const Tensor<T, 4>& partial) {
  const auto all_rows = std::int64_t(channels.extent(0) * (channels.extent(1) - 2));
  Kokkos::parallel_for("danaus::nn::convolution_weight_gradient",
                       Indices<2>(space, {0, 0}, {conv_chunks, 3}, {1, 1}), [=](int chunk, int dx) {
                         const int first = int(all_rows * chunk / conv_chunks),
                                   last = int(all_rows * (chunk + 1) / conv_chunks);
                         for_channels(int(channels.extent(3)), [&]<int count>(int c) {
                           weight_gradient_rows<H, count, T>(moves_channels, channels, hidden, first, last,
                                                             dx, c, chunk, partial);
                         });
                       });
}

}  // namespace danaus::nn::host
