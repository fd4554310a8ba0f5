#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/core/tensor.hpp>

#include <vector>

/// Linear maps over the coils of a scan: y'_d = sum_c W[d, c] y_c. They commute with the Fourier transform,
/// so samples and sensitivities take the same one, and y = Omega F S x becomes W y = Omega F (W S) x.
namespace danaus::mri {

/// W (out, in), row-major.
struct CoilTransform {
  size_t outputs = 0, inputs = 0;
  std::vector<Complex<double>> matrix;
};

/// The product: first `a`, then `b`. @throws ShapeError
CoilTransform chain(const CoilTransform& a, const CoilTransform& b);

/// (n, coil) samples of noise -> covariance (coil, coil), C = 1/n sum n n^H; means are taken as zero.
std::vector<Complex<double>> noise_covariance(size_t coils, const std::vector<Complex<float>>& noise);

/// W = L^{-1} with C = L L^H: noise of covariance C becomes white, of variance 1 (Pruessmann et al. 2001,
/// doi:10.1002/mrm.1241). @throws DataError if C is not positive definite
CoilTransform prewhitening(size_t coils, const std::vector<Complex<double>>& covariance);

struct CoilCompression {
  CoilTransform transform;
  double kept = 1;  ///< part of the signal's energy that remains
};
/// The `count` combinations of coils with most of the energy of the centre calibration x calibration samples,
/// which are orthonormal: unit noise stays unit noise (Buehrer et al. 2007, doi:10.1002/mrm.21237).
/// @param kspace  (echo, ky, kz, coil)
/// @throws UsageError unless 1 <= count <= coils, DataError if the samples are zero
CoilCompression compress_coils(const HostTensor<Complex<float>, 4>& kspace, size_t calibration, size_t count);

/// Applied along the coils: (echo, ky, kz, coil) of samples, (y, z, coil, map) of sensitivities.
HostTensor<Complex<float>, 4> transform_samples(const CoilTransform& w,
                                                const HostTensor<Complex<float>, 4>& kspace);
HostTensor<Complex<float>, 4> transform_maps(const CoilTransform& w,
                                             const HostTensor<Complex<float>, 4>& maps);

}  // namespace danaus::mri
