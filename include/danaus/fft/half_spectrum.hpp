#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/core/tensor.hpp>

/// The spectrum of a real array is Hermitian, X(-k) = conj X(k), so only the indices 0 .. n/2 of the last
/// transformed axis are kept. Every rule that follows from that lives in this header and nowhere else.
namespace danaus::fft {

/// Kept entries of an axis of n real points: n/2 + 1.
KOKKOS_INLINE_FUNCTION constexpr size_t half_size(size_t n) { return n / 2 + 1; }

/// How often the kept entry k occurs in the full spectrum: 1 for k = 0 and, when n is even, for k = n/2;
/// else 2. Sums over the full spectrum (Parseval, inner products, c2r itself) are weighted sums over the
/// half.
KOKKOS_INLINE_FUNCTION constexpr int half_weight(size_t k, size_t n) { return k == 0 || 2 * k == n ? 1 : 2; }

/// The signed wavenumber of index i, as numpy.fft.fftfreq orders it: 0, 1, .., -2, -1; index n/2 of an even n
/// is -n/2.
KOKKOS_INLINE_FUNCTION constexpr long wavenumber(size_t i, size_t n) {
  return i < (n + 1) / 2 ? long(i) : long(i) - long(n);
}

/// The wavenumber to differentiate with: like wavenumber(), but 0 at n/2 for even n, where the derivative of
/// the cosine that the grid sees vanishes at every grid point.
KOKKOS_INLINE_FUNCTION constexpr long derivative_wavenumber(size_t i, size_t n) {
  return 2 * i == n ? 0 : wavenumber(i, n);
}

/// The index of -k.
KOKKOS_INLINE_FUNCTION constexpr size_t mirror_index(size_t i, size_t n) { return i == 0 ? 0 : n - i; }

enum class HalfWeight { multiply, divide };

/// spectrum[o, k, i] *= factor * c_k^{+1 or -1}, in place, with c_k = half_weight(k, n).
/// @param spectrum  (outer, n/2 + 1, inner): any half spectrum, seen with its halved axis in the middle
/// @throws ShapeError unless the middle extent is n/2 + 1
template <class R>
void weight_half_spectrum(const Exec& space, HalfWeight weight, size_t n, R factor,
                          Tensor<Complex<R>, 3> spectrum);

/// Replaces the self-conjugate columns ky = 0 and ky = ny/2 of a half spectrum by their Hermitian part,
/// X(kx) <- (X(kx) + conj X(-kx)) / 2: the spectrum that FFTW's c2r sees, and that cuFFT's asks for.
/// @param spectrum  (batch, nx, ny/2 + 1)
/// @throws ShapeError unless the last extent is ny/2 + 1
template <class R>
void make_hermitian(const Exec& space, size_t ny, Tensor<Complex<R>, 3> spectrum);

}  // namespace danaus::fft
