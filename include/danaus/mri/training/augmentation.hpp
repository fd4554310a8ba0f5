#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/core/tensor.hpp>

#include <cstdint>

namespace danaus::mri {

/// A slice of a fully sampled scan, in host memory.
struct TrainingSlice {
  HostTensor<Complex<float>, 4> kspace;  ///< (echo, ky, kz, coil)
  HostTensor<Complex<float>, 4> maps;    ///< (y, z, coil, 1)
  HostTensor<Complex<float>, 3> target;  ///< (echo, y, z)
};

/// A slice that could have been scanned as well: reflected about its centre, moved (what leaves at one edge
/// comes in at the other) and with another global phase.
struct Augmentation {
  bool flip_y = false, flip_z = false;
  long shift_y = 0, shift_z = 0;  ///< pixels
  double phase = 0;               ///< radians, of image and samples
};

/// Drawn from (seed, epoch, sample): each flip with probability 1/2, shifts of up to an eighth of the plane,
/// any phase.
Augmentation draw_augmentation(std::uint64_t seed, size_t epoch, size_t sample, size_t rows, size_t columns);

/// Samples, maps and target stay consistent, exactly: in k-space a reflection is one, and a shift a linear
/// phase.
TrainingSlice augmented(const TrainingSlice& slice, const Augmentation& how);

}  // namespace danaus::mri
