#include <danaus/core/error.hpp>
#include <mri/data/scan_files.hpp>

#include <algorithm>

namespace danaus::mri::detail {

namespace {

using io::Extents;

const std::vector<io::ScalarType> complex_types{io::ScalarType::c64, io::ScalarType::c128};

/// /kspace (x, ky, kz, echo, coil), /maps (x, y, z, coil, map), /target (x, y, z, echo, map), /masks/NAME.
class SkmTeaScan : public Scan {
 public:
  explicit SkmTeaScan(io::Hdf5Reader reader) : reader_(std::move(reader)) {
    auto& d = description_;
    d.path = reader_.path().string();
    d.layout = "skm-tea";
    const Extents k = reader_.require("/kspace", 5, complex_types, axes).shape;
    d.slices = k[0], d.rows = d.image_rows = k[1], d.columns = d.image_columns = k[2];
    d.echoes = k[3], d.coils = k[4];
    if (reader_.has_dataset("/maps")) {
      const Extents m = reader_.require("/maps", 5, complex_types, "axes (x, y, z, coil, map)").shape;
      if (m[3] != d.coils)
        reader_.fail("/maps", "expected " + std::to_string(d.coils) + " coils as in /kspace, found " +
                                  std::to_string(m[3]) + "; axes are (x, y, z, coil, map)");
      require_plane("/maps", m);
      d.map_count = m[4];
    }
    if (reader_.has_dataset("/target")) {
      const Extents t = reader_.require("/target", 5, complex_types, "axes (x, y, z, echo, map)").shape;
      require_plane("/target", t);
      if (t[3] != d.echoes)
        reader_.fail("/target", "expected " + std::to_string(d.echoes) + " echoes as in /kspace, found " +
                                    std::to_string(t[3]));
      d.has_target = true;
    }
    find_masks();
    find_acquired_shape();
    if (reader_.has_attribute("/", "voxel_size_mm")) {
      const auto size = reader_.attribute<std::vector<double>>("/", "voxel_size_mm");
      if (size.size() != 3 ||
          !std::all_of(size.begin(), size.end(), [](double v) { return v > 0 && v < 1e6; }))
        reader_.fail("/", "expected three positive lengths in voxel_size_mm");
      d.voxel_mm = size, d.has_voxel_size = true;
    }
    if (reader_.is_sealed()) d.digest = io::to_string(reader_.digest());
  }

  HostTensor<Complex<float>, 4> read_kspace(size_t slice) const override {
    const auto& d = description_;
    const auto slab = read_slice("/kspace", slice);
    HostTensor<Complex<float>, 4> kspace(Kokkos::view_alloc("kspace", Kokkos::WithoutInitializing), d.echoes,
                                         d.rows, d.columns, d.coils);
    const size_t plane = d.rows * d.columns;
    for (size_t p = 0; p < plane; ++p)
      for (size_t e = 0; e < d.echoes; ++e)
        std::copy_n(&slab[(p * d.echoes + e) * d.coils], d.coils, kspace.data() + (e * plane + p) * d.coils);
    return kspace;
  }

  HostTensor<Complex<float>, 4> read_maps(size_t slice) const override {
    const auto& d = description_;
    if (d.map_count == 0) return Scan::read_maps(slice);
    HostTensor<Complex<float>, 4> maps(Kokkos::view_alloc("maps", Kokkos::WithoutInitializing), d.rows,
                                       d.columns, d.coils, d.map_count);
    const auto slab = read_slice("/maps", slice);
    std::copy(slab.begin(), slab.end(), maps.data());
    return maps;
  }

  HostTensor<Complex<float>, 3> read_target(size_t slice) const override {
    const auto& d = description_;
    if (!d.has_target) return Scan::read_target(slice);
    const auto slab = read_slice("/target", slice);
    const size_t plane = d.rows * d.columns, maps = slab.size() / (plane * d.echoes);
    HostTensor<Complex<float>, 3> target("target", d.echoes, d.rows, d.columns);
    for (size_t e = 0; e < d.echoes; ++e)
      for (size_t p = 0; p < plane; ++p) target.data()[e * plane + p] = slab[(p * d.echoes + e) * maps];
    return target;
  }

  std::optional<Mask> stored_mask(const std::string& name) const override {
    const std::string path = "/masks/" + name;
    if (!reader_.has_dataset(path)) return std::nullopt;
    const auto info = reader_.require(path, 2, {});
    Mask mask(info.shape[0], info.shape[1]);
    if (io::is_complex(info.type)) reader_.fail(path, "expected numbers 0 or 1, found complex ones");
    const auto values = reader_.read<double>(path);
    for (size_t i = 0; i < values.size(); ++i) mask.samples[i] = values[i] != 0;
    return mask;
  }

  std::optional<std::vector<Complex<double>>> noise_covariance() const override {
    if (!reader_.has_dataset("/noise_covariance")) return std::nullopt;
    const auto shape = reader_.require("/noise_covariance", 2, complex_types).shape;
    if (shape != Extents{description_.coils, description_.coils})
      reader_.fail("/noise_covariance", "expected (coil, coil), found " + io::to_string(shape));
    return reader_.read<Complex<double>>("/noise_covariance");
  }

  std::optional<Tissues> tissues() const override {
    if (!reader_.has_dataset("/tissues")) return std::nullopt;
    return Tissues{reader_.attribute<std::vector<std::string>>("/tissues", "names"),
                   reader_.attribute<std::vector<double>>("/tissues", "t2_seconds")};
  }

  std::vector<std::uint8_t> read_tissues(size_t slice) const override {
    return reader_.read_slab<std::uint8_t>("/tissues", slice, 1);
  }

 private:
  static constexpr const char* axes = "axes (x, ky, kz, echo, coil)";

  void require_plane(const char* name, const Extents& shape) const {
    const auto& d = description_;
    if (shape[0] != d.slices || shape[1] != d.rows || shape[2] != d.columns)
      reader_.fail(name, "expected (x, y, z) as /kspace, " +
                             io::to_string(Extents{d.slices, d.rows, d.columns}) + ", found " +
                             io::to_string(Extents{shape[0], shape[1], shape[2]}));
  }

  std::vector<Complex<float>> read_slice(const char* name, size_t slice) const {
    auto slab = reader_.read_slab<Complex<float>>(name, slice, 1);
    require_finite_slice(slab.data(), slab.size(), description_.path + ":" + name, slice);
    return slab;
  }

  void find_masks() {
    if (!reader_.has_group("/masks")) return;
    for (const auto& name : reader_.datasets("/masks"))
      description_.masks.push_back(name.substr(std::string("/masks/").size()));
  }

  /// As an attribute says, else as the stored masks show, else the box of the samples of the middle slice.
  void find_acquired_shape() {
    auto& d = description_;
    d.acquired_rows = d.rows, d.acquired_columns = d.columns;
    std::vector<std::int64_t> shape;
    for (const std::string object : {"/kspace", "/"})
      if (shape.empty() && reader_.has_attribute(object, "acquired_shape"))
        shape = reader_.attribute<std::vector<std::int64_t>>(object, "acquired_shape");
    for (const auto& name : d.masks) {
      const auto info = reader_.info("/masks/" + name);
      if (shape.empty() && info.rank() == 2)
        shape = {std::int64_t(info.shape[0]), std::int64_t(info.shape[1])};
    }
    if (shape.size() == 2) {
      if (shape[0] < 1 || shape[1] < 1 || size_t(shape[0]) > d.rows || size_t(shape[1]) > d.columns)
        reader_.fail("/kspace",
                     "acquired_shape " + io::to_string(Extents{size_t(shape[0]), size_t(shape[1])}) +
                         " does not fit into the plane " + io::to_string(Extents{d.rows, d.columns}));
      d.acquired_rows = size_t(shape[0]), d.acquired_columns = size_t(shape[1]);
      return;
    }
    const Mask points = sampled_points(read_kspace(d.slices / 2));
    size_t half_rows = 0, half_columns = 0;
    for (size_t i = 0; i < d.rows; ++i)
      for (size_t j = 0; j < d.columns; ++j)
        if (points(i, j)) {
          half_rows = std::max(half_rows, i < d.rows / 2 ? d.rows / 2 - i : i - d.rows / 2 + 1);
          half_columns =
              std::max(half_columns, j < d.columns / 2 ? d.columns / 2 - j : j - d.columns / 2 + 1);
        }
    if (half_rows) d.acquired_rows = std::min(d.rows, 2 * half_rows);
    if (half_columns) d.acquired_columns = std::min(d.columns, 2 * half_columns);
  }

  io::Hdf5Reader reader_;
};

}  // namespace

bool is_skm_tea(const io::Hdf5Reader& reader) {
  return reader.has_dataset("/kspace") && reader.info("/kspace").rank() == 5;
}

std::shared_ptr<const Scan> open_skm_tea(io::Hdf5Reader reader) {
  return std::make_shared<SkmTeaScan>(std::move(reader));
}

}  // namespace danaus::mri::detail
