#include <danaus/mri/data/image_file.hpp>

#include <danaus/core/error.hpp>
#include <danaus/io/hdf5_reader.hpp>
#include <danaus/io/image.hpp>
#include <danaus/io/ismrmrd_image.hpp>
#include <danaus/mri/data/cfl.hpp>
#include <mri/data/nifti.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace danaus::mri {

namespace {

namespace fs = std::filesystem;

constexpr float error_factor = 5;  // errors are shown that much brighter

void write_danaus(const fs::path& path, const io::FileHeader& header, const ImageVolume& image) {
  io::Hdf5Writer writer(path);
  writer.header(header);
  writer.write("/reconstruction", {image.slices, image.rows, image.columns, image.echoes}, image.values);
  writer.attribute("/reconstruction", "axes", std::string("x,y,z,echo"));
  writer.commit();
}

void write_fastmri(const fs::path& path, const io::FileHeader& header, const ImageVolume& image) {
  if (image.echoes != 1)
    throw UsageError("--format fastmri: expected one echo, found " + std::to_string(image.echoes));
  std::vector<float> magnitudes(image.values.size());
  for (size_t i = 0; i < magnitudes.size(); ++i) magnitudes[i] = Kokkos::abs(image.values[i]);
  io::Hdf5Writer writer(path);
  writer.header(header);
  writer.write("/reconstruction", {image.slices, image.rows, image.columns}, magnitudes);
  writer.commit();
}

/// Readout, phase and slice direction of an image are x, y, z of a volume, and y, z, x of a stack of planes.
void write_ismrmrd(const fs::path& path, const io::FileHeader& header, const ScanDescription& scan,
                   const ImageVolume& image) {
  const bool flat = scan.has_flat_axes;
  const size_t extents[3] = {image.slices, image.rows, image.columns};
  const std::array<size_t, 3> axes = flat ? std::array<size_t, 3>{1, 2, 0} : std::array<size_t, 3>{0, 1, 2};
  const std::array<size_t, 3> size{extents[axes[0]], extents[axes[1]], flat ? 1 : image.columns};
  io::IsmrmrdImage common;
  for (size_t k = 0; k < 3; ++k) common.field_of_view[k] = float(scan.voxel_mm[axes[k]] * double(size[k]));
  std::vector<io::IsmrmrdImage> images;
  const size_t planes = flat ? image.slices : 1;
  for (size_t plane = 0; plane < planes; ++plane)
    for (size_t e = 0; e < image.echoes; ++e) {
      io::IsmrmrdImage one = common;
      one.slice = std::uint16_t(image.first_slice + plane), one.contrast = std::uint16_t(e);
      if (scan.geometry) {
        const auto& g = *scan.geometry;
        // The centre of a volume is that of its own slices; a part of a scan lies beside the scan's centre.
        const double along = double(image.first_slice) + (flat ? double(plane) : double(image.slices / 2)) -
                             double(scan.slices / 2);
        for (size_t k = 0; k < 3; ++k) {
          one.position[k] = float(g.centre[k] + along * scan.voxel_mm[0] * g.axes[0][k]);
          one.read_dir[k] = float(g.axes[axes[0]][k]), one.phase_dir[k] = float(g.axes[axes[1]][k]);
          one.slice_dir[k] = float(g.axes[axes[2]][k]);
        }
      }
      images.push_back(one);
    }
  io::write_ismrmrd_images(path, "image_0", size, images,
                           {{"created_by", header.created_by},
                            {"command", header.command},
                            {"voxel_size", scan.has_voxel_size ? "known" : "unknown"},
                            {"orientation", scan.geometry ? "known" : "unknown"}},
                           [&](size_t i) {
                             const size_t plane = i / image.echoes, e = i % image.echoes;
                             std::vector<Complex<float>> values;
                             values.reserve(size[0] * size[1] * size[2]);
                             for (size_t c = 0; c < size[2]; ++c)
                               for (size_t b = 0; b < size[1]; ++b)
                                 for (size_t a = 0; a < size[0]; ++a)
                                   values.push_back(flat ? image.at(plane, a, b, e) : image.at(a, b, c, e));
                             return values;
                           });
}

void write_cfl_image(const fs::path& path, const ScanDescription& scan, const ImageVolume& image) {
  CflArray array;
  const bool flat = scan.has_flat_axes;
  array.shape[flat ? size_t(CflArray::slice) : size_t(CflArray::read)] = image.slices;
  array.shape[flat ? 0 : 1] = image.rows;
  array.shape[flat ? 1 : 2] = image.columns;
  array.shape[CflArray::echo] = image.echoes;
  array.data.resize(array.size());
  const size_t s_slice = array.stride(flat ? size_t(CflArray::slice) : size_t(CflArray::read));
  const size_t s_row = array.stride(flat ? 0 : 1), s_column = array.stride(flat ? 1 : 2);
  for (size_t x = 0; x < image.slices; ++x)
    for (size_t y = 0; y < image.rows; ++y)
      for (size_t z = 0; z < image.columns; ++z)
        for (size_t e = 0; e < image.echoes; ++e)
          array.data[x * s_slice + y * s_row + z * s_column + e * array.stride(CflArray::echo)] =
              image.at(x, y, z, e);
  write_cfl(*cfl_base(path), array);
}

/// Grey panels of the middle slice, side by side; echoes below each other. y runs downwards, z to the right.
/// Pixels that are not square are repeated along their longer side.
void write_png_panels(const fs::path& path, const ScanDescription& scan, const ImageVolume& image,
                      const ImageVolume* target) {
  const size_t slice = image.slices / 2, panels = target ? 4 : 2;
  const double aspect = std::clamp(scan.voxel_mm[2] / scan.voxel_mm[1], .125, 8.0);
  const auto rows = size_t(std::lround(double(image.rows) * std::max(1.0, 1 / aspect)));
  const auto columns = size_t(std::lround(double(image.columns) * std::max(1.0, aspect)));
  io::Image picture{panels * columns, image.echoes * rows, 1, {}};
  picture.pixels.resize(picture.width * picture.height);
  for (size_t e = 0; e < image.echoes; ++e) {
    float largest = 0;
    for (size_t y = 0; y < image.rows; ++y)
      for (size_t z = 0; z < image.columns; ++z) {
        largest = std::max(largest, Kokkos::abs(image.at(slice, y, z, e)));
        if (target) largest = std::max(largest, Kokkos::abs(target->at(slice, y, z, e)));
      }
    const float scale = largest > 0 ? 1 / largest : 0;
    const auto paint = [&](size_t panel, size_t i, size_t j, float value) {
      picture.pixels[(e * rows + i) * picture.width + panel * columns + j] =
          std::uint8_t(std::lround(255 * std::clamp(value, 0.0f, 1.0f)));
    };
    for (size_t i = 0; i < rows; ++i)
      for (size_t j = 0; j < columns; ++j) {
        const size_t y = i * image.rows / rows, z = j * image.columns / columns;
        const Complex<float> value = image.at(slice, y, z, e);
        const float magnitude = Kokkos::abs(value);
        paint(0, i, j, scale * magnitude);
        paint(1, i, j, float(std::atan2(value.imag(), value.real()) / (2 * std::numbers::pi) + .5));
        if (!target) continue;
        const float wanted = Kokkos::abs(target->at(slice, y, z, e));
        paint(2, i, j, scale * wanted);
        paint(3, i, j, error_factor * scale * std::abs(magnitude - wanted));
      }
  }
  io::write_png(path, picture);
}

}  // namespace

void ImageVolume::set_slice(size_t x, const HostTensor<Complex<float>, 3>& image) {
  if (image.extent(0) != echoes || image.extent(1) != rows || image.extent(2) != columns)
    throw ShapeError("mri::ImageVolume: expected a slice of " + to_string(Shape<3>{echoes, rows, columns}) +
                     ", found " + to_string(shape_of(image)));
  for (size_t y = 0; y < rows; ++y)
    for (size_t z = 0; z < columns; ++z)
      for (size_t e = 0; e < echoes; ++e) at(x, y, z, e) = image(e, y, z);
}

const std::vector<std::string>& image_format_names() {
  static const std::vector<std::string> names{"danaus", "fastmri", "ismrmrd", "cfl", "nifti", "png"};
  return names;
}

std::string image_format_of(const fs::path& path) {
  const auto extension = path.extension();
  if (extension == ".h5" || extension == ".hdf5") return "danaus";
  if (extension == ".cfl" || extension == ".hdr") return "cfl";
  if (extension == ".nii") return "nifti";
  if (extension == ".png") return "png";
  throw UsageError("--out " + path.string() +
                   ": expected a name that ends in .h5, .cfl, .nii or .png, or --format");
}

void write_image(const fs::path& path, const std::string& format, const io::FileHeader& header,
                 const ScanDescription& scan, const ImageVolume& image, const ImageVolume* target) {
  if (format == "danaus") return write_danaus(path, header, image);
  if (format == "fastmri") return write_fastmri(path, header, image);
  if (format == "ismrmrd") return write_ismrmrd(path, header, scan, image);
  if (format == "cfl") return write_cfl_image(path, scan, image);
  if (format == "nifti") return detail::write_nifti(path, scan, image);
  if (format == "png") return write_png_panels(path, scan, image, target);
  throw UsageError("--format " + format + ": unknown");
}

ImageVolume read_image(const fs::path& path, const ScanDescription& scan) {
  constexpr const char* name = "/reconstruction";
  const io::Hdf5Reader reader(path);
  const io::Extents found = reader.require(name, 4, {}, "axes (x, y, z, echo)").shape;
  const io::Extents expected{scan.slices, scan.image_rows, scan.image_columns, scan.echoes};
  if (found != expected)
    reader.fail(name, "expected (x, y, z, echo) as the scan, " + io::to_string(expected) + ", found " +
                          io::to_string(found));
  ImageVolume image(found[0], found[1], found[2], found[3]);
  image.values = reader.read<Complex<float>>(name);
  for (size_t x = 0, size = image.values.size() / image.slices; x < image.slices; ++x)
    require_finite_slice(image.values.data() + x * size, size, path.string() + ":" + name, x);
  return image;
}

}  // namespace danaus::mri
