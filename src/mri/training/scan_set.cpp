#include <danaus/mri/training/reconstruction_task.hpp>

#include <danaus/core/error.hpp>

namespace danaus::mri {

namespace {

std::string shape_text(const ScanDescription& d) {
  return std::to_string(d.rows) + "x" + std::to_string(d.columns) + " (acquired " +
         std::to_string(d.acquired_rows) + "x" + std::to_string(d.acquired_columns) + "), " +
         std::to_string(d.echoes) + (d.echoes == 1 ? " echo" : " echoes");
}

void require_trainable(const Scan& scan, const ScanDescription& first) {
  const auto& d = scan.description();
  if (shape_text(d) != shape_text(first))
    throw DataError(d.path + ": expected " + shape_text(first) + " as in " + first.path + ", found " +
                    shape_text(d));
  if (d.image_rows != d.rows || d.image_columns != d.columns)
    throw DataError(d.path + ": has readout oversampling; expected images of the size of the plane");
  if (d.map_count == 0) scan.read_maps(0);  // says what is missing
  if (!d.has_target) scan.read_target(0);
  if (d.has_magnitude_target)
    throw DataError(d.path + ": has magnitudes only; expected complex targets to train on");
  if (d.map_count != 1)
    throw DataError(d.path + ": expected one set of coil sensitivities, found " +
                    std::to_string(d.map_count));
}

}  // namespace

ScanSet::ScanSet(const std::vector<std::filesystem::path>& files)
    : ScanSet(files, files.empty() ? ScanDescription{} : open_scan(files.front())->description()) {}

ScanSet::ScanSet(const std::vector<std::filesystem::path>& files, const ScanDescription& kind) {
  for (const auto& file : files) {
    scans_.push_back(open_scan(file));
    require_trainable(*scans_.back(), kind);
    slices_ += scans_.back()->description().slices;
  }
  if (scans_.empty()) throw DataError("no scans to train on");
}

ScanSet::Position ScanSet::locate(size_t index) const {
  size_t scan = 0;
  while (index >= scans_[scan]->description().slices) index -= scans_[scan++]->description().slices;
  return {scan, index};
}

TrainingSlice ScanSet::read(Position position) const {
  const Scan& scan = *scans_[position.scan];
  return {scan.read_kspace(position.slice), scan.read_maps(position.slice), scan.read_target(position.slice)};
}

}  // namespace danaus::mri
