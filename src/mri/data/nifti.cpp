#include <mri/data/nifti.hpp>

#include <danaus/core/error.hpp>
#include <danaus/io/atomic_file.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace danaus::mri::detail {

namespace {

constexpr size_t header_size = 348, data_offset = 352;

template <class T>
void put(std::string& bytes, size_t offset, T value) {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}

/// The affine of a volume in NIfTI's coordinates: right, anterior, superior; rows of (axes, offset).
using Affine = std::array<std::array<double, 4>, 3>;

Affine affine_of(const ScanDescription& scan, const ImageVolume& image) {
  const double centre[3] = {double(scan.slices / 2) - double(image.first_slice), double(image.rows / 2),
                            double(image.columns / 2)};
  Affine affine{};
  for (size_t row = 0; row < 3; ++row) {
    const double sign = row < 2 ? -1 : 1;  // left, posterior -> right, anterior
    affine[row][3] = sign * scan.geometry->centre[row];
    for (size_t axis = 0; axis < 3; ++axis) {
      affine[row][axis] = sign * scan.geometry->axes[axis][row] * scan.voxel_mm[axis];
      affine[row][3] -= affine[row][axis] * centre[axis];
    }
  }
  return affine;
}

/// The rotation as a unit quaternion (b, c, d with a >= 0), after the third axis is turned round in a
/// left-handed system, which is what qfac = -1 means.
struct Rotation {
  double b, c, d, qfac;
};

Rotation rotation_of(const Affine& affine) {
  double r[3][3];
  for (size_t axis = 0; axis < 3; ++axis) {
    double length = 0;
    for (size_t row = 0; row < 3; ++row) length += affine[row][axis] * affine[row][axis];
    for (size_t row = 0; row < 3; ++row) r[row][axis] = affine[row][axis] / std::sqrt(length);
  }
  const double determinant = r[0][0] * (r[1][1] * r[2][2] - r[1][2] * r[2][1]) -
                             r[0][1] * (r[1][0] * r[2][2] - r[1][2] * r[2][0]) +
                             r[0][2] * (r[1][0] * r[2][1] - r[1][1] * r[2][0]);
  const double qfac = determinant < 0 ? -1 : 1;
  for (auto& row : r) row[2] *= qfac;
  // The largest of the four squares is divided by: none of them is then near zero.
  const double squares[4] = {1 + r[0][0] + r[1][1] + r[2][2], 1 + r[0][0] - r[1][1] - r[2][2],
                             1 - r[0][0] + r[1][1] - r[2][2], 1 - r[0][0] - r[1][1] + r[2][2]};
  const auto largest = std::max_element(squares, squares + 4) - squares;
  const double s = 2 * std::sqrt(squares[largest]);  // four times the largest component
  double q[4];                                       // a, b, c, d
  if (largest == 0)
    q[0] = s / 4, q[1] = (r[2][1] - r[1][2]) / s, q[2] = (r[0][2] - r[2][0]) / s,
    q[3] = (r[1][0] - r[0][1]) / s;
  else if (largest == 1)
    q[0] = (r[2][1] - r[1][2]) / s, q[1] = s / 4, q[2] = (r[0][1] + r[1][0]) / s,
    q[3] = (r[0][2] + r[2][0]) / s;
  else if (largest == 2)
    q[0] = (r[0][2] - r[2][0]) / s, q[1] = (r[0][1] + r[1][0]) / s, q[2] = s / 4,
    q[3] = (r[1][2] + r[2][1]) / s;
  else
    q[0] = (r[1][0] - r[0][1]) / s, q[1] = (r[0][2] + r[2][0]) / s, q[2] = (r[1][2] + r[2][1]) / s,
    q[3] = s / 4;
  const double sign = q[0] < 0 ? -1 : 1;
  return {sign * q[1], sign * q[2], sign * q[3], qfac};
}

void put_affine(std::string& bytes, const Affine& affine) {
  const Rotation q = rotation_of(affine);
  put<float>(bytes, 76, float(q.qfac));
  put<std::int16_t>(bytes, 252, 1);  // qform_code: scanner
  put<std::int16_t>(bytes, 254, 1);  // sform_code: scanner
  const double quaternion[3] = {q.b, q.c, q.d};
  for (size_t i = 0; i < 3; ++i) {
    put<float>(bytes, 256 + 4 * i, float(quaternion[i]));
    put<float>(bytes, 268 + 4 * i, float(affine[i][3]));
    for (size_t axis = 0; axis < 4; ++axis)
      put<float>(bytes, 280 + 16 * i + 4 * axis, float(affine[i][axis]));
  }
}

/// What the header cannot say otherwise.
const char* description_of(const ScanDescription& scan) {
  if (!scan.has_voxel_size) return "danaus-mri; voxel size and orientation unknown";
  return scan.geometry ? "danaus-mri" : "danaus-mri; orientation unknown";
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
  put<float>(bytes, 112, 1);                // slope
  if (scan.has_voxel_size) bytes[123] = 2;  // millimetres
  std::strncpy(bytes.data() + 148, description_of(scan), 79);
  if (scan.geometry) put_affine(bytes, affine_of(scan, image));
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
