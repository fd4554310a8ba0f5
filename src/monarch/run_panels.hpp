#pragma once

// How kernels walk over lanes that lie in short runs side by side: in panels of several runs, read and
// written where they are. Lanes behind the last whole pack of a run share packs with those of the next runs.

#include <danaus/core/lane_groups.hpp>

#include "lane_panels.hpp"

namespace danaus::monarch::host {

template <class T>
inline constexpr bool has_groups = (simd::groups<T> > 0);

/// Rows of a panel, plane after plane.
template <class T>
struct PlaneRows {
  T* data;
  int rows, planes;
  ptrdiff_t row_stride, plane_stride;
  ptrdiff_t run_stride;  ///< between the runs of lanes that the panel consists of
  T* at(int row) const { return data + row / rows * plane_stride + row % rows * row_stride; }
  int count() const { return rows * planes; }
};

/// Cuts the lanes into panels of several short runs, or of a part of a long run.
struct RunPanels {
  size_t lanes, run_length, runs, width, per_outer, count;

  RunPanels(size_t runs_, size_t run_length_, size_t outer, size_t pack, size_t groups)
      : lanes(runs_ * run_length_), run_length(run_length_), runs(1), width(run_length_) {
    const size_t whole = run_length / pack, rest = run_length % pack;
    if (whole >= 8) {
      width = 8 * pack;
      per_outer = runs_ * ((run_length + width - 1) / width);
    } else {
      if (rest == 0)
        runs = std::max<size_t>(1, 4 / whole);
      else
        runs = groups > 0 && rest % 4 == 0 ? groups : std::max<size_t>(1, 4 * pack / run_length);
      per_outer = (runs_ + runs - 1) / runs;
    }
    count = per_outer * outer;
  }
  struct Panel {
    size_t outer, first, runs, length;
    size_t lanes() const { return runs * length; }
  };
  Panel at(size_t panel) const {
    const size_t outer = panel / per_outer, p = panel % per_outer;
    if (width < run_length) {
      const size_t parts = (run_length + width - 1) / width, part = p % parts;
      return {outer, p / parts * run_length + part * width, 1, std::min(width, run_length - part * width)};
    }
    return {outer, p * runs * run_length, std::min(runs, lanes / run_length - p * runs), run_length};
  }
  size_t most_lanes() const { return runs * width; }
};

template <class T>
PlaneRows<T> rows_in_place(const Lanes<T>& l, const RunPanels::Panel& p, int rows, int planes) {
  return {l.at(p.outer, p.first), rows, planes, l.row_stride, l.plane_stride, l.run_stride};
}
/// The copy that gather() makes: one run of whole packs.
template <class T>
PlaneRows<T> rows_in_buffer(T* buffer, size_t padded, int rows, int planes) {
  return {buffer, rows, planes, ptrdiff_t(planes * padded), ptrdiff_t(padded), 0};
}

/// Whether the kernels can read and write such a panel where it lies.
template <class T>
bool fits_in_place(const Lanes<T>& l, const RunPanels::Panel& p) {
  constexpr size_t W = size_t(width<std::remove_const_t<T>>),
                   G = size_t(simd::groups<std::remove_const_t<T>>);
  return l.lane_stride == 1 && (p.length % W == 0 || (p.length % 4 == 0 && G > 0 && p.runs == G));
}

template <class T>
PrefetchAhead prefetch_ahead(const Lanes<T>& l, const RunPanels& panels, size_t panel, int rows, int planes,
                             size_t steps) {
  if (panel >= panels.count || l.lane_stride != 1) return {};
  const auto p = panels.at(panel);
  return {l.at(p.outer, p.first),
          p.length,
          {{{size_t(rows), l.row_stride}, {size_t(planes), l.plane_stride}, {p.runs, l.run_stride}}},
          steps};
}

/// Packs of a panel that a tile covers: NV whole ones, and then groups of four lanes, one group of each run.
template <int NV>
struct TilePacks {
  ptrdiff_t whole[NV > 0 ? NV : 1];  ///< offsets
  ptrdiff_t groups;                  ///< of the first group within a run
  ptrdiff_t run_stride;

  /// @param first  the first of NV whole packs of the panel, run by run
  TilePacks(size_t first, size_t packs_of_run, size_t pack, ptrdiff_t run_stride_)
      : groups(ptrdiff_t(packs_of_run * pack)), run_stride(run_stride_) {
    for (size_t v = 0; v < size_t(NV); ++v)
      whole[v] =
          ptrdiff_t((first + v) / packs_of_run) * run_stride + ptrdiff_t((first + v) % packs_of_run * pack);
  }
  template <class T>
  Pack<T> load(const T* row, int v) const {
    if constexpr (has_groups<T>)
      if (v >= NV) return simd::load_groups(row + groups + 4 * (v - NV), size_t(run_stride));
    return simd::load(row + whole[v]);
  }
  template <class T>
  void store(const Pack<T>& pack, T* row, int v) const {
    if constexpr (has_groups<T>)
      if (v >= NV) return simd::store_groups<T>(pack, row + groups + 4 * (v - NV), size_t(run_stride));
    simd::store(pack, row + whole[v]);
  }
};

/// f.template operator()<NV, NG>(first) for the tiles of a panel: NV whole packs from `first` on, and in the
/// last tile NG packs of groups.
template <class T, class F>
void for_each_tile(size_t runs, size_t length, F f) {
  const size_t packs = runs * (length / size_t(width<T>));
  const int groups = int(length % size_t(width<T>) / 4);
  const auto tile = [&]<int NV>(size_t first, bool last) {
    if (last && groups > 0)
      simd::with_groups<T>(groups, [&]<int NG>() { f.template operator()<NV, NG>(first); });
    else if constexpr (NV > 0)
      f.template operator()<NV, 0>(first);
  };
  if (packs == 0) return tile.template operator()<0>(0, true);
  size_t v = 0;
  for (; v + 2 <= packs; v += 2) tile.template operator()<2>(v, v + 2 == packs);
  if (v < packs) f.template operator()<1, 0>(v);  // runs that share packs have an even number of whole ones
}

}  // namespace danaus::monarch::host
