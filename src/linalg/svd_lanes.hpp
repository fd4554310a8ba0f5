#pragma once

#if !defined(KOKKOS_ENABLE_CUDA)

#include <danaus/core/simd.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

/// The dominant singular triplet of as many real matrices as the CPU's vectors have lanes, side by side:
/// every operation below is one on all lanes, so that small matrices run at the speed of large ones.
namespace danaus::linalg {

/// Matrices b (rows >= columns), entry (r, c) of matrix w at [(r * stride() + c) * lanes + w]. The matrices
/// are expected to be scaled to entries of at most 1.
class DominantLanes {
 public:
  static constexpr int lanes = simd::width<double>;

  DominantLanes(size_t rows, size_t columns)
      : rows_(rows),
        columns_(columns),
        stride_(columns | 1),
        b_(rows * stride_ * lanes),
        gram_(columns * stride_ * lanes),
        diagonal_(columns * lanes),
        off_(columns * lanes),
        tau_(columns * lanes),
        scratch_(2 * columns * lanes),
        long_(rows * lanes),
        short_(columns * lanes) {}

  double* input() { return b_.data(); }
  /// Odd: with a power of two whole columns would share one line of the cache.
  size_t stride() const { return stride_; }
  /// The singular vectors, of unit length, or zero for a zero matrix: u (row, lane), v (column, lane).
  const double* u() const { return long_.data(); }
  const double* v() const { return short_.data(); }
  const double* sigma() const { return sigma_; }

  void compute() {
    make_gram();
    tridiagonalize();
    find_largest_eigenvalue();
    find_eigenvector();
    apply_reflections();
    refine();
  }

 private:
  using Pack = simd::Pack<double>;
  static Pack at(const std::vector<double>& x, size_t i) { return simd::load(x.data() + i * lanes); }
  /// NaN in `x` gives `y`. Kokkos::max makes GCC 12 warn; operator> of Kokkos 4.5 is operator< on AVX-512.
  static Pack larger(const Pack& x, const Pack& y) { return Kokkos::Experimental::condition(y < x, x, y); }
  static void put(const Pack& pack, std::vector<double>& x, size_t i) {
    simd::store(pack, x.data() + i * lanes);
  }
  size_t index(size_t row, size_t column) const { return row * stride_ + column; }

  /// Lower triangle of b^T b. Some rows of b at a time, so that they stay in the first cache; four entries
  /// share each load.
  void make_gram() {
    constexpr size_t rows_at_once = 8;
    std::fill(gram_.begin(), gram_.end(), 0.0);
    for (size_t first = 0; first < rows_; first += rows_at_once) {
      const size_t last = std::min(rows_, first + rows_at_once);
      for (size_t row = 0; row < columns_; ++row)
        for (size_t column = 0; column <= row; column += 4) add_to_gram(row, column, first, last);
    }
  }

  void add_to_gram(size_t row, size_t column, size_t first, size_t last) {
    // Beyond the diagonal the entry on it is summed again, to the same number.
    const size_t c1 = std::min(column + 1, row), c2 = std::min(column + 2, row),
                 c3 = std::min(column + 3, row);
    Pack s0 = at(gram_, index(row, column)), s1 = at(gram_, index(row, c1)), s2 = at(gram_, index(row, c2)),
         s3 = at(gram_, index(row, c3));
    for (size_t r = first; r < last; ++r) {
      const Pack x = at(b_, index(r, row));
      s0 = s0 + x * at(b_, index(r, column));
      s1 = s1 + x * at(b_, index(r, c1));
      s2 = s2 + x * at(b_, index(r, c2));
      s3 = s3 + x * at(b_, index(r, c3));
    }
    put(s0, gram_, index(row, column));
    put(s1, gram_, index(row, c1));
    put(s2, gram_, index(row, c2));
    put(s3, gram_, index(row, c3));
  }

  /// Householder's reduction to tridiagonal form (Golub and Van Loan, Matrix Computations, algorithm 8.3.1).
  /// Reflection i stays below the diagonal of column i.
  void tridiagonalize() {
    for (size_t i = 0; i + 1 < columns_; ++i) {
      put(at(gram_, index(i, i)), diagonal_, i);
      make_reflection(i);
      apply_from_both_sides(i);
    }
    put(at(gram_, index(columns_ - 1, columns_ - 1)), diagonal_, columns_ - 1);
  }

  void make_reflection(size_t i) {
    Pack tail(0.0);
    for (size_t r = i + 2; r < columns_; ++r) {
      const Pack x = at(gram_, index(r, i));
      tail = tail + x * x;
    }
    alignas(64) double tail_norm[lanes], scale[lanes];
    simd::store(tail, tail_norm);
    double* head = gram_.data() + index(i + 1, i) * lanes;
    for (int w = 0; w < lanes; ++w) {
      const double alpha = head[w];
      const double norm = std::sqrt(alpha * alpha + tail_norm[w]);
      // Nothing to annihilate, or so little that its square is lost: the reflection is the identity.
      const bool is_trivial = !(tail_norm[w] > 0);
      const double beta = is_trivial ? alpha : (alpha > 0 ? -norm : norm);
      off_[i * lanes + w] = beta;
      tau_[i * lanes + w] = is_trivial ? 0 : (beta - alpha) / beta;
      scale[w] = is_trivial ? 0 : 1 / (alpha - beta);
      head[w] = 1;
    }
    const Pack factor = simd::load(scale);
    for (size_t r = i + 2; r < columns_; ++r) put(at(gram_, index(r, i)) * factor, gram_, index(r, i));
  }

  /// G -= v w^T + w v^T with w = tau G v - (tau^2 v^T G v / 2) v, on the lower triangle behind column i.
  void apply_from_both_sides(size_t i) {
    const size_t first = i + 1;
    double *v = scratch_.data(), *w = scratch_.data() + columns_ * lanes;
    for (size_t r = first; r < columns_; ++r) {
      simd::store(at(gram_, index(r, i)), v + r * lanes);
      simd::store(Pack(0.0), w + r * lanes);
    }
    for (size_t r = first; r < columns_; ++r) {
      const double* row = gram_.data() + index(r, 0) * lanes;
      const Pack vr = simd::load(v + r * lanes);
      Pack sum = simd::load(row + r * lanes) * vr;
      for (size_t c = first; c < r; ++c) {
        const Pack g = simd::load(row + c * lanes);
        sum = sum + g * simd::load(v + c * lanes);
        simd::store(simd::load(w + c * lanes) + g * vr, w + c * lanes);
      }
      simd::store(simd::load(w + r * lanes) + sum, w + r * lanes);
    }
    const Pack tau = at(tau_, i);
    Pack product(0.0);
    for (size_t r = first; r < columns_; ++r)
      product = product + simd::load(w + r * lanes) * simd::load(v + r * lanes);
    const Pack half = Pack(0.5) * tau * tau * product;
    for (size_t r = first; r < columns_; ++r)
      simd::store(tau * simd::load(w + r * lanes) - half * simd::load(v + r * lanes), w + r * lanes);
    for (size_t r = first; r < columns_; ++r) {
      double* row = gram_.data() + index(r, 0) * lanes;
      const Pack vr = simd::load(v + r * lanes), wr = simd::load(w + r * lanes);
      for (size_t c = first; c <= r; ++c)
        simd::store(
            simd::load(row + c * lanes) - vr * simd::load(w + c * lanes) - wr * simd::load(v + c * lanes),
            row + c * lanes);
    }
  }

  /// Bisection with Sturm's sequence: above the largest eigenvalue all pivots of T - x are negative. Ends at
  /// the upper end, where they are, so that x - T has a Cholesky decomposition.
  void find_largest_eigenvalue() {
    const double eps = std::numeric_limits<double>::epsilon();
    alignas(64) double low[lanes], high[lanes], middle[lanes], worst[lanes];
    for (int w = 0; w < lanes; ++w) {
      double bound = 0;
      low[w] = 0;
      for (size_t i = 0; i < columns_; ++i) {
        const double before = i > 0 ? std::abs(off_[(i - 1) * lanes + w]) : 0;
        const double after = i + 1 < columns_ ? std::abs(off_[i * lanes + w]) : 0;
        low[w] = std::max(low[w], diagonal_[i * lanes + w]);
        bound = std::max(bound, diagonal_[i * lanes + w] + before + after);
      }
      high[w] = bound > 0 ? bound * (1 + 8 * double(columns_) * eps) : 1;  // a zero matrix has any vector
    }
    for (int step = 0; step < 56; ++step) {
      for (int w = 0; w < lanes; ++w) middle[w] = low[w] + 0.5 * (high[w] - low[w]);
      simd::store(largest_pivot(simd::load(middle), nullptr), worst);
      for (int w = 0; w < lanes; ++w) (worst[w] < 0 ? high[w] : low[w]) = middle[w];
    }
    eigenvalue_ = simd::load(high);
  }

  /// The largest pivot of T - x, negative if x is above all eigenvalues; all of them into `pivots`.
  Pack largest_pivot(const Pack& x, double* pivots) const {
    const Pack tiny(1e-300);  // instead of 0/0
    Pack pivot = at(diagonal_, 0) - x, worst = pivot;
    if (pivots) simd::store(pivot, pivots);
    for (size_t i = 1; i < columns_; ++i) {
      const Pack off = at(off_, i - 1);
      pivot = at(diagonal_, i) - x - (off * off + tiny) / pivot;
      worst = larger(pivot, worst);
      if (pivots) simd::store(pivot, pivots + i * lanes);
    }
    return worst;
  }

  /// Inverse iteration with x - T = L D L^T, positive definite: no pivoting is needed. The eigenvalue is
  /// exact to some eps, so each step leaves about eps / gap of other eigenvectors; where the gap is as small
  /// as eps, any of them serves.
  void find_eigenvector() {
    double* pivots = scratch_.data();
    largest_pivot(eigenvalue_, pivots);
    const Pack smallest = Pack(1e-19) * eigenvalue_;
    for (size_t i = 0; i < columns_; ++i)
      simd::store(larger(Pack(0.0) - simd::load(pivots + i * lanes), smallest), pivots + i * lanes);
    // A start with a part along every eigenvector; the golden ratio makes no pattern.
    for (size_t i = 0; i < columns_; ++i) {
      const double turn = 0.6180339887498949 * double(i + 1);
      put(Pack(0.5 + turn - std::floor(turn)), short_, i);
    }
    for (int step = 0; step < 3; ++step) {
      for (size_t i = 1; i < columns_; ++i)
        put(at(short_, i) + at(off_, i - 1) / simd::load(pivots + (i - 1) * lanes) * at(short_, i - 1),
            short_, i);
      put(at(short_, columns_ - 1) / simd::load(pivots + (columns_ - 1) * lanes), short_, columns_ - 1);
      for (size_t i = columns_ - 1; i-- > 0;)
        put((at(short_, i) + at(off_, i) * at(short_, i + 1)) / simd::load(pivots + i * lanes), short_, i);
      normalize(short_, columns_, nullptr);
    }
  }

  /// x / ‖x‖, 0 for 0. Scaled by the largest entry first: inverse iteration grows without bound.
  void normalize(std::vector<double>& x, size_t size, double* norms) const {
    alignas(64) double largest[lanes], total[lanes], scale[lanes];
    Pack top(0.0), sum(0.0);
    for (size_t i = 0; i < size; ++i) {
      const Pack entry = at(x, i);
      top = larger(larger(entry, Pack(0.0) - entry), top);
    }
    simd::store(top, largest);
    for (int w = 0; w < lanes; ++w) scale[w] = largest[w] > 0 ? 1 / largest[w] : 0;
    const Pack first = simd::load(scale);
    for (size_t i = 0; i < size; ++i) {
      const Pack scaled = at(x, i) * first;
      sum = sum + scaled * scaled;
      put(scaled, x, i);
    }
    simd::store(sum, total);
    for (int w = 0; w < lanes; ++w) {
      const double norm = std::sqrt(total[w]);
      scale[w] = norm > 0 ? 1 / norm : 0;
      if (norms) norms[w] = norm * largest[w];
    }
    const Pack second = simd::load(scale);
    for (size_t i = 0; i < size; ++i) put(at(x, i) * second, x, i);
  }

  void apply_reflections() {
    for (size_t i = columns_ - 1; i-- > 0;) {
      Pack sum(0.0);
      for (size_t r = i + 1; r < columns_; ++r) sum = sum + at(gram_, index(r, i)) * at(short_, r);
      sum = sum * at(tau_, i);
      for (size_t r = i + 1; r < columns_; ++r) put(at(short_, r) - sum * at(gram_, index(r, i)), short_, r);
    }
  }

  /// u = b v / ‖b v‖, then v = b^T u: what the Gram matrix rounded away comes back.
  void refine() {
    for (size_t r = 0; r < rows_; ++r) {
      Pack sum(0.0);
      for (size_t c = 0; c < columns_; ++c) sum = sum + at(b_, index(r, c)) * at(short_, c);
      put(sum, long_, r);
    }
    normalize(long_, rows_, nullptr);
    std::fill(short_.begin(), short_.end(), 0.0);
    for (size_t r = 0; r < rows_; ++r) {
      const Pack x = at(long_, r);
      for (size_t c = 0; c < columns_; ++c) put(at(short_, c) + x * at(b_, index(r, c)), short_, c);
    }
    normalize(short_, columns_, sigma_);
  }

  size_t rows_, columns_, stride_;
  std::vector<double> b_, gram_, diagonal_, off_, tau_, scratch_, long_, short_;
  Pack eigenvalue_{0.0};
  alignas(64) double sigma_[lanes] = {};
};

}  // namespace danaus::linalg

#endif
