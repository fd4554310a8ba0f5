#include <mri/data/ismrmrd_geometry.hpp>

#include <algorithm>
#include <cmath>

namespace danaus::mri::detail {

namespace {

using Vector = std::array<double, 3>;

constexpr double tolerance = 1e-3;  // of directions, which files hold in float32, and of distances

Vector to_double(const std::array<float, 3>& v) { return {v[0], v[1], v[2]}; }
double dot(const Vector& a, const Vector& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
Vector minus(const Vector& a, const Vector& b) { return {a[0] - b[0], a[1] - b[1], a[2] - b[2]}; }
Vector times(double factor, const Vector& a) { return {factor * a[0], factor * a[1], factor * a[2]}; }

bool is_orthonormal(const std::array<Vector, 3>& axes) {
  for (size_t a = 0; a < 3; ++a)
    for (size_t b = 0; b < 3; ++b)
      if (!(std::abs(dot(axes[a], axes[b]) - (a == b ? 1 : 0)) <= tolerance)) return false;
  return true;
}

bool is_finite(const Vector& v) {
  return std::all_of(v.begin(), v.end(), [](double x) { return std::abs(x) < 1e6; });
}

}  // namespace

void find_geometry(ScanDescription& d, bool is_volume, const std::vector<std::optional<SlicePlace>>& places) {
  if (places.empty() ||
      !std::all_of(places.begin(), places.end(), [](const auto& p) { return p.has_value(); }))
    return;
  const SlicePlace& first = *places.front();
  for (const auto& p : places)
    if (p->read_dir != first.read_dir || p->phase_dir != first.phase_dir || p->slice_dir != first.slice_dir ||
        !is_finite(to_double(p->position)))
      return;
  const Vector read = to_double(first.read_dir), phase = to_double(first.phase_dir);
  Vector across = to_double(first.slice_dir);
  if (!is_orthonormal({read, phase, across})) return;
  if (is_volume) {
    d.geometry = ScanGeometry{{read, phase, across}, to_double(first.position)};
    return;
  }
  // The slices' own positions say how far apart they lie, and in which order.
  if (places.size() > 1) {
    const Vector span = minus(to_double(places.back()->position), to_double(first.position));
    const double step = dot(span, across) / double(places.size() - 1);
    if (!(std::abs(step) > 0)) return;
    for (size_t s = 0; s < places.size(); ++s) {
      const Vector found = minus(to_double(places[s]->position), to_double(first.position));
      const Vector off = minus(found, times(step * double(s), across));
      if (!(std::sqrt(dot(off, off)) <= tolerance * std::abs(step) * double(places.size()))) return;
    }
    across = times(step > 0 ? 1 : -1, across);
    d.voxel_mm[0] = std::abs(step);
  }
  d.geometry = ScanGeometry{{across, read, phase}, to_double(places[places.size() / 2]->position)};
}

}  // namespace danaus::mri::detail
