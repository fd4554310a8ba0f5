#include <danaus/monarch/structured/compare.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/monarch/structured/double_sparse.hpp>
#include <danaus/monarch/structured/pixelated_butterfly.hpp>

#include <monarch/structured/batch.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>

namespace danaus::monarch {

namespace {

std::string text(const MonarchShape& s) {
  return std::to_string(s.right_blocks) + " right blocks of " + std::to_string(s.left_blocks) + " x " +
         std::to_string(s.right_columns) + ", " + std::to_string(s.left_blocks) + " left of " +
         std::to_string(s.left_rows) + " x " + std::to_string(s.right_blocks);
}

/// All Monarch shapes of a size, by the numbers of their blocks.
std::vector<MonarchShape> shapes_of(size_t rows, size_t columns) {
  std::vector<MonarchShape> shapes;
  for (size_t k = 1; k <= columns; ++k)
    for (size_t j = 1; columns % k == 0 && j <= rows; ++j)
      if (rows % j == 0) shapes.push_back({k, columns / k, j, rows / j});
  return shapes;
}

/// The shape with the most parameters within the budget.
std::optional<MonarchShape> largest_shape(size_t rows, size_t columns, size_t budget) {
  std::optional<MonarchShape> best;
  for (const auto& s : shapes_of(rows, columns))
    if (s.parameters() <= budget && (!best || s.parameters() > best->parameters())) best = s;
  return best;
}

/// Every block as near to square as the sizes allow, by the ratio of the largest to the smallest extent.
MonarchShape balanced_shape(size_t rows, size_t columns) {
  MonarchShape best{};
  double best_ratio = INFINITY;
  for (const auto& s : shapes_of(rows, columns)) {
    const double extents[] = {double(s.right_blocks), double(s.right_columns), double(s.left_blocks),
                              double(s.left_rows)};
    const double ratio = *std::max_element(extents, extents + 4) / *std::min_element(extents, extents + 4);
    if (ratio < best_ratio) best = s, best_ratio = ratio;
  }
  return best;
}

std::optional<PixelatedButterflyShape> pixelated_shape(size_t rows, size_t columns, size_t budget) {
  std::optional<PixelatedButterflyShape> best;
  size_t best_parameters = 0;
  const size_t rank = budget / 2 / (rows + columns);
  if (rank == 0) return best;
  for (size_t b = 1; 4 * b <= std::min(rows, columns); ++b) {
    if (rows % b != 0 || columns % b != 0) continue;
    const size_t p = rows / b, q = columns / b, small = std::min(p, q), large = std::max(p, q);
    if (!std::has_single_bit(small) || large % small != 0) continue;
    for (size_t stride = 1, levels = 1; stride <= small; stride *= 2, ++levels) {
      const size_t blocks = large * levels * b * b;
      if (blocks > budget / 2 || blocks <= best_parameters) continue;
      best = PixelatedButterflyShape{p, q, b, stride, std::min({rank, rows, columns})};
      best_parameters = blocks;
    }
  }
  return best;
}

}  // namespace

template <class T>
std::vector<StructuredComparison> compare_structured(const HostTensor<T, 2>& a, size_t parameters,
                                                     const FitOptions& options) {
  const size_t rows = a.extent(0), columns = a.extent(1), shorter = std::min(rows, columns);
  std::vector<StructuredComparison> results;
  const auto add = [&](const char* name, const std::string& shape, const auto& fit) {
    results.push_back(
        {name, shape, fit.parameters(), double(fit.flops()), relative_residual<T>(a, fit.dense())});
  };

  if (const auto shape = largest_shape(rows, columns, parameters))
    add("monarch", text(*shape), fit_block_tensor_train<T>(a, *shape, 1));

  const auto balanced = balanced_shape(rows, columns);
  const size_t inner =
      std::min({parameters / balanced.parameters(), balanced.left_rows, balanced.right_columns});
  if (inner > 0)
    add("block-tensor-train", text(balanced) + ", rank " + std::to_string(inner),
        fit_block_tensor_train<T>(a, balanced, inner));

  if (const size_t rank = std::min(parameters / (rows + columns), shorter); rank > 0)
    add("low-rank", "rank " + std::to_string(rank), fit_low_rank<T>(a, rank));

  const auto half = largest_shape(rows, columns, parameters / 2);
  const size_t half_rank = half ? std::min((parameters - half->parameters()) / (rows + columns), shorter) : 0;
  if (half_rank > 0)
    add("monarch + low-rank", text(*half) + ", rank " + std::to_string(half_rank),
        fit_monarch_plus_low_rank<T>(a, *half, 1, half_rank, options));

  if (const auto shape = pixelated_shape(rows, columns, parameters))
    add("pixelated-butterfly",
        std::to_string(shape->grid_rows) + " x " + std::to_string(shape->grid_columns) + " blocks of " +
            std::to_string(shape->block) + ", stride " + std::to_string(shape->max_stride) + ", rank " +
            std::to_string(shape->rank),
        fit_pixelated_butterfly<T>(a, *shape, options));

  const size_t entries = std::min(parameters / 2, shorter * std::min(rows, columns));
  if (entries >= std::max(rows, columns))
    add("double-sparse",
        "inner size " + std::to_string(shorter) + ", " + std::to_string(entries) + " entries each",
        fit_double_sparse<T>(a, shorter, entries, entries, options));
  return results;
}

#define DANAUS_INSTANTIATE(T)                                                                       \
  template std::vector<StructuredComparison> compare_structured<T>(const HostTensor<T, 2>&, size_t, \
                                                                   const FitOptions&);
DANAUS_FOR_EACH_SCALAR(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
