#include <danaus/linalg/svd.hpp>

#include <linalg/lapack.hpp>
#include <linalg/svd_lanes.hpp>

#include <algorithm>
#include <cmath>

namespace danaus::linalg {

namespace {

using Z = Complex<double>;

template <class T>
double squared_norm(const T* x, size_t size) {
  double sum = 0;
  for (size_t i = 0; i < size; ++i)
    sum += Kokkos::real(x[i]) * Kokkos::real(x[i]) + Kokkos::imag(x[i]) * Kokkos::imag(x[i]);
  return sum;
}

/// The power of two that brings the largest part of any entry to [1/2, 1), so that squares neither overflow
/// nor vanish; 0 for a zero matrix.
template <class T>
double scale_of(const T* a, size_t size) {
  double largest = 0;
  for (size_t i = 0; i < size; ++i)
    largest = std::max({largest, std::abs(Kokkos::real(a[i])), std::abs(Kokkos::imag(a[i]))});
  if (largest == 0) return 0;
  int exponent;
  std::frexp(largest, &exponent);
  return std::ldexp(1.0, -std::max(exponent, -1000));
}

/// Makes the columns orthonormal by Gram and Schmidt, twice; a column that is nothing but the others becomes
/// zero or an arbitrary direction.
template <class T>
void orthonormalize(T* a, size_t rows, size_t columns) {
  for (size_t c = 0; c < columns; ++c) {
    T* x = a + c * rows;
    for (int pass = 0; pass < 2; ++pass) {
      for (size_t b = 0; b < c; ++b) {
        const T* y = a + b * rows;
        T product(0);
        for (size_t r = 0; r < rows; ++r) product += conjugate(y[r]) * x[r];
        for (size_t r = 0; r < rows; ++r) x[r] -= product * y[r];
      }
      const double norm = std::sqrt(squared_norm(x, rows));
      for (size_t r = 0; r < rows; ++r) x[r] = norm > 0 ? x[r] / norm : T(0);
    }
  }
}

/// Triplets of b (rows >= columns): u orthonormal, v with the singular values in it.
template <class T>
struct Triplets {
  std::vector<T> u, scaled_v;
  std::vector<double> sigma;  ///< empty if the method failed
};

template <class T>
Triplets<T> by_gram(const std::vector<T>& b, size_t rows, size_t columns, size_t rank) {
  const int m = int(rows), n = int(columns), r = int(rank);
  std::vector<T> gram(columns * columns), vectors(columns * rank);
  std::vector<double> values(columns);
  lapack::gram(m, n, b.data(), gram.data());
  const int found = lapack::hermitian_eigen(n, gram.data(), n - r + 1, n, values.data(), vectors.data());
  if (found != r) return {};
  Triplets<T> t{std::vector<T>(rows * rank), std::vector<T>(columns * rank), std::vector<double>(rank)};
  for (size_t q = 0; q < rank / 2; ++q)  // the largest first
    std::swap_ranges(&vectors[q * columns], &vectors[q * columns] + columns,
                     &vectors[(rank - 1 - q) * columns]);
  lapack::multiply(CblasNoTrans, m, r, n, b.data(), vectors.data(), t.u.data());
  orthonormalize(t.u.data(), rows, rank);
  lapack::multiply(CblasConjTrans, n, r, m, b.data(), t.u.data(), t.scaled_v.data());
  for (size_t q = 0; q < rank; ++q) t.sigma[q] = std::sqrt(squared_norm(&t.scaled_v[q * columns], columns));
  return t;
}

/// Whether the Gram matrix, whose eigenvalues are known to eps sigma_1^2, was enough. With `missed` = rho ‖b‖
/// the norm of what the triplets leave, a direction lost to rounding costs at most eps sigma_1^2 / missed,
/// which is little while missed is of the order of ‖b‖. Otherwise the kept values must stand clear of what is
/// left, and of sqrt(eps) sigma_1: then the vectors are as exact as those of the matrix itself.
template <class T>
bool is_accurate(const Triplets<T>& t, double norm_squared) {
  if (t.sigma.empty()) return false;
  if (t.sigma.size() == 1) return true;  // alone above the rest, or close to it: either way exact
  double kept = 0;
  for (double s : t.sigma) kept += s * s;
  const double missed = std::sqrt(std::max(0.0, norm_squared - kept));
  const double last = *std::min_element(t.sigma.begin(), t.sigma.end());
  return missed >= 1e-2 * std::sqrt(norm_squared) || (last >= 2 * missed && last >= 1e-2 * t.sigma[0]);
}

template <class T>
Triplets<T> by_gesdd(std::vector<T> b, size_t rows, size_t columns, size_t rank) {
  std::vector<T> u(rows * columns), v_adjoint(columns * columns);
  std::vector<double> sigma(columns);
  lapack::svd('S', int(rows), int(columns), b.data(), sigma.data(), u.data(), v_adjoint.data());
  Triplets<T> t{std::vector<T>(u.begin(), u.begin() + ptrdiff_t(rows * rank)), std::vector<T>(columns * rank),
                std::vector<double>(sigma.begin(), sigma.begin() + ptrdiff_t(rank))};
  for (size_t q = 0; q < rank; ++q)
    for (size_t c = 0; c < columns; ++c)
      t.scaled_v[q * columns + c] = sigma[q] * conjugate(v_adjoint[c * columns + q]);
  return t;
}

void require_rank(size_t rows, size_t columns, size_t rank) {
  if (rank == 0 || rank > std::min(rows, columns))
    throw ShapeError("leading_svd: rank " + std::to_string(rank) + " of a matrix of " + std::to_string(rows) +
                     " x " + std::to_string(columns));
}

#if !defined(KOKKOS_ENABLE_CUDA)
/// dominant_svd() with one matrix in each lane.
template <class T>
void dominant_by_lanes(size_t count, const T* a, size_t rows, size_t columns, T* u, double* sigma, T* v) {
  using Work = DominantLanes<std::conditional_t<is_complex_v<T>, lanes::ComplexPack, lanes::Pack>>;
  constexpr int lanes = Work::width, parts = is_complex_v<T> ? 2 : 1;
  const bool tall = rows >= columns;  // else b is the adjoint
  const size_t longer = tall ? rows : columns, shorter = tall ? columns : rows;
  Work work(longer, shorter);
  T *long_out = tall ? u : v, *short_out = tall ? v : u;
  for (size_t first = 0; first < count; first += size_t(lanes)) {
    const int used = int(std::min(size_t(lanes), count - first));
    double scales[lanes] = {};
    for (int w = 0; w < lanes; ++w) {
      const T* matrix = a + (first + size_t(std::min(w, used - 1))) * rows * columns;
      scales[w] = scale_of(matrix, rows * columns);
      for (size_t c = 0; c < columns; ++c)
        for (size_t r = 0; r < rows; ++r) {
          const T x = matrix[c * rows + r] * scales[w];
          const size_t row = tall ? r : c, column = tall ? c : r;
          work.entry(row, column, 0, w) = Kokkos::real(x);
          if constexpr (parts == 2) work.entry(row, column, 1, w) = tall ? x.imag() : -x.imag();
        }
    }
    work.compute();
    for (int w = 0; w < used; ++w) {
      const size_t m = first + size_t(w);
      sigma[m] = scales[w] > 0 ? work.sigma(w) / scales[w] : 0;
      for (size_t i = 0; i < longer; ++i) {
        if constexpr (parts == 2)
          long_out[m * longer + i] = T(work.u(i, 0, w), work.u(i, 1, w));
        else
          long_out[m * longer + i] = work.u(i, 0, w);
      }
      for (size_t i = 0; i < shorter; ++i) {
        if constexpr (parts == 2)
          short_out[m * shorter + i] = T(work.v(i, 0, w), work.v(i, 1, w));
        else
          short_out[m * shorter + i] = work.v(i, 0, w);
      }
    }
  }
}
#endif

}  // namespace

template <class T>
SingularTriplets<T> leading_svd(const T* a, size_t rows, size_t columns, size_t rank) {
  require_rank(rows, columns, rank);
  SingularTriplets<T> result{rank, std::vector<T>(rows * rank), std::vector<double>(rank),
                             std::vector<T>(columns * rank)};
  const double scale = scale_of(a, rows * columns);
  if (scale == 0) return result;
  const bool tall = rows >= columns;
  std::vector<T> b(rows * columns);
  for (size_t c = 0; c < columns; ++c)
    for (size_t r = 0; r < rows; ++r) {
      const T x = scale * a[c * rows + r];
      b[tall ? c * rows + r : r * columns + c] = tall ? x : conjugate(x);
    }
  const size_t longer = tall ? rows : columns, shorter = tall ? columns : rows;
  auto t = by_gram(b, longer, shorter, rank);
  if (!is_accurate(t, squared_norm(b.data(), b.size()))) t = by_gesdd(std::move(b), longer, shorter, rank);
  for (size_t q = 0; q < rank; ++q) {
    result.sigma[q] = t.sigma[q] / scale;
    for (size_t i = 0; i < longer; ++i) (tall ? result.u : result.v)[q * longer + i] = t.u[q * longer + i];
    for (size_t i = 0; i < shorter; ++i)
      (tall ? result.v : result.u)[q * shorter + i] =
          t.sigma[q] > 0 ? t.scaled_v[q * shorter + i] / t.sigma[q] : T(0);
  }
  return result;
}

template <class T>
void dominant_svd(size_t count, const T* a, size_t rows, size_t columns, T* u, double* sigma, T* v) {
  if (count == 0) return;
  require_rank(rows, columns, 1);
#if !defined(KOKKOS_ENABLE_CUDA)
  if (std::min(rows, columns) <= largest_lane_side)
    return dominant_by_lanes(count, a, rows, columns, u, sigma, v);
#endif
  for (size_t m = 0; m < count; ++m) {
    const auto t = leading_svd(a + m * rows * columns, rows, columns, 1);
    std::copy(t.u.begin(), t.u.end(), u + m * rows);
    std::copy(t.v.begin(), t.v.end(), v + m * columns);
    sigma[m] = t.sigma[0];
  }
}

template <class T>
std::vector<double> singular_values(const T* a, size_t rows, size_t columns) {
  require_rank(rows, columns, 1);
  std::vector<T> copy(a, a + rows * columns);
  std::vector<double> sigma(std::min(rows, columns));
  lapack::svd('N', int(rows), int(columns), copy.data(), sigma.data(), nullptr, nullptr);
  return sigma;
}

#define DANAUS_INSTANTIATE(T)                                                       \
  template SingularTriplets<T> leading_svd<T>(const T*, size_t, size_t, size_t);    \
  template void dominant_svd<T>(size_t, const T*, size_t, size_t, T*, double*, T*); \
  template std::vector<double> singular_values<T>(const T*, size_t, size_t);
DANAUS_INSTANTIATE(double)
DANAUS_INSTANTIATE(Z)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::linalg
