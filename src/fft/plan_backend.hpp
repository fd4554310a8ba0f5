#pragma once

// How a Plan runs: FFTW pieces over host threads, or cuFFT. One of the two is compiled.

#include <danaus/fft/plan.hpp>

#if defined(KOKKOS_ENABLE_CUDA)
#include <cufft.h>
#endif

namespace danaus::fft::detail {

#if defined(KOKKOS_ENABLE_CUDA)

/// One cuFFT plan. cuFFT knows one batch stride: the inner axis is its batch and the outer one a loop of
/// launches, or, when there is no inner axis, the outer one is its batch.
template <class R>
class PlanBackend {
 public:
  PlanBackend(const Geometry& geometry, Transform transform, bool in_place, Planning planning);
  ~PlanBackend();
  PlanBackend(const PlanBackend&) = delete;
  PlanBackend& operator=(const PlanBackend&) = delete;

  void run(const Exec& space, void* in, void* out) const;

 private:
  Transform transform_;
  cufftHandle plan_{};
  size_t launches_, in_step_, out_step_;  // steps in bytes
};

#else

/// A list of passes over the array, each one FFTW plan that is repeated over many equal pieces.
/// Small or many transforms: one multi-dimensional plan per outer index. Few large ones: one pass per axis,
/// cut into lines and blocks of lanes, so that all threads have work. The choice depends on the shape alone.
template <class R>
class PlanBackend {
 public:
  PlanBackend(const Geometry& geometry, Transform transform, bool in_place, Planning planning);

  void run(const Exec& space, void* in, void* out) const;

 private:
  enum class Where { input_to_output, in_input, in_output };
  struct Pass {
    Where where;
    Transform kind;
    size_t outer, blocks, lanes;  // pieces = outer * blocks; lanes of a full block
    size_t in_step, out_step;     // entries between outer indices
    SerialPlan<R> full, last;     // the last block may have fewer lanes
  };

  void add_whole_pass(const Geometry& geometry, Transform transform, bool in_place, Planning planning);
  void add_axis_pass(const Geometry& geometry, bool half_spectrum, size_t axis, Transform transform,
                     Where where, bool in_place, Planning planning);
  void run_pass(const Pass& pass, void* in, void* out) const;

  std::vector<Pass> passes_;
};

#endif

}  // namespace danaus::fft::detail
