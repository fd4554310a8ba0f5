#pragma once

// Activations of whole rows on a CPU, a pack at a time.

#include <danaus/core/simd.hpp>
#include <danaus/nn/activation.hpp>

#include <type_traits>

namespace danaus::nn::host {

using simd::Pack;
using simd::width;

/// Several packs that go through the same arithmetic side by side: one polynomial alone would wait for each
/// of its own steps.
template <class T, int count>
struct Packs {
  Pack<T> pack[count];

  Packs() = default;
  explicit Packs(T value) {
    for (auto& p : pack) p = Pack<T>(value);
  }
  /// Packs that follow one another; the last one may be partial.
  static Packs load_first(const T* from, size_t numbers) {
    return each([&](int i) { return simd::load_first(from + i * width<T>, int(numbers) - i * width<T>); });
  }
  void store_first(T* to, size_t numbers) const {
    for (int i = 0; i < count; ++i)
      simd::store_first(pack[i], to + i * width<T>, int(numbers) - i * width<T>);
  }
  template <class F>
  static Packs each(F f) {
    Packs result;
    DANAUS_UNROLL
    for (int i = 0; i < count; ++i) result.pack[i] = f(i);
    return result;
  }
  friend Packs operator+(const Packs& a, const Packs& b) {
    return each([&](int i) { return a.pack[i] + b.pack[i]; });
  }
  friend Packs operator-(const Packs& a, const Packs& b) {
    return each([&](int i) { return a.pack[i] - b.pack[i]; });
  }
  friend Packs operator*(const Packs& a, const Packs& b) {
    return each([&](int i) { return a.pack[i] * b.pack[i]; });
  }
  friend Packs max(const Packs& a, const Packs& b) {
    return each([&](int i) { return Kokkos::max(a.pack[i], b.pack[i]); });
  }
  friend Packs min(const Packs& a, const Packs& b) {
    return each([&](int i) { return Kokkos::min(a.pack[i], b.pack[i]); });
  }
};

template <int count>
inline __attribute__((always_inline)) ValueAndSlope<Packs<float, count>> gelu(const Packs<float, count>& x) {
  using P = Packs<float, count>;
  const P above = max(x, P(-gelu_range)), c = min(above, P(gelu_range)), t = detail::gelu_variable(c);
  return {above * detail::normal_distribution(c, t), detail::gelu_slope(c, t)};
}

/// f.template operator()<count>(first, numbers) for `count` packs of a row at a time; the last one may be
/// partial.
template <class T, class F>
inline __attribute__((always_inline)) void for_each_packs(size_t numbers, F f) {
  constexpr size_t W = size_t(width<T>), many = 4;
  size_t q = 0;
  for (; q + many * W <= numbers; q += many * W) f.template operator()<int(many)>(q, many * W);
  for (; q < numbers; q += W) f.template operator()<1>(q, std::min(W, numbers - q));
}

/// value[q] = a(z[q])
template <Activation activation, class T>
void activate_row(size_t count, const T* z, T* value) {
  if constexpr (activation == Activation::gelu && std::is_same_v<T, float>) {
    for_each_packs<T>(
        count, [&]<int packs>(size_t q, size_t n) __attribute__((always_inline)) {
          gelu(Packs<T, packs>::load_first(z + q, n)).value.store_first(value + q, n);
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
    for_each_packs<T>(
        count, [&]<int packs>(size_t q, size_t n) __attribute__((always_inline)) {
          const auto slope = gelu(Packs<T, packs>::load_first(z + q, n)).slope;
          (slope * Packs<T, packs>::load_first(factor + q, n)).store_first(product + q, n);
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
    for_each_packs<T>(
        count, [&]<int packs>(size_t q, size_t n) __attribute__((always_inline)) {
          const auto a = gelu(Packs<T, packs>::load_first(z + q, n));
          a.value.store_first(value + q, n);
          a.slope.store_first(z + q, n);
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
