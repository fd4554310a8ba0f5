#include <danaus/monarch/structured/double_sparse.hpp>

#include <danaus/core/instantiate.hpp>

#include <monarch/structured/batch.hpp>
#include <monarch/structured/truncated_svd.hpp>

#include <algorithm>
#include <cmath>

namespace danaus::monarch {

namespace {

template <class T>
using Matrix = HostTensor<T, 2>;

template <class View>
auto conjugate_transpose(const View& a) {
  using T = typename View::non_const_value_type;
  const auto result = make_batch<T>(a.extent(1), a.extent(0));
  for (size_t r = 0; r < a.extent(0); ++r)
    for (size_t c = 0; c < a.extent(1); ++c) result(c, r) = conjugate(a(r, c));
  return result;
}

template <class View>
auto product(const View& a, const View& b) {
  using T = typename View::non_const_value_type;
  const auto result = make_batch<T>(a.extent(0), b.extent(1));
  for (size_t r = 0; r < a.extent(0); ++r)
    for (size_t m = 0; m < a.extent(1); ++m) {
      const T factor = a(r, m);
      if (factor == T(0)) continue;
      for (size_t c = 0; c < b.extent(1); ++c) result(r, c) += factor * b(m, c);
    }
  return result;
}

/// Lower Cholesky factor of a Hermitian matrix, in place; false if it is not positive definite.
template <class View>
bool factorize_cholesky(const View& a) {
  using T = typename View::non_const_value_type;
  for (size_t c = 0; c < a.extent(0); ++c) {
    double pivot = double(Kokkos::real(a(c, c)));
    for (size_t m = 0; m < c; ++m) pivot -= double(Kokkos::real(a(c, m) * conjugate(a(c, m))));
    if (!(pivot > 0)) return false;
    a(c, c) = T(real_t<T>(std::sqrt(pivot)));
    for (size_t r = c + 1; r < a.extent(0); ++r) {
      T sum = a(r, c);
      for (size_t m = 0; m < c; ++m) sum -= a(r, m) * conjugate(a(c, m));
      a(r, c) = sum / a(c, c);
    }
  }
  return true;
}

/// Solves L L* x = b in place, b with `columns` right-hand sides.
template <class View>
void solve_cholesky(const View& lower, const View& b) {
  const size_t n = lower.extent(0), columns = b.extent(1);
  for (size_t r = 0; r < n; ++r)
    for (size_t c = 0; c < columns; ++c) {
      auto sum = b(r, c);
      for (size_t m = 0; m < r; ++m) sum -= lower(r, m) * b(m, c);
      b(r, c) = sum / lower(r, r);
    }
  for (size_t r = n; r-- > 0;)
    for (size_t c = 0; c < columns; ++c) {
      auto sum = b(r, c);
      for (size_t m = r + 1; m < n; ++m) sum -= conjugate(lower(m, r)) * b(m, c);
      b(r, c) = sum / lower(r, r);
    }
}

/// The `entries` largest entries in modulus, the first of equals; others become zero.
template <class View>
auto keep_largest(const View& a, size_t entries) {
  using T = typename View::non_const_value_type;
  std::vector<size_t> order(a.size());
  for (size_t e = 0; e < order.size(); ++e) order[e] = e;
  std::vector<double> size(a.size());
  for (size_t e = 0; e < size.size(); ++e) size[e] = double(Kokkos::abs(a.data()[e]));
  const size_t kept = std::min(entries, a.size());
  std::nth_element(order.begin(), order.begin() + ptrdiff_t(kept) - 1, order.end(),
                   [&](size_t p, size_t q) { return size[p] != size[q] ? size[p] > size[q] : p < q; });
  const auto result = make_batch<T>(a.extent(0), a.extent(1));
  for (size_t e = 0; e < kept; ++e) result.data()[order[e]] = a.data()[order[e]];
  return result;
}

/// Least squares for each column of b on the pattern where b is not zero: min ‖w - a b‖, through the normal
/// equations gram = a* a and moment = a* w. A column whose equations are singular keeps what it has.
template <class View>
void refit_columns(const View& gram, const View& moment, const View& b) {
  using T = typename View::non_const_value_type;
  for (size_t c = 0; c < b.extent(1); ++c) {
    std::vector<size_t> support;
    for (size_t r = 0; r < b.extent(0); ++r)
      if (b(r, c) != T(0)) support.push_back(r);
    const size_t n = support.size();
    if (n == 0) continue;
    const auto small = make_batch<T>(n, n), x = make_batch<T>(n, 1);
    for (size_t p = 0; p < n; ++p) {
      x(p, 0) = moment(support[p], c);
      for (size_t q = 0; q < n; ++q) small(p, q) = gram(support[p], support[q]);
    }
    if (!factorize_cholesky(small)) continue;
    solve_cholesky(small, x);
    for (size_t p = 0; p < n; ++p) b(support[p], c) = x(p, 0);
  }
}

/// Penalties of the method of multipliers, for factors with columns of unit norm. Which of them finds the
/// better patterns depends on the matrix (a factor of two in the error, tried on banded and on random ones),
/// so the whole fit runs with each.
constexpr double penalties[] = {1.0, 0.3, 0.1};

/// A sparse b with at most `entries` entries and a small ‖w - a b‖, starting from `start`.
template <class T>
Matrix<T> sparse_factor(const Matrix<T>& w, const Matrix<T>& a, const Matrix<T>& start, size_t entries,
                        double penalty) {
  constexpr int iterations = 20;
  using R = real_t<T>;
  const size_t size = a.extent(1), columns = w.extent(1);
  // With columns of unit norm the entries of b compete for their places on equal terms.
  const auto unit = make_batch<T>(a.extent(0), size);
  std::vector<R> norms(size);
  for (size_t m = 0; m < size; ++m) {
    double sum = 0;
    for (size_t r = 0; r < a.extent(0); ++r) sum += std::pow(double(Kokkos::abs(a(r, m))), 2);
    norms[m] = sum > 0 ? R(std::sqrt(sum)) : R(1);
    for (size_t r = 0; r < a.extent(0); ++r) unit(r, m) = a(r, m) / norms[m];
  }
  const auto adjoint_unit = conjugate_transpose(unit), gram = product(adjoint_unit, unit),
             moment = product(adjoint_unit, w), system = product(adjoint_unit, unit);
  for (size_t m = 0; m < size; ++m) system(m, m) += T(R(penalty));
  if (!factorize_cholesky(system)) return start;

  auto sparse = make_batch<T>(size, columns);
  for (size_t m = 0; m < size; ++m)
    for (size_t c = 0; c < columns; ++c) sparse(m, c) = start(m, c) * norms[m];
  const auto dual = make_batch<T>(size, columns);
  for (int step = 0; step < iterations; ++step) {
    const auto b = make_batch<T>(size, columns);
    for (size_t e = 0; e < b.size(); ++e)
      b.data()[e] = moment.data()[e] + T(R(penalty)) * (sparse.data()[e] - dual.data()[e]);
    solve_cholesky(system, b);
    for (size_t e = 0; e < b.size(); ++e) b.data()[e] += dual.data()[e];
    sparse = keep_largest(b, entries);
    for (size_t e = 0; e < b.size(); ++e) dual.data()[e] = b.data()[e] - sparse.data()[e];
  }
  refit_columns(gram, moment, sparse);
  for (size_t m = 0; m < size; ++m)
    for (size_t c = 0; c < columns; ++c) sparse(m, c) = sparse(m, c) / norms[m];
  return sparse;
}

template <class T>
Matrix<T> identity(size_t n) {
  const auto result = make_batch<T>(n, n);
  for (size_t p = 0; p < n; ++p) result(p, p) = T(1);
  return result;
}

template <class T>
struct DensePair {
  Matrix<T> outer, inner;
};

template <class T>
DensePair<T> first_guess(const Matrix<T>& w, size_t inner_size, size_t outer_entries, size_t inner_entries) {
  const size_t rows = w.extent(0), columns = w.extent(1);
  if (inner_size == columns && columns <= inner_entries)
    return {keep_largest(w, outer_entries), identity<T>(columns)};
  if (inner_size == rows && rows <= outer_entries) return {identity<T>(rows), keep_largest(w, inner_entries)};
  const size_t rank = std::min({inner_size, rows, columns});
  const auto svd = truncated_svd<T>(w, rank);
  DensePair<T> guess{make_batch<T>(rows, inner_size), make_batch<T>(inner_size, columns)};
  for (size_t q = 0; q < rank; ++q) {
    const auto root = real_t<T>(std::sqrt(svd.sigma[q]));
    for (size_t r = 0; r < rows; ++r) guess.outer(r, q) = root * svd.u(r, q);
    for (size_t c = 0; c < columns; ++c) guess.inner(q, c) = root * conjugate(svd.v(c, q));
  }
  return {keep_largest(guess.outer, outer_entries), keep_largest(guess.inner, inner_entries)};
}

/// Finds each factor in turn, keeping a new one only if it lowers the error.
template <class T>
DensePair<T> alternate(const Matrix<T>& a, DensePair<T> pair, size_t outer_entries, size_t inner_entries,
                       double penalty, const FitOptions& options, FitReport& report) {
  const auto error_of = [&](const DensePair<T>& candidate) {
    return relative_residual<T>(a, product(candidate.outer, candidate.inner));
  };
  double error = error_of(pair);
  const auto take = [&](const DensePair<T>& candidate) {
    const double reached = error_of(candidate);
    if (!(reached < error)) return;
    pair = candidate;
    error = reached;
  };
  report.relative_error = {error};
  const auto target = conjugate_transpose(a);
  for (size_t step = 1; step < options.iterations; ++step) {
    const double previous = error;
    take({pair.outer, sparse_factor<T>(a, pair.outer, pair.inner, inner_entries, penalty)});
    // ‖a - outer inner‖ = ‖a* - inner* outer*‖.
    const auto outer = sparse_factor<T>(target, conjugate_transpose(pair.inner),
                                        conjugate_transpose(pair.outer), outer_entries, penalty);
    take({conjugate_transpose(outer), pair.inner});
    report.relative_error.push_back(error);
    if (!(error < previous * (1 - options.tolerance))) break;
  }
  return pair;
}

void require_entries(const char* factor, size_t entries, size_t rows, size_t columns) {
  if (entries == 0 || entries > rows * columns)
    throw ShapeError("fit_double_sparse: " + std::to_string(entries) + " entries for the " + factor +
                     " factor of " + std::to_string(rows) + " x " + std::to_string(columns));
}

}  // namespace

template <class T>
DoubleSparse<T> fit_double_sparse(const HostTensor<T, 2>& a, size_t inner_size, size_t outer_entries,
                                  size_t inner_entries, const FitOptions& options, FitReport* report) {
  require_entries("outer", outer_entries, a.extent(0), inner_size);
  require_entries("inner", inner_entries, inner_size, a.extent(1));
  require_finite("fit_double_sparse", a);
  const auto start = first_guess<T>(a, inner_size, outer_entries, inner_entries);
  DensePair<T> best = start;
  FitReport best_report;
  for (double penalty : penalties) {
    FitReport reached;
    const auto pair = alternate<T>(a, start, outer_entries, inner_entries, penalty, options, reached);
    if (!best_report.relative_error.empty() &&
        !(reached.relative_error.back() < best_report.relative_error.back()))
      continue;
    best = pair;
    best_report = reached;
  }
  if (report) *report = best_report;
  return DoubleSparse<T>(Sparse<T>::from_dense(best.outer), Sparse<T>::from_dense(best.inner));
}

#define DANAUS_INSTANTIATE(T)                                                                    \
  template DoubleSparse<T> fit_double_sparse<T>(const HostTensor<T, 2>&, size_t, size_t, size_t, \
                                                const FitOptions&, FitReport*);
DANAUS_FOR_EACH_SCALAR(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
