#pragma once

#include <danaus/monarch/mm_star.hpp>
#include <danaus/monarch/padded.hpp>

#include <vector>

namespace danaus::monarch {

/// Sizes of the class (MM*)^w_e: the top-left corner of n points of a product of w matrices M1 M2* of e n
/// points, each with blocks of size b. MM* is (MM*)^1_1, (MM*)^2 is (MM*)^2_1. Any linear map with an
/// arithmetic circuit of depth d and s gates is in (MM*)^w_e with w of the order of d and e of s/n. Source:
/// Dao et al. 2022, section 3.1 and theorem 5 (doi:10.48550/arXiv.2204.00595).
struct HierarchyShape {
  size_t n, block, width, expansion;

  /// @throws ShapeError unless all are at least 1 and the block divides e n
  static HierarchyShape make(size_t n, size_t block, size_t width, size_t expansion);

  size_t points() const { return expansion * n; }
  /// (w + 1) N^2/b + w N b with N = e n: the inner factor of each product and the outer one of the next are
  /// one.
  size_t parameters() const { return (width + 1) * points() * (points() / block) + width * points() * block; }
};

/// pairs[0] pairs[1] ... (the last is applied first), its top-left corner of n points, in 2 w + 1 factors
/// behind an order of the outputs. @throws ShapeError unless all are of the same shape, with at least n rows
/// and columns
template <class T>
Padded<BlockProduct<T>> hierarchy(const std::vector<MMStar<T>>& pairs, size_t n);

}  // namespace danaus::monarch
