#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/fft/plan.hpp>

namespace danaus::mri {

/// What turns an ordinary DFT of n points into a centred one, c = floor(n / 2): before it, in the image,
/// exp(+2 pi i c j / n); after it, in k-space, exp(+2 pi i c (p - c) / n). For even n the first is (-1)^j,
/// exactly.
template <class R>
Tensor<Complex<R>, 1> image_phase(size_t n);
template <class R>
Tensor<Complex<R>, 1> kspace_phase(size_t n);

/// y(b, j, k, l) = scale phase_y(j) phase_z(k) x(b, j, k, l), conjugated phases for `conjugated`. y may be x.
template <class R>
void multiply_phases(const Exec& space, ConstTensor<Complex<R>, 1> phase_y,
                     ConstTensor<Complex<R>, 1> phase_z, R scale, bool conjugated,
                     ConstTensor<Complex<R>, 4> x, Tensor<Complex<R>, 4> y);

/// The centred orthonormal Fourier transform of planes (batch, y, z, channel), along y and z:
///
///     X[p, q] = (n_y n_z)^{-1/2} sum_{j, k} x[j, k] exp(-2 pi i ((p - c_y)(j - c_y) / n_y + (q - c_z)(k -
///     c_z) / n_z))
///
/// with c = floor(n / 2): image and k-space have their centres in the middle, ifftshift -> FFT -> fftshift.
/// It is unitary: its adjoint is its inverse. Nothing is shifted in memory; phases before and after do the
/// same.
template <class R>
class CentredFft {
 public:
  explicit CentredFft(const Shape<4>& shape);

  /// y = F x. `x` and `y` may be the same tensor. @throws ShapeError
  void forward(const Exec& space, ConstTensor<Complex<R>, 4> x, Tensor<Complex<R>, 4> y) const;
  /// y = F^H x = F^{-1} x.
  void adjoint(const Exec& space, ConstTensor<Complex<R>, 4> x, Tensor<Complex<R>, 4> y) const;

 private:
  Shape<4> shape_;
  Tensor<Complex<R>, 1> image_y_, image_z_, kspace_y_, kspace_z_;
  fft::ComplexPlan<R> forward_, backward_;
};

}  // namespace danaus::mri
