#pragma once

#include <danaus/core/tensor.hpp>

namespace danaus {

/// Whether this build runs its kernels on a GPU.
inline constexpr bool is_gpu = !std::is_same_v<Exec, Kokkos::DefaultHostExecutionSpace>;

/// A policy's property: the kernel takes its arguments by value, up to 4 KiB. Kokkos would pass more than 512
/// bytes through constant memory, where each launch waits until the last one is done.
using ByValue = Kokkos::Experimental::WorkItemProperty::HintLightWeight_t;

using TeamPolicy = Kokkos::TeamPolicy<Exec, ByValue>;
using Member = TeamPolicy::member_type;

/// Where scratch memory of this size lies: up to nearly 48 KiB in a multiprocessor's shared memory, more of
/// it in device memory.
KOKKOS_INLINE_FUNCTION constexpr int scratch_level(size_t bytes) { return bytes <= 47 * 1024 ? 0 : 1; }

/// `league` teams of `threads` threads with `lanes` vector lanes each, and scratch memory of scratch_level
/// for each team. On a CPU a team is one thread.
inline TeamPolicy team_policy(const Exec& space, size_t league, int threads, int lanes,
                              size_t scratch_bytes) {
  TeamPolicy policy(space, int(league), is_gpu ? threads : 1, is_gpu ? lanes : 1);
  // TeamScratch may skip up to 64 bytes.
  policy.set_scratch_size(scratch_level(scratch_bytes), Kokkos::PerTeam(int(scratch_bytes) + 64));
  return policy;
}

/// The scratch memory of a team, as much as team_policy was asked for, given out piece by piece.
class TeamScratch {
 public:
  KOKKOS_INLINE_FUNCTION TeamScratch(const Member& team, size_t bytes)
      : next_(static_cast<char*>(team.team_scratch(scratch_level(bytes)).get_shmem_aligned(bytes, 64))) {}

  template <class T>
  KOKKOS_INLINE_FUNCTION T* take(size_t count) {
    T* result = reinterpret_cast<T*>(next_);
    next_ += count * sizeof(T);
    return result;
  }

 private:
  char* next_;
};

}  // namespace danaus
