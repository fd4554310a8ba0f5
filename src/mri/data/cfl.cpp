#include <danaus/mri/data/cfl.hpp>

#include <danaus/core/error.hpp>
#include <danaus/io/atomic_file.hpp>
#include <io/file_descriptor.hpp>
#include <mri/data/cfl_slices.hpp>

#include <charconv>
#include <sstream>

namespace danaus::mri {

namespace {

namespace fs = std::filesystem;

constexpr size_t largest_header = size_t(1) << 20;

fs::path with_extension(const fs::path& base, const char* extension) {
  return fs::path(base.string() + extension);
}

std::array<size_t, CflArray::rank> read_header(const fs::path& path) {
  if (fs::file_size(path) > largest_header)
    throw DataError(path.string() + ": not a header of BART: more than 1 MiB");
  std::istringstream lines(io::read_file(path));
  std::string line;
  while (std::getline(lines, line) && line.rfind("# Dimensions", 0) != 0) {
  }
  if (!std::getline(lines, line))
    throw DataError(path.string() + ": expected \"# Dimensions\" and a line of extents");
  std::array<size_t, CflArray::rank> shape;
  shape.fill(1);
  std::istringstream words(line);
  std::string word;
  size_t axis = 0, total = 1;
  while (words >> word) {
    size_t extent = 0;
    const auto [end, fault] = std::from_chars(word.data(), word.data() + word.size(), extent);
    if (fault != std::errc() || end != word.data() + word.size() || extent == 0 || axis == CflArray::rank ||
        __builtin_mul_overflow(total, extent, &total) || total > (size_t(1) << 50))
      throw DataError(path.string() + ": expected up to 16 positive extents, found \"" + line + "\"");
    shape[axis++] = extent;
  }
  if (axis == 0) throw DataError(path.string() + ": expected up to 16 positive extents, found none");
  return shape;
}

}  // namespace

size_t CflArray::size() const {
  size_t size = 1;
  for (size_t extent : shape) size *= extent;
  return size;
}

size_t CflArray::stride(size_t axis) const {
  size_t stride = 1;
  for (size_t a = 0; a < axis; ++a) stride *= shape[a];
  return stride;
}

std::optional<fs::path> cfl_base(const fs::path& path) {
  const auto extension = path.extension();
  fs::path base = path;
  if (extension == ".cfl" || extension == ".hdr") {
    base.replace_extension();
    return base;
  }
  std::error_code ignored;
  if (!fs::exists(path, ignored) && (fs::exists(with_extension(base, ".cfl"), ignored) ||
                                     fs::exists(with_extension(base, ".hdr"), ignored)))
    return base;
  return std::nullopt;
}

detail::OpenCfl detail::open_cfl_file(const fs::path& base) {
  const fs::path header = with_extension(base, ".hdr"), path = with_extension(base, ".cfl");
  for (const auto& part : {header, path})
    if (!fs::is_regular_file(part))
      throw MissingInputError(part.string() + ": no such file; a cfl is a .cfl and a .hdr");
  OpenCfl cfl;
  cfl.base = base;
  cfl.shape = read_header(header);
  CflArray array;
  array.shape = cfl.shape;
  const size_t bytes = array.size() * sizeof(Complex<float>);
  auto file = io::FileDescriptor::open_for_reading(path);
  if (file.size() != bytes)
    throw DataError(path.string() + ": expected " + std::to_string(bytes) + " bytes as " +
                    header.filename().string() + " says, found " + std::to_string(file.size()));
  cfl.file = std::make_shared<const io::FileDescriptor>(std::move(file));
  return cfl;
}

CflArray read_cfl(const fs::path& base) {
  const auto cfl = detail::open_cfl_file(base);
  CflArray array;
  array.shape = cfl.shape;
  array.data.resize(array.size());
  const size_t bytes = array.size() * sizeof(Complex<float>);
  if (cfl.file->read_at(0, array.data.data(), bytes) != bytes)
    throw IoError(with_extension(base, ".cfl").string() + ": cannot be read");
  return array;
}

void write_cfl(const fs::path& base, const CflArray& array) {
  if (array.data.size() != array.size())
    throw ShapeError("mri::write_cfl: expected " + std::to_string(array.size()) + " entries, found " +
                     std::to_string(array.data.size()));
  io::write_file_atomically(with_extension(base, ".cfl"), {reinterpret_cast<const char*>(array.data.data()),
                                                           array.data.size() * sizeof(Complex<float>)});
  std::string header = "# Dimensions\n";
  for (size_t extent : array.shape) header += std::to_string(extent) + " ";
  io::write_file_atomically(with_extension(base, ".hdr"), header + "\n");
}

}  // namespace danaus::mri
