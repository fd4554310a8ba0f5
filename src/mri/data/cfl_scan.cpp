#include <mri/data/cfl_slices.hpp>
#include <mri/data/scan_files.hpp>

#include <algorithm>

namespace danaus::mri::detail {

namespace {

/// k-space as BART's tools take it. The plane is (PHS1, PHS2) and READ, if larger than 1, is
/// inverse-transformed into slices; without PHS2 the plane is (READ, PHS1) and slices lie along SLICE.
class CflScan : public Scan {
 public:
  explicit CflScan(const std::filesystem::path& base)
      : slices_(open_cfl_file(base), CflArray::echo, /*inverse=*/true) {
    auto& d = description_;
    d.path = base.string();
    d.layout = "cfl";
    d.has_flat_axes = slices_.is_flat();
    d.slices = slices_.slices(), d.echoes = slices_.sets(), d.coils = slices_.coils();
    d.rows = d.acquired_rows = d.image_rows = slices_.rows();
    d.columns = d.acquired_columns = d.image_columns = slices_.columns();
    d.map_count = d.coils == 1 ? 1 : 0;
  }

  HostTensor<Complex<float>, 4> read_kspace(size_t slice) const override {
    const auto& d = description_;
    HostTensor<Complex<float>, 4> kspace(Kokkos::view_alloc("kspace", Kokkos::WithoutInitializing), d.echoes,
                                         d.rows, d.columns, d.coils);
    std::copy_n(slices_.slice(slice), kspace.size(), kspace.data());
    require_finite_slice(kspace.data(), kspace.size(), d.path + ".cfl", slice);
    return kspace;
  }

  HostTensor<Complex<float>, 4> read_maps(size_t slice) const override {
    const auto& d = description_;
    if (d.map_count == 0) return Scan::read_maps(slice);
    HostTensor<Complex<float>, 4> maps("maps", d.rows, d.columns, 1, 1);
    fill(maps, Complex<float>(1));
    return maps;
  }

  size_t held_bytes() const override { return slices_.held_bytes(); }

 private:
  CflSlices slices_;
};

}  // namespace

std::shared_ptr<const Scan> open_cfl(const std::filesystem::path& base) {
  return std::make_shared<CflScan>(base);
}

}  // namespace danaus::mri::detail
