#pragma once

#include <danaus/fft/plan.hpp>

#include <memory>

namespace danaus::fft {

/// sine:   DST-I, for grids of interior points x_j = (j+1)/(n+1), zero at both ends;
/// cosine: DCT-I, for grids with both end points x_j = j/(n-1), zero slope at both ends.
enum class Symmetry { sine, cosine };

/// Batched two-dimensional sine or cosine transform of (batch, x, y), in each axis
///
///     sine    y_k = 2 sum_j x_j sin(pi (j+1)(k+1) / (n+1))
///     cosine  y_k = x_0 + (-1)^k x_{n-1} + 2 sum_{0<j<n-1} x_j cos(pi j k / (n-1)),  n >= 2
///
/// Each is its own inverse up to the factor normalisation(). On a CPU by FFTW's own transforms, one sample
/// per thread; on a GPU by the real transform of the odd or even extension to twice the size.
template <class R>
class SymmetricPlan {
 public:
  SymmetricPlan(Symmetry symmetry, size_t batch, size_t nx, size_t ny);

  /// x and y: (batch, nx, ny), not the same
  /// @throws ShapeError
  void operator()(const Exec& space, ConstTensor<R, 3> x, Tensor<R, 3> y) const;

  /// Always by extension: the GPU's way, on any machine.
  void by_extension(const Exec& space, ConstTensor<R, 3> x, Tensor<R, 3> y) const;

  /// transform(transform(x)) = normalisation() x.
  double normalisation() const;

 private:
  Geometry extended_geometry() const;
  void require(const ConstTensor<R, 3>& x, const Tensor<R, 3>& y) const;

  Symmetry symmetry_;
  size_t batch_, nx_, ny_;
  std::shared_ptr<const RealForwardPlan<R>> extended_;  // a GPU's only; planning it costs
};

}  // namespace danaus::fft
