#pragma once

#include <danaus/core/tensor.hpp>
#include <danaus/io/hdf5_writer.hpp>
#include <danaus/mri/data/phantom.hpp>

#include <functional>
#include <string>

namespace danaus::mri {

/// What a synthetic scan is made of. Scores on such scans are not scores on clinical data.
struct SyntheticScanOptions {
  std::string phantom = "knee";                    ///< or "shepp-logan"
  size_t rows = 416, columns = 80;                 ///< acquired samples along ky and kz
  size_t padded_rows = 512, padded_columns = 160;  ///< reconstructed plane
  size_t slices = 16, coils = 8;
  /// Signal of muscle in echo 1 (knee) or of 1 (Shepp-Logan) over the standard deviation of the noise in the
  /// fully sampled image; 0: no noise.
  double signal_to_noise = 30;
  double noise_correlation = 0.2;  ///< of neighbouring coils
  size_t calibration = 24;         ///< of the masks in the file
  std::uint64_t seed = 0;          ///< of the subject
};

/// One slice as it would come from the scanner. Plain arrays: they are made inside a parallel loop, where
/// Kokkos allocates nothing.
struct SyntheticSlice {
  std::vector<Complex<float>> kspace;  ///< (ky, kz, echo, coil), zero-padded
  std::vector<Complex<float>> maps;    ///< (y, z, coil), zero outside the body
  std::vector<std::uint8_t> tissues;   ///< (y, z)
};

/// Computes slices of one subject: analytic k-space of every coil and echo, so that nothing is inverted with
/// the operator that made it, plus noise that is correlated between coils. Slices may be computed in any
/// order, by many threads.
///
/// Sensitivities are trigonometric polynomials T_c; maps are S_c = T_c / sqrt(sum |T|^2), and the image is
/// the object times that root and a smooth phase: y = F S x holds exactly but for the band limit of the scan.
class SyntheticScan {
 public:
  explicit SyntheticScan(const SyntheticScanOptions& options);

  const Phantom& phantom() const { return phantom_; }
  /// (coil, coil) of one complex sample.
  const std::vector<Complex<double>>& noise_covariance() const { return noise_covariance_; }
  SyntheticSlice slice(size_t index) const;

 private:
  SyntheticScanOptions options_;
  Phantom phantom_;
  std::vector<Complex<double>> noise_factor_;  // lower triangle of the covariance's square root
  std::vector<Complex<double>> noise_covariance_;
  double noise_level_;
  std::shared_ptr<const EllipseSpectrum> spectrum_;
};

/// Writes one subject in SKM-TEA's layout (Desai et al. 2021, doi:10.48550/arXiv.2203.06823), slice by slice:
///
///     /kspace (x, ky, kz, echo, coil) c64, /maps (x, y, z, coil, map), /target (x, y, z, echo, map): the
///     SENSE image of all samples, /masks/poisson_2.0x .. 8.0x (acquired shape), and, of synthetic scans
///     only, /tissues (x, y, z) u8 with the attributes `names` and `t2_seconds`, /noise_covariance (coil,
///     coil) c128
///
/// @param progress  is told the slices written so far
void write_synthetic_scan(const std::filesystem::path& path, const io::FileHeader& header,
                          const SyntheticScanOptions& options,
                          const std::function<void(size_t)>& progress = {});

/// Bytes of the file, and of memory while it is written.
size_t synthetic_scan_file_bytes(const SyntheticScanOptions& options);
size_t synthetic_scan_memory_bytes(const SyntheticScanOptions& options);

}  // namespace danaus::mri
