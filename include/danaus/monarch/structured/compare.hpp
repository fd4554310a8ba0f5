#pragma once

#include <danaus/monarch/structured/structured_matrix.hpp>

#include <string>
#include <vector>

namespace danaus::monarch {

/// How near one class of structured matrices comes to a dense matrix within a number of parameters.
struct StructuredComparison {
  std::string name;   ///< monarch, block-tensor-train, low-rank, ...
  std::string shape;  ///< the sizes that were chosen, in words
  size_t parameters;  ///< used, at most the number allowed
  double flops;       ///< of one product
  double relative_error;
};

/// Fits every class to a dense matrix with at most `parameters` numbers each. Sizes are chosen by one rule
/// for all: of the shapes that fit, the one that uses most parameters; sums give each term half. Classes
/// without a shape that fits are left out.
///
/// monarch: all block sizes. block-tensor-train: the most balanced blocks, the largest rank.
/// pixelated-butterfly: grids of 4 blocks a side and more.
/// @param a (row, column), finite
template <class T>
std::vector<StructuredComparison> compare_structured(const HostTensor<T, 2>& a, size_t parameters,
                                                     const FitOptions& options = {});

}  // namespace danaus::monarch
