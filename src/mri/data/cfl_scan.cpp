#include <danaus/core/error.hpp>
#include <danaus/mri/data/cfl.hpp>
#include <danaus/mri/operators/centred_fft.hpp>
#include <mri/data/scan_files.hpp>

#include <algorithm>

namespace danaus::mri::detail {

namespace {

/// k-space as BART's tools take it. The plane is (PHS1, PHS2) and READ, if larger than 1, is
/// inverse-transformed into slices; without PHS2 the plane is (READ, PHS1) and slices lie along SLICE. Held
/// in memory.
class CflScan : public Scan {
 public:
  explicit CflScan(const std::filesystem::path& base) {
    CflArray array = read_cfl(base);
    auto& d = description_;
    d.path = base.string();
    d.layout = "cfl";
    const auto& n = array.shape;
    for (size_t axis = 0; axis < CflArray::rank; ++axis) {
      const bool known = axis <= CflArray::coil || axis == CflArray::echo || axis == CflArray::slice;
      if (!known && n[axis] != 1)
        throw DataError(d.path +
                        ".hdr: expected k-space along READ, PHS1, PHS2, COIL, TE and SLICE, found extent " +
                        std::to_string(n[axis]) + " along axis " + std::to_string(axis) +
                        " (non-Cartesian data and series are out of scope)");
    }
    const bool is_flat = d.has_flat_axes = n[CflArray::phase2] == 1;
    const size_t row_axis = is_flat ? CflArray::read : CflArray::phase1;
    const size_t column_axis = is_flat ? CflArray::phase1 : CflArray::phase2;
    const size_t slice_axis = is_flat ? CflArray::slice : CflArray::read;
    if (!is_flat && n[CflArray::slice] != 1)
      throw DataError(d.path + ".hdr: volumes along SLICE; expected one volume");
    d.slices = n[slice_axis], d.echoes = n[CflArray::echo], d.coils = n[CflArray::coil];
    d.rows = d.acquired_rows = d.image_rows = n[row_axis];
    d.columns = d.acquired_columns = d.image_columns = n[column_axis];
    d.map_count = d.coils == 1 ? 1 : 0;
    reorder(array, array.stride(slice_axis), array.stride(row_axis), array.stride(column_axis));
    if (!is_flat && d.slices > 1) transform_readout();
  }

  HostTensor<Complex<float>, 4> read_kspace(size_t slice) const override {
    const auto& d = description_;
    HostTensor<Complex<float>, 4> kspace(Kokkos::view_alloc("kspace", Kokkos::WithoutInitializing), d.echoes,
                                         d.rows, d.columns, d.coils);
    std::copy_n(&samples_[slice * kspace.size()], kspace.size(), kspace.data());
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
  /// Into the order in which slices are read, (slice, echo, row, column, coil), in one pass.
  void reorder(const CflArray& array, size_t s_slice, size_t s_row, size_t s_column) {
    const auto& d = description_;
    const size_t s_coil = array.stride(CflArray::coil), s_echo = array.stride(CflArray::echo);
    samples_.resize(array.data.size());
    using Host = Kokkos::DefaultHostExecutionSpace;
    Kokkos::parallel_for("danaus::mri::CflScan", Kokkos::RangePolicy<Host>(0, d.columns), [&](size_t k) {
      for (size_t e = 0; e < d.echoes; ++e)
        for (size_t c = 0; c < d.coils; ++c)
          for (size_t j = 0; j < d.rows; ++j)
            for (size_t x = 0; x < d.slices; ++x)
              samples_[(((x * d.echoes + e) * d.rows + j) * d.columns + k) * d.coils + c] =
                  array.data[x * s_slice + j * s_row + k * s_column + c * s_coil + e * s_echo];
    });
    Host().fence("danaus::mri::CflScan");
  }

  /// Centred and unitary along the slices.
  void transform_readout() {
    const size_t n = description_.slices, inner = samples_.size() / n;
    const HostTensor<Complex<float>, 4> all(samples_.data(), 1, n, 1, inner);
    const auto device = to_device<Complex<float>, 4>(all);
    CentredFft<float>({1, n, 1, inner}).adjoint(Exec(), device, device);
    Exec().fence("danaus::mri::CflScan");
    Kokkos::deep_copy(all, device);
  }

  std::vector<Complex<float>> samples_;  // (slice, echo, row, column, coil)
};

}  // namespace

std::shared_ptr<const Scan> open_cfl(const std::filesystem::path& base) {
  return std::make_shared<CflScan>(base);
}

}  // namespace danaus::mri::detail
