#include <danaus/core/workspace.hpp>

#include <algorithm>
#include <cstdint>

namespace danaus {

namespace {
constexpr size_t block_bytes = size_t(64) << 20;
// Vector loads may run past the end of a tensor by less than a pack.
constexpr size_t slack_bytes = 256;

// Kokkos aligns host memory to 64 bytes only, so each block has room to start later.
char* aligned_start(const Kokkos::View<char*, Memory>& block) {
  const auto address = reinterpret_cast<std::uintptr_t>(block.data());
  return block.data() + (Workspace::alignment - address % Workspace::alignment) % Workspace::alignment;
}
size_t usable_bytes(const Kokkos::View<char*, Memory>& block) {
  return block.size() - Workspace::alignment - slack_bytes;
}
}  // namespace

void* Workspace::take_bytes(size_t bytes) {
  bytes = (bytes + alignment - 1) / alignment * alignment;
  while (position_.block < blocks_.size() && position_.used + bytes > usable_bytes(blocks_[position_.block]))
    position_ = {position_.block + 1, 0};
  if (position_.block == blocks_.size())
    blocks_.emplace_back(Kokkos::view_alloc("danaus::Workspace", Kokkos::WithoutInitializing),
                         std::max(bytes, block_bytes) + alignment + slack_bytes);
  char* pointer = aligned_start(blocks_[position_.block]) + position_.used;
  position_.used += bytes;
  return pointer;
}

size_t Workspace::capacity() const {
  size_t bytes = 0;
  for (const auto& block : blocks_) bytes += block.size();
  return bytes;
}

}  // namespace danaus
