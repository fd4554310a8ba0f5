#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/core/tensor.hpp>

#include <string>
#include <vector>

namespace danaus::mri {

/// Conventions for comparing images that give different numbers for the same images and are never mixed:
///
/// meddlr-scan   magnitudes, the whole volume of an echo: PSNR = 20 log10(max target / RMSE); SSIM with a
/// Gaussian window
///               11 x 11 x 11, sigma 1.5, range = max target, over voxels at least 5 from every face; at
///               least 11 slices
/// meddlr-slice  the same with a window 11 x 11 in each slice: for fewer slices
/// fastmri       magnitudes of the centre crop: PSNR with max of the target's volume; SSIM with a uniform 7 x
/// 7 window in
///               each slice, sample covariance, range = max of the target's volume (Zbontar et al. 2018)
/// bart          complex images after the best complex scale: NRMSE = min_s ||s x - t|| / ||t||; PSNR of the
/// same error;
///               no SSIM
///
/// NRMSE = ||x - t|| / ||t|| in all. SSIM of Wang et al. 2004, doi:10.1109/TIP.2003.819861, with k1 = .01, k2
/// = .03.
enum class MetricsProfile { meddlr_scan, meddlr_slice, fastmri, bart };

const std::vector<std::string>& metrics_profile_names();
/// @throws UsageError naming them
MetricsProfile parse_metrics_profile(const std::string& name);

/// nan where a profile does not define it.
struct ImageScore {
  double psnr, ssim, nrmse;
};

/// A volume of one echo, (x, y, z).
struct ComplexVolume {
  size_t slices = 0, rows = 0, columns = 0;
  std::vector<Complex<float>> values;
};

/// @throws ShapeError if the shapes differ
/// @throws DataError if the profile needs more slices or pixels, naming the profile that does not; or if the
/// target is
///     zero
ImageScore score_image(MetricsProfile profile, const ComplexVolume& image, const ComplexVolume& target);

/// Mean of SSIM over the voxels whose window lies inside the volume. `window_x` = {1} for slices by
/// themselves.
/// @param covariance_factor  n / (n - 1) for sample covariances, n the window's voxels; else 1
double structural_similarity(size_t slices, size_t rows, size_t columns, const std::vector<float>& image,
                             const std::vector<float>& target, const std::vector<double>& window_x,
                             const std::vector<double>& window, double range, double covariance_factor);

/// `size` weights exp(-i^2 / (2 sigma^2)) about the middle, of sum 1.
std::vector<double> gaussian_window(size_t size, double sigma);

}  // namespace danaus::mri
