#include "project_class.hpp"

#include <danaus/core/error.hpp>

#include <charconv>

namespace danaus::app {
namespace {

using monarch::MonarchShape, monarch::NblocksShape, monarch::RectangularShape;

std::vector<size_t> block_sizes(const Options& options) {
  std::vector<size_t> sizes;
  for (const auto& text : options.list("block")) {
    size_t value = 0;
    const auto end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, value);
    if (parsed.ec != std::errc() || parsed.ptr != end || value == 0) {
      sizes.clear();
      break;
    }
    sizes.push_back(value);
  }
  if (sizes.size() != 1 && sizes.size() != 3)
    throw UsageError("--block: expected a size b, or three sizes b1,b2,b3 of at least 1, found \"" +
                     options.text("block") + "\"");
  return sizes;
}

std::string size_text(size_t rows, size_t columns) {
  return std::to_string(rows) + " x " + std::to_string(columns);
}

/// The divisors of both sides on either side of a block size that divides neither.
[[noreturn]] void fail_not_dividing(size_t block, size_t rows, size_t columns) {
  size_t below = 1, above = 0;
  for (size_t b = 1; b <= std::min(rows, columns); ++b)
    if (rows % b == 0 && columns % b == 0) {
      if (b < block) below = b;
      if (b > block && above == 0) above = b;
    }
  throw UsageError("--block " + std::to_string(block) + ": does not divide both sides of a matrix of " +
                   size_text(rows, columns) + "; expected " + std::to_string(below) +
                   (above ? " or " + std::to_string(above) : std::string()) +
                   ", or --pad true to fill up with zeros");
}

size_t chosen_block(size_t rows, size_t columns) {
  if (rows != columns)
    throw UsageError("--block: missing; expected for a matrix of " + size_text(rows, columns));
  try {
    return monarch::default_block(rows);
  } catch (const UsageError&) {
    throw UsageError(
        "--block: n = " + std::to_string(rows) +
        " has no divisor between sqrt(n)/2 and 2 sqrt(n); choose a block size, with --pad true any");
  }
}

ProjectionClass plain_class(const Options& options, size_t block, size_t rows, size_t columns) {
  const bool pad = options.toggle("pad");
  if (!pad && (rows % block != 0 || columns % block != 0)) fail_not_dividing(block, rows, columns);
  const auto count = [&](size_t n) { return (n + block - 1) / block; };
  const MonarchShape shape{count(columns), block, block, count(rows)};
  ProjectionClass result{shape, options.size("rank"), shape.rows() != rows || shape.columns() != columns};
  if (result.rank > std::min(shape.left_rows, shape.right_columns))
    throw UsageError("--rank " + std::to_string(result.rank) + ": slices have " +
                     size_text(shape.left_rows, shape.right_columns) + " entries; expected at most " +
                     std::to_string(std::min(shape.left_rows, shape.right_columns)));
  const bool strided = options.text("order") == "strided";
  if (result.is_padded && (result.rank > 1 || strided))
    throw UsageError("--pad: expected without --rank and --order when the block does not divide the matrix");
  if (strided && result.rank > 1) throw UsageError("--order: expected without --rank");
  if (strided)
    for (size_t k = 0; k < shape.right_blocks; ++k)
      for (size_t i = 0; i < block; ++i) result.input_permutation.push_back(i * shape.right_blocks + k);
  return result;
}

ProjectionClass rectangular_class(const Options& options, const std::vector<size_t>& b, size_t rows,
                                  size_t columns) {
  for (const char* name : {"rank", "pad", "order"})
    if (options.is_given(name))
      throw UsageError(std::string("--") + name + ": expected without three block sizes");
  if (columns % b[0] != 0 || rows % b[2] != 0)
    throw UsageError("--block " + options.text("block") + ": b1 = " + std::to_string(b[0]) +
                     " must divide the columns and b3 = " + std::to_string(b[2]) +
                     " the rows of a matrix of " + size_text(rows, columns));
  if (b[1] % b[2] != 0 && b[2] % b[1] != 0)
    throw UsageError("--block " + options.text("block") + ": b2 = " + std::to_string(b[1]) +
                     " and b3 = " + std::to_string(b[2]) +
                     ": expected one to divide the other, so that all blocks are equal");
  return {RectangularShape::make(rows, columns, b[0], b[1], b[2])};
}

}  // namespace

ProjectionClass projection_class(const Options& options, size_t rows, size_t columns) {
  if (options.has("nblocks")) {
    for (const char* name : {"block", "rank", "pad", "order"})
      if (options.is_given(name))
        throw UsageError(std::string("--nblocks: expected without --") + name +
                         ": the layer has ranks, padding and order of its own");
    const size_t blocks = options.size("nblocks");
    if (blocks > std::min(rows, columns))
      throw UsageError("--nblocks " + std::to_string(blocks) + ": expected at most " +
                       std::to_string(std::min(rows, columns)) + " for a matrix of " +
                       size_text(rows, columns));
    return {NblocksShape::make(rows, columns, blocks)};
  }
  const auto sizes =
      options.has("block") ? block_sizes(options) : std::vector<size_t>{chosen_block(rows, columns)};
  return sizes.size() == 1 ? plain_class(options, sizes[0], rows, columns)
                           : rectangular_class(options, sizes, rows, columns);
}

std::string ProjectionClass::name() const {
  return shape.index() == 0 ? "monarch" : shape.index() == 1 ? "rectangular" : "nblocks";
}

size_t ProjectionClass::parameters() const {
  return rank * std::visit([](const auto& s) { return s.parameters(); }, shape);
}

size_t ProjectionClass::slice_rank() const {
  if (const auto* s = std::get_if<RectangularShape>(&shape))
    return (s->right_rows + s->residues() - 1) / s->residues();
  if (const auto* s = std::get_if<NblocksShape>(&shape))
    return (s->inner_width() + s->nblocks - 1) / s->nblocks;
  return rank;
}

size_t ProjectionClass::slice_rows() const {
  if (const auto* s = std::get_if<RectangularShape>(&shape)) return s->rows() / s->residues();
  if (const auto* s = std::get_if<NblocksShape>(&shape)) return s->output_width();
  return std::get<MonarchShape>(shape).left_rows;
}

size_t ProjectionClass::slice_columns() const {
  if (const auto* s = std::get_if<RectangularShape>(&shape)) return s->right_columns;
  if (const auto* s = std::get_if<NblocksShape>(&shape)) return s->input_width();
  return std::get<MonarchShape>(shape).right_columns;
}

size_t ProjectionClass::slices() const {
  if (const auto* s = std::get_if<RectangularShape>(&shape)) return s->residues() * s->right_blocks;
  if (const auto* s = std::get_if<NblocksShape>(&shape)) return s->nblocks * s->nblocks;
  const auto& s = std::get<MonarchShape>(shape);
  return s.left_blocks * s.right_blocks;
}

Json ProjectionClass::sizes() const {
  if (const auto* s = std::get_if<RectangularShape>(&shape))
    return {{"class", name()},
            {"block", {s->right_columns, s->right_rows, s->left_rows}},
            {"rank", slice_rank()}};
  if (const auto* s = std::get_if<NblocksShape>(&shape))
    return {{"class", name()}, {"nblocks", s->nblocks}, {"rank", slice_rank()}};
  return {{"class", name()}, {"block", std::get<MonarchShape>(shape).right_columns}, {"rank", rank}};
}

}  // namespace danaus::app
