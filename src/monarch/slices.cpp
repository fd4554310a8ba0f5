#include <monarch/slices.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/linalg/for_each_item.hpp>
#include <danaus/linalg/svd.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace danaus::monarch {

namespace {

template <class T>
using Wide = std::conditional_t<is_complex_v<T>, Complex<double>, double>;

/// Slices side by side in one call: enough to fill the lanes of any vector.
constexpr size_t slices_at_once = 16;

template <class T>
double squared_modulus(T x) {
  const double re = double(Kokkos::real(x)), im = double(Kokkos::imag(x));
  return re * re + im * im;
}

/// A sum of squares of any magnitude.
long double square_of_norm(double norm) { return (long double)norm * (long double)norm; }

/// What one slice contributes to the report.
struct SliceSums {
  double norm = 0, residual = 0;
  std::vector<double> sigma;
};

/// Some rows of the matrix in memory, and where each lies.
template <class T>
struct RowGroup {
  std::vector<T> data;
  std::vector<size_t> place;  ///< of rows[j][r] for all j of the group, one after the other
  size_t first_j = 0, last_j = 0;
  std::vector<size_t> begin;  ///< of each j in `place`
};

template <class T>
class Projector {
 public:
  using W = Wide<T>;

  Projector(const RowSource<T>& a, const SliceGrid& grid, const std::function<size_t(size_t, size_t)>& rank,
            const std::function<void(size_t, size_t, const SliceFactors<T>&)>& store, bool with_spectrum)
      : a_(a), grid_(grid), rank_(rank), store_(store), with_spectrum_(with_spectrum) {
    sums_.resize(grid.rows.size() * grid.columns.size());
  }

  void run(const ProjectionOptions& options) {
    const size_t J = grid_.rows.size();
    for (size_t j = 0; j < J;) {
      const RowGroup<T> group = read_group(j, options.memory_bytes);
      project_group(group, options.progress);
      j = group.last_j;
    }
  }

  void write(ProjectionReport& report) const {
    const size_t J = grid_.rows.size(), K = grid_.columns.size();
    report = {};
    report.slice_rows = J, report.slice_columns = K;
    long double norm = 0, residual = 0;
    std::vector<long double> spectrum;
    for (const SliceSums& s : sums_) {
      norm += square_of_norm(s.norm);
      residual += square_of_norm(s.residual);
      report.slice_error.push_back(s.norm > 0 ? s.residual / s.norm : 0);
      if (spectrum.size() < s.sigma.size()) spectrum.resize(s.sigma.size());
      for (size_t q = 0; q < s.sigma.size(); ++q) spectrum[q] += square_of_norm(s.sigma[q]);
    }
    report.norm = double(std::sqrt(norm));
    report.residual = double(std::sqrt(residual));
    for (long double s : spectrum) report.spectrum.push_back(norm > 0 ? double(std::sqrt(s / norm)) : 0);
  }

 private:
  /// As many slice rows from `first` on as fit the memory, one at least.
  RowGroup<T> read_group(size_t first, size_t memory_bytes) const {
    const size_t J = grid_.rows.size(), row_bytes = a_.columns * sizeof(T);
    RowGroup<T> group;
    group.first_j = group.last_j = first;
    std::vector<size_t> rows;
    while (group.last_j < J) {
      const auto& next = grid_.rows[group.last_j];
      if (group.last_j > first && (rows.size() + next.size()) * row_bytes > memory_bytes) break;
      group.begin.push_back(rows.size());
      rows.insert(rows.end(), next.begin(), next.end());
      ++group.last_j;
    }
    std::vector<size_t> sorted = rows;
    std::sort(sorted.begin(), sorted.end());
    group.data.resize(sorted.size() * a_.columns);
    for (size_t begin = 0; begin < sorted.size();) {
      size_t end = begin + 1;  // of a run of neighbours
      while (end < sorted.size() && sorted[end] == sorted[end - 1] + 1) ++end;
      a_.read(sorted[begin], end - begin, group.data.data() + begin * a_.columns);
      begin = end;
    }
    for (size_t row : rows)
      group.place.push_back(size_t(std::lower_bound(sorted.begin(), sorted.end(), row) - sorted.begin()));
    return group;
  }

  void project_group(const RowGroup<T>& group, const std::function<void(double)>& progress) {
    struct Item {
      size_t j, first_k, last_k;
    };
    std::vector<Item> items;
    const size_t K = grid_.columns.size();
    for (size_t j = group.first_j; j < group.last_j; ++j)
      for (size_t k = 0; k < K;) {
        size_t end = k + 1;  // of a run of slices of one shape and rank
        while (end < K && end - k < slices_at_once && rank_(j, end) == rank_(j, k) &&
               grid_.columns[end].size() == grid_.columns[k].size())
          ++end;
        items.push_back({j, k, end});
        k = end;
      }
    // In portions, so that progress is seen.
    const size_t portion = progress ? std::max<size_t>(64, items.size() / 50) : items.size();
    for (size_t first = 0; first < items.size(); first += portion) {
      linalg::for_each_item(std::min(portion, items.size() - first), [&](size_t i) {
        const Item& item = items[first + i];
        project_run(group, item.j, item.first_k, item.last_k);
      });
      const double part = double(std::min(first + portion, items.size())) / double(items.size());
      if (progress)
        progress((double(group.first_j) + part * double(group.last_j - group.first_j)) /
                 double(grid_.rows.size()));
    }
  }

  /// Slices (j, first_k) ... (j, last_k - 1), which have one shape and rank.
  void project_run(const RowGroup<T>& group, size_t j, size_t first_k, size_t last_k) {
    const size_t rows = grid_.rows[j].size(), columns = grid_.columns[first_k].size(),
                 count = last_k - first_k;
    if (rows == 0 || columns == 0) return;
    std::vector<W> slices(count * rows * columns);  // column-major, one after the other
    for (size_t s = 0; s < count; ++s) gather(group, j, first_k + s, slices.data() + s * rows * columns);
    const size_t rank = std::min({rank_(j, first_k), rows, columns});
    if (rank == 1) {
      std::vector<W> u(count * rows), v(count * columns);
      std::vector<double> sigma(count);
      linalg::dominant_svd(count, slices.data(), rows, columns, u.data(), sigma.data(), v.data());
      for (size_t s = 0; s < count; ++s)
        finish(j, first_k + s, slices.data() + s * rows * columns, 1, u.data() + s * rows, sigma.data() + s,
               v.data() + s * columns);
    } else {
      for (size_t s = 0; s < count; ++s) {
        const W* slice = slices.data() + s * rows * columns;
        if (rank == 0) {  // more blocks than inner indices
          finish(j, first_k + s, slice, 0, nullptr, nullptr, nullptr);
          continue;
        }
        const auto t = linalg::leading_svd(slice, rows, columns, rank);
        finish(j, first_k + s, slice, rank, t.u.data(), t.sigma.data(), t.v.data());
      }
    }
  }

  void gather(const RowGroup<T>& group, size_t j, size_t k, W* slice) const {
    const auto& columns = grid_.columns[k];
    const size_t rows = grid_.rows[j].size(), *place = group.place.data() + group.begin[j - group.first_j];
    for (size_t r = 0; r < rows; ++r) {
      const T* row = group.data.data() + place[r] * a_.columns;
      for (size_t c = 0; c < columns.size(); ++c) {
        const T x = row[columns[c]];
        if (!std::isfinite(Kokkos::real(x)) || !std::isfinite(Kokkos::imag(x)))
          throw DataError("the matrix has an entry that is not finite in row " +
                          std::to_string(grid_.rows[j][r]) + ", column " + std::to_string(columns[c]));
        slice[c * rows + r] = W(x);
      }
    }
  }

  /// Splits the singular values, rounds to T, measures what was reached.
  void finish(size_t j, size_t k, const W* slice, size_t rank, const W* u, const double* sigma, const W* v) {
    const size_t rows = grid_.rows[j].size(), columns = grid_.columns[k].size();
    SliceFactors<T> factors{rank, std::vector<T>(rank * rows), std::vector<T>(rank * columns)};
    for (size_t q = 0; q < rank; ++q) {
      const double half = std::sqrt(sigma[q]);
      for (size_t r = 0; r < rows; ++r) factors.left[q * rows + r] = T(half * u[q * rows + r]);
      for (size_t c = 0; c < columns; ++c)
        factors.right[q * columns + c] = T(half * conjugate(v[q * columns + c]));
    }
    if (rank > 0) store_(j, k, factors);
    SliceSums& sums = sums_[j * grid_.columns.size() + k];
    measure(slice, rows, columns, factors, sums);
    if (with_spectrum_) sums.sigma = linalg::singular_values(slice, rows, columns);
  }

  static void measure(const W* slice, size_t rows, size_t columns, const SliceFactors<T>& factors,
                      SliceSums& sums) {
    double largest = 0;  // so that squares neither overflow nor vanish
    for (size_t e = 0; e < rows * columns; ++e)
      largest = std::max({largest, std::abs(Kokkos::real(slice[e])), std::abs(Kokkos::imag(slice[e]))});
    if (largest == 0) return;
    const double scale = 1 / std::max(largest, 1e-300);
    double norm = 0, residual = 0;
    std::vector<W> column(rows);
    for (size_t c = 0; c < columns; ++c) {
      for (size_t r = 0; r < rows; ++r) {
        column[r] = slice[c * rows + r];
        norm += squared_modulus(column[r] * scale);
      }
      for (size_t q = 0; q < factors.rank; ++q) {
        const W factor = W(factors.right[q * columns + c]);
        for (size_t r = 0; r < rows; ++r) column[r] -= W(factors.left[q * rows + r]) * factor;
      }
      for (size_t r = 0; r < rows; ++r) residual += squared_modulus(column[r] * scale);
    }
    sums.norm = std::sqrt(norm) / scale;
    sums.residual = std::sqrt(residual) / scale;
  }

  const RowSource<T>& a_;
  const SliceGrid& grid_;
  const std::function<size_t(size_t, size_t)>& rank_;
  const std::function<void(size_t, size_t, const SliceFactors<T>&)>& store_;
  bool with_spectrum_;
  std::vector<SliceSums> sums_;
};

}  // namespace

template <class T>
void project_slices(const RowSource<T>& a, const SliceGrid& grid,
                    const std::function<size_t(size_t, size_t)>& rank,
                    const std::function<void(size_t, size_t, const SliceFactors<T>&)>& store,
                    const ProjectionOptions& options, ProjectionReport* report) {
  Projector<T> projector(a, grid, rank, store, options.with_spectrum);
  projector.run(options);
  if (report) projector.write(*report);
}

#define DANAUS_INSTANTIATE(T)                                                                         \
  template void project_slices<T>(const RowSource<T>&, const SliceGrid&,                              \
                                  const std::function<size_t(size_t, size_t)>&,                       \
                                  const std::function<void(size_t, size_t, const SliceFactors<T>&)>&, \
                                  const ProjectionOptions&, ProjectionReport*);
DANAUS_FOR_EACH_SCALAR(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
