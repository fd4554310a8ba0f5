#include <danaus/mri/data/coil_array.hpp>

#include <danaus/core/random.hpp>
#include <danaus/linalg/hermitian.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace danaus::mri {

namespace {

constexpr double pi = std::numbers::pi;
constexpr size_t grid_points = 24;

struct Vector {
  double x, y, z;
};

/// Solves L L^H c = b by substitution.
std::vector<Complex<double>> solve(const std::vector<Complex<double>>& l, std::vector<Complex<double>> b) {
  const size_t n = b.size();
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < i; ++k) b[i] -= l[i * n + k] * b[k];
    b[i] /= l[i * n + i].real();
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; ++k) b[i] -= Kokkos::conj(l[k * n + i]) * b[k];
    b[i] /= l[i * n + i].real();
  }
  return b;
}

/// exp(i pi s p) for s = -degree .. degree, p a position over the field.
std::vector<Complex<double>> waves(int degree, double p) {
  std::vector<Complex<double>> w;
  for (int s = -degree; s <= degree; ++s) w.emplace_back(std::cos(pi * s * p), std::sin(pi * s * p));
  return w;
}

/// Field of a loop of unit current at a point; integral of dl x r / r^3 over 32 segments.
Vector loop_field(const Vector& centre, const Vector& u, const Vector& w, double radius, const Vector& at) {
  constexpr int segments = 32;
  Vector field{0, 0, 0};
  for (int k = 0; k < segments; ++k) {
    const double a = 2 * pi * (k + .5) / segments, c = radius * std::cos(a), s = radius * std::sin(a);
    const double step = 2 * pi / segments;
    const Vector l{step * (-s * u.x + c * w.x), step * (-s * u.y + c * w.y), step * (-s * u.z + c * w.z)};
    const Vector r{at.x - centre.x - c * u.x - s * w.x, at.y - centre.y - c * u.y - s * w.y,
                   at.z - centre.z - c * u.z - s * w.z};
    const double distance = std::sqrt(r.x * r.x + r.y * r.y + r.z * r.z);
    const double weight = 1 / (distance * distance * distance);
    field.x += weight * (l.y * r.z - l.z * r.y);
    field.y += weight * (l.z * r.x - l.x * r.z);
    field.z += weight * (l.x * r.y - l.y * r.x);
  }
  return field;
}

double grid_position(size_t i) { return (double(i) + .5) / double(grid_points) - .5; }

}  // namespace

Complex<double> HalfFrequencies::at(double y, double z) const {
  const auto wy = waves(degree, y), wz = waves(degree, z);
  Complex<double> sum = 0;
  for (size_t s = 0; s < terms(); ++s)
    for (size_t t = 0; t < terms(); ++t) sum += c[s * terms() + t] * wy[s] * wz[t];
  return sum;
}

HalfFrequencies product(const HalfFrequencies& a, const HalfFrequencies& b) {
  HalfFrequencies p;
  p.degree = a.degree + b.degree;
  p.c.assign(p.terms() * p.terms(), 0);
  for (size_t i = 0; i < a.terms(); ++i)
    for (size_t j = 0; j < a.terms(); ++j)
      for (size_t k = 0; k < b.terms(); ++k)
        for (size_t l = 0; l < b.terms(); ++l)
          p.c[(i + k) * p.terms() + j + l] += a.c[i * a.terms() + j] * b.c[k * b.terms() + l];
  return p;
}

HalfFrequencies fit_half_frequencies(int degree, size_t points, const std::vector<Complex<double>>& values) {
  HalfFrequencies fit;
  fit.degree = degree;
  const size_t side = fit.terms(), n = side * side;
  std::vector<Complex<double>> rows(points * points * n), right(n, 0);
  for (size_t i = 0; i < points; ++i)
    for (size_t j = 0; j < points; ++j) {
      const auto wy = waves(degree, (double(i) + .5) / double(points) - .5);
      const auto wz = waves(degree, (double(j) + .5) / double(points) - .5);
      Complex<double>* row = &rows[(i * points + j) * n];
      for (size_t s = 0; s < side; ++s)
        for (size_t t = 0; t < side; ++t) {
          row[s * side + t] = wy[s] * wz[t];
          right[s * side + t] += Kokkos::conj(row[s * side + t]) * values[i * points + j];
        }
    }
  auto normal = linalg::gram<double>(points * points, n, rows);
  // Half frequencies on one period are nearly dependent: a little damping keeps the coefficients small.
  for (size_t k = 0; k < n; ++k) normal[k * n + k] += 1e-6 * double(points * points);
  fit.c = solve(linalg::cholesky<double>(n, normal), right);
  return fit;
}

std::vector<HalfFrequencies> coil_array(size_t coils, double x, double field_y, double field_z) {
  constexpr double distance = 95, radius = 42, ring_x = 35;  // mm
  std::vector<HalfFrequencies> array;
  std::vector<std::vector<Complex<double>>> fields;
  double centre_power = 0;
  for (size_t k = 0; k < coils; ++k) {
    const double around = 2 * pi * double(k) / double(coils) + .2;
    const Vector centre{(k % 2 ? ring_x : -ring_x), distance * std::cos(around), distance * std::sin(around)};
    const Vector along{1, 0, 0}, across{0, -std::sin(around), std::cos(around)};
    std::vector<Complex<double>> field;
    for (size_t i = 0; i < grid_points; ++i)
      for (size_t j = 0; j < grid_points; ++j) {
        const Vector at{x, field_y * grid_position(i), field_z * grid_position(j)};
        const Vector b = loop_field(centre, along, across, radius, at);
        // Close to the wire the field diverges; nothing of the leg is there.
        const double size = std::hypot(b.y, b.z), limit = .04;
        const double cut = size > limit ? limit / size : 1;
        field.emplace_back(cut * b.y, -cut * b.z);
      }
    const Vector b = loop_field(centre, along, across, radius, {x, 0, 0});
    centre_power += b.y * b.y + b.z * b.z;
    fields.push_back(std::move(field));
  }
  const double scale = 1 / std::sqrt(centre_power);
  for (auto& field : fields) {
    for (auto& b : field) b *= scale;
    array.push_back(fit_half_frequencies(3, grid_points, field));
  }
  return array;
}

HalfFrequencies smooth_phase(std::uint64_t seed, double x) {
  const Random random(seed, stream::anatomy + (1 << 8));
  const auto draw = [&](std::uint64_t i, double size) { return size * (2 * random.uniform(i) - 1); };
  std::vector<Complex<double>> values;
  for (size_t i = 0; i < grid_points; ++i)
    for (size_t j = 0; j < grid_points; ++j) {
      const double y = 2 * grid_position(i), z = 2 * grid_position(j);
      const double phi = draw(0, 3) + draw(1, .8) * y + draw(2, .8) * z + draw(3, .5) * y * y +
                         draw(4, .5) * z * z + draw(5, .4) * y * z + x * (draw(6, .5) + draw(7, .3) * y);
      values.emplace_back(std::cos(phi), std::sin(phi));
    }
  return fit_half_frequencies(2, grid_points, values);
}

}  // namespace danaus::mri
