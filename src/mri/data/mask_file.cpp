#include <danaus/mri/data/mask_file.hpp>

#include <danaus/core/error.hpp>
#include <danaus/io/hdf5_reader.hpp>
#include <danaus/io/image.hpp>
#include <danaus/mri/data/cfl.hpp>

#include <cmath>
#include <fstream>

namespace danaus::mri {

namespace {

namespace fs = std::filesystem;

bool is_png(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  char magic[4] = {};
  return file.read(magic, 4) && std::string(magic, 4) == "\x89PNG";
}

Mask from_cfl(const fs::path& base) {
  const CflArray array = read_cfl(base);
  std::vector<size_t> axes;
  for (size_t axis = 0; axis < CflArray::rank; ++axis)
    if (array.shape[axis] > 1) axes.push_back(axis);
  if (axes.empty() || axes.size() > 2)
    throw DataError(base.string() + ": expected a mask with two axes of more than one point, found " +
                    std::to_string(axes.size()));
  if (axes.size() == 1) axes.insert(axes.begin(), axes[0] == 0 ? 1 : 0);
  Mask mask(array.shape[axes[0]], array.shape[axes[1]]);
  for (size_t i = 0; i < mask.rows; ++i)
    for (size_t j = 0; j < mask.columns; ++j)
      mask(i, j) = Kokkos::abs(array.data[i * array.stride(axes[0]) + j * array.stride(axes[1])]) != 0;
  return mask;
}

Mask from_png(const fs::path& path) {
  const io::Image image = io::read_png(path);
  Mask mask(image.height, image.width);
  for (size_t p = 0; p < mask.size(); ++p) mask.samples[p] = image.pixels[p * image.channels] >= 128;
  return mask;
}

Mask from_hdf5(const fs::path& path) {
  const io::Hdf5Reader reader(path);
  const auto info = reader.require("/mask", -1, {}, "a mask (ky, kz)");
  if (info.rank() < 1 || info.rank() > 2 || io::is_complex(info.type))
    reader.fail("/mask", "expected rank 2 numbers (ky, kz), found " + io::describe(info));
  const auto values = reader.read<double>("/mask");
  Mask mask(info.rank() == 2 ? info.shape[0] : 1, info.shape.back());
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] != 0 && values[i] != 1)
      reader.fail("/mask", "expected 0 or 1, found " + std::to_string(values[i]));
    mask.samples[i] = values[i] != 0;
  }
  return mask;
}

}  // namespace

Mask read_mask(const fs::path& path) {
  if (const auto base = cfl_base(path)) return from_cfl(*base);
  if (!fs::exists(path)) throw MissingInputError(path.string() + ": no such file");
  Mask mask = is_png(path) ? from_png(path) : from_hdf5(path);
  if (mask.count() == 0) throw DataError(path.string() + ": the mask samples no point");
  return mask;
}

void write_mask(const fs::path& path, const io::FileHeader& header, const MaskOptions& o, const Mask& mask) {
  const auto extension = path.extension();
  if (extension == ".h5" || extension == ".hdf5") {
    io::Hdf5Writer writer(path);
    writer.header(header);
    writer.write("/mask", {mask.rows, mask.columns}, mask.samples);
    writer.attribute("/mask", "type", o.type);
    writer.attribute("/mask", "acceleration", mask.acceleration());
    writer.attribute("/mask", "calibration", std::int64_t(o.calibration));
    writer.attribute("/mask", "acquired_shape",
                     std::vector<std::int64_t>{std::int64_t(mask.rows), std::int64_t(mask.columns)});
    writer.commit();
  } else if (extension == ".cfl" || extension == ".hdr") {
    CflArray array;
    array.shape[CflArray::phase1] = mask.rows, array.shape[CflArray::phase2] = mask.columns;
    array.data.resize(mask.size());
    for (size_t i = 0; i < mask.rows; ++i)
      for (size_t j = 0; j < mask.columns; ++j) array.data[i + j * mask.rows] = float(mask(i, j));
    write_cfl(*cfl_base(path), array);
  } else if (extension == ".png") {
    io::Image image{mask.columns, mask.rows, 1, {}};
    for (auto s : mask.samples) image.pixels.push_back(s ? 255 : 0);
    io::write_png(path, image);
  } else {
    throw UsageError("--out " + path.string() + ": expected a name that ends in .h5, .cfl or .png");
  }
}

}  // namespace danaus::mri
