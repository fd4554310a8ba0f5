#include <danaus/nn/mode_mixing.hpp>

#include <danaus/core/instantiate.hpp>

#if !defined(KOKKOS_ENABLE_CUDA)
#include "mode_mixing_host.hpp"
#endif

namespace danaus::nn {

namespace {

template <class T>
void require_shapes(const char* what, const Tensor<Complex<T>, 4>& weights, const Tensor<T, 5>& spectrum,
                    const Tensor<T, 5>& out) {
  const std::string name(what);
  require_shape(name + ": spectrum", spectrum,
                {spectrum.extent(0), weights.extent(0), 2, weights.extent(1), weights.extent(2)});
  require_shape(name + ": out", out,
                {spectrum.extent(0), weights.extent(0), 2, weights.extent(1), weights.extent(3)});
}

}  // namespace

/// One thread per number; builds for GPUs and without vectors use it.
template <class T>
void mix_modes_device(const Exec& space, const Tensor<Complex<T>, 4>& weights, const Tensor<T, 5>& spectrum,
                      const Tensor<T, 5>& out) {
  using Range = Indices<4>;
  Kokkos::parallel_for(
      "danaus::nn::mix_modes (device)",
      Range(space, {0, 0, 0, 0},
            {long(out.extent(0)), long(out.extent(1)), long(out.extent(3)), long(out.extent(4))}),
      KOKKOS_LAMBDA(long b, long kx, long ky, long o) {
        Complex<T> sum(0, 0);
        for (size_t i = 0; i < weights.extent(2); ++i)
          sum += weights(kx, ky, i, o) * Complex<T>(spectrum(b, kx, 0, ky, i), spectrum(b, kx, 1, ky, i));
        out(b, kx, 0, ky, o) = sum.real();
        out(b, kx, 1, ky, o) = sum.imag();
      });
}

template <class T>
void mix_modes_backward_device(const Exec& space, const Tensor<Complex<T>, 4>& weights,
                               const Tensor<T, 5>& spectrum, const Tensor<T, 5>& out_grad,
                               const Tensor<T, 5>& spectrum_grad, const Tensor<Complex<T>, 4>& weights_grad) {
  using Range = Indices<4>;
  Kokkos::parallel_for(
      "danaus::nn::mix_modes_backward (device, spectrum)",
      Range(space, {0, 0, 0, 0},
            {long(spectrum.extent(0)), long(spectrum.extent(1)), long(spectrum.extent(3)),
             long(spectrum.extent(4))}),
      KOKKOS_LAMBDA(long b, long kx, long ky, long i) {
        Complex<T> sum(0, 0);
        for (size_t o = 0; o < weights.extent(3); ++o)
          sum += Kokkos::conj(weights(kx, ky, i, o)) *
                 Complex<T>(out_grad(b, kx, 0, ky, o), out_grad(b, kx, 1, ky, o));
        spectrum_grad(b, kx, 0, ky, i) = sum.real();
        spectrum_grad(b, kx, 1, ky, i) = sum.imag();
      });
  Kokkos::parallel_for(
      "danaus::nn::mix_modes_backward (device, weights)",
      Range(space, {0, 0, 0, 0},
            {long(weights.extent(0)), long(weights.extent(1)), long(weights.extent(2)),
             long(weights.extent(3))}),
      KOKKOS_LAMBDA(long kx, long ky, long i, long o) {
        Complex<T> sum(0, 0);
        for (size_t b = 0; b < spectrum.extent(0); ++b)
          sum += Complex<T>(out_grad(b, kx, 0, ky, o), out_grad(b, kx, 1, ky, o)) *
                 Complex<T>(spectrum(b, kx, 0, ky, i), -spectrum(b, kx, 1, ky, i));
        weights_grad(kx, ky, i, o) += sum;
      });
}

template <class T>
void mix_modes(const Exec& space, const Tensor<Complex<T>, 4>& weights, const Tensor<T, 5>& spectrum,
               const Tensor<T, 5>& out) {
  require_shapes<T>("mix_modes", weights, spectrum, out);
#if !defined(KOKKOS_ENABLE_CUDA)
  if constexpr (simd::width < T >> 1) return host::mix<T>(space, weights, spectrum, out);
#endif
  mix_modes_device<T>(space, weights, spectrum, out);
}

template <class T>
void mix_modes_backward(const Exec& space, const Tensor<Complex<T>, 4>& weights, const Tensor<T, 5>& spectrum,
                        const Tensor<T, 5>& out_grad, const Tensor<T, 5>& spectrum_grad,
                        const Tensor<Complex<T>, 4>& weights_grad) {
  require_shapes<T>("mix_modes_backward", weights, spectrum, out_grad);
  require_shape("mix_modes_backward: spectrum_grad", spectrum_grad, shape_of(spectrum));
  require_shape("mix_modes_backward: weights_grad", weights_grad, shape_of(weights));
#if !defined(KOKKOS_ENABLE_CUDA)
  if constexpr (simd::width < T >> 1)
    return host::mix_backward<T>(space, weights, spectrum, out_grad, spectrum_grad, weights_grad);
#endif
  mix_modes_backward_device<T>(space, weights, spectrum, out_grad, spectrum_grad, weights_grad);
}

#define DANAUS_INSTANTIATE(T)                                                                                \
  template void mix_modes<T>(const Exec&, const Tensor<Complex<T>, 4>&, const Tensor<T, 5>&,                 \
                             const Tensor<T, 5>&);                                                           \
  template void mix_modes_backward<T>(const Exec&, const Tensor<Complex<T>, 4>&, const Tensor<T, 5>&,        \
                                      const Tensor<T, 5>&, const Tensor<T, 5>&,                              \
                                      const Tensor<Complex<T>, 4>&);                                         \
  template void mix_modes_device<T>(const Exec&, const Tensor<Complex<T>, 4>&, const Tensor<T, 5>&,          \
                                    const Tensor<T, 5>&);                                                    \
  template void mix_modes_backward_device<T>(const Exec&, const Tensor<Complex<T>, 4>&, const Tensor<T, 5>&, \
                                             const Tensor<T, 5>&, const Tensor<T, 5>&,                       \
                                             const Tensor<Complex<T>, 4>&);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::nn
