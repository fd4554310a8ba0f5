#include "arguments.hpp"

#include <danaus/core/error.hpp>
#include <danaus/core/random.hpp>

#include <algorithm>
#include <charconv>

namespace danaus::app {

namespace fs = std::filesystem;

PlaneSize parse_plane_size(const Options& options, const std::string& name) {
  const std::string& text = options.text(name);
  const auto fail = [&]() -> UsageError {
    return UsageError("--" + name +
                      ": expected rows x columns from 1x1 to 65536x65536, such as 416x80, found \"" + text +
                      "\"");
  };
  const size_t cross = text.find('x');
  if (cross == std::string::npos) throw fail();
  const auto number = [&](const std::string& part) {
    size_t value = 0;
    const auto [end, fault] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (fault != std::errc() || end != part.data() + part.size() || value < 1 || value > 65536) throw fail();
    return value;
  };
  return {number(text.substr(0, cross)), number(text.substr(cross + 1))};
}

void require_new_output(const Options& options, const std::string& name) {
  const fs::path out = options.text(name);
  if (out.empty() || options.toggle("overwrite") || !fs::exists(out)) return;
  if (fs::is_directory(out) && fs::is_empty(out)) return;
  throw UsageError("--" + name + " " + out.string() + ": exists; --overwrite replaces it");
}

std::vector<fs::path> data_files(const Options& options) { return scans_in(options.list("data")); }

std::vector<fs::path> scans_in(const std::vector<std::string>& names) {
  std::vector<fs::path> files;
  for (const auto& name : names) {
    if (!fs::is_directory(name)) {
      files.emplace_back(name);
      continue;
    }
    std::vector<fs::path> inside;
    for (const auto& entry : fs::directory_iterator(name)) {
      const auto extension = entry.path().extension();
      if (entry.is_regular_file() && (extension == ".h5" || extension == ".hdf5" || extension == ".hdr"))
        inside.push_back(entry.path());
    }
    std::sort(inside.begin(), inside.end());
    if (inside.empty()) throw MissingInputError("--data " + name + ": no .h5 or .hdr file in this folder");
    files.insert(files.end(), inside.begin(), inside.end());
  }
  return files;
}

Option band_limit_option() {
  return toggle_option("band-limit", "false",
                       "clear what a method leaves beyond the acquired part of a zero-padded k-space, which "
                       "interpolation leaves empty; trained models and self-unrolled are as they learned");
}

std::optional<Shape<2>> chosen_band(const Options& options, const mri::ScanDescription& d) {
  if (!options.toggle("band-limit")) return std::nullopt;
  return Shape<2>{d.acquired_rows, d.acquired_columns};
}

std::vector<Option> mask_choice_options() {
  return {choice_option("mask-type", "", {"poisson", "random", "equispaced", "uniform", "gaussian"},
                        "pattern that --acceleration generates")
              .note("the file's own mask, else poisson; equispaced for fastMRI files"),
          integer_option("calibration", "", 0, 65536, "fully sampled centre of a generated mask")
              .note("24, less on small planes; fastMRI's rule for columns")};
}

ChosenMask describe_mask(const mri::Mask& full, const mri::ScanDescription& scan, const std::string& origin) {
  const double samples = double(full.count());
  return {full, double(scan.acquired_rows * scan.acquired_columns) / samples, double(full.size()) / samples,
          origin};
}

namespace {

/// What a generated mask of a scan is like.
mri::MaskOptions generated_mask(const Options& options, const mri::ScanDescription& d, double acceleration) {
  mri::MaskOptions how;
  const bool is_fastmri = d.layout.starts_with("fastmri");
  how.type = options.has("mask-type") ? options.text("mask-type") : is_fastmri ? "equispaced" : "poisson";
  how.rows = d.acquired_rows, how.columns = d.acquired_columns;
  how.acceleration = acceleration;
  how.seed = std::uint64_t(options.integer("seed"));
  const bool by_columns = how.type == "random" || how.type == "equispaced";
  how.calibration = options.has("calibration") ? options.size("calibration")
                    : by_columns               ? 0
                                               : std::min({size_t(24), how.rows / 3, how.columns / 3});
  return how;
}

ChosenMask make_chosen(const mri::MaskOptions& how, const mri::ScanDescription& d) {
  return describe_mask(mri::fit_mask(mri::make_mask(how), d, "generated mask"), d,
                       "generated " + how.type + ", seed " + std::to_string(how.seed));
}

}  // namespace

std::vector<double> parse_accelerations(const Options& options) {
  std::vector<double> list;
  for (const auto& text : options.list("acceleration")) {
    double value = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (fault != std::errc() || end != text.data() + text.size() || !(value >= 1 && value <= 1000))
      throw UsageError("--acceleration: expected numbers from 1 to 1000, comma-separated, found \"" + text +
                       "\"");
    list.push_back(value);
  }
  if (list.empty()) throw UsageError("--acceleration: missing; expected numbers, comma-separated");
  return list;
}

ChosenMask fresh_mask(const Options& options, const mri::Scan& scan, double acceleration,
                      std::uint64_t number) {
  mri::MaskOptions how = generated_mask(options, scan.description(), acceleration);
  how.seed = Random(how.seed, stream::sampling_mask + (1 << 8)).integer(number, std::uint64_t(1) << 62);
  return make_chosen(how, scan.description());
}

ChosenMask choose_mask(const Options& options, const mri::Scan& scan, double acceleration) {
  const auto& d = scan.description();
  if (!options.has("mask-type")) {
    char name[32];
    std::snprintf(name, sizeof name, "poisson_%.1fx", acceleration);
    if (const auto stored = scan.stored_mask(name))
      return describe_mask(mri::fit_mask(*stored, d, d.path + ":/masks/" + name), d,
                           std::string("stored ") + name);
  }
  return make_chosen(generated_mask(options, d, acceleration), d);
}

}  // namespace danaus::app
