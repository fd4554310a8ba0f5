#pragma once

#include "fftw_rival.hpp"

#include <vector>

namespace danaus::app {

/// The SENSE operator as one would write it with FFTW: coils one after the other in memory, each pass over
/// all of them before the next begins. Its transforms are in place, its passes spread over all threads. The
/// phases that centre the transform are folded into maps and weights, as ours does: it makes no pass for
/// them.
class SenseRival {
 public:
  using Value = std::complex<float>;
  using Plane = std::vector<Value>;

  /// @param maps     (coil, y, z), with the image's phase and 1 / sqrt(points)
  /// @param weights  (ky, kz), with k-space's phase
  SenseRival(FftwEffort effort, size_t rows, size_t columns, size_t coils, const Plane& maps,
             const Plane& weights);

  size_t points() const { return rows_ * columns_; }
  /// y (coil, ky, kz) = Omega F S x
  void forward(const Plane& x, Plane& y) const;
  /// x = S^H F^H Omega^H y
  void adjoint(const Plane& y, Plane& x) const;
  /// z = A^H A x
  void normal(const Plane& x, Plane& z) const;
  /// Conjugate gradients on the normal equations from zero, a pass for each vector operation.
  void cg_sense(const Plane& y, float lambda, size_t iterations, Plane& x) const;

 private:
  void expand(const Plane& x, Value* u) const;
  void combine(const Value* u, Plane& x) const;
  void transform(bool is_forward, Value* u) const;
  void weigh(bool is_adjoint, const Value* in, Value* out) const;

  size_t rows_, columns_, coils_;
  Plane maps_, weights_;
  mutable Plane coil_images_;
  std::shared_ptr<void> forward_, backward_;
};

}  // namespace danaus::app
