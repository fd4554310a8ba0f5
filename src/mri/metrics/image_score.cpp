#include <danaus/mri/metrics/image_score.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/nearest_name.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace danaus::mri {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr size_t moments = 5;  // x, t, x^2, t^2, x t

/// The five moments of one slice, filtered along y and z where the window fits: (moment, y, z).
std::vector<double> filtered_moments(size_t rows, size_t columns, const float* image, const float* target,
                                     const std::vector<double>& window) {
  const size_t n = window.size(), inner_rows = rows - n + 1, inner_columns = columns - n + 1;
  std::vector<double> lines(moments * rows * inner_columns, 0.0),
      planes(moments * inner_rows * inner_columns, 0.0);
  for (size_t j = 0; j < rows; ++j)
    for (size_t k = 0; k < inner_columns; ++k) {
      double sum[moments] = {};
      for (size_t t = 0; t < n; ++t) {
        const double a = image[j * columns + k + t], b = target[j * columns + k + t], w = window[t];
        sum[0] += w * a, sum[1] += w * b, sum[2] += w * a * a, sum[3] += w * b * b, sum[4] += w * a * b;
      }
      for (size_t m = 0; m < moments; ++m) lines[(m * rows + j) * inner_columns + k] = sum[m];
    }
  for (size_t m = 0; m < moments; ++m)
    for (size_t j = 0; j < inner_rows; ++j)
      for (size_t t = 0; t < n; ++t) {
        const double w = window[t];
        const double* from = &lines[(m * rows + j + t) * inner_columns];
        double* to = &planes[(m * inner_rows + j) * inner_columns];
        for (size_t k = 0; k < inner_columns; ++k) to[k] += w * from[k];
      }
  return planes;
}

std::vector<float> magnitudes(const ComplexVolume& v) {
  std::vector<float> values(v.values.size());
  for (size_t i = 0; i < values.size(); ++i) values[i] = float(Kokkos::abs(v.values[i]));
  return values;
}

struct Errors {
  double error = 0, target = 0, largest = 0;  // ||x - t||^2, ||t||^2, max |t|
};

/// Slice by slice, so that the sums do not depend on how many there are.
Errors errors_of(const std::vector<float>& image, const std::vector<float>& target) {
  Errors e;
  for (size_t i = 0; i < image.size(); ++i) {
    const double d = double(image[i]) - double(target[i]);
    e.error += d * d;
    e.target += double(target[i]) * double(target[i]);
    e.largest = std::max(e.largest, double(target[i]));
  }
  return e;
}

double psnr(double largest, double error, size_t size) {
  return 20 * std::log10(largest / std::sqrt(error / double(size)));
}

ImageScore score_magnitudes(MetricsProfile profile, const ComplexVolume& image, const ComplexVolume& target) {
  const auto x = magnitudes(image), t = magnitudes(target);
  const Errors e = errors_of(x, t);
  if (!(e.target > 0)) throw DataError("metrics: the target is zero everywhere");
  ImageScore score{psnr(e.largest, e.error, x.size()), nan, std::sqrt(e.error / e.target)};
  const bool is_fastmri = profile == MetricsProfile::fastmri;
  const auto window = is_fastmri ? std::vector<double>(7, 1.0 / 7) : gaussian_window(11, 1.5);
  const auto window_x = profile == MetricsProfile::meddlr_scan ? window : std::vector<double>{1};
  if (target.slices < window_x.size())
    throw DataError("metrics meddlr-scan: expected at least 11 slices for its 11 x 11 x 11 window, found " +
                    std::to_string(target.slices) + "; --metrics meddlr-slice scores slices by themselves");
  if (target.rows < window.size() || target.columns < window.size())
    throw DataError("metrics: expected images of at least " + std::to_string(window.size()) +
                    " pixels a side, found " + std::to_string(target.rows) + "x" +
                    std::to_string(target.columns));
  const double n = 49;
  score.ssim = structural_similarity(target.slices, target.rows, target.columns, x, t, window_x, window,
                                     e.largest, is_fastmri ? n / (n - 1) : 1);
  return score;
}

ImageScore score_complex(const ComplexVolume& image, const ComplexVolume& target) {
  double norm = 0, reference = 0, largest = 0;
  Complex<double> overlap = 0;
  for (size_t i = 0; i < image.values.size(); ++i) {
    const Complex<double> x(image.values[i].real(), image.values[i].imag());
    const Complex<double> t(target.values[i].real(), target.values[i].imag());
    overlap += Kokkos::conj(x) * t;
    norm += x.real() * x.real() + x.imag() * x.imag();
    reference += t.real() * t.real() + t.imag() * t.imag();
    largest = std::max(largest, Kokkos::abs(t));
  }
  if (!(reference > 0)) throw DataError("metrics: the target is zero everywhere");
  const Complex<double> scale = norm > 0 ? overlap / norm : Complex<double>(0);
  double error = 0;
  for (size_t i = 0; i < image.values.size(); ++i) {
    const Complex<double> x(image.values[i].real(), image.values[i].imag());
    const Complex<double> d = scale * x - Complex<double>(target.values[i].real(), target.values[i].imag());
    error += d.real() * d.real() + d.imag() * d.imag();
  }
  return {psnr(largest, error, image.values.size()), nan, std::sqrt(error / reference)};
}

}  // namespace

const std::vector<std::string>& metrics_profile_names() {
  static const std::vector<std::string> names{"meddlr-scan", "meddlr-slice", "fastmri", "bart"};
  return names;
}

MetricsProfile parse_metrics_profile(const std::string& name) {
  const auto& names = metrics_profile_names();
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i] == name) return MetricsProfile(i);
  throw UsageError("metrics \"" + name + "\": unknown; did you mean " + nearest_name(name, names) + "?");
}

std::vector<double> gaussian_window(size_t size, double sigma) {
  std::vector<double> window(size);
  for (size_t i = 0; i < size; ++i) {
    const double d = double(i) - double(size / 2);
    window[i] = std::exp(-d * d / (2 * sigma * sigma));
  }
  const double sum = std::accumulate(window.begin(), window.end(), 0.0);
  for (double& w : window) w /= sum;
  return window;
}

double structural_similarity(size_t slices, size_t rows, size_t columns, const std::vector<float>& image,
                             const std::vector<float>& target, const std::vector<double>& window_x,
                             const std::vector<double>& window, double range, double covariance_factor) {
  const size_t depth = window_x.size(), n = window.size();
  if (slices < depth || rows < n || columns < n)
    throw ShapeError("mri::structural_similarity: the window is larger than the volume");
  if (image.size() != slices * rows * columns || target.size() != image.size())
    throw ShapeError("mri::structural_similarity: expected " + std::to_string(slices * rows * columns) +
                     " voxels, found " + std::to_string(image.size()) + " and " +
                     std::to_string(target.size()));
  const size_t inner = slices - depth + 1, plane = (rows - n + 1) * (columns - n + 1);
  const double c1 = std::pow(.01 * range, 2), c2 = std::pow(.03 * range, 2);
  std::vector<double> sums(inner, 0.0);
  using Host = Kokkos::DefaultHostExecutionSpace;
  constexpr size_t chunk = 16;  // output slices at a time: bounds memory
  for (size_t first = 0; first < inner; first += chunk) {
    const size_t count = std::min(chunk, inner - first);
    std::vector<std::vector<double>> planes(count + depth - 1);
    Kokkos::parallel_for(
        "danaus::mri::filtered_moments", Kokkos::RangePolicy<Host>(0, planes.size()), [&](size_t i) {
          const size_t offset = (first + i) * rows * columns;
          planes[i] = filtered_moments(rows, columns, &image[offset], &target[offset], window);
        });
    Host().fence();
    Kokkos::parallel_for("danaus::mri::structural_similarity", Kokkos::RangePolicy<Host>(0, count),
                         [&](size_t i) {
                           double total = 0;
                           for (size_t p = 0; p < plane; ++p) {
                             double m[moments] = {};
                             for (size_t t = 0; t < depth; ++t)
                               for (size_t k = 0; k < moments; ++k)
                                 m[k] += window_x[t] * planes[i + t][k * plane + p];
                             const double variance_x = covariance_factor * (m[2] - m[0] * m[0]);
                             const double variance_t = covariance_factor * (m[3] - m[1] * m[1]);
                             const double covariance = covariance_factor * (m[4] - m[0] * m[1]);
                             total += (2 * m[0] * m[1] + c1) * (2 * covariance + c2) /
                                      ((m[0] * m[0] + m[1] * m[1] + c1) * (variance_x + variance_t + c2));
                           }
                           sums[first + i] = total;
                         });
    Host().fence();
  }
  return std::accumulate(sums.begin(), sums.end(), 0.0) / double(inner * plane);
}

ImageScore score_image(MetricsProfile profile, const ComplexVolume& image, const ComplexVolume& target) {
  if (image.slices != target.slices || image.rows != target.rows || image.columns != target.columns)
    throw ShapeError("mri::score_image: image and target differ in shape");
  return profile == MetricsProfile::bart ? score_complex(image, target)
                                         : score_magnitudes(profile, image, target);
}

}  // namespace danaus::mri
