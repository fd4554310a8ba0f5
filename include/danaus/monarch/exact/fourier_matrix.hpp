#pragma once

#include <danaus/monarch/fourier.hpp>
#include <danaus/monarch/monarch_matrix.hpp>

namespace danaus::monarch {

/// Factor in front of a transform of n points.
enum class Normalization {
  none,         ///< 1
  inverse,      ///< 1/n
  orthonormal,  ///< 1/sqrt(n)
};

/// The DFT of n points as one Monarch matrix with an input permutation, for every block size b | n:
///
///     y[o] = scale sum_t exp(sign 2 pi i o t / n) x[t]
///
/// numpy.fft.fft is (forward, none), numpy.fft.ifft (inverse, inverse). Every entry of the factors is a root
/// of unity, correct to rounding, times the scale; see fourier_factors() for the formula.
/// @throws ShapeError unless block divides n
template <class R>
MonarchMatrix<Complex<R>> fourier_matrix(size_t n, size_t block, Fourier sign,
                                         Normalization normalization = Normalization::none);

}  // namespace danaus::monarch
