#pragma once

// How the CPU kernels of AxisTransform walk over lanes: in panels of whole packs, read in place where memory
// allows and through a small buffer where it does not.

#include <danaus/core/complex_lanes.hpp>
#include <danaus/monarch/axis_transform.hpp>

#include <algorithm>
#include <array>
#include <cstdint>

namespace danaus::monarch::host {

using simd::join_pairs;
using simd::Pack;
using simd::split_pairs;
using simd::width;

/// A block of rows in memory: real parts at data + row * row_stride, imaginary ones plane_stride further.
template <class T>
struct Rows {
  T* data;
  ptrdiff_t row_stride, plane_stride;
  ptrdiff_t pack_stride =
      width<std::remove_const_t<T>>;  ///< between packs of a strip; less where they overlap
  Pack<std::remove_const_t<T>> load(const T* row, int pack) const {
    return simd::load(row + pack_stride * pack);
  }
  void store(const Pack<T>& numbers, T* row, int pack) const {
    simd::store(numbers, row + pack_stride * pack);
  }
  Rows at(ptrdiff_t lane) const { return {data + lane, row_stride, plane_stride, pack_stride}; }
  Rows spaced(ptrdiff_t stride) const { return {data, row_stride, plane_stride, stride}; }
};

/// Splits the lanes into panels: inside long runs, or several whole short runs together.
struct Panels {
  size_t count, width, per_outer, per_run, lanes, run_length;
  bool overlapping;  ///< a run is one panel whose last two packs overlap

  /// Whether the packs of a run overlap, and when: never, or if that costs less than copying several runs.
  struct InPlace {
    bool whole_packs;  ///< keep runs that fill whole packs apart, however short, so that nothing is copied
    double products, rows;  ///< multiply-adds of a lane, and its numbers to copy; rows = 0: never overlap
  };

  /// @param target  lanes wanted in a panel; a multiple of the pack width
  static Panels choose(size_t lanes, size_t run_length, size_t outer, size_t pack, size_t target,
                       InPlace in_place) {
    Panels p{};
    p.lanes = lanes;
    p.run_length = run_length;
    // Copying a number takes as long as about ten multiply-adds.
    const double idle = double(simd::round_up(run_length, pack)) / double(run_length) - 1;
    p.overlapping = run_length > pack && run_length % pack != 0 && run_length < 2 * target &&
                    in_place.products * idle < 10 * in_place.rows;
    if (p.overlapping) {
      p.width = run_length;
      p.per_run = 1;
      p.per_outer = lanes / run_length;
    } else if (run_length >= target || (in_place.whole_packs && run_length % pack == 0)) {
      p.width = std::min(run_length, target);
      p.per_run = (run_length + p.width - 1) / p.width;
      p.per_outer = p.per_run * (lanes / run_length);
    } else {
      // Whole runs, as many as waste the fewest padding lanes.
      size_t best = 1;
      double best_waste = 1e9;
      for (size_t r = 1; r * run_length <= 2 * target; ++r) {
        const size_t used = r * run_length, padded = simd::round_up(used, pack);
        const double waste = double(padded - used) / double(used) + (used < target ? 0.05 : 0.0);
        if (waste < best_waste) best = r, best_waste = waste;
      }
      p.width = best * run_length;
      p.per_run = 0;
      p.per_outer = (lanes + p.width - 1) / p.width;
    }
    p.count = p.per_outer * outer;
    return p;
  }
  size_t padded_width(size_t pack) const { return simd::round_up(width, pack); }
  size_t outer_of(size_t panel) const { return panel / per_outer; }
  size_t first_lane(size_t panel) const {
    const size_t p = panel % per_outer;
    return per_run ? (p / per_run) * run_length + (p % per_run) * width : p * width;
  }
  size_t lanes_of(size_t panel) const {
    const size_t p = panel % per_outer;
    return per_run ? std::min(width, run_length - (p % per_run) * width) : std::min(width, lanes - p * width);
  }
};

template <class T>
bool is_in_place(const Lanes<T>& l, size_t first, size_t count, bool overlapping) {
  return l.lane_stride == 1 && (overlapping || count % width<std::remove_const_t<T>> == 0) &&
         first % l.run_length + count <= l.run_length;
}

/// Visits a panel's lanes as segments of one run each: f(pointer, lane within the panel, count).
template <class T, class F>
void for_each_segment(const Lanes<T>& l, size_t outer, size_t first, size_t count, F f) {
  for (size_t done = 0; done < count;) {
    const size_t inside = (first + done) % l.run_length;
    const size_t n = std::min(count - done, l.run_length - inside);
    f(l.at(outer, first + done), done, n);
    done += n;
  }
}

/// to[q] = from[q] or to[q] += from[q], a few numbers at a time.
template <class T>
inline void copy_run(const T* from, size_t count, Write write, T* to) {
  constexpr size_t W = size_t(width<T>);
  if (write == Write::accumulate) {
    size_t q = 0;
    for (; q + W <= count; q += W) simd::store(simd::load(to + q) + simd::load(from + q), to + q);
    for (; q < count; ++q) to[q] += from[q];
    return;
  }
  if (count < W) {
    for (size_t q = 0; q < count; ++q) to[q] = from[q];
    return;
  }
  for (size_t q = 0; q + W < count; q += W) simd::store(simd::load(from + q), to + q);
  simd::store(simd::load(from + count - W), to + count - W);  // the last pack may overlap the one before
}

/// Whether lanes are complex numbers side by side.
template <class T>
bool is_interleaved(const Lanes<T>& l, int planes) {
  return planes == 2 && l.lane_stride == 2 && l.plane_stride == 1;
}

/// Copies a panel into `buffer` (rows, planes, padded); padding lanes are zero.
template <class T>
void gather(const Lanes<const T>& l, size_t outer, size_t first, size_t count, int row_count, int planes,
            size_t padded, T* buffer) {
  for_each_segment(l, outer, first, count, [&](const T* from, size_t at, size_t n) {
    if (is_interleaved(l, planes)) {
      for (int row = 0; row < row_count; ++row) {
        T* to = buffer + size_t(row) * 2 * padded + at;
        split_pairs(from + row * l.row_stride, n, to, to + padded);
      }
      return;
    }
    for (int row = 0; row < row_count; ++row)
      for (int plane = 0; plane < planes; ++plane) {
        const T* source = from + row * l.row_stride + plane * l.plane_stride;
        T* to = buffer + (size_t(row) * planes + plane) * padded + at;
        if (l.lane_stride == 1)
          copy_run(source, n, Write::overwrite, to);
        else
          for (size_t q = 0; q < n; ++q) to[q] = source[ptrdiff_t(q) * l.lane_stride];
      }
  });
  for (size_t q = count; q < padded; ++q)
    for (int r = 0; r < row_count * planes; ++r) buffer[size_t(r) * padded + q] = T(0);
}

template <class T>
void scatter(const T* buffer, size_t padded, int row_count, int planes, size_t outer, size_t first,
             size_t count, Write write, const Lanes<T>& l) {
  for_each_segment(l, outer, first, count, [&](T* to, size_t at, size_t n) {
    if (is_interleaved(l, planes)) {
      for (int row = 0; row < row_count; ++row) {
        const T* source = buffer + size_t(row) * 2 * padded + at;
        join_pairs(source, source + padded, n, write, to + row * l.row_stride);
      }
      return;
    }
    for (int row = 0; row < row_count; ++row)
      for (int plane = 0; plane < planes; ++plane) {
        const T* source = buffer + (size_t(row) * planes + plane) * padded + at;
        T* target = to + row * l.row_stride + plane * l.plane_stride;
        if (l.lane_stride != 1)
          for (size_t q = 0; q < n; ++q) store(write, source[q], target[ptrdiff_t(q) * l.lane_stride]);
        else
          copy_run(source, n, write, target);
      }
  });
}

/// Asks for the memory of a panel that comes next, a few lines at each step of the present one. The hardware
/// does not foresee rows that are far apart or visited in the order of a permutation, and without this a
/// transform whose data are not in the cache takes two to three times as long; the requests of a whole panel
/// at once would fill the queues of the CPU and hold up its own loads.
class PrefetchAhead {
 public:
  struct Axis {
    size_t count;
    ptrdiff_t stride;  ///< in numbers
  };
  PrefetchAhead() = default;
  /// @param length  numbers side by side, at each index of the axes
  template <class T>
  PrefetchAhead(const T* from, size_t length, std::array<Axis, 3> axes, size_t steps) : axes_(axes) {
    for (int merges = 0; merges < 3; ++merges)  // axes without gaps
      for (auto& a : axes_)
        if (a.count > 1 && a.stride == ptrdiff_t(length)) {
          length *= a.count;
          a.count = 1;
        }
    size_t lines = (length * sizeof(T) + line) / line;
    for (auto& a : axes_) {
      a.stride *= ptrdiff_t(sizeof(T));
      lines *= a.count;
    }
    per_step_ = (lines + steps - 1) / std::max<size_t>(1, steps);
    bytes_ = length * sizeof(T);
    row_ = reinterpret_cast<const char*>(from);
    start_row();
  }
  void operator()() {
    for (size_t i = 0; i < per_step_; ++i) {
      if (at_ >= end_ && !next_row()) return;
      __builtin_prefetch(at_);
      at_ += line;
    }
  }

 private:
  static constexpr size_t line = 64;
  void start_row() {
    at_ = row_ - reinterpret_cast<std::uintptr_t>(row_) % line;
    end_ = row_ + bytes_;
  }
  bool next_row() {
    for (size_t a = 0; a < 3; ++a) {
      if (++index_[a] < axes_[a].count) {
        row_ += axes_[a].stride;
        start_row();
        return true;
      }
      row_ -= ptrdiff_t(axes_[a].count - 1) * axes_[a].stride;
      index_[a] = 0;
    }
    per_step_ = 0;  // all asked for
    return false;
  }

  std::array<Axis, 3> axes_{};
  std::array<size_t, 3> index_{};
  size_t per_step_ = 0, bytes_ = 0;
  const char *row_ = nullptr, *at_ = nullptr, *end_ = nullptr;
};

/// Of a panel that is a part of one run, or whole runs; of none where lanes are not side by side.
template <class T>
PrefetchAhead prefetch_ahead(const Lanes<T>& l, const Panels& panels, size_t panel, int rows, int planes,
                             size_t steps) {
  if (panel >= panels.count || l.lane_stride != 1) return {};
  const size_t first = panels.first_lane(panel), count = panels.lanes_of(panel);
  const size_t runs = std::max<size_t>(1, count / l.run_length);
  return {l.at(panels.outer_of(panel), first),
          std::min(count, l.run_length),
          {{{size_t(rows), l.row_stride}, {size_t(planes), l.plane_stride}, {runs, l.run_stride}}},
          steps};
}

/// The rows of a panel: in place, or a copy in the buffer.
template <class T>
Rows<const T> read_panel(const Lanes<const T>& l, size_t outer, size_t first, size_t count, bool overlapping,
                         int row_count, int planes, size_t padded, T* buffer) {
  if (is_in_place(l, first, count, overlapping)) return {l.at(outer, first), l.row_stride, l.plane_stride};
  gather(l, outer, first, count, row_count, planes, padded, buffer);
  return {buffer, ptrdiff_t(planes * padded), ptrdiff_t(padded)};
}

}  // namespace danaus::monarch::host
