#include <danaus/monarch/mm_star.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/monarch/exact/product_algebra.hpp>

#include <numeric>
#include <string>

namespace danaus::monarch {

namespace {

template <class T>
BlockProduct<T> product_of(const HostTensor<T, 3>& outer, const HostTensor<T, 3>& middle,
                           const HostTensor<T, 3>& inner) {
  const size_t J = outer.extent(0), L = outer.extent(1), K = outer.extent(2), J2 = inner.extent(0),
               L2 = inner.extent(2);
  if (outer.size() == 0 || inner.size() == 0 || shape_of(middle) != Shape<3>{K, J, J2} ||
      inner.extent(1) != K)
    throw ShapeError("MMStar: outer " + to_string(shape_of(outer)) + ", middle " +
                     to_string(shape_of(middle)) + " and inner " + to_string(shape_of(inner)) +
                     "; expected (j, l, k), (k, j, j') and (j', k, l')");
  std::vector<size_t> order(J * L), to_outer(J * K), to_middle(K * J2), input(J2 * L2);
  for (size_t j = 0; j < J; ++j) {
    for (size_t l = 0; l < L; ++l) order[l * J + j] = j * L + l;
    for (size_t k = 0; k < K; ++k) to_outer[j * K + k] = k * J + j;
  }
  for (size_t j = 0; j < J2; ++j) {
    for (size_t k = 0; k < K; ++k) to_middle[k * J2 + j] = j * K + k;
    for (size_t l = 0; l < L2; ++l) input[j * L2 + l] = l * J2 + j;
  }
  const HostTensor<T, 3> ones("danaus::monarch::ones", J * L, 1, 1);
  fill(ones, T(1));
  return BlockProduct<T>({{ones, order}, {outer, to_outer}, {middle, to_middle}, {inner, input}});
}

}  // namespace

template <class T>
MMStar<T>::MMStar(const HostTensor<T, 3>& outer, const HostTensor<T, 3>& middle,
                  const HostTensor<T, 3>& inner)
    : outer_(outer), middle_(middle), inner_(inner), product_(product_of<T>(outer, middle, inner)) {}

template <class T>
MMStar<T> mm_star(const MonarchMatrix<T>& m1, const MonarchMatrix<T>& m2) {
  const auto &a = m1.shape(), &b = m2.shape();
  if (a.right_blocks != b.right_blocks || a.right_columns != b.right_columns ||
      m1.input_permutation() != m2.input_permutation())
    throw ShapeError("mm_star: right blocks " + to_string(a.right()) + " and " + to_string(b.right()) +
                     "; expected as many, of as many columns, behind the same input permutation");
  const HostTensor<T, 3> middle("danaus::monarch::middle", a.right_blocks, a.left_blocks, b.left_blocks),
      inner("danaus::monarch::inner", b.left_blocks, b.right_blocks, b.left_rows);
  for (size_t k = 0; k < a.right_blocks; ++k)
    for (size_t j = 0; j < a.left_blocks; ++j)
      for (size_t j2 = 0; j2 < b.left_blocks; ++j2)
        for (size_t i = 0; i < a.right_columns; ++i)
          middle(k, j, j2) += m1.right()(k, j, i) * conjugate(m2.right()(k, j2, i));
  for (size_t j = 0; j < b.left_blocks; ++j)
    for (size_t k = 0; k < b.right_blocks; ++k)
      for (size_t l = 0; l < b.left_rows; ++l) inner(j, k, l) = conjugate(m2.left()(j, l, k));
  return MMStar<T>(to_host(m1.left()), middle, inner);
}

template <class T>
BlockProduct<T> m_star_m(const MonarchMatrix<T>& m1, const MonarchMatrix<T>& m2) {
  const auto &a = m1.shape(), &b = m2.shape();
  if (a.left_blocks != b.left_blocks || a.left_rows != b.left_rows)
    throw ShapeError("m_star_m: left blocks " + to_string(a.left()) + " and " + to_string(b.left()) +
                     "; expected as many, of as many rows");
  return simplify(compose(adjoint(to_product(m1)), to_product(m2)));
}

#define DANAUS_INSTANTIATE(T)                                                      \
  template class MMStar<T>;                                                        \
  template MMStar<T> mm_star<T>(const MonarchMatrix<T>&, const MonarchMatrix<T>&); \
  template BlockProduct<T> m_star_m<T>(const MonarchMatrix<T>&, const MonarchMatrix<T>&);
DANAUS_FOR_EACH_SCALAR(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
