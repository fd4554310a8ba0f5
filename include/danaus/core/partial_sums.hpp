#pragma once

#include <danaus/core/team.hpp>

namespace danaus {

template <class T, class Add>
struct SumParts {
  /// Entries of a team, and how many of its threads share the parts of each; one thread on a CPU, in order.
  static constexpr int entries = 32, groups = is_gpu ? 8 : 1;

  static constexpr size_t scratch_bytes = entries * groups * sizeof(T);

  const T* partial;
  size_t parts, size;
  Add add;

  KOKKOS_FUNCTION void operator()(const Member& team) const {
    const size_t first = size_t(team.league_rank()) * entries;
    const int count = int(Kokkos::min<size_t>(entries, size - first));
    T* sums = TeamScratch(team, scratch_bytes).take<T>(entries * groups);
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, entries * groups), [&](int t) {
      const int e = t % entries, group = t / entries;
      T sum = 0;
      if (e < count)
        for (size_t part = size_t(group); part < parts; part += groups)
          sum += partial[part * size + first + e];
      sums[t] = sum;
    });
    team.team_barrier();
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, count), [&](int e) {
      T sum = sums[e];
      for (int group = 1; group < groups; ++group) sum += sums[group * entries + e];
      add(first + size_t(e), sum);
    });
  }
};

/// add(e, sum over all parts of partial[part * size + e]) for every e < size. The order of the sum depends on
/// the build alone, and not on the number of threads.
template <class T, class Add>
void sum_parts(const Exec& space, const T* partial, size_t parts, size_t size, const Add& add) {
  using Kernel = SumParts<T, Add>;
  if (size == 0) return;
  Kokkos::parallel_for("danaus::sum_parts",
                       team_policy(space, (size + Kernel::entries - 1) / Kernel::entries,
                                   Kernel::entries * Kernel::groups, 1, Kernel::scratch_bytes),
                       Kernel{partial, parts, size, add});
}

}  // namespace danaus
