#pragma once

#include <danaus/core/tensor.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace danaus::pde {

enum class NavierStokesScheme { etdrk4, crank_nicolson };

/// "etdrk4", "crank-nicolson". @throws UsageError naming the valid names
NavierStokesScheme navier_stokes_scheme(const std::string& name);

struct NavierStokesOptions {
  double viscosity = 1e-3;
  size_t resolution = 64;  ///< solver grid, any n >= 4
  double record_interval = 1;
  size_t frames = 20;
  NavierStokesScheme scheme = NavierStokesScheme::etdrk4;
  /// Largest step; the step used is record_interval / m, so that frames are hit exactly. 0: the scheme's
  /// default (etdrk4: 1/20, refined as the tolerance asks; crank-nicolson: 1e-4 as published).
  double dt = 0;
  /// etdrk4 only: bound on the estimated local error per unit time, ‖error‖ / ‖w‖. 0: steps of dt, unchecked.
  double tolerance = 1e-8;
  double forcing = 0.1;  ///< amplitude of f
};

/// What a solve took. Worst over the samples.
struct NavierStokesReport {
  size_t steps = 0;  ///< steps of one sample, the checks' included
  double smallest_step = 0;
  double error_estimate = 0;  ///< sum over time of the estimated local errors, relative
};

/// Two-dimensional Navier-Stokes in vorticity form on the unit torus,
///
///     w_t + u.grad w = nu Laplace w + f,   u = (psi_y, -psi_x),   -Laplace psi = w,
///     f = 0.1 (sin 2 pi (x + y) + cos 2 pi (x + y)),
///
/// pseudo-spectral: the advection is formed on the n x n grid, and its modes with |kx| or |ky| > (2/3)(n/2)
/// are dropped. The state keeps all modes, as in the published generator. Source: Li et al. 2021
/// (doi:10.48550/arXiv.2010.08895), section A.3.3 and its script.
///
/// Schemes
///   crank-nicolson  the published one, first order: Euler for advection and forcing, Crank-Nicolson for
///   diffusion etdrk4          fourth-order exponential Runge-Kutta, diffusion exact (Cox and Matthews 2002,
///                   doi:10.1006/jcph.2002.6995); phi functions by Taylor series near 0, so that nothing
///                   cancels (the problem that Kassam and Trefethen 2005, doi:10.1137/S1064827502410633, cure
///                   by contours)
///
/// Step size of etdrk4: the first and the last step of each record interval are taken whole and as two
/// halves; a fifteenth of the difference estimates the whole one's error, and the halves are kept. While
/// error / step exceeds the tolerance the interval is taken again with more steps; where the error allows,
/// the next one gets fewer. Per sample, from a ladder m, 3/2 m, 2 m, 3 m, .. of steps per interval. Below
/// rounding (eps / 3 per step) nothing is refined: in float the tolerance is in effect about 1e-6.
///
/// Samples are independent: one thread each on a CPU, with a workspace that stays in its cache; all in
/// lock-step on a GPU. The bits do not depend on the batch or the number of threads. Nothing is allocated in
/// the step loop.
template <class R>
class NavierStokes {
 public:
  /// @throws UsageError for an option out of range
  explicit NavierStokes(const NavierStokesOptions& options);
  ~NavierStokes();
  NavierStokes(NavierStokes&&) noexcept;

  const NavierStokesOptions& options() const;

  /// @param initial  (sample, n, n) vorticity at t = 0, w[s, i, j] at x = i / n, y = j / n; zero mean
  /// expected
  /// @param frames   (sample, m, m, frame): w at t = record_interval, 2 record_interval, ..; m divides n,
  /// every
  ///                 (n / m)-th point is recorded
  /// @param first    number of sample 0 in messages
  /// @throws InternalError naming step, time and sample if the vorticity is not finite or the tolerance is
  /// out of
  ///         reach; ShapeError
  NavierStokesReport solve(const Exec& space, ConstTensor<R, 3> initial, Tensor<R, 4> frames,
                           std::uint64_t first = 0) const;

  /// The same in lock-step over the batch, by device kernels and batched transforms: how a GPU runs it, on
  /// any machine. Fixed steps: `dt` alone decides, `tolerance` is not used.
  NavierStokesReport solve_in_lockstep(const Exec& space, ConstTensor<R, 3> initial, Tensor<R, 4> frames,
                                       std::uint64_t first = 0) const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace danaus::pde
