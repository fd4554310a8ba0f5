#pragma once

// Kernels over points and channels: a CPU thread takes a block of channels of a point, so that the compiler
// makes vectors of them, a GPU thread one channel, so that neighbours read neighbours.

#include <danaus/core/tensor.hpp>

namespace danaus::nn {

#if defined(KOKKOS_ENABLE_CUDA)
inline constexpr int channel_lanes = 1;
#else
inline constexpr int channel_lanes = 16;
#endif

inline size_t channel_blocks(size_t channels) { return (channels + channel_lanes - 1) / channel_lanes; }

/// body.lanes<L>(c) for all channels c, c + 1, ..., c + L - 1 of a block: at once, or one by one in the last
/// block if it is not full.
template <class Body>
KOKKOS_FORCEINLINE_FUNCTION void for_block(const Body& body, size_t block, size_t channels) {
  const size_t first = block * channel_lanes;
  if (first + channel_lanes <= channels) {
    body.template lanes<channel_lanes>(first);
  } else {
    for (size_t c = first; c < channels; ++c) body.template lanes<1>(c);
  }
}

}  // namespace danaus::nn
