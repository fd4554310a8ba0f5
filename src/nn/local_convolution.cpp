#include <nn/local_convolution.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/core/partial_sums.hpp>
#if !defined(KOKKOS_ENABLE_CUDA)
#include <nn/local_convolution_host.hpp>
#endif

namespace danaus::nn {

namespace {

constexpr int pixels_at_once = 4;

}  // namespace

template <class T>
void frame(const Exec& space, const Tensor<T, 4>& x, const Tensor<T, 4>& framed) {
  const int rows = int(x.extent(1)), edge = int(x.extent(3)), inner = int(x.extent(2) * x.extent(3));
  Kokkos::parallel_for(
      "danaus::nn::frame", over_rows(space, framed.extent(0), framed.extent(1)), KOKKOS_LAMBDA(int b, int i) {
        T* to = &framed(b, i, 0, 0);
        const bool inside = i > 0 && i <= rows;
        const T* from = inside ? &x(b, i - 1, 0, 0) : nullptr;
        for (int k = 0; k < edge; ++k) to[k] = to[edge + inner + k] = 0;
        for (int k = 0; k < inner; ++k) to[edge + k] = inside ? from[k] : T(0);
      });
}

template <int H, class T>
void convolve_to_hidden_of(const Exec& space, const Tensor<T, 3>& w, const Tensor<T, 1>& bias, bool mirrored,
                           bool activated, const Tensor<T, 4>& in, const Tensor<T, 4>& out) {
  const int rows = int(in.extent(1)) - 2, columns = int(in.extent(2)) - 2, channels = int(in.extent(3));
  const bool has_bias = bias.size() > 0;
  Kokkos::parallel_for(
      "danaus::nn::convolve_to_hidden", over_rows(space, out.extent(0), out.extent(1)),
      KOKKOS_LAMBDA(int b, int i) {
        T* to = &out(b, i, 0, 0);
        if (i == 0 || i > rows) {
          for (int k = 0; k < (columns + 2) * H; ++k) to[k] = 0;
          return;
        }
        for (int h = 0; h < H; ++h) to[h] = to[(columns + 1) * H + h] = 0;
        for (int j = 0; j < columns; j += pixels_at_once) {
          // The last pixels of a row may be computed twice, so that all groups are full.
          const int first = columns < pixels_at_once       ? 0
                            : j + pixels_at_once > columns ? columns - pixels_at_once
                                                           : j;
          const int count = columns < pixels_at_once ? columns : pixels_at_once;
          T sum[pixels_at_once][H];
          for (int q = 0; q < pixels_at_once; ++q)
            for (int h = 0; h < H; ++h) sum[q][h] = has_bias ? bias(h) : T(0);
          for (int tap = 0; tap < conv_taps; ++tap) {
            const T* from = &in(b, i - 1 + tap / 3, first + tap % 3, 0);
            const T* weight = &w(mirrored ? conv_taps - 1 - tap : tap, 0, 0);
            for (int c = 0; c < channels; ++c, weight += H) {
              if (count == pixels_at_once) {
                for (int q = 0; q < pixels_at_once; ++q)
                  for (int h = 0; h < H; ++h) sum[q][h] += weight[h] * from[q * channels + c];
              } else {
                for (int q = 0; q < count; ++q)
                  for (int h = 0; h < H; ++h) sum[q][h] += weight[h] * from[q * channels + c];
              }
            }
          }
          for (int q = 0; q < count; ++q)
            for (int h = 0; h < H; ++h)
              to[(first + q + 1) * H + h] = activated ? gelu(sum[q][h]).value : sum[q][h];
        }
      });
}

template <int H, class T>
void convolve_from_hidden_of(const Exec& space, const Tensor<T, 3>& w, const Tensor<T, 1>& bias,
                             bool mirrored, const Tensor<T, 4>& in, Write write, const Tensor<T, 4>& out) {
  const int columns = int(out.extent(2)), channels = int(out.extent(3));
  const bool has_bias = bias.size() > 0;
  Kokkos::parallel_for(
      "danaus::nn::convolve_from_hidden", over_rows(space, out.extent(0), out.extent(1)),
      KOKKOS_LAMBDA(int b, int i) {
        for (int j = 0; j < columns; ++j)
          for (int c = 0; c < channels; ++c) {
            T sum[H] = {};
            for (int tap = 0; tap < conv_taps; ++tap) {
              const T* from = &in(b, i + tap / 3, j + tap % 3, 0);
              const T* weight = &w(mirrored ? conv_taps - 1 - tap : tap, c, 0);
              for (int h = 0; h < H; ++h) sum[h] += weight[h] * from[h];
            }
            T total = has_bias ? bias(c) : T(0);
            for (int h = 0; h < H; ++h) total += sum[h];
            danaus::store(write, total, out(b, i, j, c));
          }
      });
}

template <int H, class T>
void weight_gradient_parts(const Exec& space, bool moves_channels, const Tensor<T, 4>& channels,
                           const Tensor<T, 4>& hidden, const Tensor<T, 4>& partial) {
  const int rows = int(channels.extent(1)) - 2, columns = int(channels.extent(2)) - 2,
            count = int(channels.extent(3)), all_rows = int(channels.extent(0)) * rows;
  Kokkos::parallel_for(
      "danaus::nn::convolution_weight_gradient", Indices<2>(space, {0, 0}, {conv_chunks, conv_taps}),
      KOKKOS_LAMBDA(int chunk, int tap) {
        const int dx = tap / 3, dy = tap % 3;
        for (int c = 0; c < count; ++c) {
          T sum[H] = {};
          for (int row = int(std::int64_t(all_rows) * chunk / conv_chunks);
               row < int(std::int64_t(all_rows) * (chunk + 1) / conv_chunks); ++row) {
            const int b = row / rows, i = row % rows;
            const T* value = moves_channels ? &channels(b, i + dx, dy, c) : &channels(b, i + 1, 1, c);
            const T* other = moves_channels ? &hidden(b, i + 1, 1, 0) : &hidden(b, i + dx, dy, 0);
            for (int j = 0; j < columns; ++j)
              for (int h = 0; h < H; ++h) sum[h] += value[j * count] * other[j * H + h];
          }
          for (int h = 0; h < H; ++h) partial(chunk, tap, c, h) = sum[h];
        }
      });
}

/// Calls f.template operator()<H>() for the layer's number of hidden channels.
template <class F>
void for_hidden(size_t hidden, const F& f) {
  if (hidden == 8) return f.template operator()<8>();
  if (hidden == 16) return f.template operator()<16>();
  return f.template operator()<32>();
}

template <class T>
void convolve_to_hidden(const Exec& space, const Tensor<T, 3>& w, const Tensor<T, 1>& bias, bool mirrored,
                        bool activated, const Tensor<T, 4>& in, const Tensor<T, 4>& out) {
  for_hidden(w.extent(2), [&]<int H>() {
#if !defined(KOKKOS_ENABLE_CUDA)
    if constexpr (host::fills_packs<H, T>)
      return host::convolve_to_hidden<H, T>(space, w, bias, mirrored, activated, in, out);
#endif
    convolve_to_hidden_of<H, T>(space, w, bias, mirrored, activated, in, out);
  });
}

template <class T>
void convolve_from_hidden(const Exec& space, const Tensor<T, 3>& w, const Tensor<T, 1>& bias, bool mirrored,
                          const Tensor<T, 4>& in, Write write, const Tensor<T, 4>& out) {
  for_hidden(w.extent(2), [&]<int H>() {
#if !defined(KOKKOS_ENABLE_CUDA)
    if constexpr (host::fills_packs<H, T>)
      return host::convolve_from_hidden<H, T>(space, w, bias, mirrored, in, write, out);
#endif
    convolve_from_hidden_of<H, T>(space, w, bias, mirrored, in, write, out);
  });
}

template <class T>
void convolution_weight_gradient(const Exec& space, bool moves_channels, const Tensor<T, 4>& channels,
                                 const Tensor<T, 4>& hidden, const Tensor<T, 4>& partial,
                                 const Tensor<T, 3>& w_grad) {
  for_hidden(w_grad.extent(2), [&]<int H>() {
#if !defined(KOKKOS_ENABLE_CUDA)
    if constexpr (host::fills_packs<H, T>)
      return host::weight_gradient_parts<H, T>(space, moves_channels, channels, hidden, partial);
#endif
    weight_gradient_parts<H, T>(space, moves_channels, channels, hidden, partial);
  });
  sum_parts<T>(
      space, partial.data(), conv_chunks, w_grad.size(),
      KOKKOS_LAMBDA(size_t n, T sum) { w_grad.data()[n] += sum; });
}

template <class T>
void activate_all(const Exec& space, const Tensor<T, 4>& z, const Tensor<T, 4>& hidden) {
  const T* from = z.data();
  T* to = hidden.data();
  // Chunks of a fixed size, so that the inner loop fills vectors.
  constexpr size_t chunk = 256;
  const size_t size = z.size();
  Kokkos::parallel_for(
      "danaus::nn::activate_all", Kokkos::RangePolicy<Exec>(space, 0, (size + chunk - 1) / chunk),
      KOKKOS_LAMBDA(size_t n) {
        const size_t end = (n + 1) * chunk < size ? (n + 1) * chunk : size;
        for (size_t i = n * chunk; i < end; ++i) to[i] = gelu(from[i]).value;
      });
}

template <class T>
void multiply_by_slope(const Exec& space, const Tensor<T, 4>& z, const Tensor<T, 4>& grad) {
  const T* from = z.data();
  T* to = grad.data();
  constexpr size_t chunk = 256;
  const size_t size = z.size();
  Kokkos::parallel_for(
      "danaus::nn::multiply_by_slope", Kokkos::RangePolicy<Exec>(space, 0, (size + chunk - 1) / chunk),
      KOKKOS_LAMBDA(size_t n) {
        const size_t end = (n + 1) * chunk < size ? (n + 1) * chunk : size;
        for (size_t i = n * chunk; i < end; ++i) to[i] *= gelu(from[i]).slope;
      });
}

template <class T>
void sum_channels(const Exec& space, const Tensor<T, 4>& x, const Tensor<T, 2>& partial,
                  const Tensor<T, 1>& sum) {
  const size_t channels = x.extent(3), pixels = x.size() / channels;
  Kokkos::parallel_for(
      "danaus::nn::sum_channels (partial)", Kokkos::RangePolicy<Exec>(space, 0, conv_chunks),
      KOKKOS_LAMBDA(size_t chunk) {
        for (size_t c = 0; c < channels; ++c) partial(chunk, c) = 0;
        for (size_t p = pixels * chunk / conv_chunks; p < pixels * (chunk + 1) / conv_chunks; ++p)
          for (size_t c = 0; c < channels; ++c) partial(chunk, c) += x.data()[p * channels + c];
      });
  sum_parts<T>(
      space, partial.data(), conv_chunks, channels, KOKKOS_LAMBDA(size_t c, T total) { sum(c) += total; });
}

#define DANAUS_INSTANTIATE(T)                                                                               \
  template void frame<T>(const Exec&, const Tensor<T, 4>&, const Tensor<T, 4>&);                            \
  template void convolve_to_hidden<T>(const Exec&, const Tensor<T, 3>&, const Tensor<T, 1>&, bool, bool,    \
                                      const Tensor<T, 4>&, const Tensor<T, 4>&);                            \
  template void convolve_from_hidden<T>(const Exec&, const Tensor<T, 3>&, const Tensor<T, 1>&, bool,        \
                                        const Tensor<T, 4>&, Write, const Tensor<T, 4>&);                   \
  template void convolution_weight_gradient<T>(const Exec&, bool, const Tensor<T, 4>&, const Tensor<T, 4>&, \
                                               const Tensor<T, 4>&, const Tensor<T, 3>&);                   \
  template void activate_all<T>(const Exec&, const Tensor<T, 4>&, const Tensor<T, 4>&);                     \
  template void multiply_by_slope<T>(const Exec&, const Tensor<T, 4>&, const Tensor<T, 4>&);                \
  template void sum_channels<T>(const Exec&, const Tensor<T, 4>&, const Tensor<T, 2>&, const Tensor<T, 1>&);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::nn
