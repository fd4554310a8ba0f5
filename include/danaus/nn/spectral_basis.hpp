#pragma once

#include <danaus/autograd/parameter_store.hpp>
#include <danaus/autograd/tape.hpp>
#include <danaus/monarch/axis_transform.hpp>

#include <array>
#include <vector>

namespace danaus::nn {

/// Grid and truncation of an operator layer.
struct SpectralShape {
  size_t nx, ny;  ///< points, padding included
  size_t modes;   ///< kept: kx in [-modes, modes), ky in [0, modes)
  size_t channels;
  size_t block_x, block_y;  ///< block sizes of the Monarch factors
  size_t groups = 1;        ///< channels are split into this many groups with transforms of their own
};

/// The four transforms between grid values (batch, x, y, channel) and kept modes (batch, kx, plane, ky,
/// channel):
///
///     X[kx, ky]  = sum_x F_x[kx, x] sum_y F_y[ky, y] v[x, y]
///     v'[x, y]   = Re sum_ky c_ky / ny  G_y[y, ky]  1/nx sum_kx G_x[x, kx] Y[kx, ky]
///
/// with c_k = 1 for k = 0 and ny/2, else 2. Every F and G is a full n x n complex Monarch matrix of which
/// only the kept rows or columns are computed. They start at the (inverse) DFT, where the layer equals the
/// Fourier layer, and are either kept there (FNO; along y then in the folded real form, which is fewer
/// operations) or learned (Monarch-NO). The factors have entries of modulus one; 1/n and c_k are constants
/// outside them. Learned factors form the parameter group `transform`. Sources: Li et al. 2021
/// (doi:10.48550/arXiv.2010.08895), Dao et al. 2022 (doi:10.48550/arXiv.2204.00595).
template <class T>
class SpectralBasis {
 public:
  /// Fixed at the DFT. @throws UsageError if the modes do not fit the grid or a block does not divide it
  explicit SpectralBasis(const SpectralShape& shape);
  /// Learned: adds 4 * groups pairs of factors to the store, named name/forward_y/left and so on.
  SpectralBasis(ParameterStore<T>& store, const std::string& name, const SpectralShape& shape);

  const SpectralShape& shape() const { return shape_; }
  bool is_learned() const { return learned_; }
  /// Sets learned factors to the DFT; call after the store is frozen.
  void initialize() const;

  /// Factors in the order that the kernels read, valid until the parameters change.
  struct Packed {
    std::vector<std::array<Tensor<T, 1>, 4>> groups;
  };
  Packed pack(Tape& tape) const;

  /// @param v         (batch, nx, ny, channel)
  /// @param spectrum  (batch, 2 modes, 2, modes, channel), overwritten
  void forward(const Exec& space, const Packed& packed, const Tensor<T, 4>& v, Workspace& scratch,
               const Tensor<T, 5>& spectrum) const;
  /// Gradient of v, and of learned factors (added).
  /// @param v  as in forward(); read only if the factors are learned
  void forward_backward(const Exec& space, const Packed& packed, const Tensor<T, 4>& v,
                        const Tensor<T, 5>& spectrum_grad, Workspace& scratch, Write write,
                        const Tensor<T, 4>& v_grad) const;
  /// @param v  (batch, nx, ny, channel), overwritten
  void inverse(const Exec& space, const Packed& packed, const Tensor<T, 5>& spectrum, Workspace& scratch,
               const Tensor<T, 4>& v) const;
  /// Gradient of the spectrum (overwritten), and of learned factors (added).
  void inverse_backward(const Exec& space, const Packed& packed, const Tensor<T, 5>& spectrum,
                        const Tensor<T, 4>& v_grad, Workspace& scratch,
                        const Tensor<T, 5>& spectrum_grad) const;

 private:
  enum Direction { forward_y, forward_x, inverse_x, inverse_y };
  struct Factors {
    Parameter<Complex<T>, 3> left, right;
  };

  void make_plans();
  /// The values between the two axes: (batch, nx, 2, modes, channel).
  Shape<5> inner_shape(size_t batch) const { return {batch, shape_.nx, 2, shape_.modes, shape_.channels}; }
  void forward_along_y(const Exec& space, const Packed& packed, const Tensor<T, 4>& v,
                       const Tensor<T, 5>& inner) const;
  void set_fourier(int direction, const Tensor<Complex<T>, 3>& left,
                   const Tensor<Complex<T>, 3>& right) const;
  void backward(const Exec& space, const Packed& packed, Direction direction, size_t group,
                const monarch::Lanes<const T>& x, const monarch::Lanes<const T>& y_grad, Workspace& scratch,
                Write write, const monarch::Lanes<T>& x_grad) const;

  SpectralShape shape_;
  bool learned_;
  std::array<monarch::AxisTransform<T>, 4> plan_;
  std::vector<std::array<Factors, 4>> factors_;  ///< by group; empty if fixed
  Packed fixed_;
};

}  // namespace danaus::nn
