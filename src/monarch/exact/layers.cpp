#include <danaus/monarch/exact/layers.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/monarch/exact/fourier_matrix.hpp>
#include <danaus/monarch/exact/kronecker.hpp>
#include <danaus/monarch/exact/product_algebra.hpp>
#include <danaus/monarch/exact/trigonometric.hpp>

#include <monarch/exact/permutations.hpp>

#include <cmath>

namespace danaus::monarch {

namespace {

template <class... Sizes>
void require_equal_sizes(const char* what, size_t n, Sizes... sizes) {
  if (n == 0 || ((sizes != n) || ...))
    throw ShapeError(std::string(what) + ": expected " + std::to_string(n) + " (> 0) numbers in each, found" +
                     ((" " + std::to_string(sizes)) + ...));
}

template <class T>
BlockProduct<T> scaled_diagonal(std::vector<T> entries, real_t<T> scale) {
  for (T& x : entries) x *= scale;
  return diagonal_product(entries);
}

}  // namespace

template <class R>
BlockProduct<Complex<R>> afdf(const std::vector<Complex<R>>& a, const std::vector<Complex<R>>& d,
                              size_t block) {
  require_equal_sizes("afdf", a.size(), d.size());
  const auto f = to_product(fourier_matrix<R>(a.size(), block, Fourier::forward));
  // F^-1 = F* / n.
  return simplify(
      compose(compose(adjoint(f), scaled_diagonal(d, R(1) / R(a.size()))), compose(f, diagonal_product(a))));
}

template <class R>
BlockProduct<R> acdc(const std::vector<R>& a, const std::vector<R>& d, size_t block) {
  require_equal_sizes("acdc", a.size(), d.size());
  const auto c = cosine_transform<R>(TrigonometricType::two, a.size(), block);
  return simplify(compose(compose(adjoint(c), diagonal_product(d)), compose(c, diagonal_product(a))));
}

template <class R>
BlockProduct<R> fastfood(const std::vector<R>& s, const std::vector<R>& g,
                         const std::vector<size_t>& permutation, const std::vector<R>& b, R sigma,
                         size_t block) {
  require_equal_sizes("fastfood", s.size(), g.size(), permutation.size(), b.size());
  const auto h = to_product(hadamard_matrix<R>(s.size(), block));
  const R scale = R(1 / (double(sigma) * std::sqrt(double(s.size()))));
  const auto inner = compose(permutation_product<R>(permutation), compose(h, diagonal_product(b)));
  return simplify(compose(scaled_diagonal(s, scale), compose(h, compose(diagonal_product(g), inner))));
}

template <class R>
BlockProduct<R> hadamard_diagonal_cubed(const std::vector<R>& d1, const std::vector<R>& d2,
                                        const std::vector<R>& d3, size_t block) {
  require_equal_sizes("hadamard_diagonal_cubed", d1.size(), d2.size(), d3.size());
  const auto h = to_product(hadamard_matrix<R>(d1.size(), block));
  const R scale = R(1 / std::sqrt(double(d1.size())));
  const auto hd = [&](const std::vector<R>& d) { return compose(h, scaled_diagonal(d, scale)); };
  return simplify(compose(hd(d1), compose(hd(d2), hd(d3))));
}

template <class T>
BlockProduct<T> low_rank_product(const HostTensor<T, 2>& u, const HostTensor<T, 2>& v) {
  const size_t rank = u.extent(1);
  if (v.extent(1) != rank || rank == 0)
    throw ShapeError("low_rank_product: u of shape " + to_string(shape_of(u)) + " and v of shape " +
                     to_string(shape_of(v)) + " need the same number of columns, at least one");
  const auto outer = make_blocks<T>(1, u.extent(0), rank), inner = make_blocks<T>(1, rank, v.extent(0));
  for (size_t e = 0; e < u.size(); ++e) outer.data()[e] = u.data()[e];
  for (size_t q = 0; q < rank; ++q)
    for (size_t t = 0; t < v.extent(0); ++t) inner(0, q, t) = conjugate(v(t, q));
  return make_product<T>({{outer, identity_permutation(rank)}, {inner, identity_permutation(v.extent(0))}});
}

#define DANAUS_INSTANTIATE(R)                                                                               \
  template BlockProduct<Complex<R>> afdf<R>(const std::vector<Complex<R>>&, const std::vector<Complex<R>>&, \
                                            size_t);                                                        \
  template BlockProduct<R> acdc<R>(const std::vector<R>&, const std::vector<R>&, size_t);                   \
  template BlockProduct<R> fastfood<R>(const std::vector<R>&, const std::vector<R>&,                        \
                                       const std::vector<size_t>&, const std::vector<R>&, R, size_t);       \
  template BlockProduct<R> hadamard_diagonal_cubed<R>(const std::vector<R>&, const std::vector<R>&,         \
                                                      const std::vector<R>&, size_t);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

#define DANAUS_INSTANTIATE(T) \
  template BlockProduct<T> low_rank_product<T>(const HostTensor<T, 2>&, const HostTensor<T, 2>&);
DANAUS_FOR_EACH_SCALAR(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
