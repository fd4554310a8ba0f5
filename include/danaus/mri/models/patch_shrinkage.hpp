#pragma once

#include <danaus/autograd/parameter_store.hpp>
#include <danaus/autograd/tape.hpp>
#include <danaus/monarch/axis_transform.hpp>

#include <vector>

namespace danaus::mri {

/// Patches of p x p pixels on shifted grids that each tile the plane; a plane that p does not divide is
/// continued by zeros, and grids wrap around its edges. Coefficient row r = p * (row in the patch) + column;
/// lanes lie as (echo, real or imaginary part, grid, slice, patch row, patch column).
struct PatchGrids {
  static constexpr size_t most = 16;  ///< grids
  struct Offset {
    size_t y, z;
  };
  size_t patch, slices, echoes, rows, columns;
  std::vector<Offset> offsets;

  size_t patch_rows() const { return (rows + patch - 1) / patch; }
  size_t patch_columns() const { return (columns + patch - 1) / patch; }
  /// Patches of all grids and slices.
  size_t patches() const { return offsets.size() * slices * patch_rows() * patch_columns(); }
  size_t lanes() const { return 2 * echoes * patches(); }
};

/// `count` offsets that spread over a patch, moved on with `turn`.
std::vector<PatchGrids::Offset> spread_offsets(size_t patch, size_t count, size_t turn);

/// v(r, lane) = scale * x(item, y, z, 0), all patches of all grids.
template <class R>
void gather_patches(const Exec& space, const PatchGrids& grids, const ConstTensor<Complex<R>, 4>& x, R scale,
                    const Tensor<R, 2>& v);

/// y = x + scale * (the sum over grids of the patches put back), or added to y. The adjoint of the gathering.
template <class R>
void add_patches(const Exec& space, const PatchGrids& grids, const ConstTensor<Complex<R>, 4>& x, R scale,
                 const ConstTensor<R, 2>& v, Write write, const Tensor<Complex<R>, 4>& y);

/// Clips coefficients c of each echo e and row r by thresholds t(e, r):
///
///     d_e = c_e min(1, 1 / g),   g^2 = sum over the echoes of a group of |c_e|^2 / t_e^2
///
/// A group is one echo, so that |d| <= t, or all echoes of the patch (`joint`): what stands out in one echo
/// is kept in all.
template <class R>
void clip_coefficients(const Exec& space, const PatchGrids& grids, bool joint, const ConstTensor<R, 2>& t,
                       const ConstTensor<R, 2>& c, const Tensor<R, 2>& d);

/// Gradients of c (overwritten; may be d_grad itself) and of t (added), patches in order.
template <class R>
void clip_coefficients_backward(const Exec& space, const PatchGrids& grids, bool joint,
                                const ConstTensor<R, 2>& t, const ConstTensor<R, 2>& c,
                                const ConstTensor<R, 2>& d_grad, const Tensor<R, 2>& c_grad,
                                const Tensor<R, 2>& t_grad);

/// Denoising by a learned patch transform:
///
///     out = x - 1/grids sum_grids P^T M^T clip_t(M P x)
///
/// P cuts x (item, y, z, 1) into patches, M is a learned real Monarch transform of the p^2 pixels of a patch,
/// applied to real and imaginary parts, t = |t'| + 1e-6 learned thresholds, one per coefficient and echo.
/// Where M is orthonormal this shrinks coefficients softly, (|c| - t)_+; subtracting what is clipped stays
/// stable where it is not. M starts as the orthonormal 2-D cosine transform II of a patch, a Kronecker
/// product and so a Monarch matrix with p^3 numbers per factor; t starts at `threshold`, near 0 for the mean.
/// Sources: Dao et al. 2022 (doi:10.48550/arXiv.2204.00595); Yang et al. 2016, ADMM-Net, for learned
/// transforms and thresholds in unrolled solvers (doi:10.48550/arXiv.1705.06869).
template <class R>
class PatchShrinkage {
 public:
  PatchShrinkage(ParameterStore<R>& store, const std::string& name, size_t patch, size_t echoes, bool joint);
  /// Sets the initial weights; call after the store is frozen.
  void initialize(R threshold) const;

  /// @param x  (slice * echoes + echo, y, z, 1)
  Var<Complex<R>, 4> operator()(Tape& tape, const Var<Complex<R>, 4>& x,
                                const std::vector<PatchGrids::Offset>& offsets) const;

  const Parameter<R, 3>& left() const { return left_; }
  const Parameter<R, 3>& right() const { return right_; }
  const Parameter<R, 2>& thresholds() const { return thresholds_; }

 private:
  struct Saved;
  void backward(const Exec& space, const Saved& saved, const Var<Complex<R>, 4>& x,
                const Var<Complex<R>, 4>& out, Workspace& scratch) const;

  size_t patch_, echoes_;
  bool joint_;
  monarch::AxisTransform<R> transform_;
  Parameter<R, 3> left_, right_;
  Parameter<R, 2> thresholds_;  // (echo, coefficient)
};

}  // namespace danaus::mri
