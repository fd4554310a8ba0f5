#pragma once

#include <danaus/mri/models/learned_model.hpp>

namespace danaus::mri {

/// The control to mSENSE, "diag F diag": the Fourier transform stays as it is between separable weights,
///
///     x(y, z) = c(y) d(z) sum_coil conj(S) (F^H (a(ky) b(kz) Omega y))(y, z)
///
/// with complex vectors a, c of the plane's rows and b, d of its columns that start at 1, where x is the
/// zero-filled SENSE image: 4 (rows + columns) real numbers. What mSENSE gains beyond this is due to its
/// transform, not to density compensation and apodisation.
template <class R>
class SeparableWeights : public LearnedModel<R> {
 public:
  explicit SeparableWeights(const LearnedModelConfig& config);

  Var<Complex<R>, 4> reconstruct(Tape& tape, const SliceBatch<R>& batch) const override;
  bool is_linear() const override { return true; }
  std::map<std::string, std::string> hyper_parameters() const override { return config_.to_map(); }

 private:
  LearnedModelConfig config_;
  Parameter<Complex<R>, 1> sample_rows_, sample_columns_, image_rows_, image_columns_;
};

}  // namespace danaus::mri
