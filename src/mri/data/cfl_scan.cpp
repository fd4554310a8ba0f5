#include <danaus/core/error.hpp>
#include <danaus/mri/data/cfl.hpp>
#include <danaus/mri/operators/centred_fft.hpp>
#include <mri/data/scan_files.hpp>

namespace danaus::mri::detail {

namespace {

/// k-space as BART's tools take it. The plane is (PHS1, PHS2) and READ, if larger than 1, is
/// inverse-transformed into slices; without PHS2 the plane is (READ, PHS1) and slices lie along SLICE. Held
/// in memory.
class CflScan : public Scan {
 public:
  explicit CflScan(const std::filesystem::path& base) : array_(read_cfl(base)) {
    auto& d = description_;
    d.path = base.string();
    d.layout = "cfl";
    const auto& n = array_.shape;
    for (size_t axis = 0; axis < CflArray::rank; ++axis) {
      const bool known = axis <= CflArray::coil || axis == CflArray::echo || axis == CflArray::slice;
      if (!known && n[axis] != 1)
        throw DataError(d.path +
                        ".hdr: expected k-space along READ, PHS1, PHS2, COIL, TE and SLICE, found extent " +
                        std::to_string(n[axis]) + " along axis " + std::to_string(axis) +
                        " (non-Cartesian data and series are out of scope)");
    }
    is_flat_ = d.has_flat_axes = n[CflArray::phase2] == 1;
    row_axis_ = is_flat_ ? CflArray::read : CflArray::phase1;
    column_axis_ = is_flat_ ? CflArray::phase1 : CflArray::phase2;
    slice_axis_ = is_flat_ ? CflArray::slice : CflArray::read;
    if (!is_flat_ && n[CflArray::slice] != 1)
      throw DataError(d.path + ".hdr: volumes along SLICE; expected one volume");
    d.slices = n[slice_axis_], d.echoes = n[CflArray::echo], d.coils = n[CflArray::coil];
    d.rows = d.acquired_rows = d.image_rows = n[row_axis_];
    d.columns = d.acquired_columns = d.image_columns = n[column_axis_];
    if (!is_flat_ && d.slices > 1) transform_readout();
    d.map_count = d.coils == 1 ? 1 : 0;
  }

  HostTensor<Complex<float>, 4> read_kspace(size_t slice) const override {
    const auto& d = description_;
    HostTensor<Complex<float>, 4> kspace("kspace", d.echoes, d.rows, d.columns, d.coils);
    for (size_t e = 0; e < d.echoes; ++e)
      for (size_t j = 0; j < d.rows; ++j)
        for (size_t k = 0; k < d.columns; ++k)
          for (size_t c = 0; c < d.coils; ++c)
            kspace(e, j, k, c) =
                array_.data[slice * array_.stride(slice_axis_) + j * array_.stride(row_axis_) +
                            k * array_.stride(column_axis_) + c * array_.stride(CflArray::coil) +
                            e * array_.stride(CflArray::echo)];
    require_finite_slice(kspace.data(), kspace.size(), d.path + ".cfl", slice);
    return kspace;
  }

  HostTensor<Complex<float>, 4> read_maps(size_t slice) const override {
    const auto& d = description_;
    if (d.map_count == 0) return Scan::read_maps(slice);
    HostTensor<Complex<float>, 4> maps("maps", d.rows, d.columns, 1, 1);
    Kokkos::deep_copy(maps, Complex<float>(1));
    return maps;
  }

 private:
  /// Centred, unitary, in place along READ, the fastest axis.
  void transform_readout() {
    const size_t n = array_.shape[CflArray::read], lines = array_.size() / n;
    constexpr size_t together = 4096;
    const Exec space;
    for (size_t first = 0; first < lines; first += together) {
      const size_t count = std::min(together, lines - first);
      HostTensor<Complex<float>, 4> block(array_.data.data() + first * n, count, n, 1, 1);
      const auto device = to_device<Complex<float>, 4>(block);
      CentredFft<float>({count, n, 1, 1}).adjoint(space, device, device);
      space.fence();
      Kokkos::deep_copy(block, device);
    }
  }

  CflArray array_;
  bool is_flat_;
  size_t row_axis_, column_axis_, slice_axis_;
};

}  // namespace

std::shared_ptr<const Scan> open_cfl(const std::filesystem::path& base) {
  return std::make_shared<CflScan>(base);
}

}  // namespace danaus::mri::detail
