#include <danaus/io/digest.hpp>

#include <danaus/core/error.hpp>
#include <io/file_descriptor.hpp>
#include <io/user_block.hpp>

#define XXH_INLINE_ALL
#ifdef __AVX512F__
#define XXH_VECTOR 2  // AVX2: as fast from memory, and GCC 12 warns inside its own AVX-512 header
#endif
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <vector>

namespace danaus::io {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t piece = std::size_t(4) << 20;
constexpr char superblock_signature[9] = "\x89HDF\r\n\x1a\n";
constexpr char matlab_text[] = "MATLAB 7.3 MAT-file";

struct Head {
  std::array<char, user_block_size + 8> bytes{};
  std::size_t size = 0;
  bool begins_with(const char* text, std::size_t length) const {
    return size >= length && std::memcmp(bytes.data(), text, length) == 0;
  }
  bool superblock_follows() const {
    return size == bytes.size() && std::memcmp(bytes.data() + user_block_size, superblock_signature, 8) == 0;
  }
};

Head head_of(const FileDescriptor& file) {
  Head head;
  head.size = file.read_at(0, head.bytes.data(), head.bytes.size());
  return head;
}

UserBlock expected_block(const FileDescriptor& file) {
  Hasher hasher;
  std::vector<char> buffer(piece);
  std::uint64_t offset = user_block_size;
  while (const std::size_t n = file.read_at(offset, buffer.data(), buffer.size())) {
    hasher.update(buffer.data(), n);
    offset += n;
  }
  const Digest digest = hasher.digest();
  UserBlock block{};
  std::memcpy(block.data(), sealed_magic, 8);
  std::memcpy(block.data() + 8, digest.data(), 16);
  put_u64(block.data() + 24, offset);
  return block;
}

}  // namespace

struct Hasher::State {
  XXH3_state_t* xxh = XXH3_createState();
  State() {
    if (!xxh) throw std::bad_alloc();
    XXH3_128bits_reset(xxh);
  }
  ~State() { XXH3_freeState(xxh); }
};

Hasher::Hasher() : state_(std::make_unique<State>()) {}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::update(const void* data, std::size_t bytes) { XXH3_128bits_update(state_->xxh, data, bytes); }

Digest Hasher::digest() const {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state_->xxh));
  Digest digest;
  std::memcpy(digest.data(), canonical.digest, digest.size());
  return digest;
}

Digest digest_of(const void* data, std::size_t bytes) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(data, bytes));
  Digest digest;
  std::memcpy(digest.data(), canonical.digest, digest.size());
  return digest;
}

Digest digest_of(const std::string& text) { return digest_of(text.data(), text.size()); }

std::string to_string(const Digest& digest) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (std::uint8_t byte : digest) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

void seal(const fs::path& path) {
  auto file = FileDescriptor::open_for_writing(path);
  if (!head_of(file).superblock_follows())
    throw DataError(path.string() + ": cannot be sealed: no HDF5 superblock after a user block of 512 bytes");
  const UserBlock block = expected_block(file);
  file.write_at(0, block.data(), block.size());
  file.flush();
  file.close();
}

Digest verify(const fs::path& path) {
  const auto file = FileDescriptor::open_for_reading(path);
  const Head head = head_of(file);
  const std::string name = path.string();
  if (head.begins_with(partial_magic, 8))
    throw DataError(name + ": an unfinished generation; run the same command again to finish it");
  if (!head.begins_with(sealed_magic, 8)) {
    if (head.superblock_follows())
      throw DataError(name + ": damaged: the block of a Danaus file with its digest is not valid");
    throw DataError(name + ": not a Danaus file");
  }
  const std::uint64_t size = file.size();
  if (size < head.bytes.size()) throw DataError(name + ": truncated at " + std::to_string(size) + " bytes");
  const std::uint64_t stated = get_u64(head.bytes.data() + 24);
  if (stated > size)
    throw DataError(name + ": truncated: " + std::to_string(size) + " of " + std::to_string(stated) +
                    " bytes, so its digest differs");
  const UserBlock block = expected_block(file);
  if (std::memcmp(block.data(), head.bytes.data(), block.size()) != 0)
    throw DataError(name +
                    ": the digest differs: the file was changed or damaged after it was written "
                    "(after a deliberate edit, check --reseal renews it)");
  Digest digest;
  std::memcpy(digest.data(), block.data() + 8, digest.size());
  return digest;
}

bool claims_to_be_ours(const fs::path& path) {
  const Head head = head_of(FileDescriptor::open_for_reading(path));
  return head.begins_with(sealed_magic, 8) || head.begins_with(partial_magic, 8) ||
         (head.superblock_follows() && !head.begins_with(matlab_text, sizeof matlab_text - 1));
}

FileState file_state(const fs::path& path) {
  if (!claims_to_be_ours(path)) return FileState::foreign;
  if (head_of(FileDescriptor::open_for_reading(path)).begins_with(partial_magic, 8))
    return FileState::partial;
  try {
    verify(path);
    return FileState::sealed;
  } catch (const DataError&) {
    return FileState::damaged;
  }
}

bool has_matlab_header(const fs::path& path) {
  const Head head = head_of(FileDescriptor::open_for_reading(path));
  return head.begins_with(matlab_text, sizeof matlab_text - 1) && head.superblock_follows();
}

}  // namespace danaus::io
