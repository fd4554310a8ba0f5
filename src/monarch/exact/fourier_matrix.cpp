#include <danaus/monarch/exact/fourier_matrix.hpp>

#include <danaus/core/instantiate.hpp>

#include <monarch/exact/permutations.hpp>

#include <cmath>

namespace danaus::monarch {

namespace {

double scale_of(Normalization normalization, size_t n) {
  switch (normalization) {
    case Normalization::none:
      return 1;
    case Normalization::inverse:
      return 1 / double(n);
    default:
      return 1 / std::sqrt(double(n));
  }
}

template <class R>
HostTensor<Complex<R>, 3> scaled(double scale, const Tensor<Complex<double>, 3>& blocks) {
  const auto host = to_host(blocks);
  const auto result = make_blocks<Complex<R>>(host.extent(0), host.extent(1), host.extent(2));
  for (size_t e = 0; e < host.size(); ++e) {
    const auto w = scale * host.data()[e];
    result.data()[e] = Complex<R>(R(w.real()), R(w.imag()));
  }
  return result;
}

}  // namespace

template <class R>
MonarchMatrix<Complex<R>> fourier_matrix(size_t n, size_t block, Fourier sign, Normalization normalization) {
  const auto shape = MonarchShape::square(n, block);
  const auto left = zeros<Complex<double>, 3>("left", shape.left());
  const auto right = zeros<Complex<double>, 3>("right", shape.right());
  fourier_factors<double>(shape, sign, left, right);
  // The scale goes into the left factor: one rounding more, none where it is a power of two.
  return make_monarch<Complex<R>>(scaled<R>(scale_of(normalization, n), left), scaled<R>(1, right),
                                  transposing_permutation(shape.right_blocks, shape.right_columns));
}

#define DANAUS_INSTANTIATE(R) \
  template MonarchMatrix<Complex<R>> fourier_matrix<R>(size_t, size_t, Fourier, Normalization);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
