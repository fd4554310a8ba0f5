#include <danaus/monarch/exact/kronecker.hpp>

#include <danaus/core/instantiate.hpp>

#include <monarch/exact/permutations.hpp>

#include <bit>

namespace danaus::monarch {

namespace {

template <class T, class Entry>
HostTensor<T, 2> small_square(size_t n, const Entry& entry) {
  HostTensor<T, 2> a("danaus::monarch::small_square", n, n);
  for (size_t row = 0; row < n; ++row)
    for (size_t column = 0; column < n; ++column) a(row, column) = entry(row, column);
  return a;
}

}  // namespace

template <class T>
MonarchMatrix<T> kronecker(const HostTensor<T, 2>& a, const HostTensor<T, 2>& b) {
  const auto left = make_blocks<T>(b.extent(0), a.extent(0), a.extent(1));
  const auto right = make_blocks<T>(a.extent(1), b.extent(0), b.extent(1));
  for (size_t j = 0; j < b.extent(0); ++j)
    for (size_t e = 0; e < a.size(); ++e) left.data()[j * a.size() + e] = a.data()[e];
  for (size_t k = 0; k < a.extent(1); ++k)
    for (size_t e = 0; e < b.size(); ++e) right.data()[k * b.size() + e] = b.data()[e];
  return make_monarch<T>(left, right);
}

template <class T>
MonarchMatrix<T> hadamard_matrix(size_t n, size_t block) {
  const auto shape = MonarchShape::square(n, block);
  if (!std::has_single_bit(n))
    throw ShapeError("hadamard_matrix: n = " + std::to_string(n) +
                     " is not a power of two; the next one is " + std::to_string(std::bit_ceil(n)));
  const auto sign = [](size_t o, size_t t) { return std::popcount(o & t) % 2 == 0 ? T(1) : T(-1); };
  return kronecker<T>(small_square<T>(shape.right_blocks, sign), small_square<T>(shape.left_blocks, sign));
}

template <class T>
MonarchMatrix<T> identity_matrix(size_t n, size_t block) {
  const auto shape = MonarchShape::square(n, block);
  const auto delta = [](size_t o, size_t t) { return o == t ? T(1) : T(0); };
  return kronecker<T>(small_square<T>(shape.right_blocks, delta), small_square<T>(shape.left_blocks, delta));
}

#define DANAUS_INSTANTIATE(T)                                                               \
  template MonarchMatrix<T> kronecker<T>(const HostTensor<T, 2>&, const HostTensor<T, 2>&); \
  template MonarchMatrix<T> hadamard_matrix<T>(size_t, size_t);                             \
  template MonarchMatrix<T> identity_matrix<T>(size_t, size_t);
DANAUS_FOR_EACH_SCALAR(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
