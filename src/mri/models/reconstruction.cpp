#include <danaus/mri/models/reconstruction.hpp>

#include <danaus/core/error.hpp>
#include <danaus/io/hdf5_reader.hpp>
#include <danaus/mri/data/cfl.hpp>
#include <danaus/mri/operators/band_limit.hpp>
#include <mri/data/cfl_slices.hpp>

#include <algorithm>

namespace danaus::mri {

struct MapSource::File {
  std::filesystem::path path;
  std::unique_ptr<io::Hdf5Reader> reader;  // or
  std::unique_ptr<detail::CflSlices> slices;
  size_t map_count = 0;
};

MapSource::MapSource(std::shared_ptr<const Scan> scan, const std::filesystem::path& path)
    : scan_(std::move(scan)) {
  const auto& d = scan_->description();
  auto file = std::make_shared<File>();
  file->path = path;
  const io::Extents expected{d.slices, d.rows, d.columns, d.coils};
  const auto refuse = [&](const io::Extents& found) {
    throw DataError(path.string() + ": expected maps (x, y, z, coil) of " + io::to_string(expected) +
                    " for " + d.path + ", found " + io::to_string(found));
  };
  if (const auto base = cfl_base(path)) {
    file->slices = std::make_unique<detail::CflSlices>(detail::open_cfl_file(*base), CflArray::maps, false);
    const auto& m = *file->slices;
    const io::Extents found{m.slices(), m.rows(), m.columns(), m.coils()};
    if (found != expected || m.is_flat() != d.has_flat_axes) refuse(found);
    file->map_count = m.sets();
  } else {
    file->reader = std::make_unique<io::Hdf5Reader>(path);
    const auto shape =
        file->reader
            ->require("/maps", 5, {io::ScalarType::c64, io::ScalarType::c128}, "axes (x, y, z, coil, map)")
            .shape;
    const io::Extents found(shape.begin(), shape.begin() + 4);
    if (found != expected) refuse(found);
    file->map_count = shape[4];
  }
  file_ = std::move(file);
}

size_t MapSource::map_count() const { return file_ ? file_->map_count : scan_->description().map_count; }

size_t MapSource::held_bytes() const { return file_ && file_->slices ? file_->slices->held_bytes() : 0; }

HostTensor<Complex<float>, 4> MapSource::read(size_t slice) const {
  if (!file_) return scan_->read_maps(slice);
  const auto& d = scan_->description();
  HostTensor<Complex<float>, 4> maps(Kokkos::view_alloc("maps", Kokkos::WithoutInitializing), d.rows,
                                     d.columns, d.coils, file_->map_count);
  if (file_->reader) {
    file_->reader->read_slab("/maps", {slice, 0, 0, 0, 0}, {1, d.rows, d.columns, d.coils, file_->map_count},
                             maps.data());
  } else {
    const Complex<float>* values = file_->slices->slice(slice);  // (map, y, z, coil)
    const size_t sets = file_->map_count, size = maps.size() / sets;
    if (sets == 1)
      std::copy_n(values, size, maps.data());
    else
      for (size_t m = 0; m < sets; ++m)
        for (size_t i = 0; i < size; ++i) maps.data()[i * sets + m] = values[m * size + i];
  }
  require_finite_slice(maps.data(), maps.size(), file_->path.string() + ":/maps", slice);
  return maps;
}

HostTensor<Complex<float>, 3> to_image(const HostTensor<Complex<float>, 4>& x, size_t image_rows,
                                       size_t image_columns) {
  const size_t echoes = x.extent(0), sets = x.extent(3);
  const size_t first_row = x.extent(1) / 2 - image_rows / 2,
               first_column = x.extent(2) / 2 - image_columns / 2;
  HostTensor<Complex<float>, 3> image("image", echoes, image_rows, image_columns);
  for (size_t e = 0; e < echoes; ++e)
    for (size_t j = 0; j < image_rows; ++j)
      for (size_t k = 0; k < image_columns; ++k) {
        const Complex<float>* value = &x(e, first_row + j, first_column + k, 0);
        image(e, j, k) = value[0];
        if (sets == 1) continue;
        float power = 0;
        for (size_t m = 0; m < sets; ++m)
          power += value[m].real() * value[m].real() + value[m].imag() * value[m].imag();
        const float magnitude = Kokkos::abs(value[0]);
        image(e, j, k) =
            magnitude > 0 ? value[0] * (std::sqrt(power) / magnitude) : Complex<float>(std::sqrt(power));
      }
  return image;
}

namespace {

/// Where no coil is sensitive the samples say nothing, and a regularised image holds what leaks from beside
/// it.
void clear_outside(const HostTensor<Complex<float>, 4>& maps, HostTensor<Complex<float>, 4>& image) {
  const size_t inner = maps.extent(2) * maps.extent(3), sets = image.extent(3);
  const size_t plane = maps.extent(0) * maps.extent(1);
  for (size_t p = 0; p < plane; ++p) {
    const Complex<float>* map = maps.data() + p * inner;
    if (std::any_of(map, map + inner, [](Complex<float> s) { return s != Complex<float>(0); })) continue;
    for (size_t e = 0; e < image.extent(0); ++e)
      std::fill_n(image.data() + (e * plane + p) * sets, sets, Complex<float>(0));
  }
}

/// What the device may read of a host tensor that outlives the use: itself where the device is the host.
template <class T, int R, class HostView>
Tensor<T, R> lent_to_device(const HostView& host) {
  if constexpr (Kokkos::SpaceAccessibility<Exec, Kokkos::HostSpace>::accessible)
    return Tensor<T, R>(host.data(), host.layout());
  else
    return to_device<T, R>(host);
}

}  // namespace

HostTensor<Complex<float>, 4> reconstruct_slice(const Exec& space, const Method& method,
                                                const MethodSettings& settings,
                                                const HostTensor<Complex<float>, 4>& kspace,
                                                const HostTensor<Complex<float>, 4>& maps, const Mask& mask,
                                                const Monitor& monitor) {
  const size_t rows = kspace.extent(1), columns = kspace.extent(2);
  HostTensor<float, 3> weights("weights", 1, rows, columns);
  if (mask.rows != rows || mask.columns != columns)
    throw ShapeError("mri::reconstruct_slice: expected a mask of " + std::to_string(rows) + "x" +
                     std::to_string(columns) + ", found " + std::to_string(mask.rows) + "x" +
                     std::to_string(mask.columns));
  for (size_t p = 0; p < mask.size(); ++p) weights.data()[p] = mask.samples[p] ? 1.0f : 0.0f;
  const HostTensor<Complex<float>, 5> host_maps(maps.data(), 1, rows, columns, maps.extent(2),
                                                maps.extent(3));
  const SenseOperator<float> a(space, kspace.extent(0), lent_to_device<Complex<float>, 5>(host_maps),
                               lent_to_device<float, 3>(weights));
  const auto x = uninitialized<Complex<float>, 4>("danaus::mri::reconstruct_slice", a.image_shape());
  method.run(space, a, lent_to_device<Complex<float>, 4>(kspace), method.resolve(settings), x, monitor);
  if (const auto& band = settings.band) BandLimit<float>(shape_of(x), (*band)[0], (*band)[1])(space, x, x);
  space.fence("danaus::mri::reconstruct_slice");
  auto image = to_host(x);
  clear_outside(maps, image);
  return image;
}

size_t reconstruction_bytes(const Method& method, const ScanDescription& d, size_t map_count) {
  const size_t plane = d.rows * d.columns * sizeof(Complex<float>);
  const size_t samples = plane * d.echoes * d.coils, maps = plane * d.coils * map_count;
  const Shape<4> image{d.echoes, d.rows, d.columns, map_count};
  // Host: the slab as read, samples, maps and image; device: the same, and the operator's own copies.
  return 3 * samples + 3 * maps + 2 * size_of(image) * sizeof(Complex<float>) +
         SenseOperator<float>::workspace_bytes(d.echoes, {1, d.rows, d.columns, d.coils, map_count}) +
         method.workspace_bytes(image);
}

}  // namespace danaus::mri
