#include <monarch/structured/truncated_svd.hpp>

#include <danaus/core/instantiate.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace danaus::monarch {

namespace {

/// Vectors to be made orthogonal, one in each row, with the rotations collected in `basis`.
template <class T>
struct Rotated {
  HostTensor<T, 2> vectors, basis;
};

/// Rotates rows p and q of both so that the vectors become orthogonal; whether they were not.
template <class T>
bool rotate(const Rotated<T>& rows, size_t p, size_t q) {
  using R = real_t<T>;
  const auto& v = rows.vectors;
  const size_t length = v.extent(1);
  double pp = 0, qq = 0;
  T pq(0);
  for (size_t e = 0; e < length; ++e) {
    pp += double(Kokkos::real(v(p, e) * conjugate(v(p, e))));
    qq += double(Kokkos::real(v(q, e) * conjugate(v(q, e))));
    pq += conjugate(v(p, e)) * v(q, e);
  }
  const double off = double(Kokkos::abs(pq));
  if (!(off > double(std::numeric_limits<R>::epsilon()) * std::sqrt(pp) * std::sqrt(qq)) || off == 0)
    return false;
  const T phase = pq * R(1 / off);  // makes the inner product real
  const double zeta = (qq - pp) / (2 * off);
  const double t = (zeta >= 0 ? 1.0 : -1.0) / (std::abs(zeta) + std::hypot(1.0, zeta));
  const R c = R(1 / std::hypot(1.0, t)), s = R(t / std::hypot(1.0, t));
  for (const auto& m : {rows.vectors, rows.basis})
    for (size_t e = 0; e < m.extent(1); ++e) {
      const T x = m(p, e), y = m(q, e) * conjugate(phase);
      m(p, e) = c * x - s * y;
      m(q, e) = s * x + c * y;
    }
  return true;
}

}  // namespace

template <class T>
TruncatedSvd<T> truncated_svd(const HostTensor<T, 2>& a, size_t rank) {
  const size_t rows = a.extent(0), columns = a.extent(1);
  const bool tall = rows >= columns;
  const size_t count = tall ? columns : rows, length = tall ? rows : columns;
  // The shorter side's vectors: columns of a, or columns of a*.
  Rotated<T> rotated{HostTensor<T, 2>("vectors", count, length), HostTensor<T, 2>("basis", count, count)};
  for (size_t p = 0; p < count; ++p) {
    rotated.basis(p, p) = T(1);
    for (size_t e = 0; e < length; ++e) {
      rotated.vectors(p, e) = tall ? a(e, p) : conjugate(a(p, e));
      if (!std::isfinite(double(Kokkos::abs(rotated.vectors(p, e)))))
        throw DataError("singular value decomposition: the matrix has an entry that is not finite in row " +
                        std::to_string(tall ? e : p) + ", column " + std::to_string(tall ? p : e));
    }
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
    for (size_t e = 0; e < length; ++e)
      norms[p] += double(Kokkos::real(rotated.vectors(p, e) * conjugate(rotated.vectors(p, e))));
    norms[p] = std::sqrt(norms[p]);
  }
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t(0));
  std::stable_sort(order.begin(), order.end(), [&](size_t p, size_t q) { return norms[p] > norms[q]; });

  TruncatedSvd<T> svd{HostTensor<T, 2>("u", rows, rank), {}, HostTensor<T, 2>("v", columns, rank)};
  const auto &longer = tall ? svd.u : svd.v, &shorter = tall ? svd.v : svd.u;
  for (size_t r = 0; r < rank; ++r) {
    const size_t p = order[r];
    svd.sigma.push_back(norms[p]);
    // A zero singular value has no direction of its own; its triplet counts for nothing.
    const auto inverse = real_t<T>(norms[p] > 0 ? 1 / norms[p] : 0);
    for (size_t e = 0; e < length; ++e) longer(e, r) = inverse * rotated.vectors(p, e);
    for (size_t e = 0; e < count; ++e) shorter(e, r) = rotated.basis(p, e);
  }
  return svd;
}

#define DANAUS_INSTANTIATE(T) template TruncatedSvd<T> truncated_svd<T>(const HostTensor<T, 2>&, size_t);
DANAUS_FOR_EACH_SCALAR(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
