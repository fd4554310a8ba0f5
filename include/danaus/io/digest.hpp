#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace danaus::io {

/// XXH3-128 in its canonical (big-endian) form.
using Digest = std::array<std::uint8_t, 16>;

/// 32 hexadecimal digits.
std::string to_string(const Digest& digest);

/// Streaming XXH3-128 with seed 0 (Collet, https://xxhash.com). It detects damage, not forgery.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  void update(const void* data, std::size_t bytes);
  Digest digest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Digest digest_of(const void* data, std::size_t bytes);
Digest digest_of(const std::string& text);

/// Every HDF5 file of ours begins with a block that HDF5 itself skips:
///
///     0-7     "DANAUS01"
///     8-23    XXH3-128, canonical, of bytes 512 to the end
///     24-31   size of the whole file, u64 little-endian
///     32-511  zero
inline constexpr std::size_t user_block_size = 512;

/// What the first bytes of a file, and for ours its digest, say.
enum class FileState {
  sealed,   ///< ours, its block is valid
  partial,  ///< ours, a generation that was not finished
  foreign,  ///< of others: to be read as hostile
  damaged,  ///< ours, and changed or cut off since it was written
};

/// Writes the block of an HDF5 file that has room for it, in place, and flushes it to the disk.
/// The file is read in pieces: it may be larger than memory.
/// @throws DataError if no HDF5 superblock follows the block
void seal(const std::filesystem::path& path);

/// @return the digest
/// @throws DataError naming the file unless its block is valid: "the digest differs", "truncated", "not a
/// Danaus file"
/// @throws MissingInputError
Digest verify(const std::filesystem::path& path);

/// Reads the whole file if it is ours. A superblock at 512 without a valid block is damage, unless a MATLAB
/// header precedes it. A file whose only trace of us is its `created_by` is found by Hdf5Reader.
FileState file_state(const std::filesystem::path& path);

/// Whether the file begins with the header of a MATLAB 7.3 (HDF5) file.
bool has_matlab_header(const std::filesystem::path& path);

}  // namespace danaus::io
