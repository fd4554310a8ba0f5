#pragma once

#include <danaus/mri/solvers/fista.hpp>

namespace danaus::mri {

/// The orthonormal Daubechies wavelet transform with four taps (two vanishing moments; Daubechies 1988,
/// doi:10.1002/cpa.3160410705) of planes along y and z, periodic. Each level halves the low-pass block; an
/// axis is halved while its padded length allows.
///
/// Planes are first extended by zeros to multiples of 2^levels; on planes that need none it is unitary.
template <class R>
class WaveletTransform {
 public:
  /// @param shape  (batch, y, z, map)
  WaveletTransform(const Shape<4>& shape, int levels);

  struct Offset {
    size_t y = 0, z = 0;
  };
  /// (batch, padded y, padded z, map)
  Shape<4> coefficient_shape() const { return padded_; }

  /// Coefficients of the plane shifted cyclically by -offset: low-pass block first, row-major.
  void forward(const Exec& space, Offset offset, ConstTensor<Complex<R>, 4> x, Tensor<Complex<R>, 4> c) const;
  /// Its adjoint, which is its inverse. Uses `c` as scratch.
  void adjoint(const Exec& space, Offset offset, Tensor<Complex<R>, 4> c, Tensor<Complex<R>, 4> x) const;

  /// Shrinks the modulus of every coefficient by its item's threshold, those of the coarsest low-pass block
  /// apart.
  void soft_threshold(const Exec& space, ConstTensor<R, 1> thresholds, Tensor<Complex<R>, 4> c) const;

 private:
  size_t low_y() const { return padded_[1] >> levels_; }
  size_t low_z() const { return padded_[2] >> levels_; }

  Shape<4> shape_, padded_;
  int levels_;
  Tensor<Complex<R>, 4> scratch_;
};

/// The proximal step of ||W x||_1, with the grid of W shifted by a random amount in each iteration (cycle
/// spinning; Coifman and Donoho 1995, doi:10.1007/978-1-4612-2544-7_9): a pure function of seed and
/// iteration.
template <class R>
Proximal<R> wavelet_proximal(const Shape<4>& image, int levels, std::uint64_t seed);

template <class R>
size_t wavelet_workspace_bytes(const Shape<4>& image, int levels);

}  // namespace danaus::mri
