#pragma once

// AxisTransform for any execution space. A team takes a strip of lanes, one lane for each vector lane of a
// warp: neighbouring threads read neighbouring channels, and all threads of a warp use the same matrix entry.
// The blocks of a stage are dealt to the team's warps, each block in tiles of rows whose sums stay in
// registers; the values between the stages lie in the team's scratch memory. The GPU build runs it, and the
// CPU build tests it against the vectorised kernels, so both share the index algebra.

#include "stage_view.hpp"

namespace danaus::monarch::device {

using Policy = Kokkos::TeamPolicy<Exec>;
using Member = Policy::member_type;

/// Lanes handled by one team: a warp.
inline constexpr int strip = 32;
/// Rows of a block whose sums one thread holds in registers.
inline constexpr int tile_rows = 4;
/// Scratch memory up to this size lies in the multiprocessor's shared memory, more of it in device memory.
inline constexpr size_t shared_bytes = 40 * 1024;

inline int scratch_level(size_t bytes) { return bytes <= shared_bytes ? 0 : 1; }

/// League, warps and vector length; one thread without vector lanes on a CPU.
inline Policy policy_of(const Exec& space, size_t league, size_t scratch_bytes) {
#if defined(KOKKOS_ENABLE_CUDA)
  Policy policy(space, int(league), 8, strip);
#else
  Policy policy(space, int(league), 1, 1);
#endif
  return policy.set_scratch_size(scratch_level(scratch_bytes), Kokkos::PerTeam(int(scratch_bytes)));
}

/// Where one lane of a stage's rows lies.
template <class T>
struct Lane {
  T* data;
  ptrdiff_t row_stride, plane_stride;
};

/// Rows first ... first + rows - 1 of one block, for one lane.
template <int rows, class T>
KOKKOS_INLINE_FUNCTION void run_tile(const StageView<T>& stage, int block, int first, bool input_complex,
                                     bool factors_complex, bool output_complex, const Lane<const T>& x,
                                     Write write, const Lane<T>& y) {
  const int c0 = stage.input_begin[block], columns = stage.input_begin[block + 1] - c0;
  const int r0 = stage.output_begin[block], block_rows = stage.output_begin[block + 1] - r0;
  const T* entry =
      stage.matrix + (factors_complex ? 2 : 1) * (size_t(stage.matrix_begin[block]) + size_t(first));
  T re[rows] = {}, im[rows] = {};
  for (int c = 0; c < columns; ++c) {
    const T* from = x.data + stage.input_row[c0 + c] * x.row_stride;
    const T xr = from[0], xi = input_complex ? from[x.plane_stride] : T(0);
    for (int r = 0; r < rows; ++r) {
      if (factors_complex) {
        const T ar = entry[2 * r], ai = entry[2 * r + 1];
        re[r] += ar * xr - ai * xi;
        im[r] += ai * xr + ar * xi;
      } else {
        re[r] += entry[r] * xr;
      }
    }
    entry += (factors_complex ? 2 : 1) * block_rows;
  }
  for (int r = 0; r < rows; ++r) {
    T* to = y.data + stage.output_row[r0 + first + r] * y.row_stride;
    store(write, re[r], to[0]);
    if (output_complex) store(write, im[r], to[y.plane_stride]);
  }
}

/// One stage for a strip: x(q) and y(q) are its lanes.
template <class T, class X, class Y>
KOKKOS_INLINE_FUNCTION void run_stage(const Member& team, const StageView<T>& stage, bool input_complex,
                                      bool factors_complex, bool output_complex, int lanes, const X& x,
                                      Write write, const Y& y) {
  Kokkos::parallel_for(Kokkos::TeamThreadRange(team, stage.blocks), [&](int block) {
    const int rows = stage.output_begin[block + 1] - stage.output_begin[block];
    Kokkos::parallel_for(Kokkos::ThreadVectorRange(team, lanes), [&](int q) {
      const Lane<const T> from = x(q);
      const Lane<T> to = y(q);
      int r = 0;
      for (; r + tile_rows <= rows; r += tile_rows)
        run_tile<tile_rows>(stage, block, r, input_complex, factors_complex, output_complex, from, write, to);
      for (; r < rows; ++r)
        run_tile<1>(stage, block, r, input_complex, factors_complex, output_complex, from, write, to);
    });
  });
}

/// Lanes of a strip in memory, and of the values between the stages (middle row, plane, strip).
template <class T>
struct StripLanes {
  Lanes<T> lanes;
  size_t outer, first;
  KOKKOS_INLINE_FUNCTION Lane<T> operator()(int q) const {
    return {lanes.at(outer, first + size_t(q)), lanes.row_stride, lanes.plane_stride};
  }
};
template <class T>
struct MiddleLanes {
  T* data;
  KOKKOS_INLINE_FUNCTION Lane<T> operator()(int q) const {
    return {data + q, ptrdiff_t(2 * strip), ptrdiff_t(strip)};
  }
};

template <class T>
struct ApplyKernel {
  TwoStages<T> s;
  Lanes<const T> x;
  Lanes<T> y;
  Write write;
  size_t strips_per_outer;
  int level;

  static size_t scratch_bytes(const TwoStages<T>& s) {
    return size_t(s.middle_rows) * 2 * strip * sizeof(T) + 64;
  }

  KOKKOS_FUNCTION void operator()(const Member& team) const {
    const size_t outer = size_t(team.league_rank()) / strips_per_outer;
    const size_t first = size_t(team.league_rank()) % strips_per_outer * strip;
    const int count = int(Kokkos::min<size_t>(strip, x.lanes() - first));
    T* middle = static_cast<T*>(
        team.team_scratch(level).get_shmem_aligned(size_t(s.middle_rows) * 2 * strip * sizeof(T), 64));
    run_stage<T>(team, s.first, s.input_complex, s.factors_complex, s.factors_complex, count,
                 StripLanes<const T>{x, outer, first}, Write::overwrite, MiddleLanes<T>{middle});
    team.team_barrier();
    run_stage<T>(team, s.second, s.factors_complex, s.factors_complex, s.output_complex, count,
                 MiddleLanes<const T>{middle}, write, StripLanes<T>{y, outer, first});
  }
};

template <class T>
void apply(const Exec& space, const TwoStages<T>& s, const Lanes<const T>& x, Write write,
           const Lanes<T>& y) {
  const size_t strips = (x.lanes() + strip - 1) / strip, bytes = ApplyKernel<T>::scratch_bytes(s);
  const ApplyKernel<T> kernel{s, x, y, write, strips, scratch_level(bytes)};
  Kokkos::parallel_for("danaus::monarch::AxisTransform::apply (device)",
                       policy_of(space, strips * x.outer, bytes), kernel);
}

template <class T>
struct BackwardKernel {
  TwoStages<T> forward, adjoint;
  Lanes<const T> x, y_grad;
  Lanes<T> x_grad;
  Write write;
  Tensor<T, 3> partial;  ///< (chunk, entry, number)
  int entries_first;
  size_t strips_per_outer, strips;
  int level;

  static size_t scratch_bytes(const TwoStages<T>& s) {
    return size_t(s.middle_rows) * 4 * strip * sizeof(T) + 64;
  }

  /// partial += sum over the strip's lanes of out conj(in), for every matrix entry of a stage: an entry for
  /// each warp, summed over its vector lanes.
  template <class Out, class In>
  KOKKOS_FUNCTION void add_gradient(const Member& team, const StageView<T>& stage, int first_entry, int count,
                                    const Out& out, bool out_complex, const In& in, bool in_complex) const {
    const int chunk = team.league_rank();
    for (int b = 0; b < stage.blocks; ++b) {
      const int c0 = stage.input_begin[b], columns = stage.input_begin[b + 1] - c0;
      const int r0 = stage.output_begin[b], rows = stage.output_begin[b + 1] - r0;
      Kokkos::parallel_for(Kokkos::TeamThreadRange(team, rows * columns), [&](int e) {
        const int out_row = stage.output_row[r0 + e % rows], in_row = stage.input_row[c0 + e / rows];
        Complex<T> sum(0, 0);
        Kokkos::parallel_reduce(
            Kokkos::ThreadVectorRange(team, count),
            [&](int q, Complex<T>& part) {
              const Lane<const T> to = out(q), from = in(q);
              const T* y = to.data + out_row * to.row_stride;
              const T* x = from.data + in_row * from.row_stride;
              part += Complex<T>(y[0], out_complex ? y[to.plane_stride] : T(0)) *
                      Complex<T>(x[0], in_complex ? -x[from.plane_stride] : T(0));
            },
            sum);
        const int entry = first_entry + stage.matrix_begin[b] + e;
        Kokkos::single(Kokkos::PerThread(team), [&] {
          partial(chunk, entry, 0) += sum.real();
          if (forward.factors_complex) partial(chunk, entry, 1) += sum.imag();
        });
      });
    }
  }

  KOKKOS_FUNCTION void operator()(const Member& team) const {
    const size_t chunk = size_t(team.league_rank());
    T* middle = static_cast<T*>(
        team.team_scratch(level).get_shmem_aligned(size_t(forward.middle_rows) * 4 * strip * sizeof(T), 64));
    T* middle_grad = middle + size_t(forward.middle_rows) * 2 * strip;
    const bool fc = forward.factors_complex;
    for (size_t p = strips * chunk / gradient_chunks; p < strips * (chunk + 1) / gradient_chunks; ++p) {
      const size_t outer = p / strips_per_outer, first = p % strips_per_outer * strip;
      const int count = int(Kokkos::min<size_t>(strip, x.lanes() - first));
      const StripLanes<const T> in{x, outer, first}, dy{y_grad, outer, first};
      const MiddleLanes<const T> m{middle}, dm{middle_grad};
      run_stage<T>(team, forward.first, forward.input_complex, fc, fc, count, in, Write::overwrite,
                   MiddleLanes<T>{middle});
      run_stage<T>(team, adjoint.first, adjoint.input_complex, fc, fc, count, dy, Write::overwrite,
                   MiddleLanes<T>{middle_grad});
      team.team_barrier();
      if (x_grad.data)
        run_stage<T>(team, adjoint.second, fc, fc, adjoint.output_complex, count, dm, write,
                     StripLanes<T>{x_grad, outer, first});
      add_gradient(team, forward.first, 0, count, dm, fc, in, forward.input_complex);
      add_gradient(team, forward.second, entries_first, count, dy, forward.output_complex, m, fc);
      team.team_barrier();
    }
  }
};

template <class T>
void backward(const Exec& space, const TwoStages<T>& forward, const TwoStages<T>& adjoint, int entries_first,
              const Lanes<const T>& x, const Lanes<const T>& y_grad, Write write, const Lanes<T>& x_grad,
              const Tensor<T, 3>& partial) {
  const size_t strips = (x.lanes() + strip - 1) / strip, bytes = BackwardKernel<T>::scratch_bytes(forward);
  Kokkos::deep_copy(space, partial, T(0));
  const BackwardKernel<T> kernel{forward,
                                 adjoint,
                                 x,
                                 y_grad,
                                 x_grad,
                                 write,
                                 partial,
                                 entries_first,
                                 strips,
                                 strips * x.outer,
                                 scratch_level(bytes)};
  Kokkos::parallel_for("danaus::monarch::AxisTransform::backward (device)",
                       policy_of(space, gradient_chunks, bytes), kernel);
}

}  // namespace danaus::monarch::device
