#include <danaus/pde/problems/gaussian_random_field.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/instantiate.hpp>
#include <danaus/core/random.hpp>
#include <danaus/fft/plan.hpp>
#include <danaus/fft/symmetric_plan.hpp>

#include <cmath>

namespace danaus::pde {

FieldNormalisation field_normalisation(const std::string& name) {
  if (name == "2020") return FieldNormalisation::v2020;
  if (name == "2022") return FieldNormalisation::v2022;
  if (name == "paper") return FieldNormalisation::paper;
  throw UsageError("normalisation: expected 2020, 2022 or paper, found '" + name + "'");
}

namespace {

double variance(FieldNormalisation normalisation) {
  switch (normalisation) {
    case FieldNormalisation::v2020:
      return 2 * 343.0;
    case FieldNormalisation::v2022:
      return 343.0;
    case FieldNormalisation::paper:
      return std::pow(7.0, 1.5);
  }
  return 0;
}

}  // namespace

/// Numbers the pairs (a, b) so that those below any bound come first: a mode keeps its number at every
/// resolution.
KOKKOS_INLINE_FUNCTION std::uint64_t mode_index(std::uint64_t a, std::uint64_t b) {
  return a >= b ? a * a + a + b : b * b + a;
}

template <class R>
void periodic_modes(const Exec& space, std::uint64_t seed, std::uint64_t first, double scale, size_t nx,
                    size_t ny, Tensor<Complex<R>, 3> spectrum) {
  Kokkos::parallel_for(
      "danaus::pde::periodic_modes",
      Indices<3>(space, {0, 0, 0}, {spectrum.extent(0), spectrum.extent(1), spectrum.extent(2)}),
      KOKKOS_LAMBDA(size_t s, size_t i, size_t j) {
        const long kx = fft::wavenumber(i, nx), ky = long(j);
        Complex<R> value(0, 0);
        // The sign of n/2 is lost on the grid: such modes are left out, so that finer grids hold the same
        // field.
        if ((kx != 0 || ky != 0) && 2 * i != nx && 2 * j != ny) {
          // Of k and -k the one with ky > 0, or ky = 0 and kx > 0, owns the random numbers.
          const bool conjugate = ky == 0 && kx < 0;
          const long owner = conjugate ? -kx : kx;
          const auto noise = Random(seed, stream::field + ((first + s) << 8))
                                 .normal_pair(mode_index(owner >= 0 ? 2 * owner : -2 * owner - 1, ky));
          const double pi = 3.14159265358979323846;
          const double amplitude = scale * Kokkos::pow(4 * pi * pi * double(kx * kx + ky * ky) + 49, -1.25);
          value =
              Complex<R>(R(amplitude * noise.first), R((conjugate ? -amplitude : amplitude) * noise.second));
        }
        spectrum(s, i, j) = value;
      });
}

template <class R>
void periodic_field(const Exec& space, std::uint64_t seed, std::uint64_t first,
                    FieldNormalisation normalisation, Tensor<R, 3> field) {
  const size_t nx = field.extent(1), ny = field.extent(2);
  if (nx == 0 || ny == 0)
    throw ShapeError("periodic_field: no grid points in shape " + to_string(shape_of(field)));
  if (field.extent(0) == 0) return;
  const auto spectrum =
      uninitialized<Complex<R>, 3>("danaus::pde::periodic_field", {field.extent(0), nx, fft::half_size(ny)});
  // X_k of the Hermitian spectrum is half of the sum over the pair: variance v / 2 per component.
  periodic_modes<R>(space, seed, first, std::sqrt(variance(normalisation) / 2), nx, ny, spectrum);
  fft::RealBackwardPlan<R>({field.extent(0), {nx, ny}, 1})(space, spectrum, field);
  space.fence("danaus::pde::periodic_field");
}

template <class R>
void neumann_modes(const Exec& space, std::uint64_t seed, std::uint64_t first, Tensor<R, 3> modes) {
  const size_t nx = modes.extent(1), ny = modes.extent(2);
  Kokkos::parallel_for(
      "danaus::pde::neumann_modes", Indices<3>(space, {0, 0, 0}, {modes.extent(0), nx, ny}),
      KOKKOS_LAMBDA(size_t s, size_t i, size_t j) {
        double value = 0;
        if ((i != 0 || j != 0) && i + 1 < nx && j + 1 < ny) {
          const double pi = 3.14159265358979323846;
          const double noise = Random(seed, stream::field + ((first + s) << 8)).normal(mode_index(i, j));
          // The transform counts each k > 0 twice: e_k = sqrt 2 becomes 1 / sqrt 2.
          const double half = (i != 0 ? 0.70710678118654752440 : 1) * (j != 0 ? 0.70710678118654752440 : 1);
          value = 3 / (pi * pi * double(i * i + j * j) + 9) * half * noise;
        }
        modes(s, i, j) = R(value);
      });
}

template <class R>
void neumann_field(const Exec& space, std::uint64_t seed, std::uint64_t first, Tensor<R, 3> field) {
  const auto shape = shape_of(field);
  if (shape[1] < 2 || shape[2] < 2)
    throw ShapeError("neumann_field: expected at least 2 points per axis, found shape " + to_string(shape));
  const auto modes = uninitialized<R, 3>("danaus::pde::neumann_field", shape);
  neumann_modes<R>(space, seed, first, modes);
  fft::SymmetricPlan<R>(fft::Symmetry::cosine, shape[0], shape[1], shape[2])(space, modes, field);
}

#define DANAUS_INSTANTIATE(R)                                                                    \
  template void periodic_field<R>(const Exec&, std::uint64_t, std::uint64_t, FieldNormalisation, \
                                  Tensor<R, 3>);                                                 \
  template void neumann_field<R>(const Exec&, std::uint64_t, std::uint64_t, Tensor<R, 3>);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::pde
