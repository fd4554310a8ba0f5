#include <danaus/monarch/structured/pixelated_butterfly.hpp>

#include <danaus/core/instantiate.hpp>

#include <monarch/structured/alternating_fit.hpp>
#include <monarch/structured/batch.hpp>

#include <algorithm>
#include <bit>
#include <set>

namespace danaus::monarch {

template <class T>
BlockSparse<T>::BlockSparse(size_t grid_rows, size_t grid_columns, std::vector<size_t> block_row,
                            std::vector<size_t> block_column, const HostTensor<T, 3>& blocks)
    : grid_rows_(grid_rows),
      grid_columns_(grid_columns),
      block_row_(std::move(block_row)),
      block_column_(std::move(block_column)),
      blocks_(blocks) {
  const size_t count = block_row_.size();
  require_shape("BlockSparse: blocks", blocks, {count, blocks.extent(1), blocks.extent(1)});
  if (block_column_.size() != count)
    throw ShapeError("BlockSparse: " + std::to_string(count) + " block rows and " +
                     std::to_string(block_column_.size()) + " block columns");
  std::set<std::pair<size_t, size_t>> seen;
  for (size_t e = 0; e < count; ++e)
    if (block_row_[e] >= grid_rows || block_column_[e] >= grid_columns ||
        !seen.insert({block_row_[e], block_column_[e]}).second)
      throw ShapeError("BlockSparse: block (" + std::to_string(block_row_[e]) + ", " +
                       std::to_string(block_column_[e]) + ") lies outside the grid of " +
                       std::to_string(grid_rows) + " x " + std::to_string(grid_columns) + " or comes twice");
}

template <class T>
HostTensor<T, 2> BlockSparse<T>::apply(const HostTensor<T, 2>& x) const {
  require_batch("BlockSparse::apply", x, columns());
  const auto y = make_batch<T>(x.extent(0), rows());
  const size_t b = block();
  for (size_t s = 0; s < x.extent(0); ++s)
    for (size_t e = 0; e < block_row_.size(); ++e)
      for (size_t r = 0; r < b; ++r) {
        T sum(0);
        for (size_t c = 0; c < b; ++c) sum += blocks_(e, r, c) * x(s, block_column_[e] * b + c);
        y(s, block_row_[e] * b + r) += sum;
      }
  return y;
}

template <class T>
HostTensor<T, 2> BlockSparse<T>::adjoint(const HostTensor<T, 2>& y) const {
  require_batch("BlockSparse::adjoint", y, rows());
  const auto x = make_batch<T>(y.extent(0), columns());
  const size_t b = block();
  for (size_t s = 0; s < y.extent(0); ++s)
    for (size_t e = 0; e < block_row_.size(); ++e)
      for (size_t r = 0; r < b; ++r)
        for (size_t c = 0; c < b; ++c)
          x(s, block_column_[e] * b + c) += conjugate(blocks_(e, r, c)) * y(s, block_row_[e] * b + r);
  return x;
}

template <class T>
HostTensor<T, 2> BlockSparse<T>::dense() const {
  const auto a = make_batch<T>(rows(), columns());
  const size_t b = block();
  for (size_t e = 0; e < block_row_.size(); ++e)
    for (size_t r = 0; r < b; ++r)
      for (size_t c = 0; c < b; ++c) a(block_row_[e] * b + r, block_column_[e] * b + c) = blocks_(e, r, c);
  return a;
}

template <class T>
StructuredGradient<T> backward(const BlockSparse<T>& a, const HostTensor<T, 2>& x,
                               const HostTensor<T, 2>& y_grad) {
  require_gradient_batches("backward (BlockSparse)", a, x, y_grad);
  const size_t b = a.block();
  const HostTensor<T, 1> gradient("blocks_grad", a.blocks().size());
  for (size_t s = 0; s < x.extent(0); ++s)
    for (size_t e = 0; e < a.block_row().size(); ++e)
      for (size_t r = 0; r < b; ++r)
        for (size_t c = 0; c < b; ++c)
          gradient((e * b + r) * b + c) +=
              y_grad(s, a.block_row()[e] * b + r) * conjugate(x(s, a.block_column()[e] * b + c));
  return {a.adjoint(y_grad), {gradient}};
}

template <class T>
std::vector<ParameterArray<T>> parameter_arrays(const BlockSparse<T>& a) {
  const double entries = double(a.blocks().size());
  return {{"blocks", flat<T>(a.blocks()), entries / double(a.rows()), entries / double(a.columns())}};
}

template <class T>
BlockSparse<T> flat_block_butterfly(size_t grid_rows, size_t grid_columns, size_t block, size_t max_stride) {
  const size_t small = std::min(grid_rows, grid_columns), large = std::max(grid_rows, grid_columns);
  if (block == 0 || !std::has_single_bit(small) || large % small != 0 || !std::has_single_bit(max_stride) ||
      max_stride > small)
    throw ShapeError(
        "flat_block_butterfly: a grid of " + std::to_string(grid_rows) + " x " +
        std::to_string(grid_columns) + " blocks of " + std::to_string(block) + " with strides up to " +
        std::to_string(max_stride) +
        "; the smaller side must be a power of two that divides the larger, and max_stride a power "
        "of two up to it");
  std::vector<size_t> rows, columns;
  for (size_t p = 0; p < grid_rows; ++p)
    for (size_t q = 0; q < grid_columns; ++q) {
      const size_t bits = p * small / grid_rows ^ q * small / grid_columns;
      if (bits != 0 && (!std::has_single_bit(bits) || bits >= max_stride)) continue;
      rows.push_back(p);
      columns.push_back(q);
    }
  const HostTensor<T, 3> blocks("danaus::monarch::blocks", rows.size(), block, block);
  return BlockSparse<T>(grid_rows, grid_columns, rows, columns, blocks);
}

template <class T>
PixelatedButterfly<T> fit_pixelated_butterfly(const HostTensor<T, 2>& a, const PixelatedButterflyShape& shape,
                                              const FitOptions& options, FitReport* report) {
  require_shape("fit_pixelated_butterfly: a", a,
                {shape.grid_rows * shape.block, shape.grid_columns * shape.block});
  const auto keep_pattern = [&](const HostTensor<T, 2>& rest) {
    const auto kept =
        flat_block_butterfly<T>(shape.grid_rows, shape.grid_columns, shape.block, shape.max_stride);
    const size_t b = shape.block;
    for (size_t e = 0; e < kept.block_row().size(); ++e)
      for (size_t r = 0; r < b; ++r)
        for (size_t c = 0; c < b; ++c)
          kept.blocks()(e, r, c) = rest(kept.block_row()[e] * b + r, kept.block_column()[e] * b + c);
    return kept;
  };
  return alternating_fit<T>(
      a, keep_pattern, [&](const HostTensor<T, 2>& rest) { return fit_low_rank<T>(rest, shape.rank); },
      options, report);
}

#define DANAUS_INSTANTIATE(T)                                                                \
  template class BlockSparse<T>;                                                             \
  template StructuredGradient<T> backward<T>(const BlockSparse<T>&, const HostTensor<T, 2>&, \
                                             const HostTensor<T, 2>&);                       \
  template std::vector<ParameterArray<T>> parameter_arrays<T>(const BlockSparse<T>&);        \
  template BlockSparse<T> flat_block_butterfly<T>(size_t, size_t, size_t, size_t);           \
  template PixelatedButterfly<T> fit_pixelated_butterfly<T>(                                 \
      const HostTensor<T, 2>&, const PixelatedButterflyShape&, const FitOptions&, FitReport*);
DANAUS_FOR_EACH_SCALAR(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
