#include <danaus/mri/operators/centred_fft.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/fft/root_of_unity.hpp>

#include <cmath>

namespace danaus::mri {

namespace {

template <class R>
Complex<R> narrow(Complex<double> z) {
  return {R(z.real()), R(z.imag())};
}

}  // namespace

template <class R>
Tensor<Complex<R>, 1> image_phase(size_t n) {
  HostTensor<Complex<R>, 1> phase("danaus::mri::image_phase", n);
  for (size_t j = 0; j < n; ++j) phase(j) = narrow<R>(fft::root_of_unity(long((n / 2) * j), long(n)));
  return to_device<Complex<R>, 1>(phase);
}

template <class R>
Tensor<Complex<R>, 1> kspace_phase(size_t n) {
  HostTensor<Complex<R>, 1> phase("danaus::mri::kspace_phase", n);
  for (size_t p = 0; p < n; ++p)
    phase(p) = narrow<R>(fft::root_of_unity(long((n / 2) * (p + n - n / 2)), long(n)));
  return to_device<Complex<R>, 1>(phase);
}

template <class R>
void multiply_phases(const Exec& space, ConstTensor<Complex<R>, 1> phase_y,
                     ConstTensor<Complex<R>, 1> phase_z, R scale, bool conjugated,
                     ConstTensor<Complex<R>, 4> x, Tensor<Complex<R>, 4> y) {
  require_shape("mri::multiply_phases: y", y, shape_of(x));
  const int channels = int(x.extent(3));
  Kokkos::parallel_for(
      "danaus::mri::multiply_phases",
      Indices<3>(space, {0, 0, 0},
                 {std::int64_t(x.extent(0)), std::int64_t(x.extent(1)), std::int64_t(x.extent(2))}),
      KOKKOS_LAMBDA(int b, int j, int k) {
        Complex<R> factor = scale * phase_y(j) * phase_z(k);
        if (conjugated) factor = conjugate(factor);
        for (int l = 0; l < channels; ++l) y(b, j, k, l) = factor * x(b, j, k, l);
      });
}

template <class R>
CentredFft<R>::CentredFft(const Shape<4>& shape)
    : shape_(shape),
      image_y_(image_phase<R>(shape[1])),
      image_z_(image_phase<R>(shape[2])),
      kspace_y_(kspace_phase<R>(shape[1])),
      kspace_z_(kspace_phase<R>(shape[2])),
      forward_(fft::geometry(shape, 1, 2), fft::Direction::forward),
      backward_(fft::geometry(shape, 1, 2), fft::Direction::backward) {}

template <class R>
void CentredFft<R>::forward(const Exec& space, ConstTensor<Complex<R>, 4> x, Tensor<Complex<R>, 4> y) const {
  require_shape("mri::CentredFft: x", x, shape_);
  require_shape("mri::CentredFft: y", y, shape_);
  const R root = R(1 / std::sqrt(double(shape_[1] * shape_[2])));
  multiply_phases<R>(space, image_y_, image_z_, root, false, x, y);
  forward_(space, y, y);
  multiply_phases<R>(space, kspace_y_, kspace_z_, R(1), false, y, y);
}

template <class R>
void CentredFft<R>::adjoint(const Exec& space, ConstTensor<Complex<R>, 4> x, Tensor<Complex<R>, 4> y) const {
  require_shape("mri::CentredFft: x", x, shape_);
  require_shape("mri::CentredFft: y", y, shape_);
  const R root = R(1 / std::sqrt(double(shape_[1] * shape_[2])));
  multiply_phases<R>(space, kspace_y_, kspace_z_, root, true, x, y);
  backward_(space, y, y);
  multiply_phases<R>(space, image_y_, image_z_, R(1), true, y, y);
}

#define DANAUS_INSTANTIATE(R)                                                                              \
  template Tensor<Complex<R>, 1> image_phase<R>(size_t);                                                   \
  template Tensor<Complex<R>, 1> kspace_phase<R>(size_t);                                                  \
  template void multiply_phases<R>(const Exec&, ConstTensor<Complex<R>, 1>, ConstTensor<Complex<R>, 1>, R, \
                                   bool, ConstTensor<Complex<R>, 4>, Tensor<Complex<R>, 4>);               \
  template class CentredFft<R>;
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::mri
