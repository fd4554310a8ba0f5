#pragma once

// Activations of whole rows on a CPU, a pack at a time.

#include <danaus/core/simd.hpp>
#include <danaus/nn/activation.hpp>

#include <type_traits>

namespace danaus::nn::host {

using simd::Pack;
using simd::width;

inline __attribute__((always_inline)) ValueAndSlope<Pack<float>> gelu(const Pack<float>& x) {
  const Pack<float> above = Kokkos::max(x, Pack<float>(-gelu_range)),
                    c = Kokkos::min(above, Pack<float>(gelu_range)), t = detail::gelu_variable(c);
  return {above * detail::normal_distribution(c, t), detail::gelu_slope(c, t)};
}

/// f(first, count) for each pack of a row; the last one may be partial.
template <class T, class F>
inline __attribute__((always_inline)) void for_each_pack(size_t count, F f) {
  constexpr size_t W = size_t(width<T>);
  size_t q = 0;
  for (; q + W <= count; q += W) f(q, int(W));
  if (q < count) f(q, int(count - q));
}

/// value[q] = a(z[q])
template <Activation activation, class T>
void activate_row(size_t count, const T* z, T* value) {
  if constexpr (activation == Activation::gelu && std::is_same_v<T, float>) {
    for_each_pack<T>(count, [&](size_t q, int n) {
      simd::store_first(gelu(simd::load_first(z + q, n)).value, value + q, n);
    });
  } else {
#pragma omp simd
    for (size_t q = 0; q < count; ++q) value[q] = activate(activation, z[q]);
  }
}

/// product[q] = factor[q] a'(z[q])
template <Activation activation, class T>
void multiply_by_slope(size_t count, const T* z, const T* factor, T* product) {
  if constexpr (activation == Activation::gelu && std::is_same_v<T, float>) {
    for_each_pack<T>(count, [&](size_t q, int n) {
      simd::store_first(gelu(simd::load_first(z + q, n)).slope * simd::load_first(factor + q, n), product + q,
                        n);
    });
  } else {
#pragma omp simd
    for (size_t q = 0; q < count; ++q) product[q] = factor[q] * slope(activation, z[q]);
  }
}

/// value[q] = a(z[q]) and z[q] = a'(z[q])
template <Activation activation, class T>
void activate_and_slope(size_t count, T* z, T* value) {
  if constexpr (activation == Activation::gelu && std::is_same_v<T, float>) {
    for_each_pack<T>(count, [&](size_t q, int n) {
      const auto a = gelu(simd::load_first(z + q, n));
      simd::store_first(a.value, value + q, n);
      simd::store_first(a.slope, z + q, n);
    });
  } else {
#pragma omp simd
    for (size_t q = 0; q < count; ++q) {
      value[q] = activate(activation, z[q]);
      z[q] = slope(activation, z[q]);
    }
  }
}

/// f.template operator()<activation>(): a run-time choice made once, outside the kernel.
template <class F>
void with_activation(Activation activation, F f) {
  switch (activation) {
    case Activation::gelu:
      return f.template operator()<Activation::gelu>();
    case Activation::relu:
      return f.template operator()<Activation::relu>();
    case Activation::identity:
      return f.template operator()<Activation::identity>();
  }
}

/// value[q] = a(z[q]), of an activation known at run time.
template <class T>
void activate_row(Activation activation, size_t count, const T* z, T* value) {
  with_activation(activation, [&]<Activation a>() { activate_row<a>(count, z, value); });
}

}  // namespace danaus::nn::host
