#include <mri/data/nifti.hpp>

#include <danaus/core/error.hpp>
#include <danaus/io/atomic_file.hpp>

#include <cstring>

namespace danaus::mri::detail {

namespace {

constexpr size_t header_size = 348, data_offset = 352;

template <class T>
void put(std::string& bytes, size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}

}  // namespace

void write_nifti(const std::filesystem::path& path, const ScanDescription& scan, const ImageVolume& image) {
  const size_t extents[4] = {image.slices, image.rows, image.columns, image.echoes};
  for (size_t extent : extents)
    if (extent > 32767)
      throw UsageError("--format nifti: expected axes of at most 32767 voxels, found " +
                       std::to_string(extent));
  std::string bytes(data_offset + image.values.size() * sizeof(float), '\0');
  put<std::int32_t>(bytes, 0, std::int32_t(header_size));
  put<std::int16_t>(bytes, 40, image.echoes > 1 ? 4 : 3);
  for (size_t axis = 0; axis < 7; ++axis)
    put<std::int16_t>(bytes, 42 + 2 * axis, axis < 4 ? std::int16_t(extents[axis]) : std::int16_t(1));
  put<std::int16_t>(bytes, 70, 16);  // float32
  put<std::int16_t>(bytes, 72, 32);  // bits
  put<float>(bytes, 76, 1);          // qfac
  for (size_t axis = 0; axis < 3; ++axis) put<float>(bytes, 80 + 4 * axis, float(scan.voxel_mm[axis]));
  put<float>(bytes, 92, 1);
  put<float>(bytes, 108, float(data_offset));
  put<float>(bytes, 112, 1);  // slope
  bytes[123] = 2;             // millimetres
  std::strncpy(bytes.data() + 148, "danaus-mri reconstruct", 79);
  put<std::int16_t>(bytes, 254, 1);  // sform_code
  for (size_t axis = 0; axis < 3; ++axis) {
    put<float>(bytes, 280 + 16 * axis + 4 * axis, float(scan.voxel_mm[axis]));
    put<float>(bytes, 280 + 16 * axis + 12, float(-scan.voxel_mm[axis] * double(extents[axis] / 2)));
  }
  std::memcpy(bytes.data() + 344, "n+1", 4);
  size_t at = data_offset;
  for (size_t e = 0; e < image.echoes; ++e)
    for (size_t z = 0; z < image.columns; ++z)
      for (size_t y = 0; y < image.rows; ++y)
        for (size_t x = 0; x < image.slices; ++x, at += sizeof(float))
          put<float>(bytes, at, Kokkos::abs(image.at(x, y, z, e)));
  io::write_file_atomically(path, bytes);
}

}  // namespace danaus::mri::detail
