#pragma once

#include <danaus/monarch/projection.hpp>

#include <functional>
#include <vector>

/// What all projections share: a dense matrix cut into slices, each of which is replaced by a matrix of low
/// rank.
namespace danaus::monarch {

/// Slice (j, k) holds the rows rows[j] and the columns columns[k] of a matrix.
struct SliceGrid {
  std::vector<std::vector<size_t>> rows, columns;
};

/// A slice of low rank: sum_q left[q, r] right[q, c].
template <class T>
struct SliceFactors {
  size_t rank = 0;
  std::vector<T> left;   ///< (rank, rows of the slice)
  std::vector<T> right;  ///< (rank, columns of the slice)
};

/// Calls store(j, k, factors) with the best factors of rank(j, k), or of a side of the slice if that is
/// smaller, for each slice that has entries: from several threads, each slice once.
template <class T>
void project_slices(const RowSource<T>& a, const SliceGrid& grid,
                    const std::function<size_t(size_t j, size_t k)>& rank,
                    const std::function<void(size_t j, size_t k, const SliceFactors<T>&)>& store,
                    const ProjectionOptions& options, ProjectionReport* report);

}  // namespace danaus::monarch
