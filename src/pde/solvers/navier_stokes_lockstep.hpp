#pragma once

// All samples of a batch in lock-step, by device kernels and batched transforms: the GPU's way, and on a CPU
// the plain reference of the fused stepper.

#include <danaus/fft/plan.hpp>
#include <pde/solvers/navier_stokes_stepper.hpp>

#include <utility>

namespace danaus::pde {

/// Device copies of a step's factors, (kx, ky).
template <class R>
struct DeviceTables {
  ConstTensor<R, 1> decay, half_gain, first, middle, last;
  ConstTensor<R, 1> velocity_x, velocity_y, gradient_x, gradient_y;
};

template <class R>
class LockstepFlow {
 public:
  LockstepFlow(const Exec& space, const StepperTables<R>& tables, const StepTable<R>& step,
               NavierStokesScheme scheme, size_t samples);

  void set(ConstTensor<R, 3> w);
  /// frames(s, i, j, frame) = w(s, i stride, j stride)
  void get(size_t stride, size_t frame, Tensor<R, 4> frames);
  /// @param number  of this step, from 1: what first_failure() reports
  void step(size_t number);
  /// (sample, step) of the lowest sample that turned NaN, or (0, 0).
  std::pair<size_t, size_t> first_failure() const;

 private:
  void advection(int stage);

  Exec space_;
  ModeGrid grid_;
  R forcing_;
  NavierStokesScheme scheme_;
  DeviceTables<R> tables_;
  fft::RealForwardPlan<R> forward_;
  fft::RealBackwardPlan<R> backward_, backward_four_;
  Tensor<Complex<R>, 2> state_, scratch_;  // (sample, mode)
  Tensor<Complex<R>, 3> advected_;         // (stage, sample, mode)
  Tensor<Complex<R>, 3> spectra_;          // (field, sample, mode): u, v, w_x, w_y
  Tensor<R, 3> fields_;                    // (field, sample, point)
  Tensor<R, 2> product_;                   // (sample, point)
  Tensor<size_t, 1> failed_;               // (sample)
};

}  // namespace danaus::pde
