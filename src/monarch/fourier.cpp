#include <danaus/monarch/fourier.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/fft/root_of_unity.hpp>

namespace danaus::monarch {

template <class T>
void fourier_factors(const MonarchShape& shape, Fourier sign, const Tensor<Complex<T>, 3>& left,
                     const Tensor<Complex<T>, 3>& right) {
  require_shape("fourier_factors: left", left, shape.left());
  require_shape("fourier_factors: right", right, shape.right());
  const long blocks = long(shape.right_blocks), b = long(shape.left_blocks), n = blocks * b, s = long(sign);
  if (shape.left_rows != shape.right_blocks || shape.right_columns != shape.left_blocks)
    throw ShapeError("fourier_factors: the DFT needs a square Monarch shape");
  using Range = Indices<3>;
  Kokkos::parallel_for(
      "danaus::monarch::fourier_factors (right)", Range({0, 0, 0}, {blocks, b, b}),
      KOKKOS_LAMBDA(long k, long j, long i) {
        const auto w = fft::root_of_unity(s * (j * i * blocks + j * k), n);
        right(k, j, i) = Complex<T>(T(w.real()), T(w.imag()));
      });
  Kokkos::parallel_for(
      "danaus::monarch::fourier_factors (left)", Range({0, 0, 0}, {b, blocks, blocks}),
      KOKKOS_LAMBDA(long j, long l, long k) {
        const auto w = fft::root_of_unity(s * l * k, blocks);
        left(j, l, k) = Complex<T>(T(w.real()), T(w.imag()));
      });
  Kokkos::fence("danaus::monarch::fourier_factors");
}

#define DANAUS_INSTANTIATE(T)                                                                  \
  template void fourier_factors<T>(const MonarchShape&, Fourier, const Tensor<Complex<T>, 3>&, \
                                   const Tensor<Complex<T>, 3>&);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
