#include <danaus/mri/models/reconstruction.hpp>

#include <danaus/core/error.hpp>
#include <danaus/io/hdf5_reader.hpp>
#include <danaus/mri/data/cfl.hpp>

#include <algorithm>

namespace danaus::mri {

struct MapSource::File {
  std::filesystem::path path;
  std::unique_ptr<io::Hdf5Reader> reader;  // or
  CflArray array;
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
    file->array = read_cfl(*base);
    const auto& n = file->array.shape;
    const bool flat = d.has_flat_axes;
    const io::Extents found =
        flat ? io::Extents{n[CflArray::slice], n[0], n[1], n[3]} : io::Extents{n[0], n[1], n[2], n[3]};
    if (found != expected) refuse(found);
    file->map_count = n[CflArray::maps];
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

HostTensor<Complex<float>, 4> MapSource::read(size_t slice) const {
  if (!file_) return scan_->read_maps(slice);
  const auto& d = scan_->description();
  HostTensor<Complex<float>, 4> maps("maps", d.rows, d.columns, d.coils, file_->map_count);
  if (file_->reader) {
    const auto slab = file_->reader->read_slab<Complex<float>>("/maps", slice, 1);
    std::copy(slab.begin(), slab.end(), maps.data());
  } else {
    const CflArray& a = file_->array;
    const bool flat = d.has_flat_axes;
    const size_t s_slice = a.stride(flat ? size_t(CflArray::slice) : size_t(CflArray::read));
    const size_t s_row = a.stride(flat ? 0 : 1), s_column = a.stride(flat ? 1 : 2);
    const size_t s_coil = a.stride(CflArray::coil), s_set = a.stride(CflArray::maps);
    for (size_t j = 0; j < d.rows; ++j)
      for (size_t k = 0; k < d.columns; ++k)
        for (size_t c = 0; c < d.coils; ++c)
          for (size_t m = 0; m < file_->map_count; ++m)
            maps(j, k, c, m) = a.data[slice * s_slice + j * s_row + k * s_column + c * s_coil + m * s_set];
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
  const HostTensor<const Complex<float>, 5> host_maps(maps.data(), 1, rows, columns, maps.extent(2),
                                                      maps.extent(3));
  const SenseOperator<float> a(space, kspace.extent(0), to_device<Complex<float>, 5>(host_maps),
                               to_device<float, 3>(weights));
  const auto x = uninitialized<Complex<float>, 4>("danaus::mri::reconstruct_slice", a.image_shape());
  method.run(space, a, to_device<Complex<float>, 4>(kspace), method.resolve(settings), x, monitor);
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
