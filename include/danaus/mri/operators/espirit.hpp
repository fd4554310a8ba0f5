#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/core/tensor.hpp>

namespace danaus::mri {

struct EspiritOptions {
  size_t calibration = 24;  ///< edge of the fully sampled centre square
  size_t kernel = 6;        ///< edge of the kernels
  size_t map_count = 1;     ///< sets of maps; two or more for soft SENSE
  /// Kernels kept: those with singular values above this part of the largest.
  double singular_threshold = 0.03;
  /// Maps are zero where the eigenvalue is below: outside the object.
  double crop = 0.8;
};

struct EspiritMaps {
  HostTensor<Complex<float>, 4> maps;  ///< (y, z, coil, map), of unit norm over the coils, or zero
  HostTensor<float, 3> eigenvalues;    ///< (y, z, map), 1 inside the object
};

/// Coil sensitivities of a plane from the centre of its k-space, by ESPIRiT (Uecker et al. 2014,
/// doi:10.1002/mrm.24751). The kernels are the row space of the calibration matrix; with P the projection
/// onto it, a pixel r has
///
///     G[c, d](r) = kernel^-2 sum_{u, v} exp(2 pi i (u - v) r) P[(c, u), (d, v)]
///
/// and its eigenvectors of eigenvalue 1 are the sensitivities. Their common phase, which the data do not
/// determine, is that of the dominant combination of coils of the calibration data.
///
/// @param kspace  (echo, ky, kz, coil), centred; all echoes calibrate together
/// @throws UsageError if the square is larger than the plane or smaller than the kernel
/// @throws DataError if the square is not fully sampled or holds no signal
EspiritMaps espirit(const HostTensor<Complex<float>, 4>& kspace, const EspiritOptions& options = {});

/// Bytes that it holds at its peak, results included.
size_t espirit_bytes(size_t rows, size_t columns, size_t coils, const EspiritOptions& options);

}  // namespace danaus::mri
