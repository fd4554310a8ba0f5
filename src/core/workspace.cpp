#include <danaus/core/workspace.hpp>

#include <algorithm>

namespace danaus {

namespace {
constexpr size_t block_bytes = size_t(64) << 20;
}

void* Workspace::take_bytes(size_t bytes) {
  bytes = (bytes + alignment - 1) / alignment * alignment;
  while (position_.block < blocks_.size() &&
         position_.used + bytes > blocks_[position_.block].size())
    position_ = {position_.block + 1, 0};
  if (position_.block == blocks_.size())
    blocks_.emplace_back(Kokkos::view_alloc("danaus::Workspace", Kokkos::WithoutInitializing),
                         std::max(bytes, block_bytes));
  char* pointer = blocks_[position_.block].data() + position_.used;
  position_.used += bytes;
  return pointer;
}

size_t Workspace::capacity() const {
  size_t bytes = 0;
  for (const auto& block : blocks_) bytes += block.size();
  return bytes;
}

}  // namespace danaus
