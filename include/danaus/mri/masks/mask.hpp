#pragma once

#include <danaus/core/tensor.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace danaus::mri {

/// Which points of the phase-encoding plane (ky, kz) are sampled: 1 = sampled, row-major, centre of k-space
/// at (rows / 2, columns / 2). For 2-D acquisitions with one phase-encoding axis the columns are the phase
/// encodings and all rows are equal.
struct Mask {
  size_t rows = 0, columns = 0;
  std::vector<std::uint8_t> samples;

  Mask() = default;
  Mask(size_t rows, size_t columns, std::uint8_t value = 0)
      : rows(rows), columns(columns), samples(rows * columns, value) {}

  std::uint8_t& operator()(size_t row, size_t column) { return samples[row * columns + column]; }
  std::uint8_t operator()(size_t row, size_t column) const { return samples[row * columns + column]; }
  size_t size() const { return samples.size(); }
  size_t count() const;
  /// R = points of this plane, cut corners included, per sample. A mask is made, and R counted, at the
  /// acquired shape; of the zero-padded plane it would be larger.
  double acceleration() const { return double(size()) / double(count()); }
};

/// Zeros around a mask or cut from its edges, so that the centres of k-space coincide: the acquired plane
/// inside the reconstructed one.
Mask pad_centrally(const Mask& mask, size_t rows, size_t columns);

/// Digest of shape and samples, 32 hexadecimal digits.
std::string digest_of(const Mask& mask);

/// Everything that defines a generated mask: equal options, equal masks, on any machine.
struct MaskOptions {
  std::string type = "poisson";  ///< a name of mask_types()
  size_t rows = 0, columns = 0;  ///< acquired shape (ky, kz)
  double acceleration = 4;
  /// Edge of the fully sampled centre square, or number of centre columns; 0: the type's own rule.
  size_t calibration = 0;
  bool cut_corners = false;  ///< poisson: nothing outside the ellipse that touches the edges
  std::uint64_t seed = 0;
};

struct MaskType {
  std::string name, summary;
  Mask (*make)(const MaskOptions&);
};

/// poisson, random, equispaced, uniform, gaussian.
const std::vector<MaskType>& mask_types();

/// @throws UsageError for an unknown type, an acceleration below 1 or one that the calibration alone
/// prevents,
///     naming the largest that is possible
Mask make_mask(const MaskOptions& options);

}  // namespace danaus::mri
