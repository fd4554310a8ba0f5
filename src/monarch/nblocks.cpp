#include <danaus/monarch/nblocks.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/core/random.hpp>

#include <cmath>
#include <numeric>

namespace danaus::monarch {

namespace {

/// Uniform on (-bound, bound); of complex numbers both parts, with the variance of the modulus.
template <class T>
HostTensor<T, 3> uniform(const Shape<3>& shape, const Random& random) {
  using R = real_t<T>;
  const HostTensor<T, 3> blocks("danaus::monarch::nblocks", layout_of<3>(shape));
  const double bound = 1 / std::sqrt(double(shape[2]) * (is_complex_v<T> ? 2 : 1));
  R* numbers = reinterpret_cast<R*>(blocks.data());
  for (size_t e = 0; e < blocks.size() * sizeof(T) / sizeof(R); ++e)
    numbers[e] = R(bound * (2 * random.uniform(e) - 1));
  return blocks;
}

template <class T>
BlockProduct<T> product_of(const NblocksShape& shape, const HostTensor<T, 3>& left,
                           const HostTensor<T, 3>& right) {
  const size_t n = shape.nblocks, p = shape.input_width(), s = shape.output_width(), q = shape.inner_width();
  require_shape("NblocksMatrix: left", left, {n, s, q});
  require_shape("NblocksMatrix: right", right, {n, q, p});
  std::vector<size_t> order(n * s), middle(n * q), input(n * p);
  for (size_t j = 0; j < n; ++j) {
    for (size_t row = 0; row < s; ++row) order[row * n + j] = j * s + row;
    for (size_t t = 0; t < q; ++t) middle[j * q + t] = t * n + j;
  }
  std::iota(input.begin(), input.end(), size_t(0));
  const HostTensor<T, 3> ones("danaus::monarch::ones", n * s, 1, 1);
  fill(ones, T(1));
  return BlockProduct<T>({{ones, order}, {left, middle}, {right, input}});
}

}  // namespace

NblocksShape NblocksShape::make(size_t outputs, size_t inputs, size_t nblocks) {
  if (outputs == 0 || inputs == 0 || nblocks == 0)
    throw ShapeError("NblocksShape: " + std::to_string(nblocks) + " blocks for " + std::to_string(outputs) +
                     " outputs and " + std::to_string(inputs) + " inputs; expected at least 1 of each");
  return {inputs, outputs, nblocks};
}

template <class T>
NblocksMatrix<T>::NblocksMatrix(const NblocksShape& shape, const HostTensor<T, 3>& left,
                                const HostTensor<T, 3>& right)
    : Padded<BlockProduct<T>>(product_of<T>(shape, left, right), shape.outputs, shape.inputs),
      shape_(shape) {}

template <class T>
NblocksMatrix<T> random_nblocks_matrix(const NblocksShape& shape, std::uint64_t seed) {
  const size_t n = shape.nblocks;
  return NblocksMatrix<T>(
      shape,
      uniform<T>({n, shape.output_width(), shape.inner_width()},
                 Random(seed, stream::initialization + (1 << 8))),
      uniform<T>({n, shape.inner_width(), shape.input_width()}, Random(seed, stream::initialization)));
}

#define DANAUS_INSTANTIATE(T)      \
  template class NblocksMatrix<T>; \
  template NblocksMatrix<T> random_nblocks_matrix<T>(const NblocksShape&, std::uint64_t);
DANAUS_FOR_EACH_SCALAR(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
