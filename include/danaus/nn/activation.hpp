#pragma once

#include <Kokkos_Core.hpp>

#include <bit>
#include <cstdint>

namespace danaus::nn {

enum class Activation {
  identity,
  relu,
  gelu,  ///< x Phi(x) with the normal distribution function, not its tanh approximation
};

/// Value and slope of GELU at x: x Phi(x) and Phi(x) + x phi(x).
/// In double from the library's erf and exp. In float from the same exponential for both: Abramowitz and
/// Stegun 7.1.26 (absolute error of erf below 1.5e-7), which the compiler vectorises. Source: Hendrycks and
/// Gimpel 2016 (doi:10.48550/arXiv.1606.08415).
template <class T>
struct ValueAndSlope {
  T value, slope;
};

KOKKOS_FORCEINLINE_FUNCTION ValueAndSlope<double> gelu(double x) {
  const double cdf = 0.5 * (1.0 + Kokkos::erf(x * 0.70710678118654752440));
  return {x * cdf, cdf + x * 0.39894228040143267794 * Kokkos::exp(-0.5 * x * x)};
}

/// exp(x) for -87 <= x <= 0: 2^n 2^f with |f| <= 1/2 and a polynomial for 2^f (relative error 1e-7).
KOKKOS_FORCEINLINE_FUNCTION float fast_exp(float x) {
  const float t = x * 1.44269504f;
  const float rounded = (t + 12582912.0f) - 12582912.0f;
  const float f = t - rounded;
  // Coefficients of Cephes' exp2f (Moshier 1992).
  const float p =
      1.0f +
      f * (6.931472028550421e-1f +
           f * (2.402264791363012e-1f +
                f * (5.550332471162809e-2f +
                     f * (9.618437357674640e-3f + f * (1.339887440266574e-3f + f * 1.535336188319500e-4f)))));
  const std::int32_t exponent = (std::int32_t(rounded) + 127) << 23;
#if defined(__CUDA_ARCH__)
  return __int_as_float(exponent) * p;
#else
  return std::bit_cast<float>(exponent) * p;
#endif
}

KOKKOS_FORCEINLINE_FUNCTION ValueAndSlope<float> gelu(float x) {
  const float magnitude = x < 0 ? -x : x;
  // Beyond 13 the density is 0 in float; the exponential would leave its range.
  const bool far_out = magnitude > 13.0f;
  const float e = far_out ? 0.0f : fast_exp(far_out ? 0.0f : -0.5f * x * x);
  const float t = 1.0f / (1.0f + 0.231641888f * magnitude);  // p / sqrt(2)
  // Upper tail: erfc(|x| / sqrt 2) / 2.
  const float tail =
      e * t *
      (0.127414796f + t * (-0.142248368f + t * (0.7107068705f + t * (-0.7265760135f + t * 0.5307027145f))));
  const float cdf = x < 0 ? tail : 1.0f - tail;
  return {x * cdf, cdf + x * 0.398942280f * e};
}

template <class T>
KOKKOS_FORCEINLINE_FUNCTION T activate(Activation activation, T x) {
  switch (activation) {
    case Activation::gelu:
      return gelu(x).value;
    case Activation::relu:
      return x > T(0) ? x : T(0);
    default:
      return x;
  }
}

/// Derivative of the activation at the value it was applied to.
template <class T>
KOKKOS_FORCEINLINE_FUNCTION T slope(Activation activation, T x) {
  switch (activation) {
    case Activation::gelu:
      return gelu(x).slope;
    case Activation::relu:
      return x > T(0) ? T(1) : T(0);
    default:
      return T(1);
  }
}

}  // namespace danaus::nn
