#pragma once

// The factors of one time step for every mode of the half spectrum: functions of |k|^2, viscosity and step
// alone.

#include <danaus/pde/solvers/navier_stokes.hpp>

#include <vector>

namespace danaus::pde {

/// phi_k(z) = sum_j z^j / (j + k)!, k = 0 .. 3 (phi_0 = exp), for z <= 0, to rounding error.
struct PhiFunctions {
  double phi[4];
};
PhiFunctions phi_functions(double z);

/// Modes of an n x n real grid: (kx, ky) with ky = 0 .. n/2, and which of them the advection keeps.
struct ModeGrid {
  explicit ModeGrid(size_t n);

  size_t n, half;
  size_t cutoff;  ///< largest kept |k|
  size_t kept;    ///< columns ky = 0 .. cutoff

  size_t size() const { return n * half; }
  bool keeps_row(size_t i) const { return i <= cutoff || n - i <= cutoff; }
};

/// etdrk4 with z = -4 pi^2 nu |k|^2 h:
///   decay = exp(z/2); half_gain = h/2 phi_1(z/2);
///   first = h (phi_1 - 3 phi_2 + 4 phi_3), middle = 2 h (phi_2 - 2 phi_3), last = h (4 phi_3 - phi_2) at z.
/// crank-nicolson: decay = (1 + z/2) / (1 - z/2); first = h / (1 - z/2).
template <class R>
struct StepTable {
  StepTable(const ModeGrid& grid, NavierStokesScheme scheme, double viscosity, double step);

  double step;
  std::vector<R> decay, half_gain, first, middle, last;  // (kx, ky)
};

}  // namespace danaus::pde
