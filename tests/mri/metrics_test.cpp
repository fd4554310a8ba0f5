// Golden numbers: tests/mri/golden/metrics.py, scikit-image 0.26 and NumPy on the same volumes.

#include <danaus/core/error.hpp>
#include <danaus/mri/metrics/image_score.hpp>

#include <support/catch.hpp>

#include <cmath>

using namespace danaus;
using namespace danaus::mri;

namespace {

constexpr size_t slices = 13, rows = 24, columns = 20;

ComplexVolume target_volume() {
  ComplexVolume v{slices, rows, columns, {}};
  for (size_t x = 0; x < slices; ++x)
    for (size_t y = 0; y < rows; ++y)
      for (size_t z = 0; z < columns; ++z) {
        const double size = 2 + std::sin(.4 * double(x) + .3 * double(y)) * std::cos(.5 * double(z)) +
                            .1 * double((x * 7 + y * 3 + z * 5) % 11);
        v.values.emplace_back(float(size * std::cos(.05 * double(y))),
                              float(size * std::sin(.05 * double(y))));
      }
  return v;
}

ComplexVolume image_volume() {
  ComplexVolume v = target_volume();
  for (size_t i = 0; i < v.values.size(); ++i) {
    const double x = double(i / (rows * columns)), y = double(i / columns % rows), z = double(i % columns);
    const double size = 2 + std::sin(.4 * x + .3 * y) * std::cos(.5 * z) +
                        .1 * double((size_t(x) * 7 + size_t(y) * 3 + size_t(z) * 5) % 11);
    const double wave = .2 * std::cos(1.3 * x - .7 * y + .9 * z);
    v.values[i] = Complex<float>(float(.97 * size * std::cos(.05 * y) + wave * std::cos(.4)),
                                 float(.97 * size * std::sin(.05 * y) + wave * std::sin(.4)));
  }
  return v;
}

}  // namespace

TEST_CASE("scores agree with scikit-image and NumPy", "[metrics]") {
  const auto target = target_volume(), image = image_volume();
  // Inputs are float32: 1e-7 relative; windows are sums of up to 1331 products.
  const double tolerance = 1e-6;
  const auto scan = score_image(MetricsProfile::meddlr_scan, image, target);
  CHECK(std::abs(scan.psnr - 28.39000571191635) <= 1e-5);
  CHECK(std::abs(scan.nrmse - 0.05916817884201759) <= tolerance);
  CHECK(std::abs(scan.ssim - 0.9652562049442143) <= tolerance);
  CHECK(std::abs(score_image(MetricsProfile::meddlr_slice, image, target).ssim - 0.9599566910323012) <=
        tolerance);
  const auto fastmri = score_image(MetricsProfile::fastmri, image, target);
  CHECK(std::abs(fastmri.ssim - 0.9679891727740332) <= tolerance);
  CHECK(std::abs(fastmri.psnr - 28.39000571191635) <= 1e-5);
  const auto bart = score_image(MetricsProfile::bart, image, target);
  CHECK(std::abs(bart.nrmse - 0.05658801008063267) <= tolerance);
  CHECK(std::abs(bart.psnr - 28.777281210256078) <= 1e-5);
  CHECK(std::isnan(bart.ssim));
}

TEST_CASE("an image is like itself", "[metrics]") {
  const auto target = target_volume();
  const auto score = score_image(MetricsProfile::meddlr_scan, target, target);
  CHECK(score.ssim == 1);
  CHECK(score.nrmse == 0);
  auto turned = target;
  for (auto& v : turned.values) v *= Complex<float>(0, 2);
  CHECK(score_image(MetricsProfile::bart, turned, target).nrmse <= 1e-7);
}

TEST_CASE("what a profile cannot score is refused", "[metrics]") {
  ComplexVolume small{4, 24, 20, std::vector<Complex<float>>(4 * 24 * 20, Complex<float>(1))};
  CHECK_THROWS_AS(score_image(MetricsProfile::meddlr_scan, small, small), DataError);
  CHECK_NOTHROW(score_image(MetricsProfile::meddlr_slice, small, small));
  CHECK_THROWS_AS(score_image(MetricsProfile::meddlr_slice, small, target_volume()), ShapeError);
  ComplexVolume zero = small;
  std::fill(zero.values.begin(), zero.values.end(), Complex<float>(0));
  CHECK_THROWS_AS(score_image(MetricsProfile::fastmri, small, zero), DataError);
  CHECK_THROWS_AS(parse_metrics_profile("meddlr"), UsageError);
}
