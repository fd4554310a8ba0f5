#pragma once

#include <danaus/mri/models/learned_model.hpp>
#include <danaus/nn/axis_monarch.hpp>

#include <optional>

namespace danaus::mri {

/// Factors of the centred orthonormal inverse Fourier transform of n = shape.rows() points, behind
/// InputOrder::strided, without its scale 1 / sqrt(n): the shifts fold into them, all entries have modulus 1.
template <class R>
void centred_inverse_fourier_factors(const monarch::MonarchShape& shape, const Tensor<Complex<R>, 3>& left,
                                     const Tensor<Complex<R>, 3>& right);

/// density(s, ky, kz) = (mean of the mask near (ky, kz))^-power, at sampled points; 0 elsewhere. The mean is
/// over the samples of a window of 2 * reach + 1 points per axis with triangular weights, inside the plane.
/// @param mask     (slice, ky, kz) of the full plane
/// @param density  (slice, ky, kz) of its centre
template <class R>
void density_weights(const Exec& space, const ConstTensor<R, 3>& mask, int reach, R power,
                     const Tensor<R, 3>& density);

/// mSENSE: the inverse Fourier transform of SENSE as a learned Monarch transform,
///
///     x = sum_c conj(S_c) M_y M_z (w Omega y)_c
///
/// with one pair of complex factors along each axis, shared by coils, echoes and slices. It starts exactly at
/// the centred orthonormal inverse transform, where x is the zero-filled SENSE image. Only the acquired rows
/// and columns of k-space enter. Factors have entries of modulus one; 1 / sqrt(n) is a constant outside them.
///
/// Weights w of the samples (`density`): none; computed, density_weights() of the mask; learned, those times
/// a real weight per point of the acquired plane that starts at 1.
///
/// 2 n (b + n / b) real numbers per axis: 57,472 at 512 x 160. Source: Dao et al. 2022, section 5.1.2
/// (doi:10.48550/arXiv.2204.00595).
template <class R>
class Msense : public LearnedModel<R> {
 public:
  /// @throws UsageError if a block does not divide its extent, or naming an unknown density
  explicit Msense(const LearnedModelConfig& config);

  Var<Complex<R>, 4> reconstruct(Tape& tape, const SliceBatch<R>& batch) const override;
  bool is_linear() const override { return true; }
  std::map<std::string, std::string> hyper_parameters() const override { return config_.to_map(); }

 private:
  /// The acquired centre of the samples, times w.
  Var<Complex<R>, 4> weighted_samples(Tape& tape, const SliceBatch<R>& batch) const;

  LearnedModelConfig config_;
  std::optional<nn::AxisMonarch<R>> along_y_, along_z_;
  std::optional<Parameter<R, 2>> weights_;
};

}  // namespace danaus::mri
