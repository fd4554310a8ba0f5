#include <danaus/core/error.hpp>
#include <danaus/io/hostile_text.hpp>
#include <mri/data/ismrmrd_header.hpp>
#include <mri/data/scan_files.hpp>

#include <algorithm>

namespace danaus::mri::detail {

namespace {

const std::vector<io::ScalarType> complex_types{io::ScalarType::c64, io::ScalarType::c128};

/// /kspace (slice, coil, height, width) or (slice, height, width); /reconstruction_rss or _esc (slice, h, w)
/// magnitudes of the centre, readout oversampling removed; /mask (width) of undersampled files. Without such
/// images /ismrmrd_header says the size of the centre.
class FastMriScan : public Scan {
 public:
  explicit FastMriScan(io::Hdf5Reader reader) : reader_(std::move(reader)) {
    auto& d = description_;
    d.path = reader_.path().string();
    const bool multi = reader_.info("/kspace").rank() == 4;
    d.layout = multi ? "fastmri" : "fastmri-singlecoil";
    const auto k = reader_.require("/kspace", multi ? 4 : 3, complex_types).shape;
    d.slices = k[0];
    d.coils = multi ? k[1] : 1;
    d.rows = d.acquired_rows = d.image_rows = k[k.size() - 2];
    d.columns = d.acquired_columns = d.image_columns = k[k.size() - 1];
    d.map_count = multi ? 0 : 1;
    d.has_flat_axes = true;
    if (reader_.has_dataset("/ismrmrd_header")) read_header();
    for (const char* name : {"/reconstruction_rss", "/reconstruction_esc"}) {
      if (!reader_.has_dataset(name)) continue;
      const auto t = reader_.require(name, 3, {io::ScalarType::f32, io::ScalarType::f64}).shape;
      if (t[0] != d.slices || t[1] > d.rows || t[2] > d.columns)
        reader_.fail(name, "expected images of " + std::to_string(d.slices) +
                               " slices inside the k-space's plane, found " + io::to_string(t));
      d.image_rows = t[1], d.image_columns = t[2];
      d.has_target = d.has_magnitude_target = true;
      target_ = name;
      break;
    }
    if (reader_.has_dataset("/mask")) {
      const auto shape = reader_.require("/mask", 1, {}).shape;
      if (shape[0] != d.columns)
        reader_.fail("/mask", "expected " + std::to_string(d.columns) + " columns as /kspace, found " +
                                  std::to_string(shape[0]));
      d.masks.push_back("mask");
    }
  }

  HostTensor<Complex<float>, 4> read_kspace(size_t slice) const override {
    const auto& d = description_;
    const auto slab = reader_.read_slab<Complex<float>>("/kspace", slice, 1);
    require_finite_slice(slab.data(), slab.size(), d.path + ":/kspace", slice);
    HostTensor<Complex<float>, 4> kspace("kspace", 1, d.rows, d.columns, d.coils);
    const size_t plane = d.rows * d.columns;
    for (size_t c = 0; c < d.coils; ++c)
      for (size_t p = 0; p < plane; ++p) kspace.data()[p * d.coils + c] = slab[c * plane + p];
    return kspace;
  }

  HostTensor<Complex<float>, 4> read_maps(size_t slice) const override {
    const auto& d = description_;
    if (d.map_count == 0) return Scan::read_maps(slice);
    HostTensor<Complex<float>, 4> maps("maps", d.rows, d.columns, 1, 1);
    std::fill_n(maps.data(), maps.size(), Complex<float>(1));
    return maps;
  }

  HostTensor<Complex<float>, 3> read_target(size_t slice) const override {
    const auto& d = description_;
    if (!d.has_target) return Scan::read_target(slice);
    const auto slab = reader_.read_slab<float>(target_, slice, 1);
    HostTensor<Complex<float>, 3> target("target", 1, d.image_rows, d.image_columns);
    std::copy(slab.begin(), slab.end(), target.data());
    require_finite_slice(target.data(), target.size(), d.path + ":" + target_, slice);
    return target;
  }

  std::optional<Mask> stored_mask(const std::string& name) const override {
    if (name != "mask" || description_.masks.empty()) return std::nullopt;
    const auto line = reader_.read<double>("/mask");
    Mask mask(1, line.size());
    for (size_t i = 0; i < line.size(); ++i) mask.samples[i] = line[i] != 0;
    return mask;
  }

 private:
  void read_header() {
    auto& d = description_;
    const auto header = parse_ismrmrd_header(io::read_hostile_text(d.path, "/ismrmrd_header"), d.path);
    d.image_rows = std::min(d.rows, header.reconstructed[0]);
    d.image_columns = std::min(d.columns, header.reconstructed[1]);
    const auto size = [&](size_t i) { return header.field_mm[i] / double(header.reconstructed[i]); };
    d.voxel_mm = {size(2), size(0), size(1)};
    d.has_voxel_size = true;
  }

  io::Hdf5Reader reader_;
  std::string target_;
};

}  // namespace

bool is_fastmri(const io::Hdf5Reader& reader) {
  if (!reader.has_dataset("/kspace")) return false;
  const size_t rank = reader.info("/kspace").rank();
  return rank == 3 || rank == 4;
}

std::shared_ptr<const Scan> open_fastmri(io::Hdf5Reader reader) {
  return std::make_shared<FastMriScan>(std::move(reader));
}

}  // namespace danaus::mri::detail
