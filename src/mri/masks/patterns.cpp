#include <danaus/mri/masks/patterns.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/random.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

namespace danaus::mri {

namespace detail {

void sample_centre(Mask& mask, size_t rows, size_t columns) {
  rows = rows == 0 ? mask.rows : std::min(rows, mask.rows);
  columns = std::min(columns, mask.columns);
  const size_t first_row = mask.rows / 2 - rows / 2, first_column = mask.columns / 2 - columns / 2;
  for (size_t i = 0; i < rows; ++i)
    for (size_t j = 0; j < columns; ++j) mask(first_row + i, first_column + j) = 1;
}

size_t samples_wanted(const MaskOptions& o, size_t centre) {
  const double size = double(o.rows) * double(o.columns);
  if (!(o.acceleration >= 1)) throw UsageError("acceleration: expected a number of at least 1");
  const auto wanted = size_t(std::lround(size / o.acceleration));
  if (wanted < std::max<size_t>(centre, 1)) {
    char text[200];
    std::snprintf(
        text, sizeof text,
        "acceleration %g: the calibration region alone has %zu of %zu points; at most %.3g is possible"
        " with it",
        o.acceleration, centre, o.rows * o.columns, size / double(std::max<size_t>(centre, 1)));
    throw UsageError(text);
  }
  return wanted;
}

}  // namespace detail

namespace {

size_t centre_columns(const MaskOptions& o) {
  if (!(o.acceleration >= 1)) throw UsageError("acceleration: expected a number of at least 1");
  const double columns = double(o.columns);
  const size_t low = o.calibration ? std::min(o.calibration, o.columns)
                                   : size_t(std::lround(std::min(1.0, 0.32 / o.acceleration) * columns));
  if (double(low) * o.acceleration > columns)
    throw UsageError("acceleration " + std::to_string(o.acceleration) + ": the " + std::to_string(low) +
                     " centre columns alone are more than 1 / R of " + std::to_string(o.columns));
  return low;
}

/// fastMRI puts the centre columns after (W - low + 1) / 2 others.
std::vector<std::uint8_t> with_centre(size_t columns, size_t low) {
  std::vector<std::uint8_t> line(columns, 0);
  const size_t pad = (columns - low + 1) / 2;
  for (size_t j = pad; j < std::min(columns, pad + low); ++j) line[j] = 1;
  return line;
}

Mask from_line(const MaskOptions& o, const std::vector<std::uint8_t>& line) {
  Mask mask(o.rows, o.columns);
  for (size_t i = 0; i < o.rows; ++i) std::copy(line.begin(), line.end(), &mask(i, 0));
  return mask;
}

}  // namespace

Mask random_columns(const MaskOptions& o) {
  const size_t low = centre_columns(o);
  auto line = with_centre(o.columns, low);
  const double rest = double(o.columns - low);
  const double probability = rest > 0 ? (double(o.columns) / o.acceleration - double(low)) / rest : 0;
  const Random random(o.seed, stream::sampling_mask);
  for (size_t j = 0; j < o.columns; ++j)
    if (random.uniform(j) < probability) line[j] = 1;
  return from_line(o, line);
}

Mask equispaced_columns(const MaskOptions& o) {
  const size_t low = centre_columns(o);
  auto line = with_centre(o.columns, low);
  const double width = double(o.columns), denominator = double(low) * o.acceleration - width;
  if (denominator == 0) return from_line(o, line);
  const double step = o.acceleration * (double(low) - width) / denominator;
  const auto offsets = std::max<std::uint64_t>(1, std::uint64_t(std::lround(step)));
  const Random random(o.seed, stream::sampling_mask);
  for (double at = double(random.integer(0, offsets)); at < width - 1; at += step)
    line[std::min(o.columns - 1, size_t(std::lround(at)))] = 1;
  return from_line(o, line);
}

Mask uniform_lattice(const MaskOptions& o) {
  detail::samples_wanted(o, 1);
  const auto r = size_t(std::lround(o.acceleration));
  if (double(r) != o.acceleration)
    throw UsageError("acceleration " + std::to_string(o.acceleration) +
                     ": a uniform lattice needs an integer; the next is " + std::to_string(r));
  size_t row_step = 1;
  for (size_t a = 1; a * a <= r; ++a)
    if (r % a == 0) row_step = a;
  const size_t column_step = r / row_step;
  Mask mask(o.rows, o.columns);
  // Through the centre of k-space.
  for (size_t i = (o.rows / 2) % row_step; i < o.rows; i += row_step)
    for (size_t j = (o.columns / 2) % column_step; j < o.columns; j += column_step) mask(i, j) = 1;
  if (o.calibration) detail::sample_centre(mask, o.calibration, o.calibration);
  return mask;
}

Mask gaussian_density(const MaskOptions& o) {
  Mask mask(o.rows, o.columns);
  if (o.calibration) detail::sample_centre(mask, o.calibration, o.calibration);
  const size_t centre = mask.count(), wanted = detail::samples_wanted(o, centre);
  constexpr double sigma = 0.4;
  const Random random(o.seed, stream::sampling_mask);
  // The k smallest of E_i / w_i, E_i exponential, are a weighted sample without replacement.
  std::vector<std::pair<double, size_t>> race;
  for (size_t p = 0; p < mask.size(); ++p) {
    if (mask.samples[p]) continue;
    const double y = (double(p / o.columns) - double(o.rows / 2)) / (double(o.rows) / 2);
    const double z = (double(p % o.columns) - double(o.columns / 2)) / (double(o.columns) / 2);
    race.emplace_back(-std::log(1 - random.uniform(p)) * std::exp((y * y + z * z) / (2 * sigma * sigma)), p);
  }
  std::sort(race.begin(), race.end());
  for (size_t i = 0; i < wanted - centre; ++i) mask.samples[race[i].second] = 1;
  return mask;
}

}  // namespace danaus::mri
