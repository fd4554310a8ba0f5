#pragma once

#include <danaus/mri/masks/mask.hpp>

namespace danaus::mri {

/// Variable-density Poisson disc: outside a fully sampled calibration square no two samples are closer than a
/// radius that grows from 1 grid step at the square to 1 + slope at the edge of the plane, in units that
/// scale with the axes (a plane of 400 x 100 has the same pattern as one of 100 x 100, stretched), and never
/// less than one step along either axis. The slope is found by bisection; then samples are added or removed,
/// in a random order of their own that keeps the density, until R is met to half a sample.
///
/// Bridson 2007, doi:10.1145/1278780.1278807, on continuous positions: work is bounded by the number of grid
/// points, so it always ends, and the number of bisections is fixed. At most one sample per grid point.
///
/// @throws UsageError if the calibration square alone has more samples than the acceleration allows
Mask poisson_disc(const MaskOptions& options);

namespace detail {
/// One pattern for a given slope, before samples are added or removed.
Mask poisson_disc_of_slope(const MaskOptions& options, double slope);
}  // namespace detail

}  // namespace danaus::mri
