#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/fft/plan.hpp>

#include <memory>

namespace danaus::mri {

template <class R>
class SensePipeline;

/// u(b, y, z, coil) = sum_m maps(s, y, z, coil, m) x(b, y, z, m), s = b / (batch / slices): the items of one
/// slice (its echoes) lie side by side and share its sensitivities.
template <class R>
void expand_coils(const Exec& space, ConstTensor<Complex<R>, 5> maps, ConstTensor<Complex<R>, 4> x,
                  Tensor<Complex<R>, 4> u);

/// Its adjoint: x(b, y, z, m) = sum_coil conj(maps(s, y, z, coil, m)) u(b, y, z, coil). The order of the sum
/// depends on the number of coils alone.
template <class R>
void combine_coils(const Exec& space, ConstTensor<Complex<R>, 5> maps, ConstTensor<Complex<R>, 4> u,
                   Write write, Tensor<Complex<R>, 4> x);

/// v(b, y, z, coil) = weights(w, y, z) u(b, y, z, coil), w = b / (batch / weights.extent(0)); conj(weights)
/// for `conjugated`. v may be u.
template <class R>
void weight_samples(const Exec& space, ConstTensor<Complex<R>, 3> weights, bool conjugated,
                    ConstTensor<Complex<R>, 4> u, Tensor<Complex<R>, 4> v);

/// v(b, y, z, coil) *= |weights(w, y, z)|^2.
template <class R>
void weight_samples_twice(const Exec& space, ConstTensor<Complex<R>, 3> weights, Tensor<Complex<R>, 4> v);

/// The multi-coil forward model of a batch of planes, and its adjoint:
///
///     y = A x = Omega F S x            x (batch, y, z, map) -> y (batch, ky, kz, coil)
///
/// S coil sensitivities (soft SENSE: several maps), F the centred orthonormal Fourier transform, Omega
/// sampling weights, usually 0 or 1. The phases that centre F are folded into S and Omega; in A^H A those of
/// k-space cancel. Pruessmann et al. 1999, doi:10.1002/(SICI)1522-2594(199911)42:5<952::AID-MRM16>3.0.CO;2-S;
/// soft SENSE: Uecker et al. 2014, doi:10.1002/mrm.24751.
///
/// Coils are innermost, as in SKM-TEA files.
template <class R>
class SenseOperator {
 public:
  using Image = Tensor<Complex<R>, 4>;
  using KSpace = Tensor<Complex<R>, 4>;

  /// @param batch    items; a multiple of the slices of `maps`
  /// @param maps     (slice, y, z, coil, map)
  /// @param weights  Omega (1, a divisor of batch or batch, ky, kz), real
  /// @throws ShapeError
  SenseOperator(const Exec& space, size_t batch, ConstTensor<Complex<R>, 5> maps, ConstTensor<R, 3> weights);

  Shape<4> image_shape() const { return {batch_, shape_[1], shape_[2], shape_[4]}; }
  Shape<4> kspace_shape() const { return {batch_, shape_[1], shape_[2], shape_[3]}; }

  /// y = A x.
  void forward(const Exec& space, ConstTensor<Complex<R>, 4> x, KSpace y) const;
  /// x = A^H y, the zero-filled SENSE image.
  void adjoint(const Exec& space, ConstTensor<Complex<R>, 4> y, Image x) const;
  /// z = A^H A x.
  void normal(const Exec& space, ConstTensor<Complex<R>, 4> x, Image z) const;

  /// A bound of the largest eigenvalue of A^H A that is exact for orthonormal sensitivities: the largest
  /// absolute row sum of any pixel's S^H S, times the largest |weight|^2.
  double largest_eigenvalue() const { return largest_eigenvalue_; }

  /// Device bytes that the operator holds beside its arguments.
  static size_t workspace_bytes(size_t batch, const Shape<5>& maps);

 private:
  void prepare(const Exec& space, const ConstTensor<Complex<R>, 5>& maps, const ConstTensor<R, 3>& weights);
  void require_shapes(const char* what, ConstTensor<Complex<R>, 4> x, ConstTensor<Complex<R>, 4> y) const;

  size_t batch_;
  Shape<5> shape_;                                    // of the maps
  std::shared_ptr<const SensePipeline<R>> pipeline_;  // on a CPU: the passes fused; else all below
  Tensor<Complex<R>, 5> maps_;     // S, with the image's centring phase and 1 / sqrt(n_y n_z)
  Tensor<Complex<R>, 3> weights_;  // Omega, with the centring phase of k-space
  KSpace coil_images_;             // scratch
  std::shared_ptr<const fft::ComplexPlan<R>> forward_, backward_;
  double largest_eigenvalue_ = 0;
};

}  // namespace danaus::mri
