#include "verbs.hpp"

#include <common/check_files.hpp>

#include <danaus/core/error.hpp>
#include <danaus/io/digest.hpp>
#include <danaus/io/finite.hpp>
#include <danaus/mri/data/cfl.hpp>
#include <danaus/mri/data/scan.hpp>

#include <filesystem>

namespace danaus::app {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t newest_format = 1;

/// Reads everything once: samples, maps and targets must be finite and fit together.
std::string check_scan(const fs::path& path) {
  const auto scan = mri::open_scan(path);
  const auto& d = scan->description();
  size_t samples = 0;
  for (size_t slice = 0; slice < d.slices; ++slice) {
    samples += mri::sampled_points(scan->read_kspace(slice)).count();
    if (d.map_count) scan->read_maps(slice);
    if (d.has_target) scan->read_target(slice);
  }
  if (samples == 0) throw DataError(d.path + ": no samples: k-space is zero everywhere");
  for (const auto& name : d.masks)
    if (const auto mask = scan->stored_mask(name)) mri::fit_mask(*mask, d, d.path + ":/masks/" + name);
  return d.layout;
}

std::string check_content(const fs::path& path) {
  if (mri::cfl_base(path) || io::file_state(path) == io::FileState::foreign) return check_scan(path);
  const io::Hdf5Reader reader(path);
  const auto format = reader.attribute<std::string>("/", "format");
  reader.require_format(format, newest_format);
  io::require_all_finite(reader);
  return format == "danaus-mri-raw"      ? check_scan(path)
         : format.starts_with("danaus-") ? format.substr(7)
                                         : format;
}

}  // namespace

Verb check_verb() {
  Verb verb = check_files_verb("danaus-mri", check_content,
                               [](const fs::path& path) { return mri::cfl_base(path).has_value(); });
  verb.examples = {"danaus-mri check data/knees/*.h5"};
  return verb;
}

}  // namespace danaus::app
