#pragma once

#include <danaus/mri/models/learned_model.hpp>
#include <danaus/mri/models/patch_shrinkage.hpp>
#include <danaus/nn/two_layer_convolution.hpp>

#include <optional>
#include <vector>

namespace danaus::mri {

/// An unrolled proximal gradient method whose denoiser is a learned Monarch transform of patches, beside a
/// small convolution:
///
///     w_k = x_k + k / (k + 3) (x_k - x_{k-1})               x_0 = A^H y
///     z_k = w_k - s_k A^H (A w_k - y)
///     x_{k+1} = PatchShrinkage_k(z_k) + Convolution_k(z_k)
///
/// with real and imaginary parts of all echoes as channels of the convolution. Of the last x only what lies
/// in the acquired part of k-space is kept (`band_limit`; see BandLimit), where some coil is sensitive. Each
/// of the `iterations` has a set of its own, or all share one (`tied`); step sizes start at 1, the
/// convolution at 0: then one iteration is one of FISTA (Beck and Teboulle 2009, doi:10.1137/080716542) with
/// the cosine transform of patches. The grids of patches move from iteration to iteration.
///
/// Real numbers per set: 2 p^3 + p^2 echoes + 1, and with a convolution of h channels 36 echoes h + h +
/// 2 echoes: 9,877 for p = 16, h = 16, two echoes. Sources: Hammernik et al. 2018 (doi:10.1002/mrm.26977),
/// Aggarwal et al. 2019 (doi:10.1109/TMI.2018.2865356) for unrolled reconstruction; the transform: Dao et al.
/// 2022 (doi:10.48550/arXiv.2204.00595).
template <class R>
class Unrolled : public LearnedModel<R> {
 public:
  /// @throws UsageError naming an option that does not fit
  Unrolled(const LearnedModelConfig& config, std::uint64_t seed);

  Var<Complex<R>, 4> reconstruct(Tape& tape, const SliceBatch<R>& batch) const override;
  std::map<std::string, std::string> hyper_parameters() const override { return config_.to_map(); }

 private:
  struct Set {
    Parameter<R, 1> step;
    PatchShrinkage<R> shrinkage;
    std::optional<nn::TwoLayerConvolution<R>> convolution;
  };

  LearnedModelConfig config_;
  std::vector<Set> sets_;
};

}  // namespace danaus::mri
