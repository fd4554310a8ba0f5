#pragma once

#include <danaus/core/tensor.hpp>
#include <danaus/fft/serial_plan.hpp>

namespace danaus::mri::detail {

/// The inverse of CentredFft along the readouts of a volume, for use inside a parallel loop: `lines` lines of
/// n samples, one behind the other, where they lie. Position x of a line times phase(x) is its slice x: those
/// who keep some slices multiply those alone.
class ReadoutInverse {
 public:
  ReadoutInverse(size_t n, size_t lines);

  void operator()(Complex<float>* samples) const;
  Complex<float> phase(size_t x) const { return Kokkos::conj(after_(x)); }

 private:
  size_t n_, lines_;
  HostTensor<Complex<float>, 1> before_, after_;
  fft::SerialPlan<float> plan_;
};

}  // namespace danaus::mri::detail
