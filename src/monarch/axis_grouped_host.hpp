#pragma once

// The kernel of axis_transform_host.hpp for lanes in short runs that share packs.

#include "axis_transform_host.hpp"
#include "run_panels.hpp"

namespace danaus::monarch::host {

/// Rows of a panel of runs, the packs of one tile of it.
template <class T, int NV>
struct GroupedRows {
  T* data;
  ptrdiff_t row_stride, plane_stride;
  TilePacks<NV> packs;
  auto load(const T* row, int v) const { return packs.load(row, v); }
  void store(const Pack<T>& numbers, T* row, int v) const { packs.template store<T>(numbers, row, v); }
};

/// Both stages of real factors where runs of lanes are a multiple of four but not of a pack.
template <class T>
void apply_grouped(const Exec& space, const TwoStages<T>& s, const Lanes<const T>& x, Write write,
                   const Lanes<T>& y) {
  constexpr size_t W = size_t(width<T>), most_packs = 5;
  const RunPanels panels(x.runs, x.run_length, x.outer, W, size_t(simd::groups<T>));
  const size_t padded = simd::round_up(panels.most_lanes(), W), m_size = s.middle_rows * most_packs * W,
               x_size = s.input_rows * padded, total = m_size + x_size + s.output_rows * padded;
  const int chunks = int(std::min<size_t>(panels.count, 64));
  using Policy = Kokkos::TeamPolicy<Exec>;
  auto policy = Policy(space, chunks, 1).set_scratch_size(1, Kokkos::PerTeam(int(total * sizeof(T) + 64)));
  Kokkos::parallel_for(
      "danaus::monarch::AxisTransform::apply (grouped)", policy, [=](const Policy::member_type& team) {
        T* buffer = static_cast<T*>(team.team_scratch(1).get_shmem_aligned(total * sizeof(T), 64));
        const Rows<T> middle{buffer, ptrdiff_t(most_packs * W), 0};
        const Rows<const T> middle_read{buffer, ptrdiff_t(most_packs * W), 0};
        const size_t chunk = size_t(team.league_rank());
        for (size_t p = panels.count * chunk / chunks; p < panels.count * (chunk + 1) / chunks; ++p) {
          const auto panel = panels.at(p);
          const size_t tiles = std::max<size_t>(1, panel.runs * (panel.length / W) / 2),
                       steps = tiles * size_t(s.first.blocks + s.second.blocks);
          auto next_x = prefetch_ahead(x, panels, p + 1, s.input_rows, 1, steps),
               next_y = prefetch_ahead(y, panels, p + 1, s.output_rows, 1, steps);
          const auto between = [&] {
            next_x();
            next_y();
          };
          if (!fits_in_place(x, panel)) {  // the last runs
            T *x_buffer = buffer + m_size, *y_buffer = x_buffer + x_size;
            const size_t used = simd::round_up(panel.lanes(), W);
            gather(x, panel.outer, panel.first, panel.lanes(), s.input_rows, 1, used, x_buffer);
            const Rows<const T> in{x_buffer, ptrdiff_t(used), 0};
            apply_panel<false, false, false>(s, in, middle, true, false, panel.outer, panel.first,
                                             panel.lanes(), used, y_buffer, write, y, between);
            continue;
          }
          for_each_tile<T>(panel.runs, panel.length, [&]<int NV, int NG>(size_t first) {
            const size_t whole = panel.length / W;
            const GroupedRows<const T, NV> in{
                x.at(panel.outer, panel.first), x.row_stride, 0, {first, whole, W, x.run_stride}};
            const GroupedRows<T, NV> out{
                y.at(panel.outer, panel.first), y.row_stride, 0, {first, whole, W, y.run_stride}};
            run_stage<NV + NG, false, false, false>(s.first, in, Write::overwrite, middle, between);
            run_stage<NV + NG, false, false, false>(s.second, middle_read, write, out, between);
          });
        }
      });
}

/// Whether the lanes lie in such runs.
template <class T>
bool are_grouped(const Lanes<T>& l) {
  constexpr size_t W = size_t(width<std::remove_const_t<T>>);
  return simd::groups<std::remove_const_t<T>> > 0 && l.lane_stride == 1 && l.run_length % W != 0 &&
         l.run_length % 4 == 0 && l.run_length < 8 * W;
}

}  // namespace danaus::monarch::host
