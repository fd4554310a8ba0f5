#include <nn/convolution_direct.hpp>

#include <danaus/core/instantiate.hpp>

namespace danaus::nn {

template <class T>
void convolve_direct(const Exec& space, const ConvolutionShape& s, const ConstTensor<T, 4>& weights,
                     const ConstTensor<T, 4>& x, const Tensor<T, 4>& y) {
  const size_t out_x = s.out_x(), out_y = s.out_y();
  Kokkos::parallel_for(
      "danaus::nn::convolve_direct", over_entries(space, y), KOKKOS_LAMBDA(size_t q) {
        const size_t o = q % s.out_channels, j = q / s.out_channels % out_y;
        const size_t i = q / s.out_channels / out_y % out_x, b = q / s.out_channels / out_y / out_x;
        T sum = 0;
        for (size_t k = 0; k < s.kernel_x; ++k)
          for (size_t l = 0; l < s.kernel_y; ++l) {
            // Unsigned: what lies before the grid is larger than any index.
            const size_t m = s.stride * i + k - s.padding_x, n = s.stride * j + l - s.padding_y;
            if (m >= s.in_x || n >= s.in_y) continue;
            for (size_t c = 0; c < s.in_channels; ++c) sum += weights(o, k, l, c) * x(b, m, n, c);
          }
        y.data()[q] = sum;
      });
}

template <class T>
void convolve_direct_adjoint(const Exec& space, const ConvolutionShape& s, const ConstTensor<T, 4>& weights,
                             const ConstTensor<T, 4>& y_grad, Write write, const Tensor<T, 4>& x_grad) {
  const size_t out_x = s.out_x(), out_y = s.out_y();
  Kokkos::parallel_for(
      "danaus::nn::convolve_direct_adjoint", over_entries(space, x_grad), KOKKOS_LAMBDA(size_t q) {
        const size_t c = q % s.in_channels, n = q / s.in_channels % s.in_y;
        const size_t m = q / s.in_channels / s.in_y % s.in_x, b = q / s.in_channels / s.in_y / s.in_x;
        T sum = 0;
        for (size_t k = 0; k < s.kernel_x; ++k)
          for (size_t l = 0; l < s.kernel_y; ++l) {
            const size_t i = m + s.padding_x - k, j = n + s.padding_y - l;  // stride times an output's index
            if (i % s.stride != 0 || j % s.stride != 0 || i / s.stride >= out_x || j / s.stride >= out_y)
              continue;
            for (size_t o = 0; o < s.out_channels; ++o)
              sum += weights(o, k, l, c) * y_grad(b, i / s.stride, j / s.stride, o);
          }
        store(write, sum, x_grad.data()[q]);
      });
}

template <class T>
void convolve_direct_gradient(const Exec& space, const ConvolutionShape& s, const ConstTensor<T, 4>& x,
                              const ConstTensor<T, 4>& y_grad, const Tensor<T, 4>& weights_grad) {
  const size_t out_x = s.out_x(), out_y = s.out_y();
  Kokkos::parallel_for(
      "danaus::nn::convolve_direct_gradient", over_entries(space, weights_grad), KOKKOS_LAMBDA(size_t q) {
        const size_t c = q % s.in_channels, l = q / s.in_channels % s.kernel_y;
        const size_t k = q / s.in_channels / s.kernel_y % s.kernel_x;
        const size_t o = q / s.in_channels / s.kernel_y / s.kernel_x;
        T sum = 0;
        for (size_t b = 0; b < s.batch; ++b)
          for (size_t i = 0; i < out_x; ++i) {
            const size_t m = s.stride * i + k - s.padding_x;
            if (m >= s.in_x) continue;
            for (size_t j = 0; j < out_y; ++j) {
              const size_t n = s.stride * j + l - s.padding_y;
              if (n < s.in_y) sum += y_grad(b, i, j, o) * x(b, m, n, c);
            }
          }
        weights_grad.data()[q] += sum;
      });
}

#define DANAUS_INSTANTIATE(T)                                                                               \
  template void convolve_direct<T>(const Exec&, const ConvolutionShape&, const ConstTensor<T, 4>&,          \
                                   const ConstTensor<T, 4>&, const Tensor<T, 4>&);                          \
  template void convolve_direct_adjoint<T>(const Exec&, const ConvolutionShape&, const ConstTensor<T, 4>&,  \
                                           const ConstTensor<T, 4>&, Write, const Tensor<T, 4>&);           \
  template void convolve_direct_gradient<T>(const Exec&, const ConvolutionShape&, const ConstTensor<T, 4>&, \
                                            const ConstTensor<T, 4>&, const Tensor<T, 4>&);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::nn
