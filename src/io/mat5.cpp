#include <danaus/io/mat5.hpp>

#include <danaus/core/error.hpp>
#include <io/file_descriptor.hpp>
#include <io/numbers.hpp>

#include <zlib.h>

#include <algorithm>
#include <array>

namespace danaus::io {

namespace fs = std::filesystem;

namespace {

// Types of data elements and classes of arrays, as the format numbers them.
enum : std::uint32_t { mi_int8 = 1, mi_int32 = 5, mi_uint32 = 6, mi_matrix = 14, mi_compressed = 15 };
enum : std::uint32_t { mx_double = 6, mx_single = 7, mx_uint64 = 15, flag_complex = 0x800 };

constexpr std::size_t header_bytes = 128, largest_rank = 8, largest_name = 4096;
constexpr std::size_t piece = std::size_t(1) << 16;
// Deflate shrinks at most 1032 times.
constexpr std::uint64_t largest_compression = 1100;

ScalarType stored_type(std::uint32_t mi) {
  switch (mi) {
    case 1:
      return ScalarType::i8;
    case 2:
      return ScalarType::u8;
    case 3:
      return ScalarType::i16;
    case 4:
      return ScalarType::u16;
    case 5:
      return ScalarType::i32;
    case 6:
      return ScalarType::u32;
    case 7:
      return ScalarType::f32;
    case 9:
      return ScalarType::f64;
    case 12:
      return ScalarType::i64;
    case 13:
      return ScalarType::u64;
    default:
      return ScalarType::other;
  }
}

ScalarType class_type(std::uint32_t mx, bool complex) {
  constexpr ScalarType types[] = {ScalarType::f64, ScalarType::f32, ScalarType::i8,  ScalarType::u8,
                                  ScalarType::i16, ScalarType::u16, ScalarType::i32, ScalarType::u32,
                                  ScalarType::i64, ScalarType::u64};
  if (mx < mx_double || mx > mx_uint64) return ScalarType::other;
  if (!complex) return types[mx - mx_double];
  return mx == mx_double ? ScalarType::c128 : mx == mx_single ? ScalarType::c64 : ScalarType::other;
}

/// The content of one element, read from its beginning, inflated on the way where it is compressed.
class Stream {
 public:
  Stream(const FileDescriptor& file, std::uint64_t offset, std::uint64_t bytes, bool compressed)
      : file_(file), offset_(offset), left_(bytes), compressed_(compressed) {
    if (compressed_ && inflateInit(&zlib_) != Z_OK) throw InternalError("zlib: out of memory");
  }
  ~Stream() {
    if (compressed_) inflateEnd(&zlib_);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// @return false if the content ends or is damaged before `bytes` are read
  bool read(void* data, std::size_t bytes) {
    if (!compressed_) {
      if (bytes > left_ || file_.read_at(offset_, data, bytes) != bytes) return false;
      offset_ += bytes;
      left_ -= bytes;
      return true;
    }
    auto* target = static_cast<Bytef*>(data);
    while (bytes > 0) {
      const uInt part = uInt(std::min<std::size_t>(bytes, std::size_t(1) << 30));
      zlib_.next_out = target;
      zlib_.avail_out = part;
      while (zlib_.avail_out > 0)
        if (!inflate_some()) return false;
      target += part;
      bytes -= part;
    }
    return true;
  }
  bool skip(std::size_t bytes) {
    std::array<char, 4096> scratch;
    for (; bytes > scratch.size(); bytes -= scratch.size())
      if (!read(scratch.data(), scratch.size())) return false;
    return read(scratch.data(), bytes);
  }
  /// Reads what is left, so that zlib compares its checksum. @return false if it does not agree
  bool finish() {
    if (!compressed_) return true;
    std::array<Bytef, 4096> scratch;
    while (!ended_) {
      zlib_.next_out = scratch.data();
      zlib_.avail_out = uInt(scratch.size());
      if (!inflate_some()) return ended_;
    }
    return true;
  }

 private:
  bool inflate_some() {
    if (ended_) return false;
    if (zlib_.avail_in == 0) {
      const std::size_t n = std::size_t(std::min<std::uint64_t>(left_, input_.size()));
      // Without input zlib may still have output to give.
      if (n > 0 && file_.read_at(offset_, input_.data(), n) != n) return false;
      offset_ += n;
      left_ -= n;
      zlib_.next_in = input_.data();
      zlib_.avail_in = uInt(n);
    }
    const int status = inflate(&zlib_, Z_NO_FLUSH);
    ended_ = status == Z_STREAM_END;
    return status == Z_OK || (ended_ && zlib_.avail_out == 0);
  }

  const FileDescriptor& file_;
  std::uint64_t offset_, left_;
  bool compressed_, ended_ = false;
  z_stream zlib_{};
  std::vector<Bytef> input_ = std::vector<Bytef>(piece);
};

struct Tag {
  std::uint32_t type = 0, bytes = 0;
  /// Data of at most four bytes lie in the tag itself.
  bool small = false;
  std::array<char, 4> inside{};
  std::size_t padding() const { return small ? 0 : (8 - bytes % 8) % 8; }
};

bool read_tag(Stream& stream, Tag& tag) {
  std::uint32_t words[2];
  if (!stream.read(words, 8)) return false;
  tag.small = (words[0] >> 16) != 0;
  tag.type = tag.small ? words[0] & 0xFFFF : words[0];
  tag.bytes = tag.small ? words[0] >> 16 : words[1];
  if (tag.small) std::memcpy(tag.inside.data(), &words[1], 4);
  return !tag.small || tag.bytes <= 4;
}

/// The data of a tag that was read, at most `most` bytes, and its padding.
bool read_data(Stream& stream, const Tag& tag, std::size_t most, std::vector<char>& data) {
  if (tag.bytes > most) return false;
  data.resize(tag.bytes);
  if (tag.small) {
    std::memcpy(data.data(), tag.inside.data(), tag.bytes);
    return true;
  }
  return stream.read(data.data(), tag.bytes) && stream.skip(tag.padding());
}

struct Matrix {
  std::string name;
  ArrayInfo info;
};

/// The beginning of a matrix: flags, dimensions, name. `info.type` is `other` for what is passed over.
bool read_matrix_head(Stream& stream, Matrix& matrix) {
  Tag tag;
  std::vector<char> data;
  if (!read_tag(stream, tag) || tag.type != mi_uint32 || !read_data(stream, tag, 8, data) || data.size() != 8)
    return false;
  std::uint32_t flags = 0;
  std::memcpy(&flags, data.data(), 4);
  if (!read_tag(stream, tag) || tag.type != mi_int32 || !read_data(stream, tag, 4 * 32, data)) return false;
  matrix.info.type = class_type(flags & 0xFF, flags & flag_complex);
  for (std::size_t axis = 0; axis < data.size() / 4; ++axis) {
    std::int32_t extent = 0;
    std::memcpy(&extent, data.data() + 4 * axis, 4);
    if (extent < 0) return false;
    matrix.info.shape.push_back(std::size_t(extent));
  }
  if (!read_tag(stream, tag) || tag.type != mi_int8 || !read_data(stream, tag, largest_name, data))
    return false;
  matrix.name.assign(data.begin(), data.end());
  return true;
}

}  // namespace

bool Mat5Reader::recognizes(const fs::path& path) {
  char head[header_bytes];
  if (FileDescriptor::open_for_reading(path).read_at(0, head, header_bytes) != header_bytes) return false;
  // Version 0x0100 and the letters MI, byte-swapped in a file of the other byte order.
  return std::memcmp(head, "MATLAB 5", 8) == 0 ||
         (std::memcmp(head + 126, "IM", 2) == 0 && head[125] == 1 && head[124] == 0);
}

Mat5Reader::Mat5Reader(const fs::path& path) : path_(path) { index(); }

void Mat5Reader::fail(const std::string& what) const { throw DataError(path_.string() + ": " + what); }

void Mat5Reader::index() {
  const auto file = FileDescriptor::open_for_reading(path_);
  char head[header_bytes];
  if (file.read_at(0, head, header_bytes) != header_bytes)
    fail("expected a MATLAB 5 file, found fewer than 128 bytes");
  if (std::memcmp(head + 126, "MI", 2) == 0) fail("a MATLAB file of the other byte order, which is not read");
  if (std::memcmp(head + 126, "IM", 2) != 0) fail("expected a MATLAB 5 file");
  const std::uint64_t size = file.size();
  for (std::uint64_t offset = header_bytes; offset < size;) {
    std::uint32_t words[2];
    if (size - offset < 8 || file.read_at(offset, words, 8) != 8) fail("truncated MATLAB file");
    const bool small = (words[0] >> 16) != 0;
    const std::uint64_t bytes = small ? 0 : words[1];
    if (bytes > size - offset - 8)
      fail("truncated MATLAB file: an element of " + std::to_string(bytes) + " bytes at byte " +
           std::to_string(offset));
    Variable variable;
    variable.compressed = words[0] == mi_compressed;
    variable.offset = offset + 8;
    variable.bytes = bytes;
    // Only uncompressed elements are padded.
    offset += 8 + bytes + (variable.compressed ? 0 : (8 - bytes % 8) % 8);
    if (!variable.compressed && words[0] != mi_matrix) continue;

    const std::string where = "damaged MATLAB file at byte " + std::to_string(variable.offset - 8);
    Stream stream(file, variable.offset, variable.bytes, variable.compressed);
    Tag tag;
    if (variable.compressed && (!read_tag(stream, tag) || tag.small)) fail(where);
    if (variable.compressed && tag.type != mi_matrix) continue;
    Matrix matrix;
    if (!read_matrix_head(stream, matrix)) fail(where);
    if (matrix.info.type == ScalarType::other || matrix.name.empty()) continue;
    if (matrix.info.rank() > largest_rank) fail(where + ": rank " + std::to_string(matrix.info.rank()));
    const std::uint64_t there = variable.compressed ? variable.bytes * largest_compression : variable.bytes;
    std::uint64_t entries = 1;
    for (std::size_t extent : matrix.info.shape)
      if (__builtin_mul_overflow(entries, std::uint64_t(extent), &entries) || entries > there)
        fail(where + ": " + matrix.name + " claims more entries than the file holds");
    if (entries == 0) continue;  // an empty array
    variable.info = matrix.info;
    variables_[matrix.name] = variable;
  }
}

std::vector<std::string> Mat5Reader::names() const {
  std::vector<std::string> names;
  for (const auto& [name, variable] : variables_) names.push_back(name);
  return names;
}

const Mat5Reader::Variable& Mat5Reader::variable(const std::string& name) const {
  const auto found = variables_.find(name);
  if (found == variables_.end()) fail("expected a numeric array " + name + ", found none");
  return found->second;
}

ArrayInfo Mat5Reader::info(const std::string& name) const { return variable(name).info; }

template <class T>
std::vector<T> Mat5Reader::read_column_major(const std::string& name) const {
  using R = real_t<T>;
  const Variable& source = variable(name);
  if (is_complex(source.info.type) != is_complex_v<T>)
    fail(name + ": expected " + (is_complex_v<T> ? "complex" : "real") + " numbers, found " +
         describe(source.info));
  const std::string damaged = name + ": damaged MATLAB array";
  const auto file = FileDescriptor::open_for_reading(path_);
  Stream stream(file, source.offset, source.bytes, source.compressed);
  Tag tag;
  Matrix matrix;
  if (source.compressed && !read_tag(stream, tag)) fail(damaged);
  if (!read_matrix_head(stream, matrix) || matrix.info.shape != source.info.shape) fail(damaged);

  const std::size_t entries = source.info.size(), parts = is_complex_v<T> ? 2 : 1;
  std::vector<T> result(entries);
  std::vector<char> buffer;
  for (std::size_t part = 0; part < parts; ++part) {
    if (!read_tag(stream, tag)) fail(damaged);
    // MATLAB stores doubles that are small integers as such.
    const ScalarType type = stored_type(tag.type);
    if (type == ScalarType::other || tag.bytes != entries * size_of(type))
      fail(damaged + ": size of its data");
    auto* target = reinterpret_cast<R*>(result.data()) + part;
    if (tag.small) {
      convert_numbers(type, tag.inside.data(), size_of(type), entries, target, parts);
      continue;
    }
    for (std::size_t done = 0; done < entries;) {
      const std::size_t count = std::min(piece, entries - done);
      buffer.resize(count * size_of(type));
      if (!stream.read(buffer.data(), buffer.size())) fail(damaged + ": it ends too early");
      convert_numbers(type, buffer.data(), size_of(type), count, target + done * parts, parts);
      done += count;
    }
    // The padding after the last part may be missing at the end of a file.
    if (part + 1 < parts && !stream.skip(tag.padding())) fail(damaged);
  }
  if (!stream.finish()) fail(damaged + ": its checksum differs");
  return result;
}

#define DANAUS_INSTANTIATE(T) \
  template std::vector<T> Mat5Reader::read_column_major<T>(const std::string&) const;
DANAUS_INSTANTIATE(float)
DANAUS_INSTANTIATE(double)
DANAUS_INSTANTIATE(Kokkos::complex<float>)
DANAUS_INSTANTIATE(Kokkos::complex<double>)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::io
