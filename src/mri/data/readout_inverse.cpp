#include <danaus/mri/operators/centred_fft.hpp>
#include <mri/data/readout_inverse.hpp>

#include <cmath>

namespace danaus::mri::detail {

ReadoutInverse::ReadoutInverse(size_t n, size_t lines)
    : n_(n),
      lines_(lines),
      before_(to_host(kspace_phase<float>(n))),
      after_(to_host(image_phase<float>(n))),
      plan_(fft::SerialPlan<float>::complex({{n, 1, 1}}, {{lines, n, n}}, fft::Direction::backward, true)) {}

void ReadoutInverse::operator()(Complex<float>* samples) const {
  const float root = float(1 / std::sqrt(double(n_)));
  for (size_t line = 0; line < lines_; ++line)
    for (size_t x = 0; x < n_; ++x) samples[line * n_ + x] *= root * Kokkos::conj(before_(x));
  plan_(samples, samples);
}

}  // namespace danaus::mri::detail
