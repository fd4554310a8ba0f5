#include <danaus/mri/data/phantom.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace danaus::mri {

namespace {

constexpr double pi = std::numbers::pi;
constexpr double steps_per_unit =
    128;  // of r: cubic interpolation then errs by (2 pi / 128)^4 / 384 * pi < 1e-7 / 2

}  // namespace

std::vector<Ellipse> Phantom::slice(double x) const {
  std::vector<Ellipse> found;
  for (const auto& s : shapes) {
    const double t = (x - s.x) / s.a_x, left = 1 - t * t;
    if (left <= 0) continue;
    const double scale = std::sqrt(left);
    found.push_back({s.y, s.z, s.a_y * scale, s.a_z * scale, s.angle, s.added, s.tissue});
  }
  return found;
}

int Phantom::tissue_at(const std::vector<Ellipse>& shapes, double y, double z) {
  for (auto s = shapes.rbegin(); s != shapes.rend(); ++s) {
    const double dy = y - s->y, dz = z - s->z, c = std::cos(s->angle), n = std::sin(s->angle);
    const double v = (c * dy + n * dz) / s->a_y, w = (c * dz - n * dy) / s->a_z;
    if (v * v + w * w <= 1) return s->tissue;
  }
  return 0;
}

EllipseSpectrum::EllipseSpectrum(double largest_r) {
  const auto size = size_t(largest_r * steps_per_unit) + 3;
  values_.resize(size), slopes_.resize(size);
  values_[0] = pi, slopes_[0] = 0;
  for (size_t i = 1; i < size; ++i) {
    const double r = double(i) / steps_per_unit, x = 2 * pi * r;
    values_[i] = std::cyl_bessel_j(1.0, x) / r;
    // d/dx (J_1 / x) = -J_2 / x; the slope is per table step.
    slopes_[i] = -2 * pi * std::cyl_bessel_j(2.0, x) / r / steps_per_unit;
  }
}

double EllipseSpectrum::operator()(double r) const {
  const double at = r * steps_per_unit;
  const size_t i = std::min(size_t(at), values_.size() - 2);
  const double t = std::min(at - double(i), 1.0);
  const double p0 = values_[i], p1 = values_[i + 1], m0 = slopes_[i], m1 = slopes_[i + 1];
  return p0 + t * (m0 + t * (3 * (p1 - p0) - 2 * m0 - m1 + t * (2 * (p0 - p1) + m0 + m1)));
}

std::array<std::vector<Complex<double>>, 2> phantom_spectrum(const Phantom& phantom,
                                                             const std::vector<Ellipse>& slice,
                                                             const HalfGrid& g,
                                                             const EllipseSpectrum& spectrum) {
  std::array<std::vector<Complex<double>>, 2> sums;
  std::vector<double> u(g.rows), v(g.columns);
  std::vector<Complex<double>> turn_v(g.columns);
  const double area = phantom.field_y * phantom.field_z;
  for (size_t e = 0; e < 2; ++e) {
    sums[e].assign(g.rows * g.columns, 0);
    for (size_t i = 0; i < g.rows; ++i)
      u[i] = (double(g.first_p + int(i)) / 2 + g.offset[e][0]) / phantom.field_y;
    for (size_t j = 0; j < g.columns; ++j)
      v[j] = (double(g.first_q + int(j)) / 2 + g.offset[e][1]) / phantom.field_z;
    for (const auto& s : slice) {
      if (s.added[e] == 0) continue;
      const double c = std::cos(s.angle), n = std::sin(s.angle);
      const double weight = s.added[e] * s.a_y * s.a_z / area;
      for (size_t j = 0; j < g.columns; ++j) {
        const double angle = -2 * pi * v[j] * s.z;
        turn_v[j] = Complex<double>(std::cos(angle), std::sin(angle));
      }
      for (size_t i = 0; i < g.rows; ++i) {
        const double angle = -2 * pi * u[i] * s.y;
        const Complex<double> turn_u(weight * std::cos(angle), weight * std::sin(angle));
        Complex<double>* row = &sums[e][i * g.columns];
        for (size_t j = 0; j < g.columns; ++j) {
          const double p = s.a_y * (c * u[i] + n * v[j]), q = s.a_z * (c * v[j] - n * u[i]);
          row[j] += spectrum(std::sqrt(p * p + q * q)) * (turn_u * turn_v[j]);
        }
      }
    }
  }
  return sums;
}

Phantom shepp_logan() {
  // value, semi-axes (z, y), centre (z, y), degrees, in units of half the field.
  constexpr double table[10][6] = {{1, .69, .92, 0, 0, 0},        {-.8, .6624, .874, 0, -.0184, 0},
                                   {-.2, .11, .31, .22, 0, -18},  {-.2, .16, .41, -.22, 0, 18},
                                   {.1, .21, .25, 0, .35, 0},     {.1, .046, .046, 0, .1, 0},
                                   {.1, .046, .046, 0, -.1, 0},   {.1, .046, .023, -.08, -.605, 0},
                                   {.1, .023, .023, 0, -.606, 0}, {.1, .023, .046, .06, -.605, 0}};
  Phantom phantom;
  phantom.field_y = phantom.field_z = 256;
  phantom.first_x = -20, phantom.last_x = 20;
  phantom.tissues = {"air", "head"};
  phantom.t2 = {0, 0};
  const double half = 128;
  for (const auto& row : table) {
    Ellipsoid e;
    e.y = -row[4] * half, e.z = row[3] * half;
    // A z-up picture: the first semi-axis lies along z, and y grows downwards.
    e.a_z = row[1] * half, e.a_y = row[2] * half, e.a_x = 0.9 * half;
    e.angle = row[5] * pi / 180;
    e.added = {row[0], row[0]};
    e.tissue = 1;
    phantom.shapes.push_back(e);
  }
  return phantom;
}

}  // namespace danaus::mri
