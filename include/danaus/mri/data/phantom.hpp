#pragma once

#include <danaus/core/complex.hpp>

#include <array>
#include <string>
#include <vector>

namespace danaus::mri {

/// An ellipsoid with one axis along the readout x, in mm; `angle` turns the other two in the (y, z) plane.
struct Ellipsoid {
  double x = 0, y = 0, z = 0;        ///< centre
  double a_x = 1, a_y = 1, a_z = 1;  ///< semi-axes
  double angle = 0;
  /// Signal of both echoes; what it adds to that of the shapes around it.
  std::array<double, 2> added{};
  int tissue = 0;  ///< index into Phantom::tissues
};

/// The cross-section of an ellipsoid at one x.
struct Ellipse {
  double y, z, a_y, a_z, angle;
  std::array<double, 2> added;
  int tissue;
};

/// Shapes whose signals add up, in the order in which one lies in another.
struct Phantom {
  std::vector<Ellipsoid> shapes;
  std::vector<std::string> tissues;     ///< names; 0 is air
  std::vector<double> t2;               ///< seconds, per tissue; 0 where none is defined
  double field_y = 160, field_z = 128;  ///< field of view, mm
  double first_x = -40, last_x = 40;    ///< centres of the first and last slice, mm

  std::vector<Ellipse> slice(double x) const;
  /// Of the last shape that holds the point; 0 outside all.
  static int tissue_at(const std::vector<Ellipse>& shapes, double y, double z);
};

/// J_1(2 pi r) / r, pi at r = 0, from a table with cubic interpolation; error below 1e-8.
class EllipseSpectrum {
 public:
  explicit EllipseSpectrum(double largest_r);
  double operator()(double r) const;

 private:
  std::vector<double> values_, slopes_;
};

/// The Fourier integral of a slice on a grid of half frequencies, for both echoes:
///
///     K_e[P, Q] = sum_shapes added_e int int exp(-2 pi i (u y + v z)) dy dz / (field_y field_z)
///     u = (P / 2 + offset_e,y) / field_y,  v = (Q / 2 + offset_e,z) / field_z
///
/// with P = first_p .. first_p + rows - 1 and Q likewise; one ellipse gives a_y a_z J_1(2 pi r) / r with
/// r^2 = (a_y u')^2 + (a_z v')^2 times the phase of its centre (Bracewell, The Fourier Transform and Its
/// Applications). The offsets are a linear phase of the image.
struct HalfGrid {
  int first_p, first_q;
  std::size_t rows, columns;
  std::array<std::array<double, 2>, 2> offset{};  // (echo, axis)
};
std::array<std::vector<Complex<double>>, 2> phantom_spectrum(const Phantom& phantom,
                                                             const std::vector<Ellipse>& slice,
                                                             const HalfGrid& grid,
                                                             const EllipseSpectrum& spectrum);

/// The modified Shepp-Logan head (Shepp and Logan 1974, doi:10.1109/TNS.1974.6499235; contrast of Toft 1996),
/// the same in both echoes; slices along x are cut from ellipsoids of 0.9 of the field.
Phantom shepp_logan();

/// A knee for a dual-echo steady-state scan: nested ellipsoids of fat, muscle, bone marrow, cartilage,
/// meniscus, ligament and fluid, at 3 T, fat suppressed; pose, sizes, relaxation times and fine texture are
/// drawn from `seed`.
Phantom knee(std::uint64_t seed);

}  // namespace danaus::mri
