#pragma once

#if !defined(KOKKOS_ENABLE_CUDA)

#include <linalg/lane_numbers.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

/// The dominant singular triplet of as many matrices as the CPU's vectors have lanes, side by side: every
/// operation below is one on all lanes, so that small matrices run at the speed of large ones.
namespace danaus::linalg {

/// Matrices b (rows >= columns), scaled to parts of at most 1. Number: lanes::Pack or lanes::ComplexPack.
template <class Number>
class DominantLanes {
 public:
  static constexpr int width = lanes::count;

  DominantLanes(size_t rows, size_t columns)
      : rows_(rows),
        columns_(columns),
        stride_(columns | 1),
        b_(rows * stride_),
        gram_(columns * stride_),
        v_(columns),
        w_(columns),
        tau_(columns),
        long_(rows),
        short_(columns),
        diagonal_(columns),
        off_(columns),
        pivots_(columns),
        tridiagonal_vector_(columns) {}

  /// Part (0 real, 1 imaginary) of an entry of the matrix of one lane.
  double& entry(size_t row, size_t column, int part, int lane) {
    return b_.part(index(row, column), part, lane);
  }
  void compute() {
    make_gram();
    tridiagonalize();
    find_largest_eigenvalue();
    find_eigenvector();
    apply_reflections();
    refine();
  }
  /// b ~ u sigma v*; vectors of unit length, or zero for a zero matrix.
  double u(size_t row, int part, int lane) { return long_.part(row, part, lane); }
  double v(size_t column, int part, int lane) { return short_.part(column, part, lane); }
  double sigma(int lane) const { return sigma_[lane]; }

 private:
  using Pack = lanes::Pack;

  /// The stride is odd: with a power of two whole columns would share one line of the cache.
  size_t index(size_t row, size_t column) const { return row * stride_ + column; }

  /// Lower triangle of b* b. Some rows of b at a time, so that they stay in the first cache; four entries
  /// share each load.
  void make_gram() {
    constexpr size_t rows_at_once = 8;
    gram_.fill_with_zeros();
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
    Number s0 = gram_[index(row, column)], s1 = gram_[index(row, c1)], s2 = gram_[index(row, c2)],
           s3 = gram_[index(row, c3)];
    for (size_t r = first; r < last; ++r) {
      const Number x = lanes::conj(b_[index(r, row)]);
      s0 = s0 + x * b_[index(r, column)];
      s1 = s1 + x * b_[index(r, c1)];
      s2 = s2 + x * b_[index(r, c2)];
      s3 = s3 + x * b_[index(r, c3)];
    }
    gram_.put(s0, index(row, column));
    gram_.put(s1, index(row, c1));
    gram_.put(s2, index(row, c2));
    gram_.put(s3, index(row, c3));
  }

  /// Householder's reduction to real tridiagonal form (Golub and Van Loan, Matrix Computations,
  /// algorithm 8.3.1; for Hermitian matrices as LAPACK's zhetd2). Reflection i stays below the diagonal of
  /// column i.
  void tridiagonalize() {
    for (size_t i = 0; i + 1 < columns_; ++i) {
      diagonal_.put(lanes::real(gram_[index(i, i)]), i);
      make_reflection(i);
      apply_from_both_sides(i);
    }
    diagonal_.put(lanes::real(gram_[index(columns_ - 1, columns_ - 1)]), columns_ - 1);
  }

  /// I - tau v v* maps column i below the diagonal to a real multiple of the first unit vector.
  void make_reflection(size_t i) {
    constexpr bool is_complex = !std::is_same_v<Number, Pack>;
    Pack tail(0.0);
    for (size_t r = i + 2; r < columns_; ++r) tail = tail + lanes::squared_modulus(gram_[index(r, i)]);
    alignas(64) double tail_norm[width];
    simd::store(tail, tail_norm);
    lanes::Array<Number> scale(1);
    for (int w = 0; w < width; ++w) {
      const double re = gram_.part(index(i + 1, i), 0, w);
      double im = 0;
      if constexpr (is_complex) im = gram_.part(index(i + 1, i), 1, w);
      const double norm = std::sqrt(re * re + im * im + tail_norm[w]);
      // Nothing to annihilate, or so little that its square is lost: the reflection is the identity.
      const bool is_trivial = !(tail_norm[w] + im * im > 0);
      const double beta = is_trivial ? re : (re > 0 ? -norm : norm);
      off_.part(i, 0, w) = beta;
      tau_.part(i, 0, w) = is_trivial ? 0 : (beta - re) / beta;
      const double modulus = (re - beta) * (re - beta) + im * im;
      scale.part(0, 0, w) = is_trivial ? 0 : (re - beta) / modulus;
      if constexpr (is_complex) {
        tau_.part(i, 1, w) = is_trivial ? 0 : -im / beta;
        scale.part(0, 1, w) = is_trivial ? 0 : -im / modulus;
      }
    }
    gram_.put(lanes::from_real<Number>(Pack(1.0)), index(i + 1, i));
    for (size_t r = i + 2; r < columns_; ++r) gram_.put(scale[0] * gram_[index(r, i)], index(r, i));
  }

  /// G -= v w* + w v* with w = tau G v - (tau (tau G v)* v / 2) v, on the lower triangle behind column i.
  void apply_from_both_sides(size_t i) {
    const size_t first = i + 1;
    const Number zero = lanes::from_real<Number>(Pack(0.0)), tau = tau_[i];
    for (size_t r = first; r < columns_; ++r) {
      v_.put(gram_[index(r, i)], r);
      w_.put(zero, r);
    }
    for (size_t r = first; r < columns_; ++r) {
      const Number vr = v_[r];
      Number sum = lanes::real(gram_[index(r, r)]) * vr;
      for (size_t c = first; c < r; ++c) {
        const Number g = gram_[index(r, c)];
        sum = sum + g * v_[c];
        w_.put(w_[c] + lanes::conj(g) * vr, c);
      }
      w_.put(w_[r] + sum, r);
    }
    Number product = zero;
    for (size_t r = first; r < columns_; ++r) {
      w_.put(tau * w_[r], r);
      product = product + lanes::conj(w_[r]) * v_[r];
    }
    const Number half = Pack(0.5) * tau * product;
    for (size_t r = first; r < columns_; ++r) w_.put(w_[r] - half * v_[r], r);
    for (size_t r = first; r < columns_; ++r) {
      const Number vr = v_[r], wr = w_[r];
      for (size_t c = first; c <= r; ++c)
        gram_.put(gram_[index(r, c)] - vr * lanes::conj(w_[c]) - wr * lanes::conj(v_[c]), index(r, c));
    }
  }

  /// Bisection with Sturm's sequence: above the largest eigenvalue all pivots of T - x are negative. Ends at
  /// the upper end, where they are, so that x - T has a Cholesky decomposition.
  void find_largest_eigenvalue() {
    const double eps = std::numeric_limits<double>::epsilon();
    alignas(64) double low[width], high[width], middle[width], worst[width];
    for (int w = 0; w < width; ++w) {
      double bound = 0;
      low[w] = 0;
      for (size_t i = 0; i < columns_; ++i) {
        const double before = i > 0 ? std::abs(off_.part(i - 1, 0, w)) : 0;
        const double after = i + 1 < columns_ ? std::abs(off_.part(i, 0, w)) : 0;
        low[w] = std::max(low[w], diagonal_.part(i, 0, w));
        bound = std::max(bound, diagonal_.part(i, 0, w) + before + after);
      }
      high[w] = bound > 0 ? bound * (1 + 8 * double(columns_) * eps) : 1;  // a zero matrix has any vector
    }
    for (int step = 0; step < 56; ++step) {
      for (int w = 0; w < width; ++w) middle[w] = low[w] + 0.5 * (high[w] - low[w]);
      simd::store(largest_pivot(simd::load(middle)), worst);
      for (int w = 0; w < width; ++w) (worst[w] < 0 ? high[w] : low[w]) = middle[w];
    }
    eigenvalue_ = simd::load(high);
  }

  /// The largest pivot of T - x, negative if x is above all eigenvalues.
  Pack largest_pivot(const Pack& x) {
    const Pack tiny(1e-300);  // instead of 0/0
    Pack pivot = diagonal_[0] - x, worst = pivot;
    pivots_.put(pivot, 0);
    for (size_t i = 1; i < columns_; ++i) {
      const Pack off = off_[i - 1];
      pivot = diagonal_[i] - x - (off * off + tiny) / pivot;
      worst = lanes::larger(pivot, worst);
      pivots_.put(pivot, i);
    }
    return worst;
  }

  /// Inverse iteration with x - T = L D L^T, positive definite: no pivoting is needed. The eigenvalue is
  /// exact to some eps, so each step leaves about eps / gap of other eigenvectors; where the gap is as small
  /// as eps, any of them serves.
  void find_eigenvector() {
    largest_pivot(eigenvalue_);
    auto& y = tridiagonal_vector_;
    const Pack smallest = Pack(1e-19) * eigenvalue_;
    for (size_t i = 0; i < columns_; ++i) {
      pivots_.put(lanes::larger(Pack(0.0) - pivots_[i], smallest), i);
      // A start with a part along every eigenvector; the golden ratio makes no pattern.
      const double turn = 0.6180339887498949 * double(i + 1);
      y.put(Pack(0.5 + turn - std::floor(turn)), i);
    }
    for (int step = 0; step < 3; ++step) {
      for (size_t i = 1; i < columns_; ++i) y.put(y[i] + off_[i - 1] / pivots_[i - 1] * y[i - 1], i);
      y.put(y[columns_ - 1] / pivots_[columns_ - 1], columns_ - 1);
      for (size_t i = columns_ - 1; i-- > 0;) y.put((y[i] + off_[i] * y[i + 1]) / pivots_[i], i);
      normalize(y, columns_, nullptr);
    }
  }

  /// x / ‖x‖, 0 for 0. Scaled by the largest entry first: inverse iteration grows without bound.
  template <class Entry>
  static void normalize(lanes::Array<Entry>& x, size_t size, double* norms) {
    alignas(64) double largest[width], total[width], scale[width];
    Pack top(0.0), sum(0.0);
    for (size_t i = 0; i < size; ++i) top = lanes::larger(lanes::largest_part(x[i]), top);
    simd::store(top, largest);
    for (int w = 0; w < width; ++w) scale[w] = largest[w] > 0 ? 1 / largest[w] : 0;
    const Pack first = simd::load(scale);
    for (size_t i = 0; i < size; ++i) {
      const Entry scaled = first * x[i];
      sum = sum + lanes::squared_modulus(scaled);
      x.put(scaled, i);
    }
    simd::store(sum, total);
    for (int w = 0; w < width; ++w) {
      const double norm = std::sqrt(total[w]);
      scale[w] = norm > 0 ? 1 / norm : 0;
      if (norms) norms[w] = norm * largest[w];
    }
    const Pack second = simd::load(scale);
    for (size_t i = 0; i < size; ++i) x.put(second * x[i], i);
  }

  void apply_reflections() {
    for (size_t i = 0; i < columns_; ++i) short_.put(lanes::from_real<Number>(tridiagonal_vector_[i]), i);
    for (size_t i = columns_ - 1; i-- > 0;) {
      Number sum = lanes::from_real<Number>(Pack(0.0));
      for (size_t r = i + 1; r < columns_; ++r) sum = sum + lanes::conj(gram_[index(r, i)]) * short_[r];
      sum = tau_[i] * sum;
      for (size_t r = i + 1; r < columns_; ++r) short_.put(short_[r] - sum * gram_[index(r, i)], r);
    }
  }

  /// u = b v / ‖b v‖, then v = b* u: what the Gram matrix rounded away comes back.
  void refine() {
    for (size_t r = 0; r < rows_; ++r) {
      Number sum = lanes::from_real<Number>(Pack(0.0));
      for (size_t c = 0; c < columns_; ++c) sum = sum + b_[index(r, c)] * short_[c];
      long_.put(sum, r);
    }
    normalize(long_, rows_, nullptr);
    short_.fill_with_zeros();
    for (size_t r = 0; r < rows_; ++r) {
      const Number x = long_[r];
      for (size_t c = 0; c < columns_; ++c) short_.put(short_[c] + lanes::conj(b_[index(r, c)]) * x, c);
    }
    normalize(short_, columns_, sigma_);
  }

  size_t rows_, columns_, stride_;
  lanes::Array<Number> b_, gram_, v_, w_, tau_, long_, short_;
  lanes::Array<Pack> diagonal_, off_, pivots_, tridiagonal_vector_;
  Pack eigenvalue_{0.0};
  alignas(64) double sigma_[width] = {};
};

}  // namespace danaus::linalg

#endif
