#pragma once

// AxisTransform for any execution space. A team takes a strip of lanes, one lane for each vector lane of a
// warp: neighbouring threads read neighbouring channels, and all threads of a warp use the same matrix entry.
// The blocks of a stage are dealt to the team's warps, each block in tiles of rows whose sums stay in
// registers; the values between the stages lie in the team's scratch memory. The GPU build runs it, and the
// CPU build tests it against the vectorised kernels, so both share the index algebra.

#include <danaus/core/team.hpp>

#include "stage_view.hpp"

namespace danaus::monarch::device {

/// Lanes handled by one team: a warp.
inline constexpr int strip = 32;
/// Threads of a team, each with `strip` vector lanes.
inline constexpr int team_threads = 8;
/// The backward pass keeps more in scratch memory: narrower strips, more threads. A power of two.
inline constexpr int backward_strip = 16;

/// Where one lane of a stage's rows lies.
template <class T>
struct Lane {
  T* data;
  ptrdiff_t row_stride, plane_stride;
};

/// The lanes of a strip in memory, by the address of each.
template <class T>
struct StripLanes {
  T** base;
  ptrdiff_t row_stride, plane_stride;
  KOKKOS_INLINE_FUNCTION Lane<T> operator()(int q) const { return {base[q], row_stride, plane_stride}; }
};

/// The lanes of a strip in scratch memory, where a row takes `pitch` values: (row, plane, lane).
template <class T>
struct ScratchLanes {
  T* data;
  int pitch, plane;
  KOKKOS_INLINE_FUNCTION Lane<T> operator()(int q) const {
    return {data + q, ptrdiff_t(pitch), ptrdiff_t(plane)};
  }
  KOKKOS_INLINE_FUNCTION ScratchLanes<const T> read() const { return {data, pitch, plane}; }
};

/// Rows first ... first + rows - 1 of one block, for one lane.
template <int rows, bool input_complex, bool factors_complex, bool output_complex, class T>
KOKKOS_INLINE_FUNCTION void run_tile(const StageView<T>& stage, int block, int first, const Lane<const T>& x,
                                     Write write, const Lane<T>& y) {
  const int c0 = stage.input_begin[block], columns = stage.input_begin[block + 1] - c0;
  const int r0 = stage.output_begin[block], block_rows = stage.output_begin[block + 1] - r0;
  using Entry = std::conditional_t<factors_complex, Complex<T>, T>;  // one load for both parts
  const Entry* entry =
      reinterpret_cast<const Entry*>(stage.matrix) + size_t(stage.matrix_begin[block]) + size_t(first);
  T re[rows] = {}, im[rows] = {};
  for (int c = 0; c < columns; ++c, entry += block_rows) {
    const T* from = x.data + stage.input_row[c0 + c] * x.row_stride;
    const T xr = from[0], xi = input_complex ? from[x.plane_stride] : T(0);
    for (int r = 0; r < rows; ++r) {
      if constexpr (factors_complex) {
        const Complex<T> a = entry[r];
        re[r] += a.real() * xr;
        im[r] += a.imag() * xr;
        if constexpr (input_complex) {
          re[r] -= a.imag() * xi;
          im[r] += a.real() * xi;
        }
      } else {
        re[r] += entry[r] * xr;
      }
    }
  }
  for (int r = 0; r < rows; ++r) {
    T* to = y.data + stage.output_row[r0 + first + r] * y.row_stride;
    store(write, re[r], to[0]);
    if constexpr (output_complex) store(write, im[r], to[y.plane_stride]);
  }
}

/// One stage for a strip: x(q) and y(q) are its lanes.
template <bool input_complex, bool factors_complex, bool output_complex, class T, class X, class Y>
KOKKOS_INLINE_FUNCTION void run_stage(const Member& team, const StageView<T>& stage, int lanes, const X& x,
                                      Write write, const Y& y) {
  Kokkos::parallel_for(Kokkos::TeamThreadRange(team, stage.blocks), [&](int block) {
    const int rows = stage.output_begin[block + 1] - stage.output_begin[block];
    Kokkos::parallel_for(Kokkos::ThreadVectorRange(team, lanes), [&](int q) {
      const Lane<const T> from = x(q);
      const Lane<T> to = y(q);
      int r = 0;
      const auto run = [&](auto tile) {
        constexpr int count = decltype(tile)::value;
        for (; r + count <= rows; r += count)
          run_tile<count, input_complex, factors_complex, output_complex>(stage, block, r, from, write, to);
      };
      run(std::integral_constant<int, 8>{});
      run(std::integral_constant<int, 4>{});
      run(std::integral_constant<int, 2>{});
      run(std::integral_constant<int, 1>{});
    });
  });
}

template <class T, bool input_complex, bool factors_complex, bool output_complex>
struct ApplyKernel {
  TwoStages<T> s;
  Lanes<const T> x;
  Lanes<T> y;
  Write write;
  size_t strips_per_outer;

  static KOKKOS_INLINE_FUNCTION size_t scratch_bytes(const TwoStages<T>& s) {
    return 2 * strip * sizeof(T*) + size_t(s.middle_rows) * 2 * strip * sizeof(T);
  }

  KOKKOS_FUNCTION void operator()(const Member& team) const {
    const size_t outer = size_t(team.league_rank()) / strips_per_outer;
    const size_t first = size_t(team.league_rank()) % strips_per_outer * strip;
    const int count = int(Kokkos::min<size_t>(strip, x.lanes() - first));
    TeamScratch scratch(team, scratch_bytes(s));
    const auto x_base = scratch.take<const T*>(strip);
    const auto y_base = scratch.take<T*>(strip);
    const ScratchLanes<T> middle{scratch.take<T>(size_t(s.middle_rows) * 2 * strip), 2 * strip, strip};
    Kokkos::parallel_for(Kokkos::TeamVectorRange(team, count), [&](int q) {
      x_base[q] = x.at(outer, first + size_t(q));
      y_base[q] = y.at(outer, first + size_t(q));
    });
    team.team_barrier();
    run_stage<input_complex, factors_complex, factors_complex>(
        team, s.first, count, StripLanes<const T>{x_base, x.row_stride, x.plane_stride}, Write::overwrite,
        middle);
    team.team_barrier();
    run_stage<factors_complex, factors_complex, output_complex>(
        team, s.second, count, middle.read(), write, StripLanes<T>{y_base, y.row_stride, y.plane_stride});
  }
};

template <class T>
void apply(const Exec& space, const TwoStages<T>& s, const Lanes<const T>& x, Write write,
           const Lanes<T>& y) {
  const size_t strips = (x.lanes() + strip - 1) / strip;
  with_numbers(s, [&]<bool input, bool factors, bool output>() {
    using Kernel = ApplyKernel<T, input, factors, output>;
    Kokkos::parallel_for("danaus::monarch::AxisTransform::apply (device)",
                         team_policy(space, strips * x.outer, team_threads, strip, Kernel::scratch_bytes(s)),
                         Kernel{s, x, y, write, strips});
  });
}

/// A team takes the strips of one chunk in turn. Each strip's input and output gradient are brought to
/// scratch memory, beside the values between the stages, which are computed again, and their gradient.
template <class T, bool input_complex, bool factors_complex, bool output_complex>
struct BackwardKernel {
  TwoStages<T> forward, adjoint;
  Lanes<const T> x, y_grad;
  Lanes<T> x_grad;
  Write write;
  T* partial;  ///< (chunk, entry, number)
  int entries_first, entries;
  size_t strips_per_outer, strips;

  static constexpr int numbers = factors_complex ? 2 : 1;
  static constexpr int lanes = backward_strip;
  /// An odd pitch: threads at neighbouring rows then use different banks.
  static KOKKOS_INLINE_FUNCTION constexpr int pitch(bool is_complex) {
    return (is_complex ? 2 : 1) * lanes + 1;
  }

  static KOKKOS_INLINE_FUNCTION size_t scratch_bytes(const TwoStages<T>& s) {
    return 3 * lanes * sizeof(T*) + sizeof(T) * (size_t(s.input_rows) * pitch(input_complex) +
                                                 size_t(s.output_rows) * pitch(output_complex) +
                                                 2 * size_t(s.middle_rows) * pitch(factors_complex));
  }

  /// Rows of a strip to scratch memory, zeros in lanes that it lacks.
  static KOKKOS_FUNCTION void load(const Member& team, int rows, bool is_complex, int count,
                                   const StripLanes<const T>& from, const ScratchLanes<T>& to) {
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, rows), [&](int row) {
      Kokkos::parallel_for(Kokkos::ThreadVectorRange(team, lanes), [&](int q) {
        for (int plane = 0; plane < (is_complex ? 2 : 1); ++plane)
          to.data[row * to.pitch + plane * to.plane + q] =
              q < count ? from.base[q][row * from.row_stride + plane * from.plane_stride] : T(0);
      });
    });
  }

  /// partial += sum over the strip's lanes of out conj(in), for the entries of one block: each vector lane
  /// holds the sums of 2 x 2 entries. Lanes begin at different places, and so at different banks.
  template <bool out_complex, bool in_complex>
  KOKKOS_INLINE_FUNCTION void add_gradient(const Member& team, const StageView<T>& stage, int block,
                                           T* target, const ScratchLanes<T>& out,
                                           const ScratchLanes<T>& in) const {
    const int c0 = stage.input_begin[block], columns = stage.input_begin[block + 1] - c0;
    const int r0 = stage.output_begin[block], rows = stage.output_begin[block + 1] - r0;
    const int tall = (rows + 1) / 2, wide = (columns + 1) / 2;
    Kokkos::parallel_for(Kokkos::ThreadVectorRange(team, tall * wide), [&](int tile) {
      const int r = tile % tall * 2, c = tile / tall * 2;
      const T *y[2], *x[2];
      for (int i = 0; i < 2; ++i) {  // the last row or column once more, where there is no next one
        y[i] = out.data + stage.output_row[r0 + Kokkos::min(r + i, rows - 1)] * out.pitch;
        x[i] = in.data + stage.input_row[c0 + Kokkos::min(c + i, columns - 1)] * in.pitch;
      }
      T re[2][2] = {}, im[2][2] = {};
      for (int k = 0; k < lanes; ++k) {
        const int q = (k + tile) & (lanes - 1);
        T yr[2], yi[2], xr[2], xi[2];
        for (int i = 0; i < 2; ++i) {
          yr[i] = y[i][q], yi[i] = out_complex ? y[i][out.plane + q] : T(0);
          xr[i] = x[i][q], xi[i] = in_complex ? x[i][in.plane + q] : T(0);
        }
        for (int i = 0; i < 2; ++i)
          for (int j = 0; j < 2; ++j) {
            re[i][j] += yr[i] * xr[j];
            if constexpr (out_complex && in_complex) re[i][j] += yi[i] * xi[j];
            if constexpr (out_complex) im[i][j] += yi[i] * xr[j];
            if constexpr (in_complex) im[i][j] -= yr[i] * xi[j];
          }
      }
      for (int i = 0; i < 2 && r + i < rows; ++i)
        for (int j = 0; j < 2 && c + j < columns; ++j) {
          T* to = target + numbers * (size_t(stage.matrix_begin[block]) + size_t((c + j) * rows + r + i));
          to[0] += re[i][j];
          if constexpr (factors_complex) to[1] += im[i][j];
        }
    });
  }

  KOKKOS_FUNCTION void operator()(const Member& team) const {
    constexpr bool fc = factors_complex;
    const size_t chunk = size_t(team.league_rank());
    T* target = partial + chunk * size_t(entries) * numbers;
    TeamScratch scratch(team, scratch_bytes(forward));
    const auto x_base = scratch.take<const T*>(lanes), dy_base = scratch.take<const T*>(lanes);
    const auto dx_base = scratch.take<T*>(lanes);
    const auto strip_of = [&](int rows, bool is_complex) {
      return ScratchLanes<T>{scratch.take<T>(size_t(rows) * pitch(is_complex)), pitch(is_complex), lanes};
    };
    const auto in = strip_of(forward.input_rows, input_complex),
               dy = strip_of(forward.output_rows, output_complex), middle = strip_of(forward.middle_rows, fc),
               middle_grad = strip_of(forward.middle_rows, fc);
    for (size_t p = strips * chunk / gradient_chunks; p < strips * (chunk + 1) / gradient_chunks; ++p) {
      const size_t outer = p / strips_per_outer, first = p % strips_per_outer * lanes;
      const int count = int(Kokkos::min<size_t>(lanes, x.lanes() - first));
      Kokkos::parallel_for(Kokkos::TeamVectorRange(team, count), [&](int q) {
        x_base[q] = x.at(outer, first + size_t(q));
        dy_base[q] = y_grad.at(outer, first + size_t(q));
        if (x_grad.data) dx_base[q] = x_grad.at(outer, first + size_t(q));
      });
      team.team_barrier();
      load(team, forward.input_rows, input_complex, count, {x_base, x.row_stride, x.plane_stride}, in);
      load(team, forward.output_rows, output_complex, count,
           {dy_base, y_grad.row_stride, y_grad.plane_stride}, dy);
      team.team_barrier();
      run_stage<input_complex, fc, fc>(team, forward.first, lanes, in.read(), Write::overwrite, middle);
      run_stage<output_complex, fc, fc>(team, adjoint.first, lanes, dy.read(), Write::overwrite, middle_grad);
      team.team_barrier();
      if (x_grad.data)
        run_stage<fc, fc, input_complex>(team, adjoint.second, count, middle_grad.read(), write,
                                         StripLanes<T>{dx_base, x_grad.row_stride, x_grad.plane_stride});
      Kokkos::parallel_for(
          Kokkos::TeamThreadRange(team, forward.first.blocks + forward.second.blocks), [&](int block) {
            if (block < forward.first.blocks)
              add_gradient<fc, input_complex>(team, forward.first, block, target, middle_grad, in);
            else
              add_gradient<output_complex, fc>(team, forward.second, block - forward.first.blocks,
                                               target + numbers * size_t(entries_first), dy, middle);
          });
      team.team_barrier();
    }
  }
};

/// @param partial  (gradient_chunks, entry, number), overwritten
template <class T>
void backward(const Exec& space, const TwoStages<T>& forward, const TwoStages<T>& adjoint, int entries_first,
              const Lanes<const T>& x, const Lanes<const T>& y_grad, Write write, const Lanes<T>& x_grad,
              const Tensor<T, 3>& partial) {
  const size_t strips = (x.lanes() + backward_strip - 1) / backward_strip;
  fill(space, partial, T(0));
  with_numbers(forward, [&]<bool input, bool factors, bool output>() {
    using Kernel = BackwardKernel<T, input, factors, output>;
    Kokkos::parallel_for("danaus::monarch::AxisTransform::backward (device)",
                         team_policy(space, gradient_chunks, team_threads * strip / backward_strip,
                                     backward_strip, Kernel::scratch_bytes(forward)),
                         Kernel{forward, adjoint, x, y_grad, x_grad, write, partial.data(), entries_first,
                                int(partial.extent(1)), strips, strips * x.outer});
  });
}

}  // namespace danaus::monarch::device
