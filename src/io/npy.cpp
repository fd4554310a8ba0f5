#include <danaus/io/npy.hpp>

#include <danaus/core/error.hpp>
#include <danaus/io/atomic_file.hpp>
#include <io/file_descriptor.hpp>
#include <io/numbers.hpp>

#include <algorithm>
#include <cctype>
#include <map>

namespace danaus::io {

namespace fs = std::filesystem;

namespace {

constexpr char magic[] = "\x93NUMPY";
constexpr std::size_t largest_header = std::size_t(1) << 16, largest_rank = 32;

const std::map<std::string, ScalarType> descriptions = {
    {"|b1", ScalarType::u8},   {"|u1", ScalarType::u8},  {"|i1", ScalarType::i8},  {"<u2", ScalarType::u16},
    {"<i2", ScalarType::i16},  {"<u4", ScalarType::u32}, {"<i4", ScalarType::i32}, {"<u8", ScalarType::u64},
    {"<i8", ScalarType::i64},  {"<f4", ScalarType::f32}, {"<f8", ScalarType::f64}, {"<c8", ScalarType::c64},
    {"<c16", ScalarType::c128}};

[[noreturn]] void fail(const fs::path& path, const std::string& what) {
  throw DataError(path.string() + ": " + what);
}

/// The text after `'key':` without blanks in front. NumPy writes the dictionary by itself, so no more of
/// Python's grammar is understood than it uses.
std::string value_of(const fs::path& path, const std::string& header, const std::string& key) {
  const auto at = header.find("'" + key + "':");
  if (at == std::string::npos) fail(path, "damaged NumPy header: no " + key);
  const auto begin = header.find_first_not_of(' ', at + key.size() + 3);
  return begin == std::string::npos ? "" : header.substr(begin);
}

Extents parse_shape(const fs::path& path, const std::string& text) {
  const auto end = text.find(')');
  if (text.empty() || text[0] != '(' || end == std::string::npos) fail(path, "damaged NumPy header: shape");
  Extents shape;
  std::size_t at = 1;
  while (true) {
    while (at < end && (text[at] == ' ' || text[at] == ',')) ++at;
    if (at == end) return shape;
    std::size_t digits = 0, value = 0;
    for (; at < end && std::isdigit(static_cast<unsigned char>(text[at])); ++at, ++digits)
      value = value * 10 + std::size_t(text[at] - '0');
    if (digits == 0 || digits > 18 || shape.size() == largest_rank) fail(path, "damaged NumPy header: shape");
    shape.push_back(value);
  }
}

}  // namespace

bool is_npy(const fs::path& path) {
  char head[6];
  return FileDescriptor::open_for_reading(path).read_at(0, head, 6) == 6 && std::memcmp(head, magic, 6) == 0;
}

NpyHeader read_npy_header(const fs::path& path) {
  const auto file = FileDescriptor::open_for_reading(path);
  unsigned char head[12] = {};
  if (file.read_at(0, head, 12) < 10 || std::memcmp(head, magic, 6) != 0)
    fail(path, "expected a NumPy file (.npy)");
  const int version = head[6];
  if (version < 1 || version > 3)
    fail(path, "expected NumPy format 1 to 3, found " + std::to_string(version));
  const std::size_t start = version == 1 ? 10 : 12;
  std::size_t length = head[8] | std::size_t(head[9]) << 8;
  if (version > 1) length |= std::size_t(head[10]) << 16 | std::size_t(head[11]) << 24;
  if (length > largest_header) fail(path, "damaged NumPy header: its length");
  std::string header(length, '\0');
  if (file.read_at(start, header.data(), length) != length) fail(path, "truncated NumPy header");

  NpyHeader result;
  const std::string description = value_of(path, header, "descr"),
                    order = value_of(path, header, "fortran_order");
  const auto quote = description.find('\'', 1);
  if (description.empty() || description[0] != '\'' || quote == std::string::npos)
    fail(path, "expected an array of numbers, found a structured type");
  const auto type = descriptions.find(description.substr(1, quote - 1));
  if (type == descriptions.end())
    fail(path, "expected little-endian numbers, found type " + description.substr(0, quote + 1));
  result.info = {parse_shape(path, value_of(path, header, "shape")), type->second};
  if (order.rfind("True", 0) != 0 && order.rfind("False", 0) != 0)
    fail(path, "damaged NumPy header: fortran_order");
  result.fortran_order = order[0] == 'T';
  result.data_offset = start + length;

  std::uint64_t bytes = size_of(type->second);
  for (std::size_t extent : result.info.shape)
    if (extent == 0 || __builtin_mul_overflow(bytes, std::uint64_t(extent), &bytes))
      fail(path, "expected an array with entries, found shape " + to_string(result.info.shape));
  if (file.size() - result.data_offset != bytes)
    fail(path, "expected " + std::to_string(bytes) + " bytes of data for " + describe(result.info) +
                   ", found " + std::to_string(file.size() - result.data_offset));
  return result;
}

namespace {

template <class T>
void require_numbers_of(const fs::path& path, const NpyHeader& header) {
  if (is_complex(header.info.type) != is_complex_v<T>)
    fail(path, std::string("expected ") + (is_complex_v<T> ? "complex" : "real") + " numbers, found " +
                   describe(header.info));
}

/// `count` numbers of the file from entry `first` on, in its order.
template <class T>
void read_numbers(const fs::path& path, const FileDescriptor& file, const NpyHeader& header, size_t first,
                  size_t count, T* data) {
  const ScalarType type = header.info.type;
  const size_t parts = is_complex_v<T> ? 2 : 1, bytes = size_of(type);
  const ScalarType part = type == ScalarType::c64    ? ScalarType::f32
                          : type == ScalarType::c128 ? ScalarType::f64
                                                     : type;
  constexpr size_t at_once = size_t(1) << 20;
  std::vector<char> raw(std::min(count, at_once) * bytes);
  for (size_t done = 0; done < count; done += at_once) {
    const size_t now = std::min(at_once, count - done);
    if (file.read_at(header.data_offset + (first + done) * bytes, raw.data(), now * bytes) != now * bytes)
      fail(path, "truncated");
    convert_numbers(part, raw.data(), size_of(part), now * parts, reinterpret_cast<real_t<T>*>(data + done));
  }
}

}  // namespace

template <class T>
Array<T> read_npy(const fs::path& path) {
  const NpyHeader header = read_npy_header(path);
  require_numbers_of<T>(path, header);
  Array<T> array{header.info.shape, std::vector<T>(header.info.size())};
  read_numbers(path, FileDescriptor::open_for_reading(path), header, 0, array.data.size(), array.data.data());
  if (header.fortran_order) {
    const Extents stored(array.shape.rbegin(), array.shape.rend());
    array.data = permuted(array.data, stored, reversed_axes(stored.size()));
  }
  return array;
}

template <class T>
void read_npy_rows(const fs::path& path, const NpyHeader& header, size_t first, size_t count, T* data) {
  require_numbers_of<T>(path, header);
  const Extents& shape = header.info.shape;
  if (shape.empty() || shape.size() > 2 || first > shape[0] || count > shape[0] - first)
    throw ShapeError("read_npy_rows: rows " + std::to_string(first) + " to " + std::to_string(first + count) +
                     " of an array of shape " + to_string(shape));
  const auto file = FileDescriptor::open_for_reading(path);
  const size_t columns = shape.size() == 2 ? shape[1] : 1;
  if (!header.fortran_order) return read_numbers(path, file, header, first * columns, count * columns, data);
  std::vector<T> column(count);
  for (size_t c = 0; c < columns; ++c) {
    read_numbers(path, file, header, c * shape[0] + first, count, column.data());
    for (size_t r = 0; r < count; ++r) data[r * columns + c] = column[r];
  }
}

template <class T>
void write_npy(const fs::path& path, const Extents& shape, const T* data) {
  std::string description, extents;
  for (const auto& [text, type] : descriptions)
    if (type == scalar_type_v<T> && text != "|b1") description = text;
  for (std::size_t extent : shape) extents += std::to_string(extent) + ", ";
  if (shape.size() > 1) extents.erase(extents.size() - 2);
  if (shape.size() == 1) extents.erase(extents.size() - 1);
  std::string header =
      "{'descr': '" + description + "', 'fortran_order': False, 'shape': (" + extents + "), }";
  // The data begin at a multiple of 64 bytes, after a line feed.
  header.append(63 - (10 + header.size()) % 64, ' ').append(1, '\n');
  std::string head(magic, 6);
  head.append({char(1), char(0), char(header.size() & 255), char(header.size() >> 8)}).append(header);

  AtomicFile file(path);
  const std::size_t bytes = ArrayInfo{shape, scalar_type_v<T>}.size() * sizeof(T);
  auto out = FileDescriptor::open_for_writing(file.temporary());
  out.write_at(0, head.data(), head.size());
  out.write_at(head.size(), data, bytes);
  out.close();
  file.commit([&](const fs::path& written) {
    const auto in = FileDescriptor::open_for_reading(written);
    std::vector<char> buffer(std::max(bytes, head.size()));
    const bool same = in.read_at(0, buffer.data(), head.size()) == head.size() &&
                      std::memcmp(buffer.data(), head.data(), head.size()) == 0 &&
                      in.read_at(head.size(), buffer.data(), bytes) == bytes &&
                      std::memcmp(buffer.data(), data, bytes) == 0 && in.size() == head.size() + bytes;
    if (!same) throw IoError(path.string() + ": what was written reads back differently");
  });
}

#define DANAUS_INSTANTIATE(T)                                                                         \
  template Array<T> read_npy<T>(const std::filesystem::path&);                                        \
  template void read_npy_rows<T>(const std::filesystem::path&, const NpyHeader&, size_t, size_t, T*); \
  template void write_npy<T>(const std::filesystem::path&, const Extents&, const T*);
DANAUS_INSTANTIATE(float)
DANAUS_INSTANTIATE(double)
DANAUS_INSTANTIATE(Kokkos::complex<float>)
DANAUS_INSTANTIATE(Kokkos::complex<double>)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::io
