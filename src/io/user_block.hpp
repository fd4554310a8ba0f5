#pragma once

#include <danaus/io/digest.hpp>

#include <array>
#include <cstdint>

namespace danaus::io {

using UserBlock = std::array<char, user_block_size>;

inline constexpr char sealed_magic[9] = "DANAUS01";
/// The block of FILE.partial; see PartialFile.
inline constexpr char partial_magic[9] = "DANAUSPT";

/// From the first 520 bytes alone: one of our magics, or a superblock at 512 without a MATLAB header before
/// it.
bool claims_to_be_ours(const std::filesystem::path& path);

inline void put_u64(char* bytes, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) bytes[i] = char(value >> (8 * i));
}
inline std::uint64_t get_u64(const char* bytes) {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value |= std::uint64_t(std::uint8_t(bytes[i])) << (8 * i);
  return value;
}

}  // namespace danaus::io
