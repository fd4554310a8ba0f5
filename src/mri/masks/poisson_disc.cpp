#include <danaus/mri/masks/poisson_disc.hpp>

#include <danaus/core/random.hpp>
#include <danaus/mri/masks/patterns.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

namespace danaus::mri {

namespace {

constexpr int candidates = 20;  // Bridson's k: more packs tighter and takes longer
constexpr int bisections = 14;
constexpr double close_enough = 0.02;  // of the wanted number; the rest is added or removed one by one

/// Half the edges of the plane, of the calibration square, and how the radius scales with each axis.
class Geometry {
 public:
  explicit Geometry(const MaskOptions& o)
      : rows_(double(o.rows)),
        columns_(double(o.columns)),
        inner_y_(double(std::min(o.calibration, o.rows)) / rows_),
        inner_z_(double(std::min(o.calibration, o.columns)) / columns_),
        scale_y_(rows_ / std::max(rows_, columns_)),
        scale_z_(columns_ / std::max(rows_, columns_)),
        cut_corners_(o.cut_corners) {}

  bool contains(double y, double z) const {
    if (y < 0 || z < 0 || y >= rows_ || z >= columns_) return false;
    if (!cut_corners_) return true;
    const double v = relative_y(y), w = relative_z(z);
    return v * v + w * w < 1;
  }

  struct Radius {
    double y, z;
  };
  /// Distance from the calibration square: 0 at its edge, 1 at the middle of an edge of the plane.
  double distance(double y, double z) const {
    const double v = outside(std::abs(relative_y(y)), inner_y_),
                 w = outside(std::abs(relative_z(z)), inner_z_);
    return std::sqrt(v * v + w * w);
  }
  Radius radius(double y, double z, double slope) const {
    const double r = 1 + slope * distance(y, z);
    return {std::max(1.0, r * scale_y_), std::max(1.0, r * scale_z_)};
  }

 private:
  double relative_y(double y) const { return (y - rows_ / 2) / (rows_ / 2); }
  double relative_z(double z) const { return (z - columns_ / 2) / (columns_ / 2); }
  static double outside(double x, double inner) {
    return inner < 1 ? std::max(0.0, (x - inner) / (1 - inner)) : 0;
  }

  double rows_, columns_, inner_y_, inner_z_, scale_y_, scale_z_;
  bool cut_corners_;
};

/// Positions, and for each grid cell a list of those in it.
class Points {
 public:
  Points(size_t rows, size_t columns) : columns_(columns), first_(rows * columns, none) {}

  void add(double y, double z) {
    size_t& first = first_[size_t(y) * columns_ + size_t(z)];
    next_.push_back(first);
    first = y_.size();
    y_.push_back(y);
    z_.push_back(z);
  }
  size_t size() const { return y_.size(); }
  double y(size_t point) const { return y_[point]; }
  double z(size_t point) const { return z_[point]; }

  bool is_free(double y, double z, Geometry::Radius radius) const {
    const auto rows = std::ptrdiff_t(first_.size() / columns_), columns = std::ptrdiff_t(columns_);
    const auto top = std::max<std::ptrdiff_t>(0, std::ptrdiff_t(std::floor(y - radius.y)));
    const auto bottom = std::min(rows - 1, std::ptrdiff_t(y + radius.y));
    const auto left = std::max<std::ptrdiff_t>(0, std::ptrdiff_t(std::floor(z - radius.z)));
    const auto right = std::min(columns - 1, std::ptrdiff_t(z + radius.z));
    for (auto i = top; i <= bottom; ++i)
      for (auto j = left; j <= right; ++j)
        for (size_t p = first_[size_t(i * columns + j)]; p != none; p = next_[p]) {
          const double v = (y_[p] - y) / radius.y, w = (z_[p] - z) / radius.z;
          if (v * v + w * w < 1) return false;
        }
    return true;
  }

 private:
  static constexpr size_t none = ~size_t(0);
  size_t columns_;
  std::vector<size_t> first_, next_;
  std::vector<double> y_, z_;
};

/// Adds samples outside the centre, or removes some, until there are `wanted`. Added ones follow the density
/// of the pattern: a point competes with the inverse area of its disc.
void meet_count(Mask& mask, const Mask& centre, const MaskOptions& o, const Geometry& geometry, double slope,
                size_t wanted) {
  const size_t have = mask.count();
  const bool adds = have < wanted;
  const Random random(o.seed, stream::sampling_mask + (2 << 8));
  std::vector<std::pair<double, size_t>> race;
  for (size_t p = 0; p < mask.size(); ++p) {
    const double y = double(p / o.columns) + 0.5, z = double(p % o.columns) + 0.5;
    if (centre.samples[p] || bool(mask.samples[p]) == adds || !geometry.contains(y, z)) continue;
    const auto radius = geometry.radius(y, z, slope);
    const double time = -std::log(1 - random.uniform(p));
    race.emplace_back(adds ? time * radius.y * radius.z : time, p);
  }
  std::sort(race.begin(), race.end());
  const size_t change = std::min(race.size(), adds ? wanted - have : have - wanted);
  for (size_t i = 0; i < change; ++i) mask.samples[race[i].second] = adds;
}

}  // namespace

namespace detail {

Mask poisson_disc_of_slope(const MaskOptions& o, double slope) {
  const Geometry geometry(o);
  Mask mask(o.rows, o.columns);
  if (o.calibration) sample_centre(mask, o.calibration, o.calibration);
  Points points(o.rows, o.columns);
  // The calibration samples are points of the pattern, so that none lies right beside them.
  for (size_t p = 0; p < mask.size(); ++p)
    if (mask.samples[p]) points.add(double(p / o.columns) + 0.5, double(p % o.columns) + 0.5);
  std::vector<size_t> active;
  for (size_t p = 0; p < points.size(); ++p) active.push_back(p);
  if (active.empty()) {
    points.add(double(o.rows) / 2, double(o.columns) / 2);
    active.push_back(0);
  }

  const Random random(o.seed, stream::sampling_mask + (1 << 8));
  std::uint64_t draw = 0;
  while (!active.empty()) {
    const size_t slot = random.integer(draw++, active.size()), from = active[slot];
    const double y = points.y(from), z = points.z(from);
    const auto around = geometry.radius(y, z, slope);
    bool found = false;
    for (int k = 0; k < candidates && !found; ++k) {
      const auto [word] = random.bits(draw++);
      // Uniform in the area of the annulus from one to two radii.
      const double rho = std::sqrt(1 + 3 * (double(word[0]) / 4294967296.0));
      const double angle = 2 * std::numbers::pi * (double(word[1]) / 4294967296.0);
      const double v = y + rho * around.y * std::cos(angle), w = z + rho * around.z * std::sin(angle);
      if (!geometry.contains(v, w) || !points.is_free(v, w, geometry.radius(v, w, slope))) continue;
      active.push_back(points.size());
      points.add(v, w);
      mask(size_t(v), size_t(w)) = 1;
      found = true;
    }
    if (!found) {
      active[slot] = active.back();
      active.pop_back();
    }
  }
  return mask;
}

}  // namespace detail

Mask poisson_disc(const MaskOptions& o) {
  const Geometry geometry(o);
  Mask centre(o.rows, o.columns);
  if (o.calibration) detail::sample_centre(centre, o.calibration, o.calibration);
  const size_t wanted = detail::samples_wanted(o, centre.count());
  double low = 0, high = double(std::max(o.rows, o.columns)), slope = 0;
  Mask mask;
  // Few slopes matter below 8: start there.
  slope = std::min(high, o.acceleration);
  for (int step = 0; step < bisections; ++step) {
    mask = detail::poisson_disc_of_slope(o, slope);
    const auto count = double(mask.count());
    if (std::abs(count - double(wanted)) <= close_enough * double(wanted)) break;
    (count > double(wanted) ? low : high) = slope;
    // While no upper bound was met the slope doubles.
    slope = high == double(std::max(o.rows, o.columns)) ? std::min(high, 2 * slope + 1) : (low + high) / 2;
  }
  meet_count(mask, centre, o, geometry, slope, wanted);
  return mask;
}

}  // namespace danaus::mri
