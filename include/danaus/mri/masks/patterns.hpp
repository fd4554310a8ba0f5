#pragma once

#include <danaus/mri/masks/mask.hpp>

namespace danaus::mri {

/// The column masks of fastMRI (Zbontar et al. 2018, doi:10.48550/arXiv.1811.08839): W columns, of which the
/// `low` in the centre are always sampled. low = calibration, or round(0.32 W / R): 0.08 at R = 4, 0.04 at R
/// = 8. `random`: each other column with probability (W / R - low) / (W - low), so R is met on average.
Mask random_columns(const MaskOptions& options);

/// `equispaced`: every R'-th column from a random offset, R' = R (low - W) / (low R - W), so that R is met
/// with the centre columns counted.
Mask equispaced_columns(const MaskOptions& options);

/// Every a-th row and b-th column, a b = R with a and b as equal as R's divisors allow (b >= a), and a
/// calibration square. R counts the lattice alone. @throws UsageError unless R is an integer
Mask uniform_lattice(const MaskOptions& options);

/// Points drawn without replacement with weights exp(-(y^2 + z^2) / (2 0.4^2)), y and z from -1 to 1 over the
/// plane, beside a calibration square; R is met to half a sample.
Mask gaussian_density(const MaskOptions& options);

namespace detail {
/// The centre square (or all rows of the centre columns where rows = 0) set to 1.
void sample_centre(Mask& mask, size_t rows, size_t columns);
/// round(size / R); @throws UsageError if that is less than `centre` points, or R < 1
size_t samples_wanted(const MaskOptions& options, size_t centre);
}  // namespace detail

}  // namespace danaus::mri
