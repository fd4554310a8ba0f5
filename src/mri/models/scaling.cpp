#include <danaus/mri/models/scaling.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/nearest_name.hpp>

#include <algorithm>
#include <cmath>

namespace danaus::mri {

namespace {

double percentile_95(std::vector<float> values) {
  const double rank = 0.95 * double(values.size() - 1);
  const auto below = values.begin() + std::ptrdiff_t(rank);
  std::nth_element(values.begin(), below, values.end());
  if (below + 1 == values.end()) return double(*below);
  const double above = double(*std::min_element(below + 1, values.end()));
  return double(*below) + (rank - std::floor(rank)) * (above - double(*below));
}

double deviation(const std::vector<float>& values) {
  double sum = 0, squares = 0;
  for (float v : values) sum += double(v);
  const double mean = sum / double(values.size());
  for (float v : values) squares += (double(v) - mean) * (double(v) - mean);
  return std::sqrt(squares / double(values.size()));
}

}  // namespace

const std::vector<std::string>& scale_names() {
  static const std::vector<std::string> names{"p95", "std", "max", "none"};
  return names;
}

double image_scale(const std::string& name, const Complex<float>* image, size_t count) {
  if (name == "none") return 1;
  std::vector<float> size(count);
  for (size_t i = 0; i < count; ++i) size[i] = Kokkos::abs(image[i]);
  const double scale = name == "p95"   ? percentile_95(size)
                       : name == "std" ? deviation(size)
                       : name == "max" ? double(*std::max_element(size.begin(), size.end()))
                                       : throw UsageError("scale: unknown " + name + "; did you mean " +
                                                          nearest_name(name, scale_names()) + "?");
  return scale > 0 ? scale : 1;
}

}  // namespace danaus::mri
