#include <monarch/structured/truncated_svd.hpp>

#include <danaus/core/instantiate.hpp>

#include <monarch/structured/batch.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <type_traits>

namespace danaus::monarch {

namespace {

/// The rotations run in double precision whatever T is.
template <class T>
using Wide = std::conditional_t<is_complex_v<T>, Complex<double>, double>;

/// Vectors to be made orthogonal, one in each row, with the rotations collected in `basis`.
template <class D>
struct Rotated {
  HostTensor<D, 2> vectors, basis;
};

template <class D>
double squared_modulus(D x) {
  return Kokkos::real(x) * Kokkos::real(x) + Kokkos::imag(x) * Kokkos::imag(x);
}

template <class View, class D>
void rotate_rows(const View& m, size_t p, size_t q, double c, double s, D phase) {
  for (size_t e = 0; e < m.extent(1); ++e) {
    const D x = m(p, e), y = m(q, e) * conjugate(phase);
    m(p, e) = c * x - s * y;
    m(q, e) = s * x + c * y;
  }
}

/// Rotates rows p and q of both so that the vectors become orthogonal; whether they were not.
template <class D>
bool rotate(const Rotated<D>& rows, size_t p, size_t q) {
  const auto& v = rows.vectors;
  const size_t length = v.extent(1);
  double pp = 0, qq = 0;
  D pq(0);
  for (size_t e = 0; e < length; ++e) {
    pp += squared_modulus(v(p, e));
    qq += squared_modulus(v(q, e));
    pq += conjugate(v(p, e)) * v(q, e);
  }
  const double off = double(Kokkos::abs(pq));
  // Entries are at most 1: what lies below is zero, and its inverse would overflow.
  constexpr double nothing = 1e-290;
  const double rounding = 4 * std::numeric_limits<double>::epsilon() * std::sqrt(double(length));
  if (!(off > nothing) || off <= rounding * std::sqrt(pp) * std::sqrt(qq)) return false;
  const D phase = pq * (1 / off);  // makes the inner product real
  const double zeta = (qq - pp) / (2 * off);
  const double t = (zeta >= 0 ? 1.0 : -1.0) / (std::abs(zeta) + std::hypot(1.0, zeta));
  const double c = 1 / std::hypot(1.0, t), s = t * c;
  rotate_rows(rows.vectors, p, q, c, s, phase);
  rotate_rows(rows.basis, p, q, c, s, phase);
  return true;
}

template <class T, class D>
T narrow(D x) {
  if constexpr (is_complex_v<T>)
    return {real_t<T>(x.real()), real_t<T>(x.imag())};
  else
    return T(x);
}

}  // namespace

template <class T>
TruncatedSvd<T> truncated_svd(const HostTensor<T, 2>& a, size_t rank) {
  using D = Wide<T>;
  const size_t rows = a.extent(0), columns = a.extent(1);
  const bool tall = rows >= columns;
  const size_t count = tall ? columns : rows, length = tall ? rows : columns;
  require_finite("singular value decomposition", a);
  double scale = 0;
  for (size_t e = 0; e < a.size(); ++e) scale = std::max(scale, double(Kokkos::abs(a.data()[e])));
  if (scale == 0) scale = 1;
  // The shorter side's vectors: columns of a, or columns of a*.
  Rotated<D> rotated{HostTensor<D, 2>("vectors", count, length), HostTensor<D, 2>("basis", count, count)};
  for (size_t p = 0; p < count; ++p) {
    rotated.basis(p, p) = D(1);
    for (size_t e = 0; e < length; ++e)
      rotated.vectors(p, e) = D(tall ? a(e, p) : conjugate(a(p, e))) / scale;
  }
  constexpr int max_sweeps = 40;  // quadratic convergence: about 8 are used
  for (int sweep = 0; sweep < max_sweeps; ++sweep) {
    bool rotated_any = false;
    for (size_t p = 0; p + 1 < count; ++p)
      for (size_t q = p + 1; q < count; ++q) rotated_any = rotate(rotated, p, q) || rotated_any;
    if (!rotated_any) break;
  }
  std::vector<double> norms(count);
  for (size_t p = 0; p < count; ++p) {
    for (size_t e = 0; e < length; ++e) norms[p] += squared_modulus(rotated.vectors(p, e));
    norms[p] = std::sqrt(norms[p]);
  }
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t(0));
  std::stable_sort(order.begin(), order.end(), [&](size_t p, size_t q) { return norms[p] > norms[q]; });

  TruncatedSvd<T> svd{HostTensor<T, 2>("u", rows, rank), {}, HostTensor<T, 2>("v", columns, rank)};
  const auto &longer = tall ? svd.u : svd.v, &shorter = tall ? svd.v : svd.u;
  for (size_t r = 0; r < rank; ++r) {
    const size_t p = order[r];
    svd.sigma.push_back(scale * norms[p]);
    // A zero singular value has no direction of its own; its triplet counts for nothing.
    for (size_t e = 0; e < length; ++e)
      longer(e, r) = norms[p] > 0 ? narrow<T>(rotated.vectors(p, e) / norms[p]) : T(0);
    for (size_t e = 0; e < count; ++e) shorter(e, r) = narrow<T>(rotated.basis(p, e));
  }
  return svd;
}

#define DANAUS_INSTANTIATE(T) template TruncatedSvd<T> truncated_svd<T>(const HostTensor<T, 2>&, size_t);
DANAUS_FOR_EACH_SCALAR(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
