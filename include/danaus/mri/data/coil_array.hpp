#pragma once

#include <danaus/core/complex.hpp>

#include <vector>

namespace danaus::mri {

/// Trigonometric polynomials on half frequencies of a field of view,
///
///     T(y, z) = sum_{|s|, |t| <= degree} c[s, t] exp(2 pi i (s y / (2 field_y) + t z / (2 field_z))):
///
/// a product with one shifts k-space by half samples, so that the signal of a coil stays exact.
struct HalfFrequencies {
  int degree = 0;
  std::vector<Complex<double>> c;  ///< (s + degree, t + degree)

  size_t terms() const { return size_t(2 * degree + 1); }
  Complex<double> at(double y_over_field, double z_over_field) const;
};

HalfFrequencies product(const HalfFrequencies& a, const HalfFrequencies& b);

/// Least-squares fit to values on a points x points grid that covers the field of view, (y, z).
HalfFrequencies fit_half_frequencies(int degree, size_t points, const std::vector<Complex<double>>& values);

/// The fields of `coils` circular loops on two rings around the leg, facing its axis, by Biot and Savart's
/// law, each as a polynomial of degree 3 over the slice at x (mm) of a field of view in mm. Sensitivity = B_y
/// - i B_z for a main field along x; scaled so that the root sum of squares is about 1 at the centre.
std::vector<HalfFrequencies> coil_array(size_t coils, double x, double field_y, double field_z);

/// exp(i phi) for a smooth random phase phi of up to about 1.5 rad, as a polynomial of degree 2.
HalfFrequencies smooth_phase(std::uint64_t seed, double x_over_range);

}  // namespace danaus::mri
