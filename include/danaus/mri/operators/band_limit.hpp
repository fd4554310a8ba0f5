#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/fft/plan.hpp>

#include <optional>

namespace danaus::mri {

/// The orthogonal projection onto images that zero-padding can make: those whose centred Fourier transform F
/// is zero outside of the central `rows` x `columns` of k-space,
///
///     y = F^H B F x,   B = 1 for floor(n / 2) - floor(rows / 2) <= p < floor(n / 2) - floor(rows / 2) + rows
///
/// and likewise along z. A scan that was acquired smaller than its plane is interpolated by zeros, so nothing
/// beyond is in its image; what a regulariser leaves there is made up. Identity if nothing is cut off.
template <class R>
class BandLimit {
 public:
  /// @param shape  (batch, y, z, channel)
  /// @throws ShapeError if the band is larger than the plane
  BandLimit(const Shape<4>& shape, size_t rows, size_t columns);

  bool is_identity() const { return !forward_; }

  /// y = F^H B F x; its adjoint is itself. `x` and `y` may be the same tensor. @throws ShapeError
  void operator()(const Exec& space, ConstTensor<Complex<R>, 4> x, Tensor<Complex<R>, 4> y) const;

 private:
  Shape<4> shape_;
  size_t rows_, columns_;
  std::optional<fft::ComplexPlan<R>> forward_, backward_;
};

}  // namespace danaus::mri
