#include <danaus/core/instantiate.hpp>
#include <danaus/fft/half_spectrum.hpp>
#include <pde/solvers/step_tables.hpp>

#include <cmath>

namespace danaus::pde {

PhiFunctions phi_functions(double z) {
  PhiFunctions f;
  f.phi[0] = std::exp(z);
  if (std::abs(z) < 1) {
    // Horner on sum_j z^j / (j + 3)!, 20 terms: the next one is below 1e-23. The recurrence downwards,
    // phi_k = z phi_{k+1} + 1 / k!, loses nothing.
    double sum = 0, factorial = 1;
    for (int j = 1; j <= 22; ++j) factorial *= j;
    for (int j = 22; j >= 3; --j) {
      sum = sum * z + 1 / factorial;
      factorial /= j;
    }
    f.phi[3] = sum;
    f.phi[2] = z * f.phi[3] + 0.5;
    f.phi[1] = z * f.phi[2] + 1;
  } else {
    f.phi[1] = std::expm1(z) / z;
    f.phi[2] = (f.phi[1] - 1) / z;
    f.phi[3] = (f.phi[2] - 0.5) / z;
  }
  return f;
}

ModeGrid::ModeGrid(size_t n) : n(n), half(fft::half_size(n)), cutoff(2 * (n / 2) / 3), kept(cutoff + 1) {}

template <class R>
StepTable<R>::StepTable(const ModeGrid& grid, NavierStokesScheme scheme, double viscosity, double h)
    : step(h) {
  const bool exponential = scheme == NavierStokesScheme::etdrk4;
  for (auto* table : {&decay, &first}) table->resize(grid.size());
  if (exponential)
    for (auto* table : {&half_gain, &middle, &last}) table->resize(grid.size());
  for (size_t i = 0; i < grid.n; ++i)
    for (size_t j = 0; j < grid.half; ++j) {
      const size_t at = i * grid.half + j;
      const double kx = double(fft::wavenumber(i, grid.n)), ky = double(j);
      const double z = -4 * M_PI * M_PI * viscosity * (kx * kx + ky * ky) * h;
      if (!exponential) {
        decay[at] = R((1 + z / 2) / (1 - z / 2));
        first[at] = R(h / (1 - z / 2));
        continue;
      }
      const PhiFunctions half = phi_functions(z / 2), full = phi_functions(z);
      decay[at] = R(half.phi[0]);
      half_gain[at] = R(h / 2 * half.phi[1]);
      first[at] = R(h * (full.phi[1] - 3 * full.phi[2] + 4 * full.phi[3]));
      middle[at] = R(2 * h * (full.phi[2] - 2 * full.phi[3]));
      last[at] = R(h * (4 * full.phi[3] - full.phi[2]));
    }
}

template struct StepTable<float>;
template struct StepTable<double>;

}  // namespace danaus::pde
