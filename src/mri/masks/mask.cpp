#include <danaus/mri/masks/mask.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/nearest_name.hpp>
#include <danaus/io/digest.hpp>
#include <danaus/mri/masks/patterns.hpp>
#include <danaus/mri/masks/poisson_disc.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace danaus::mri {

size_t Mask::count() const {
  return size_t(std::count_if(samples.begin(), samples.end(), [](std::uint8_t s) { return s != 0; }));
}

Mask pad_centrally(const Mask& mask, size_t rows, size_t columns) {
  Mask padded(rows, columns);
  for (size_t i = 0; i < rows; ++i)
    for (size_t j = 0; j < columns; ++j) {
      const auto from_i = std::ptrdiff_t(i + mask.rows / 2) - std::ptrdiff_t(rows / 2);
      const auto from_j = std::ptrdiff_t(j + mask.columns / 2) - std::ptrdiff_t(columns / 2);
      if (from_i < 0 || from_j < 0 || size_t(from_i) >= mask.rows || size_t(from_j) >= mask.columns) continue;
      padded(i, j) = mask(size_t(from_i), size_t(from_j)) != 0;
    }
  return padded;
}

std::string digest_of(const Mask& mask) {
  io::Hasher hasher;
  const std::uint64_t shape[2] = {mask.rows, mask.columns};
  hasher.update(shape, sizeof shape);
  hasher.update(mask.samples.data(), mask.samples.size());
  return io::to_string(hasher.digest());
}

const std::vector<MaskType>& mask_types() {
  static const std::vector<MaskType> types{
      {"poisson", "variable-density Poisson disc with a calibration square", poisson_disc},
      {"random", "random columns as in fastMRI", random_columns},
      {"equispaced", "equispaced columns as in fastMRI", equispaced_columns},
      {"uniform", "a regular lattice with a calibration square", uniform_lattice},
      {"gaussian", "Gaussian density with a calibration square", gaussian_density},
  };
  return types;
}

Mask make_mask(const MaskOptions& options) {
  std::vector<std::string> names;
  if (options.rows == 0 || options.columns == 0) throw UsageError("mask: the plane has no points");
  for (const auto& type : mask_types()) {
    if (type.name == options.type) return type.make(options);
    names.push_back(type.name);
  }
  throw UsageError("mask type \"" + options.type + "\": unknown; did you mean " +
                   nearest_name(options.type, names) + "?");
}

}  // namespace danaus::mri
