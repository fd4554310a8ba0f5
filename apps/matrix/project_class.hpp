#pragma once

#include <common/options.hpp>

#include <danaus/monarch/projection.hpp>

#include <optional>
#include <variant>

namespace danaus::app {

/// What `project` projects onto: the class that its options name, checked against the size of the matrix.
struct ProjectionClass {
  /// MonarchShape with a rank and perhaps padding, wrapped diagonals, or the layer of nblocks.
  std::variant<monarch::MonarchShape, monarch::RectangularShape, monarch::NblocksShape> shape;
  size_t rank = 1;
  bool is_padded = false;
  std::vector<size_t> input_permutation = {};

  /// "monarch", "rectangular" or "nblocks"
  std::string name() const;
  size_t parameters() const;
  /// The largest rank of a slice.
  size_t slice_rank() const;
  /// Rows and columns of one slice, and how many there are.
  size_t slice_rows() const, slice_columns() const, slices() const;
  /// Sizes by name, for the result and the file.
  Json sizes() const;
};

/// @throws UsageError naming the option that does not fit
ProjectionClass projection_class(const Options& options, size_t rows, size_t columns);

}  // namespace danaus::app
