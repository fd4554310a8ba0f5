#include "scoring.hpp"

#include <danaus/core/error.hpp>
#include <danaus/core/timer.hpp>
#include <danaus/mri/data/qdess.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace danaus::app {
namespace {

constexpr double longest_t2 = 0.06;
constexpr size_t fewest_pixels = 20;

MethodScore& row_of(Scores& scores, double acceleration, const Candidate& c, const std::string& label,
                    size_t echo) {
  for (auto& row : scores.methods)
    if (row.acceleration == acceleration && row.label == label && row.echo == echo) return row;
  const auto* classical = std::get_if<ClassicalMethod>(&c);
  scores.methods.push_back({acceleration,
                            name_of(c),
                            run_of(c),
                            label,
                            echo,
                            parameters_of(c),
                            classical != nullptr,
                            classical ? classical->settings : mri::MethodSettings{},
                            {},
                            {},
                            {},
                            {}});
  return scores.methods.back();
}

TissueError& tissues_of(Scores& scores, double acceleration, const std::string& method) {
  for (auto& row : scores.tissues)
    if (row.acceleration == acceleration && row.method == method) return row;
  scores.tissues.push_back({acceleration, method, {}});
  return scores.tissues.back();
}

mri::ComplexVolume echo_of(const mri::ImageVolume& image, size_t echo) {
  mri::ComplexVolume volume{image.slices, image.rows, image.columns, {}};
  volume.values.resize(image.values.size() / image.echoes);
  for (size_t i = 0; i < volume.values.size(); ++i) volume.values[i] = image.values[i * image.echoes + echo];
  return volume;
}

ScanPicture picture_of(const mri::ImageVolume& image, const std::string& label, double acceleration,
                       size_t echo) {
  ScanPicture picture{label, acceleration, echo + 1, image.rows, image.columns, {}};
  for (size_t y = 0; y < image.rows; ++y)
    for (size_t z = 0; z < image.columns; ++z)
      picture.magnitude.push_back(Kokkos::abs(image.at(image.slices / 2, y, z, echo)));
  return picture;
}

}  // namespace

Spread spread_of(const std::vector<double>& values) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  if (values.empty()) return {nan, nan, 0};
  double sum = 0, squares = 0;
  for (double v : values) sum += v;
  const double n = double(values.size()), mean = sum / n;
  for (double v : values) squares += (v - mean) * (v - mean);
  return {mean, values.size() > 1 ? std::sqrt(squares / (n - 1) / n) : nan, values.size()};
}

std::map<std::string, double> measured_t2(const mri::Scan& scan, const mri::ImageVolume& image) {
  const auto tissues = scan.tissues();
  if (!tissues || image.echoes != 2) return {};
  std::vector<std::vector<double>> found(tissues->names.size());
  for (size_t x = 0; x < image.slices; ++x) {
    const auto labels = scan.read_tissues(x);
    const auto label = [&](size_t y, size_t z) { return labels[y * image.columns + z]; };
    for (size_t y = 3; y + 3 < image.rows; ++y)
      for (size_t z = 2; z + 2 < image.columns; ++z) {
        const auto t = label(y, z);
        if (t == 0 || t >= found.size() || !(tissues->t2[t] > 0) || tissues->t2[t] > longest_t2) continue;
        if (label(y - 3, z) != t || label(y + 3, z) != t || label(y, z - 2) != t || label(y, z + 2) != t)
          continue;
        found[t].push_back(
            mri::qdess_t2(Kokkos::abs(image.at(x, y, z, 0)), Kokkos::abs(image.at(x, y, z, 1))));
      }
  }
  std::map<std::string, double> median;
  for (size_t t = 0; t < found.size(); ++t) {
    if (found[t].size() < fewest_pixels) continue;
    const auto middle = found[t].begin() + std::ptrdiff_t(found[t].size() / 2);
    std::nth_element(found[t].begin(), middle, found[t].end());
    median[tissues->names[t]] = *middle;
  }
  return median;
}

Scores Scorer::score(const std::vector<std::filesystem::path>& files,
                     const std::vector<double>& accelerations, const std::vector<Candidate>& candidates,
                     const std::function<void()>& progress, const std::function<void()>& stop_if_asked) {
  Scores scores;
  for (const auto& file : files) score_file(file, accelerations, candidates, progress, stop_if_asked, scores);
  return scores;
}

std::optional<double> Scorer::reconstruct(const mri::Scan& scan, const mri::MapSource& maps,
                                          const mri::Mask& mask, Candidate& candidate,
                                          const std::function<void()>& progress,
                                          const std::function<void()>& stop_if_asked,
                                          mri::ImageVolume& image) const {
  const auto& d = scan.description();
  if (const auto* others = std::get_if<OthersImages>(&candidate)) {
    const auto name = std::filesystem::path(d.path).filename().replace_extension(".h5");
    image = mri::read_image(others->folder / name, d);
    for (size_t x = 0; x < d.slices; ++x) progress();
    return std::nullopt;
  }
  const Exec space;
  double seconds = 0;
  if (auto* network = std::get_if<FittedNetwork>(&candidate))
    seconds += fit(*network, scan, maps, mask, stop_if_asked);
  for (size_t x = 0; x < d.slices; ++x) {
    const auto kspace = scan.read_kspace(x);
    const auto sensitivities = maps.read(x);
    const Timer timer;
    const auto slice = app::reconstruct(space, candidate, kspace, sensitivities, mask);
    seconds += timer.seconds();
    image.set_slice(x, mri::to_image(slice, d.image_rows, d.image_columns));
    progress();
  }
  return seconds / double(d.slices);
}

void Scorer::score_file(const std::filesystem::path& file, const std::vector<double>& accelerations,
                        const std::vector<Candidate>& candidates, const std::function<void()>& progress,
                        const std::function<void()>& stop_if_asked, Scores& scores) {
  const auto scan = mri::open_scan(file);
  const auto& d = scan->description();
  if (!d.has_target) scan->read_target(0);  // says what is missing
  if (d.has_magnitude_target && profile_ == mri::MetricsProfile::bart)
    throw UsageError("--metrics bart: " + d.path + " has magnitudes only; expected complex targets");
  const mri::MapSource maps(scan);
  const bool only_images = std::all_of(candidates.begin(), candidates.end(), [](const Candidate& c) {
    return std::holds_alternative<OthersImages>(c);
  });
  if (maps.map_count() == 0 && !only_images) scan->read_maps(0);  // says what is missing
  for (const auto& candidate : candidates)
    if (const auto model = model_of(candidate)) model->require_fitting(d, maps.map_count());
  const bool is_first = scores.methods.empty();
  const auto tissues = scan->tissues();
  scores.is_synthetic = scores.is_synthetic || tissues.has_value();
  if (is_first)
    scores.aspect = d.voxel_mm[2] * double(d.image_columns) / (d.voxel_mm[1] * double(d.image_rows));

  mri::ImageVolume target(d.slices, d.image_rows, d.image_columns, d.echoes), image = target;
  for (size_t x = 0; x < d.slices; ++x) target.set_slice(x, scan->read_target(x));
  std::vector<mri::ComplexVolume> targets;
  for (size_t e = 0; e < d.echoes; ++e) {
    targets.push_back(echo_of(target, e));
    if (is_first) scores.pictures.push_back(picture_of(target, "target", 0, e));
  }

  for (double acceleration : accelerations) {
    const ChosenMask mask = choose_mask(options_, *scan, acceleration);
    scores.masks.push_back({d.path, mask.origin, mri::digest_of(mask.mask), acceleration, mask.acceleration,
                            mask.padded_acceleration});
    for (Candidate candidate : candidates) {
      if (auto* classical = std::get_if<ClassicalMethod>(&candidate))
        classical->settings.band = chosen_band(options_, d);
      const std::string label = label_of(candidate, candidates);
      const auto seconds = reconstruct(*scan, maps, mask.mask, candidate, progress, stop_if_asked, image);
      for (size_t e = 0; e < d.echoes; ++e) {
        const auto score = mri::score_image(profile_, echo_of(image, e), targets[e]);
        auto& row = row_of(scores, acceleration, candidate, label, e + 1);
        if (seconds) row.seconds_per_slice.push_back(*seconds);
        row.psnr.push_back(score.psnr), row.nrmse.push_back(score.nrmse);
        if (!std::isnan(score.ssim)) row.ssim.push_back(score.ssim);
        if (is_first) scores.pictures.push_back(picture_of(image, label, acceleration, e));
      }
      for (const auto& [name, t2] : measured_t2(*scan, image)) {
        const auto at =
            std::find(tissues->names.begin(), tissues->names.end(), name) - tissues->names.begin();
        tissues_of(scores, acceleration, label)
            .relative_error[name]
            .push_back(t2 / tissues->t2[size_t(at)] - 1);
      }
    }
  }
}

}  // namespace danaus::app
