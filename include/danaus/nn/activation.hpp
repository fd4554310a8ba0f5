#pragma once

#include <Kokkos_Core.hpp>

namespace danaus::nn {

enum class Activation {
  identity,
  relu,
  gelu,  ///< x Phi(x) with the normal distribution function, not its tanh approximation
};

/// GELU and its slope for float and for packs of floats, on the clamped argument c = min(max(x, -r), r) with
/// r = gelu_range:
///
///     Phi(c) = 1/2 + c p(t),   Phi(c) + c phi(c) = 1/2 + c q(t),   t = 2 c^2 / r^2 - 1 in [-1, 1]
///
/// with polynomials p and q that minimise the largest error: 4e-8 for Phi (degree 14), 2e-7 for the slope
/// (degree 15), so multiplications and additions are all there is. In t the coefficients are small and
/// evaluation in float adds about 1e-7; beyond r, Phi differs from 0 and 1 by less than 2e-8.
inline constexpr float gelu_range = 5.5f;

namespace detail {

template <class N, int count>
KOKKOS_FORCEINLINE_FUNCTION N polynomial(const float (&coefficients)[count], N t) {
  N sum(coefficients[count - 1]);
  for (int k = count - 2; k >= 0; --k) sum = sum * t + N(coefficients[k]);
  return sum;
}

template <class N>
KOKKOS_FORCEINLINE_FUNCTION N gelu_variable(N c) {
  return c * c * N(2.0f / (gelu_range * gelu_range)) - N(1.0f);
}

template <class N>
KOKKOS_FORCEINLINE_FUNCTION N normal_distribution(N c, N t) {
  constexpr float p[] = {1.285519302e-01f, -6.417247653e-02f, 4.773699120e-02f, -3.878726810e-02f,
                         3.208174184e-02f, -2.611246705e-02f, 2.028797194e-02f, -1.467137318e-02f,
                         1.046865154e-02f, -7.674657274e-03f, 4.236333072e-03f, -1.229412621e-03f,
                         1.023878809e-03f, -1.368825440e-03f, 5.380677176e-04f};
  return c * polynomial(p, t) + N(0.5f);
}

template <class N>
KOKKOS_FORCEINLINE_FUNCTION N gelu_slope(N c, N t) {
  constexpr float q[] = {1.287591755e-01f, -6.574013829e-02f, 5.367087200e-02f, -5.372582376e-02f,
                         6.018723175e-02f, -6.885718554e-02f, 7.533515245e-02f, -7.291930914e-02f,
                         6.065652519e-02f, -5.308656394e-02f, 4.956629127e-02f, -2.782301605e-02f,
                         4.100831691e-03f, -6.425335538e-03f, 1.212020963e-02f, -4.909745418e-03f};
  return c * polynomial(q, t) + N(0.5f);
}

}  // namespace detail

/// Value and slope of GELU at x: x Phi(x) and Phi(x) + x phi(x).
/// Source: Hendrycks and Gimpel 2016 (doi:10.48550/arXiv.1606.08415).
template <class T>
struct ValueAndSlope {
  T value, slope;
};

/// In double from the library's erf and exp.
KOKKOS_FORCEINLINE_FUNCTION ValueAndSlope<double> gelu(double x) {
  const double cdf = 0.5 * (1.0 + Kokkos::erf(x * 0.70710678118654752440));
  return {x * cdf, cdf + x * 0.39894228040143267794 * Kokkos::exp(-0.5 * x * x)};
}

KOKKOS_FORCEINLINE_FUNCTION ValueAndSlope<float> gelu(float x) {
  const float above = x < -gelu_range ? -gelu_range : x, c = above > gelu_range ? gelu_range : above;
  const float t = detail::gelu_variable(c);
  return {above * detail::normal_distribution(c, t), detail::gelu_slope(c, t)};
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
