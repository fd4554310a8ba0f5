#include <danaus/fft/half_spectrum.hpp>

#include <danaus/core/instantiate.hpp>

namespace danaus::fft {

template <class R>
void weight_half_spectrum(const Exec& space, HalfWeight weight, size_t n, R factor,
                          Tensor<Complex<R>, 3> spectrum) {
  require_shape("weight_half_spectrum", spectrum, {spectrum.extent(0), half_size(n), spectrum.extent(2)});
  const R twice = weight == HalfWeight::multiply ? R(2) : R(0.5);
  Kokkos::parallel_for(
      "danaus::fft::weight_half_spectrum",
      Indices<3>(space, {0, 0, 0}, {spectrum.extent(0), spectrum.extent(1), spectrum.extent(2)}),
      KOKKOS_LAMBDA(size_t o, size_t k, size_t i) {
        spectrum(o, k, i) *= half_weight(k, n) == 1 ? factor : factor * twice;
      });
}

template <class R>
void make_hermitian(const Exec& space, size_t ny, Tensor<Complex<R>, 3> spectrum) {
  const size_t nx = spectrum.extent(1);
  require_shape("make_hermitian", spectrum, {spectrum.extent(0), nx, half_size(ny)});
  Kokkos::parallel_for(
      "danaus::fft::make_hermitian", Indices<2>(space, {0, 0}, {spectrum.extent(0), half_size(nx)}),
      KOKKOS_LAMBDA(size_t s, size_t i) {
        const size_t j = mirror_index(i, nx);
        for (size_t k = 0; k < half_size(ny); k += (ny / 2 > 0 ? ny / 2 : 1)) {
          if (half_weight(k, ny) != 1) continue;
          const Complex<R> mean = R(0.5) * (spectrum(s, i, k) + Kokkos::conj(spectrum(s, j, k)));
          spectrum(s, i, k) = mean;
          spectrum(s, j, k) = Kokkos::conj(mean);
        }
      });
}

#define DANAUS_INSTANTIATE(R)                                                                       \
  template void weight_half_spectrum<R>(const Exec&, HalfWeight, size_t, R, Tensor<Complex<R>, 3>); \
  template void make_hermitian<R>(const Exec&, size_t, Tensor<Complex<R>, 3>);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::fft
