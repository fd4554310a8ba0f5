#pragma once

#include <danaus/core/complex.hpp>

#include <string>
#include <vector>

namespace danaus::mri {

/// Conventions for the units that a model works in: samples are divided by a number of the slice, images
/// multiplied by it again. From the magnitudes of the zero-filled SENSE image, all echoes of the slice
/// together:
///
///     p95   their 95th percentile, linear between ranks (meddlr)
///     std   their standard deviation (SKM-TEA, which takes the target's)
///     max   the largest
///     none  1
///
/// A slice without signal has scale 1.
const std::vector<std::string>& scale_names();

/// @throws UsageError naming the conventions
double image_scale(const std::string& name, const Complex<float>* image, size_t count);

}  // namespace danaus::mri
