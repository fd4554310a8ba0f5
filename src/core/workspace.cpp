#include <danaus/core/workspace.hpp>

#include <algorithm>
#include <cstdint>
#if defined(__linux__) && !defined(KOKKOS_ENABLE_CUDA)
#include <sys/mman.h>
#endif

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
/// Asks for huge pages, before the memory is touched: a step walks through hundreds of megabytes, and would
/// miss the address cache at every 4 KiB. A system that has none ignores it.
void prefer_huge_pages([[maybe_unused]] const Kokkos::View<char*, Memory>& block) {
#if defined(MADV_HUGEPAGE) && !defined(KOKKOS_ENABLE_CUDA)
  constexpr std::uintptr_t page = 4096;
  const auto address = reinterpret_cast<std::uintptr_t>(block.data());
  const auto first = (address + page - 1) / page * page, end = (address + block.size()) / page * page;
  if (end > first) madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);
#endif
}
size_t usable_bytes(const Kokkos::View<char*, Memory>& block) {
  return block.size() - Workspace::alignment - slack_bytes;
}
}  // namespace

void* Workspace::take_bytes(size_t bytes) {
  bytes = (bytes + alignment - 1) / alignment * alignment;
  while (position_.block < blocks_.size() && position_.used + bytes > usable_bytes(blocks_[position_.block]))
    position_ = {position_.block + 1, 0};
  if (position_.block == blocks_.size()) {
    blocks_.emplace_back(Kokkos::view_alloc("danaus::Workspace", Kokkos::WithoutInitializing),
                         std::max(bytes, block_bytes) + alignment + slack_bytes);
    prefer_huge_pages(blocks_.back());
  }
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
