#pragma once

#include <danaus/monarch/block_product.hpp>

namespace danaus::monarch {

/// The four even and odd types of the discrete cosine and sine transforms.
enum class TrigonometricType { two = 2, three = 3, four = 4 };

/// Discrete cosine transform of n points, orthonormal, as scipy.fft.dct(x, type, norm="ortho"):
///
///     II   y[o] = s_o sum_t cos(pi o (2t+1) / 2n) x[t],             s_0 = sqrt(1/n), s_o = sqrt(2/n)
///     III  the transpose, and inverse, of II
///     IV   y[o] = sqrt(2/n) sum_t cos(pi (2o+1)(2t+1) / 4n) x[t],   its own inverse
///
/// Real factors, two of them beside the order of the outputs, for every n and every block size b | n. Type II
/// is the real part of a DFT of the points in the order 0, 2, 4, ..., 5, 3, 1 (Makhoul 1980,
/// doi:10.1109/TASSP.1980.1163351): n/b blocks of 2b x b and b of n/b x 2n/b, 4 n (b + n/b) / 2 parameters.
/// Type IV of even n is a complex DFT of n/2 points on the pairs (x[2t], x[n-1-2t]); of odd n the real part
/// of a DFT of n points whose order follows from the Chinese remainder theorem for 8 n.
///
/// @throws ShapeError unless block divides n
template <class R>
BlockProduct<R> cosine_transform(TrigonometricType type, size_t n, size_t block);

/// Discrete sine transform of n points, orthonormal, as scipy.fft.dst(x, type, norm="ortho"):
///
///     II   y[o] = s_o sum_t sin(pi (o+1)(2t+1) / 2n) x[t],          s_{n-1} = sqrt(1/n), else sqrt(2/n)
///     III  the transpose, and inverse, of II
///     IV   y[o] = sqrt(2/n) sum_t sin(pi (2o+1)(2t+1) / 4n) x[t],   its own inverse
///
/// The cosine transform of the same type with a reversed order and alternating signs; factors likewise.
template <class R>
BlockProduct<R> sine_transform(TrigonometricType type, size_t n, size_t block);

/// Discrete Hartley transform, unnormalised, n times its own inverse:
///
///     y[o] = sum_t (cos(2 pi o t / n) + sin(2 pi o t / n)) x[t]
///
/// Source: Bracewell 1983 (doi:10.1364/JOSA.73.001832). Real factors as for the cosine transform II.
template <class R>
BlockProduct<R> hartley_transform(size_t n, size_t block);

/// Real DFT in the half-complex order of FFTW's R2HC, unnormalised: with X = DFT(x),
///
///     y[o] = Re X[o] for o <= n/2,   y[n-o] = Im X[o] for 0 < o < n/2
///
/// Source: Frigo and Johnson 2005 (doi:10.1109/JPROC.2004.840301). Real factors likewise.
template <class R>
BlockProduct<R> real_dft(size_t n, size_t block);

}  // namespace danaus::monarch
