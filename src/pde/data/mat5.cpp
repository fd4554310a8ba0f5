#include "array_file.hpp"

#include <danaus/core/error.hpp>

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <fstream>

// MATLAB 5 MAT-files, as "MAT-File Format" (MathWorks) describes them: a header of 128 bytes, then elements,
// each a tag (type, bytes) and data padded to 8 bytes. A matrix element holds flags, dimensions, name and
// values, themselves elements.

namespace danaus::pde {
namespace {

constexpr std::uint32_t int8 = 1, int32 = 5, uint32 = 6, matrix = 14, compressed = 15;
constexpr std::uint8_t double_class = 6, single_class = 7;
constexpr size_t header_size = 128;
/// Deflate cannot shrink more than this: what claims to is a bomb.
constexpr double largest_compression = 1040;

size_t bytes_of(std::uint32_t type) {
  switch (type) {
    case 1:
    case 2:
      return 1;
    case 3:
    case 4:
      return 2;
    case 5:
    case 6:
    case 7:
      return 4;
    case 9:
    case 12:
    case 13:
      return 8;
    default:
      return 0;
  }
}

template <class T>
void convert_as(const char* data, size_t count, float* out) {
  for (size_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, data + i * sizeof(T), sizeof(T));
    out[i] = float(value);
  }
}

void convert(std::uint32_t type, const char* data, size_t count, float* out) {
  switch (type) {
    case 1:
      return convert_as<std::int8_t>(data, count, out);
    case 2:
      return convert_as<std::uint8_t>(data, count, out);
    case 3:
      return convert_as<std::int16_t>(data, count, out);
    case 4:
      return convert_as<std::uint16_t>(data, count, out);
    case 5:
      return convert_as<std::int32_t>(data, count, out);
    case 6:
      return convert_as<std::uint32_t>(data, count, out);
    case 7:
      return convert_as<float>(data, count, out);
    case 9:
      return convert_as<double>(data, count, out);
    case 12:
      return convert_as<std::int64_t>(data, count, out);
    case 13:
      return convert_as<std::uint64_t>(data, count, out);
  }
}

/// Bytes [offset, offset + size) of a file, as they are or inflated.
class Stream {
 public:
  Stream(const std::filesystem::path& path, std::uint64_t offset, std::uint64_t size, bool inflated)
      : path_(path), file_(path, std::ios::binary), left_(size), inflated_(inflated) {
    file_.seekg(std::streamoff(offset));
    if (inflated_ && inflateInit(&zlib_) != Z_OK) throw std::bad_alloc();
  }
  ~Stream() {
    if (inflated_) inflateEnd(&zlib_);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  void read(void* out, size_t count) {
    if (!inflated_) return read_file(static_cast<char*>(out), count);
    zlib_.next_out = static_cast<Bytef*>(out);
    zlib_.avail_out = uInt(count);
    while (zlib_.avail_out > 0) {
      if (zlib_.avail_in == 0) {
        const size_t piece = size_t(std::min<std::uint64_t>(left_, buffer_.size()));
        if (piece == 0) fail("truncated");
        read_file(buffer_.data(), piece);
        zlib_.next_in = reinterpret_cast<Bytef*>(buffer_.data());
        zlib_.avail_in = uInt(piece);
      }
      const int state = inflate(&zlib_, Z_NO_FLUSH);
      if (state == Z_STREAM_END && zlib_.avail_out > 0) fail("truncated");
      if (state != Z_OK && state != Z_STREAM_END) fail("the compressed data are damaged");
    }
  }
  void skip(size_t count) {
    char rest[8];
    for (; count > 0; count -= std::min<size_t>(count, 8)) read(rest, std::min<size_t>(count, 8));
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw DataError(path_.string() + ": MATLAB v5: " + what);
  }

 private:
  void read_file(char* out, size_t count) {
    if (count > left_) fail("truncated");
    if (!file_.read(out, std::streamsize(count))) fail("truncated");
    left_ -= count;
  }

  std::filesystem::path path_;
  std::ifstream file_;
  std::uint64_t left_;
  bool inflated_;
  z_stream zlib_{};
  std::vector<char> buffer_ = std::vector<char>(1 << 16);
};

/// A tag; small elements carry up to four bytes of data in it.
struct Tag {
  std::uint32_t type = 0, bytes = 0;
  char small[4] = {};
  bool is_small = false;

  explicit Tag(Stream& stream) {
    std::uint32_t words[2];
    stream.read(words, sizeof words);
    is_small = (words[0] >> 16) != 0;
    type = words[0] & 0xFFFF;
    bytes = is_small ? words[0] >> 16 : words[1];
    if (is_small && bytes > 4) stream.fail("a small element of more than 4 bytes");
    if (is_small) std::memcpy(small, &words[1], 4);
  }
  /// The data of a short element, padding skipped.
  std::vector<char> data(Stream& stream, size_t limit) const {
    if (bytes > limit) stream.fail("an element is larger than it may be");
    std::vector<char> all(bytes);
    if (is_small)
      std::memcpy(all.data(), small, bytes);
    else
      stream.read(all.data(), bytes), stream.skip((8 - bytes % 8) % 8);
    return all;
  }
};

struct Variable {
  std::uint64_t offset = 0, size = 0;  // of the element's data
  bool is_compressed = false;
  bool is_real_float = false;
  io::ScalarType type = io::ScalarType::other;
  std::string name;
  io::Extents shape;  // row-major: MATLAB's dimensions reversed
  mutable std::vector<float> values;

  size_t entries() const {
    size_t n = 1;
    for (size_t extent : shape) n *= extent;
    return n;
  }
};

class Mat5Arrays : public ArrayFile {
 public:
  explicit Mat5Arrays(const std::filesystem::path& path) : path_(path), digest_(digest_of_file(path)) {
    const std::uint64_t size = std::filesystem::file_size(path);
    for (std::uint64_t offset = header_size; offset + 8 <= size;) {
      Stream tags(path, offset, size - offset, false);
      const Tag tag(tags);
      if (offset + 8 + tag.bytes > size) tags.fail("truncated");
      if (tag.type == matrix || tag.type == compressed) add(offset + 8, tag);
      offset += 8 + tag.bytes;
    }
  }

  bool has(const std::string& name) const override { return find(name) != nullptr; }
  std::vector<std::string> names() const override {
    std::vector<std::string> all;
    for (const auto& v : variables_) all.push_back("/" + v.name);
    return all;
  }
  std::vector<std::string> groups() const override { return {}; }
  io::ArrayInfo info(const std::string& name) const override {
    const Variable* v = find(name);
    if (!v) fail(name, "expected an array, found none");
    if (!v->is_real_float) fail(name, "expected a real single or double array, found another class");
    return {v->shape, v->type};
  }

  void read_slab(const std::string& name, const io::Extents& first, const io::Extents& count,
                 float* data) const override {
    info(name);
    const Variable& v = *find(name);
    if (v.values.empty()) load(v);
    copy(v, 0, 0, first, count, data);
  }
  std::vector<double> read_vector(const std::string& name) const override {
    const io::ArrayInfo found = info(name);
    std::vector<float> values(found.size());
    read_slab(name, io::Extents(found.rank(), 0), found.shape, values.data());
    return {values.begin(), values.end()};
  }
  std::map<std::string, std::string> attributes() const override { return {}; }
  bool is_reversed() const override { return true; }
  std::string digest() const override { return digest_; }
  const std::filesystem::path& path() const override { return path_; }

 private:
  const Variable* find(const std::string& name) const {
    for (const auto& v : variables_)
      if ("/" + v.name == name) return &v;
    return nullptr;
  }

  /// Reads the head of a matrix; the stream then stands before its values.
  static void read_head(Stream& stream, bool is_compressed, Variable& v) {
    if (is_compressed && Tag(stream).type != matrix) stream.fail("expected a matrix in compressed data");
    const Tag flags(stream);
    const auto flag_data = flags.data(stream, 8);
    if (flags.type != uint32 || flag_data.size() != 8) stream.fail("a matrix without flags");
    const auto kind = std::uint8_t(flag_data[0]);
    const bool is_complex = (flag_data[1] & 0x08) != 0;
    v.is_real_float = !is_complex && (kind == double_class || kind == single_class);
    v.type = kind == single_class ? io::ScalarType::f32 : io::ScalarType::f64;

    const Tag dimensions(stream);
    const auto extents = dimensions.data(stream, 4 * 32);
    if (dimensions.type != int32 || extents.size() % 4 != 0) stream.fail("a matrix without dimensions");
    v.shape.clear();
    double entries = 1;
    for (size_t i = 0; i < extents.size(); i += 4) {
      std::int32_t extent;
      std::memcpy(&extent, &extents[i], 4);
      if (extent < 0) stream.fail("a negative dimension");
      v.shape.insert(v.shape.begin(), size_t(extent));
      entries *= std::max(1, extent);
    }
    if (entries * 1.0 > largest_compression * double(v.size))
      stream.fail("a matrix that claims more values than the file can hold");

    const Tag name(stream);
    const auto text = name.data(stream, 256);
    if (name.type != int8) stream.fail("a matrix without a name");
    v.name.assign(text.begin(), text.end());
  }

  void add(std::uint64_t offset, const Tag& tag) {
    Variable v;
    v.offset = offset, v.size = tag.bytes, v.is_compressed = tag.type == compressed;
    Stream stream(path_, v.offset, v.size, v.is_compressed);
    read_head(stream, v.is_compressed, v);
    variables_.push_back(std::move(v));
  }

  void load(const Variable& v) const {
    Stream stream(path_, v.offset, v.size, v.is_compressed);
    Variable head;
    head.size = v.size;
    read_head(stream, v.is_compressed, head);
    const Tag values(stream);
    const size_t width = bytes_of(values.type), entries = v.entries();
    if (width == 0 || values.bytes != entries * width)
      stream.fail("the values of " + v.name + " do not fit its dimensions");
    v.values.resize(entries);
    if (values.is_small) return convert(values.type, values.small, entries, v.values.data());
    std::vector<char> piece;
    for (size_t first = 0; first < entries;) {
      const size_t count = std::min<size_t>(entries - first, 1 << 16);
      piece.resize(count * width);
      stream.read(piece.data(), piece.size());
      convert(values.type, piece.data(), count, &v.values[first]);
      first += count;
    }
  }

  static float* copy(const Variable& v, size_t axis, size_t base, const io::Extents& first,
                     const io::Extents& count, float* out) {
    if (axis == v.shape.size()) return *out = v.values[base], out + 1;
    for (size_t i = 0; i < count[axis]; ++i)
      out = copy(v, axis + 1, base * v.shape[axis] + first[axis] + i, first, count, out);
    return out;
  }

  std::filesystem::path path_;
  std::string digest_;
  std::vector<Variable> variables_;
};

}  // namespace

bool is_mat5(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  char header[header_size];
  if (!file.read(header, header_size)) return false;
  const bool is_little_endian = header[126] == 'I' && header[127] == 'M';
  return std::memcmp(header, "MATLAB 5.0", 10) == 0 && is_little_endian && header[124] == 0 &&
         header[125] == 1;
}

std::unique_ptr<ArrayFile> open_mat5(const std::filesystem::path& path) {
  return std::make_unique<Mat5Arrays>(path);
}

}  // namespace danaus::pde
