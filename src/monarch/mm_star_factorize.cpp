#include <danaus/monarch/mm_star.hpp>

#include <danaus/core/random.hpp>
#include <danaus/monarch/projection.hpp>

#include <monarch/mm_star_grid.hpp>

#include <algorithm>
#include <cmath>
#include <optional>

namespace danaus::monarch {

namespace {

using Z = Complex<double>;
using linalg::DenseMatrix;
using mm::Factors, mm::Grid, mm::infinity;

/// What is left of an imaginary part by rounding, relative to the largest eigenvalue.
constexpr double real_tolerance = 1e-12;

/// Row and column of blocks that are inverted.
template <class T>
struct Pivot {
  size_t p = 0, q = 0;
  double condition = infinity;
  size_t worst_i = 0, worst_j = 0;                  ///< where that condition number is
  std::vector<DenseMatrix<T>> column_inverse = {};  ///< of blocks (i, q)
  std::vector<DenseMatrix<T>> row_inverse = {};     ///< of blocks (p, j)
  std::vector<double> column_condition = {}, row_condition = {};
};

template <class T>
Pivot<T> choose_pivot(const Grid<T>& grid) {
  const size_t b = grid.b;
  std::vector<double> condition(b * b);
  linalg::for_each_item(b * b, [&](size_t e) { condition[e] = linalg::inverse(grid.blocks[e]).condition; });
  const auto worse = [&](size_t x, size_t y) { return condition[x] < condition[y]; };
  Pivot<T> pivot;
  std::vector<size_t> worst_of_row(b), worst_of_column(b);
  for (size_t t = 0; t < b; ++t) {
    worst_of_row[t] = t * b, worst_of_column[t] = t;
    for (size_t s = 0; s < b; ++s) {
      worst_of_row[t] = std::max(worst_of_row[t], t * b + s, worse);
      worst_of_column[t] = std::max(worst_of_column[t], s * b + t, worse);
    }
  }
  pivot.p = size_t(std::min_element(worst_of_row.begin(), worst_of_row.end(), worse) - worst_of_row.begin());
  pivot.q = size_t(std::min_element(worst_of_column.begin(), worst_of_column.end(), worse) -
                   worst_of_column.begin());
  const size_t worst = std::max(worst_of_row[pivot.p], worst_of_column[pivot.q], worse);
  pivot.condition = condition[worst], pivot.worst_i = worst / b, pivot.worst_j = worst % b;
  for (size_t t = 0; t < b; ++t) {
    pivot.column_condition.push_back(condition[t * b + pivot.q]);
    pivot.row_condition.push_back(condition[pivot.p * b + t]);
    pivot.column_inverse.push_back(linalg::inverse(grid(t, pivot.q)).matrix);
    pivot.row_inverse.push_back(linalg::inverse(grid(pivot.p, t)).matrix);
  }
  return pivot;
}

/// A random combination of all F(i, j), each weighted down by its norm and by the condition numbers of the
/// blocks that it inverts: its rounding error is proportional to them.
template <class T>
DenseMatrix<T> random_combination(const Grid<T>& grid, const Pivot<T>& pivot, const Random& random) {
  const size_t b = grid.b;
  std::vector<DenseMatrix<T>> parts(b, DenseMatrix<T>(grid.m, grid.m));
  linalg::for_each_item(b, [&](size_t i) {
    for (size_t j = 0; j < b; ++j) {
      const auto to_pivot = linalg::multiply(pivot.row_inverse[j], grid(pivot.p, pivot.q));
      const auto f = linalg::multiply(pivot.column_inverse[i], linalg::multiply(grid(i, j), to_pivot));
      const double size = linalg::norm(f) * pivot.column_condition[i] * pivot.row_condition[j];
      const double weight = size > 0 ? random.normal(i * b + j) / size : 0;
      for (size_t e = 0; e < f.entries.size(); ++e) parts[i].entries[e] += weight * f.entries[e];
    }
  });
  for (size_t i = 1; i < b; ++i)
    for (size_t e = 0; e < parts[0].entries.size(); ++e) parts[0].entries[e] += parts[i].entries[e];
  return parts[0];
}

/// All factors from the basis of inner[q], given as the inverse's columns: the eigenvectors.
template <class T>
std::optional<Factors<T>> factors_from_basis(const Grid<T>& grid, double norm, const Pivot<T>& pivot,
                                             const DenseMatrix<T>& vectors) {
  Factors<T> f;
  f.outer.resize(grid.b), f.inner.resize(grid.b);
  linalg::for_each_item(grid.b, [&](size_t i) { f.outer[i] = linalg::multiply(grid(i, pivot.q), vectors); });
  const auto inverse = linalg::inverse(f.outer[pivot.p]).matrix;
  if (inverse.entries.empty()) return std::nullopt;
  linalg::for_each_item(grid.b, [&](size_t j) { f.inner[j] = linalg::multiply(inverse, grid(pivot.p, j)); });
  if (!fit_middle(grid, f)) return std::nullopt;
  f.error = error_of(grid, norm, f);
  return f;
}

/// Refines until it no longer helps; the best factors seen stay.
template <class T>
void refine_all(const Grid<T>& grid, double norm, const FactorizeOptions& options, Factors<T>& best,
                FactorizeReport& report) {
  Factors<T> current = best;
  constexpr int patience = 5;  // steps without a better error
  int idle = 0;
  for (size_t step = 0; step < options.refinements && best.error > options.goal && idle < patience; ++step) {
    if (!mm::refine(grid, current)) break;
    current.error = error_of(grid, norm, current);
    report.errors.push_back(current.error);
    idle = current.error < 0.9 * best.error ? 0 : idle + 1;
    if (current.error < best.error) best = current;
  }
}

template <class T>
MMStar<T> to_mm_star(const Factors<T>& f, size_t b, size_t m) {
  const HostTensor<T, 3> outer("danaus::monarch::outer", b, m, m), middle("danaus::monarch::middle", m, b, b),
      inner("danaus::monarch::inner", b, m, m);
  for (size_t j = 0; j < b; ++j)
    for (size_t k = 0; k < m; ++k) {
      for (size_t l = 0; l < m; ++l) {
        outer(j, l, k) = f.outer[j](l, k);
        inner(j, k, l) = f.inner[j](k, l);
      }
      for (size_t j2 = 0; j2 < b; ++j2) middle(k, j, j2) = f.middle[j * b + j2][k];
    }
  return MMStar<T>(outer, middle, inner);
}

/// The closest single Monarch matrix, M1 I*: where to start when nothing is known.
template <class T>
Factors<T> closest_monarch(const HostTensor<T, 2>& a, size_t b, double norm, const Grid<T>& grid) {
  const size_t m = grid.m;
  const auto monarch = project(rows_of<T>(a), MonarchShape::square(a.extent(0), b));
  Factors<T> f;
  f.middle.assign(b * b, std::vector<T>(m));
  for (size_t j = 0; j < b; ++j) {
    DenseMatrix<T> outer(m, m), identity(m, m);
    for (size_t k = 0; k < m; ++k) {
      identity(k, k) = 1;
      for (size_t l = 0; l < m; ++l) outer(l, k) = monarch.left()(j, l, k);
      for (size_t i = 0; i < b; ++i) f.middle[j * b + i][k] = monarch.right()(k, j, i);
    }
    f.outer.push_back(outer);
    f.inner.push_back(identity);
  }
  f.error = error_of(grid, norm, f);
  return f;
}

template <class T>
class Factorization {
 public:
  Factorization(const HostTensor<T, 2>& a, size_t block, const FactorizeOptions& options)
      : options_(options), a_(a), grid_(mm::grid_of<T>(a, block)), norm_(mm::grid_norm(grid_)) {}

  std::variant<MMStar<double>, MMStar<Z>> run(FactorizeReport& report) {
    report = {};
    report.one_shot_error = infinity;
    std::string failure = find_direct(report);
    if (!failure.empty() && !options_.approximate) throw DataError(failure);
    report.failed_assumption = failure;
    if (options_.approximate && !(report.one_shot_error < 1)) {
      // Not a member: zero would be as near.
      real_ = {}, complex_ = {};
      real_or_complex() = closest_monarch<T>(a_, grid_.b, norm_, grid_);
    }
    if (real_.error <= complex_.error) return refined(grid_of_type<double>(), real_, report);
    return refined(grid_of_type<Z>(), complex_, report);
  }

 private:
  Factors<T>& real_or_complex() {
    if constexpr (is_complex_v<T>)
      return complex_;
    else
      return real_;
  }

  template <class U>
  Grid<U> grid_of_type() const {
    Grid<U> grid{grid_.b, grid_.m};
    for (const auto& block : grid_.blocks) grid.blocks.push_back(mm::converted<U>(block));
    return grid;
  }

  template <class U>
  MMStar<U> refined(const Grid<U>& grid, Factors<U>& f, FactorizeReport& report) const {
    refine_all(grid, norm_, options_, f, report);
    report.relative_error = f.error;
    return to_mm_star(f, grid.b, grid.m);
  }

  /// Algorithm 2; the assumption that fails, if one does.
  std::string find_direct(FactorizeReport& report) {
    const Pivot<T> pivot = choose_pivot(grid_);
    report.block_condition = pivot.condition;
    if (!(pivot.condition <= options_.largest_condition)) return singular_block(pivot);
    double best_condition = infinity;
    for (size_t attempt = 0; attempt < options_.diagonalizers; ++attempt) {
      const Random random(options_.seed, stream::initialization + ((attempt + 16) << 8));
      const auto decomposition = linalg::eigen(random_combination(grid_, pivot, random));
      const double condition = linalg::inverse(decomposition.vectors).condition;
      if (!(condition < 1e15)) continue;
      best_condition = std::min(best_condition, condition);
      try_basis(pivot, decomposition);
      if (std::min(real_.error, complex_.error) < 1e-13) break;
    }
    report.diagonalizer_condition = best_condition;
    report.one_shot_error = std::min(real_.error, complex_.error);
    if (best_condition == infinity)
      return "MM* factorisation: the blocks F(i, j) cannot be diagonalised: no combination of them has a "
             "basis of "
             "eigenvectors; the matrix is not in the class for this block size";
    return "";
  }

  /// Real eigenvalues of a real matrix give real factors, which win over complex ones of the same accuracy.
  void try_basis(const Pivot<T>& pivot, const linalg::EigenDecomposition& decomposition) {
    if constexpr (!is_complex_v<T>) {
      double largest = 0, imaginary = 0;
      for (const Z& value : decomposition.values) {
        largest = std::max(largest, Kokkos::abs(value));
        imaginary = std::max(imaginary, std::abs(value.imag()));
      }
      if (imaginary <= real_tolerance * largest) {
        const auto f = factors_from_basis(grid_, norm_, pivot, mm::converted<double>(decomposition.vectors));
        if (f && f->error < real_.error) real_ = *f;
        return;
      }
      if (complex_grid_.blocks.empty()) {
        complex_grid_ = grid_of_type<Z>();
        complex_pivot_ = {pivot.p, pivot.q, pivot.condition, pivot.worst_i, pivot.worst_j};
      }
      const auto f = factors_from_basis(complex_grid_, norm_, complex_pivot_, decomposition.vectors);
      if (f && f->error < complex_.error) complex_ = *f;
    } else {
      const auto f = factors_from_basis(grid_, norm_, pivot, decomposition.vectors);
      if (f && f->error < complex_.error) complex_ = *f;
    }
  }

  std::string singular_block(const Pivot<T>& pivot) const {
    char condition[32];
    std::snprintf(condition, sizeof condition, "%.1e", pivot.condition);
    return "MM* factorisation: singular blocks: of the " + std::to_string(grid_.b) + " x " +
           std::to_string(grid_.b) +
           " blocks of the permuted matrix, every row and column crossing has one that " +
           "cannot be inverted, at best block (" + std::to_string(pivot.worst_i) + ", " +
           std::to_string(pivot.worst_j) + ") with condition number " + condition +
           "; try another block size; convolutions and Toeplitz matrices have exact factors (transform "
           "--kind)";
  }

  const FactorizeOptions& options_;
  HostTensor<T, 2> a_;
  Grid<T> grid_;
  double norm_;
  Factors<double> real_;
  Factors<Z> complex_;
  Grid<Z> complex_grid_;
  Pivot<Z> complex_pivot_;
};

template <class T>
void require_matrix(const HostTensor<T, 2>& a, size_t block) {
  const size_t n = a.extent(0);
  if (n == 0 || a.extent(1) != n)
    throw ShapeError("factorize_mm_star: expected a square matrix, found " + to_string(shape_of(a)));
  if (block == 0 || n % block != 0)
    throw ShapeError("factorize_mm_star: block size " + std::to_string(block) +
                     " does not divide n = " + std::to_string(n));
  bool is_zero = true;
  for (size_t row = 0; row < n; ++row)
    for (size_t column = 0; column < n; ++column) {
      const double size = double(Kokkos::abs(a(row, column)));
      if (!std::isfinite(size))
        throw DataError("the matrix has an entry that is not finite in row " + std::to_string(row) +
                        ", column " + std::to_string(column));
      is_zero = is_zero && size == 0;
    }
  if (is_zero) throw DataError("MM* factorisation: singular blocks: the matrix is zero");
}

}  // namespace

template <class T>
std::variant<MMStar<double>, MMStar<Z>> factorize_mm_star(const HostTensor<T, 2>& a, size_t block,
                                                          const FactorizeOptions& options,
                                                          FactorizeReport* report) {
  require_matrix<T>(a, block);
  FactorizeReport own;
  return Factorization<T>(a, block, options).run(report ? *report : own);
}

template std::variant<MMStar<double>, MMStar<Z>> factorize_mm_star<double>(const HostTensor<double, 2>&,
                                                                           size_t, const FactorizeOptions&,
                                                                           FactorizeReport*);
template std::variant<MMStar<double>, MMStar<Z>> factorize_mm_star<Z>(const HostTensor<Z, 2>&, size_t,
                                                                      const FactorizeOptions&,
                                                                      FactorizeReport*);

}  // namespace danaus::monarch
