#pragma once

// AxisTransform for any execution space: one thread per lane, the middle values in team scratch memory. The
// GPU build uses it; the CPU build tests it against the vectorised kernels, so both share the index algebra.

#include "stage_view.hpp"

namespace danaus::monarch::device {

using Policy = Kokkos::TeamPolicy<Exec>;
using Member = Policy::member_type;

/// Lanes handled by one team: a warp.
inline constexpr int strip = 32;

/// One lane of one stage; x and y point at the lane.
template <class T>
KOKKOS_INLINE_FUNCTION void run_stage(const StageView<T>& stage, bool input_complex, bool factors_complex,
                                      bool output_complex, const T* x, ptrdiff_t x_row, ptrdiff_t x_plane,
                                      Write write, T* y, ptrdiff_t y_row, ptrdiff_t y_plane) {
  for (int b = 0; b < stage.blocks; ++b) {
    const int c0 = stage.input_begin[b], columns = stage.input_begin[b + 1] - c0;
    const int r0 = stage.output_begin[b], rows = stage.output_begin[b + 1] - r0;
    for (int r = 0; r < rows; ++r) {
      T re = 0, im = 0;
      for (int c = 0; c < columns; ++c) {
        const size_t e = size_t(stage.matrix_begin[b]) + size_t(c) * rows + r;
        const T* from = x + stage.input_row[c0 + c] * x_row;
        if (!factors_complex) {
          re += stage.matrix[e] * from[0];
          continue;
        }
        const T ar = stage.matrix[2 * e], ai = stage.matrix[2 * e + 1];
        re += ar * from[0];
        im += ai * from[0];
        if (input_complex) {
          re -= ai * from[x_plane];
          im += ar * from[x_plane];
        }
      }
      T* to = y + stage.output_row[r0 + r] * y_row;
      store(write, re, to[0]);
      if (output_complex) store(write, im, to[y_plane]);
    }
  }
}

template <class T>
struct ApplyKernel {
  TwoStages<T> s;
  Lanes<const T> x;
  Lanes<T> y;
  Write write;
  size_t strips_per_outer;

  KOKKOS_FUNCTION static size_t scratch_bytes(const TwoStages<T>& s) {
    return size_t(s.middle_rows) * 2 * strip * sizeof(T) + 64;
  }

  KOKKOS_FUNCTION void operator()(const Member& team) const {
    const size_t outer = size_t(team.league_rank()) / strips_per_outer;
    const size_t first = size_t(team.league_rank()) % strips_per_outer * strip;
    const int count = int(Kokkos::min<size_t>(strip, x.lanes() - first));
    T* middle = static_cast<T*>(team.team_scratch(1).get_shmem_aligned(scratch_bytes(s) - 64, 64));
    Kokkos::parallel_for(Kokkos::TeamThreadRange(team, count), [&](int q) {
      run_stage(s.first, s.input_complex, s.factors_complex, s.factors_complex, x.at(outer, first + q),
                x.row_stride, x.plane_stride, Write::overwrite, middle + q, ptrdiff_t(2 * strip),
                ptrdiff_t(strip));
      run_stage(s.second, s.factors_complex, s.factors_complex, s.output_complex,
                static_cast<const T*>(middle + q), ptrdiff_t(2 * strip), ptrdiff_t(strip), write,
                y.at(outer, first + q), y.row_stride, y.plane_stride);
    });
  }
};

template <class T>
void apply(const Exec& space, const TwoStages<T>& s, const Lanes<const T>& x, Write write,
           const Lanes<T>& y) {
  const size_t strips = (x.lanes() + strip - 1) / strip;
  const ApplyKernel<T> kernel{s, x, y, write, strips};
  const int team = Exec().concurrency() >= 1024 ? strip : 1;
  auto policy = Policy(space, int(strips * x.outer), team)
                    .set_scratch_size(1, Kokkos::PerTeam(int(ApplyKernel<T>::scratch_bytes(s))));
  Kokkos::parallel_for("danaus::monarch::AxisTransform::apply (device)", policy, kernel);
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

  KOKKOS_FUNCTION static size_t scratch_bytes(const TwoStages<T>& s) {
    return size_t(s.middle_rows) * 4 * strip * sizeof(T) + 64;
  }

  /// partial += sum over the strip's lanes of out conj(in), for every matrix entry of a stage.
  KOKKOS_FUNCTION void add_gradient(const Member& team, const StageView<T>& stage, int first_entry, int count,
                                    bool out_is_middle, const T* middle, bool out_complex, bool in_complex,
                                    size_t outer, size_t first) const {
    const int chunk = team.league_rank();
    for (int b = 0; b < stage.blocks; ++b) {
      const int c0 = stage.input_begin[b], columns = stage.input_begin[b + 1] - c0;
      const int r0 = stage.output_begin[b], rows = stage.output_begin[b + 1] - r0;
      Kokkos::parallel_for(Kokkos::TeamThreadRange(team, rows * columns), [&](int e) {
        const int out_row = stage.output_row[r0 + e % rows], in_row = stage.input_row[c0 + e / rows];
        T re = 0, im = 0;
        for (int q = 0; q < count; ++q) {
          T yr, yi = 0, xr, xi = 0;
          const T* inner = middle + ptrdiff_t(out_is_middle ? out_row : in_row) * 2 * strip + q;
          const T* outside = out_is_middle ? x.at(outer, first + q) + in_row * x.row_stride
                                           : y_grad.at(outer, first + q) + out_row * y_grad.row_stride;
          const ptrdiff_t plane = out_is_middle ? x.plane_stride : y_grad.plane_stride;
          const T *out = out_is_middle ? inner : outside, *in = out_is_middle ? outside : inner;
          yr = out[0];
          xr = in[0];
          if (out_complex) yi = out[out_is_middle ? ptrdiff_t(strip) : plane];
          if (in_complex) xi = in[out_is_middle ? plane : ptrdiff_t(strip)];
          re += yr * xr + yi * xi;
          im += yi * xr - yr * xi;
        }
        const int entry = first_entry + stage.matrix_begin[b] + e;
        partial(chunk, entry, 0) += re;
        if (forward.factors_complex) partial(chunk, entry, 1) += im;
      });
    }
  }

  KOKKOS_FUNCTION void operator()(const Member& team) const {
    const size_t chunk = size_t(team.league_rank());
    T* middle = static_cast<T*>(team.team_scratch(1).get_shmem_aligned(scratch_bytes(forward) - 64, 64));
    T* middle_grad = middle + size_t(forward.middle_rows) * 2 * strip;
    const bool fc = forward.factors_complex;
    for (size_t p = strips * chunk / gradient_chunks; p < strips * (chunk + 1) / gradient_chunks; ++p) {
      const size_t outer = p / strips_per_outer, first = p % strips_per_outer * strip;
      const int count = int(Kokkos::min<size_t>(strip, x.lanes() - first));
      Kokkos::parallel_for(Kokkos::TeamThreadRange(team, count), [&](int q) {
        run_stage(forward.first, forward.input_complex, fc, fc, x.at(outer, first + q), x.row_stride,
                  x.plane_stride, Write::overwrite, middle + q, ptrdiff_t(2 * strip), ptrdiff_t(strip));
        run_stage(adjoint.first, adjoint.input_complex, fc, fc, y_grad.at(outer, first + q),
                  y_grad.row_stride, y_grad.plane_stride, Write::overwrite, middle_grad + q,
                  ptrdiff_t(2 * strip), ptrdiff_t(strip));
        run_stage(adjoint.second, fc, fc, adjoint.output_complex, static_cast<const T*>(middle_grad + q),
                  ptrdiff_t(2 * strip), ptrdiff_t(strip), write, x_grad.at(outer, first + q),
                  x_grad.row_stride, x_grad.plane_stride);
      });
      team.team_barrier();
      add_gradient(team, forward.first, 0, count, true, middle_grad, fc, forward.input_complex, outer, first);
      add_gradient(team, forward.second, entries_first, count, false, middle, forward.output_complex, fc,
                   outer, first);
      team.team_barrier();
    }
  }
};

template <class T>
void backward(const Exec& space, const TwoStages<T>& forward, const TwoStages<T>& adjoint, int entries_first,
              const Lanes<const T>& x, const Lanes<const T>& y_grad, Write write, const Lanes<T>& x_grad,
              const Tensor<T, 3>& partial) {
  const size_t strips = (x.lanes() + strip - 1) / strip;
  Kokkos::deep_copy(space, partial, T(0));
  const BackwardKernel<T> kernel{forward, adjoint,       x,      y_grad,          x_grad, write,
                                 partial, entries_first, strips, strips * x.outer};
  const int team = Exec().concurrency() >= 1024 ? strip : 1;
  auto policy = Policy(space, gradient_chunks, team)
                    .set_scratch_size(1, Kokkos::PerTeam(int(BackwardKernel<T>::scratch_bytes(forward))));
  Kokkos::parallel_for("danaus::monarch::AxisTransform::backward (device)", policy, kernel);
}

}  // namespace danaus::monarch::device
