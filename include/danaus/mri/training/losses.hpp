#pragma once

#include <danaus/autograd/tape.hpp>
#include <danaus/core/complex.hpp>

#include <string>
#include <vector>

namespace danaus::mri {

/// What training minimises, of complex images p and t (item, y, z, 1); the mean over the items' pixels,
/// summed over the slices of a batch:
///
///     l1       |p - t|
///     l2       |p - t|^2
///     ssim-l1  |p - t| + ssim_weight (1 - SSIM(|p|, |t|))
///
/// SSIM with a uniform window of 7 x 7, windows inside the image only, k1 = .01, k2 = .03, range = the item's
/// largest |t| (1 where that is 0), population variances (Wang et al. 2004, doi:10.1109/TIP.2003.819861). In
/// units where the image's 95th percentile is 1 both terms are of one size. Magnitudes of 0 have gradient 0.
enum class ImageLoss { l1, l2, ssim_l1 };

inline constexpr double ssim_weight = 0.2;

const std::vector<std::string>& image_loss_names();
/// @throws UsageError naming them
ImageLoss parse_image_loss(const std::string& name);

/// weight * sum over slices of the mean over items, pixels and channels of |p - t|, or |p - t|^2; of images,
/// or of samples (item, ky, kz, coil).
/// @param slices  how many slices the items belong to
template <class R>
Var<R, 0> mean_error(Tape& tape, const Var<Complex<R>, 4>& prediction, const Tensor<Complex<R>, 4>& target,
                     size_t slices, bool squared, R weight = 1);

/// weight * sum over slices of the mean over items of 1 - SSIM.
/// @throws ShapeError if the shapes differ or the plane is smaller than the window
template <class R>
Var<R, 0> structural_dissimilarity(Tape& tape, const Var<Complex<R>, 4>& prediction,
                                   const Tensor<Complex<R>, 4>& target, size_t slices, R weight);

/// The terms of a loss; their sum is the loss.
template <class R>
std::vector<Var<R, 0>> image_losses(Tape& tape, ImageLoss loss, const Var<Complex<R>, 4>& prediction,
                                    const Tensor<Complex<R>, 4>& target, size_t slices);

/// sum over slices of ||p - t|| / ||t||, a slice's echoes together; ||p - t|| where t is 0.
template <class R>
Tensor<R, 0> image_relative_l2(Tape& tape, const Tensor<Complex<R>, 4>& prediction,
                               const Tensor<Complex<R>, 4>& target, size_t slices);

}  // namespace danaus::mri
