#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/monarch/monarch_shape.hpp>

namespace danaus::monarch {

/// Sign of the exponent: numpy's fft is `forward`; `inverse` has no factor 1/n.
enum class Fourier { forward = -1, inverse = 1 };

/// Factors that make the Monarch matrix of this square shape, behind InputOrder::strided, the DFT of n
/// points:
///
///     sum_t M[o, t] x[t] = sum_t exp(sign 2 pi i o t / n) x[t]
///
/// (Bailey's four-step FFT; the twiddle factors sit in `right`.) All entries have modulus one; the exponent
/// is reduced modulo n before the exponential, so each is correct to rounding.
template <class T>
void fourier_factors(const MonarchShape& shape, Fourier sign, const Tensor<Complex<T>, 3>& left,
                     const Tensor<Complex<T>, 3>& right);

}  // namespace danaus::monarch
