#include <danaus/monarch/exact/product_algebra.hpp>

#include <danaus/core/instantiate.hpp>

#include <monarch/exact/permutations.hpp>

#include <algorithm>
#include <numeric>
#include <optional>

namespace danaus::monarch {

namespace {

template <class T>
using Factor = BlockFactor<T>;

template <class T>
size_t count(const Factor<T>& f) {
  return f.blocks.extent(0);
}
template <class T>
size_t height(const Factor<T>& f) {
  return f.blocks.extent(1);
}
template <class T>
size_t width(const Factor<T>& f) {
  return f.blocks.extent(2);
}
template <class T>
bool is_diagonal(const Factor<T>& f) {
  return height(f) == 1 && width(f) == 1;
}

/// A * P * diag(b) * R = (A diag(b[P])) * (P R).
template <class T>
Factor<T> absorb_inner_diagonal(const Factor<T>& outer, const Factor<T>& inner) {
  Factor<T> merged{to_host(outer.blocks), outer.permutation};
  for (size_t k = 0; k < count(outer); ++k)
    for (size_t c = 0; c < width(outer); ++c) {
      size_t& from = merged.permutation[k * width(outer) + c];
      for (size_t r = 0; r < height(outer); ++r) merged.blocks(k, r, c) *= inner.blocks(from, 0, 0);
      from = inner.permutation[from];
    }
  return merged;
}

/// diag(a) * P * B = P * (diag(a') B) with a'[P t] = a[t]: the rows of B are scaled, a becomes ones.
template <class T>
Factor<T> absorb_outer_diagonal(const Factor<T>& outer, const Factor<T>& inner) {
  Factor<T> merged{to_host(inner.blocks), inner.permutation};
  for (size_t t = 0; t < count(outer); ++t) {
    const size_t row = outer.permutation[t];
    for (size_t c = 0; c < width(inner); ++c)
      merged.blocks(row / height(inner), row % height(inner), c) *= outer.blocks(t, 0, 0);
  }
  return merged;
}

/// The block of `inner` that feeds block k of `outer`, if each is fed by one block alone, and wholly.
template <class T>
std::optional<std::vector<size_t>> feeding_blocks(size_t blocks, size_t columns,
                                                  const std::vector<size_t>& permutation,
                                                  const Factor<T>& inner) {
  if (blocks != count(inner) || columns != height(inner)) return std::nullopt;
  std::vector<size_t> feeding(blocks);
  for (size_t k = 0; k < blocks; ++k) {
    feeding[k] = permutation[k * columns] / columns;
    for (size_t c = 0; c < columns; ++c)
      if (permutation[k * columns + c] / columns != feeding[k]) return std::nullopt;
  }
  return feeding;
}

template <class T>
std::optional<Factor<T>> merge(const Factor<T>& outer, const Factor<T>& inner) {
  const size_t rows = height(outer), middle = width(outer), columns = width(inner);
  if (rows * columns > rows * middle + middle * columns) return std::nullopt;
  const auto feeding = feeding_blocks(count(outer), middle, outer.permutation, inner);
  if (!feeding) return std::nullopt;
  Factor<T> merged{make_blocks<T>(count(outer), rows, columns), std::vector<size_t>(count(outer) * columns)};
  for (size_t k = 0; k < count(outer); ++k) {
    const size_t f = (*feeding)[k];
    for (size_t c = 0; c < columns; ++c)
      merged.permutation[k * columns + c] = inner.permutation[f * columns + c];
    for (size_t r = 0; r < rows; ++r)
      for (size_t m = 0; m < middle; ++m) {
        const T factor = outer.blocks(k, r, m);
        const size_t row = outer.permutation[k * middle + m] % middle;
        for (size_t c = 0; c < columns; ++c) merged.blocks(k, r, c) += factor * inner.blocks(f, row, c);
      }
  }
  return merged;
}

/// An outermost factor of ones that only reorders whole blocks and the rows within them.
template <class T>
std::optional<Factor<T>> absorb_order(const Factor<T>& order, const Factor<T>& inner) {
  const size_t blocks = count(inner), rows = height(inner), columns = width(inner);
  if (count(order) != blocks * rows) return std::nullopt;
  const auto feeding = feeding_blocks(blocks, rows, order.permutation, inner);
  if (!feeding) return std::nullopt;
  Factor<T> merged{make_blocks<T>(blocks, rows, columns), std::vector<size_t>(blocks * columns)};
  for (size_t k = 0; k < blocks; ++k)
    for (size_t c = 0; c < columns; ++c) {
      merged.permutation[k * columns + c] = inner.permutation[(*feeding)[k] * columns + c];
      for (size_t r = 0; r < rows; ++r)
        merged.blocks(k, r, c) = inner.blocks((*feeding)[k], order.permutation[k * rows + r] % rows, c);
    }
  return merged;
}

template <class T>
bool is_all_ones(const Factor<T>& f) {
  return std::all_of(f.blocks.data(), f.blocks.data() + f.blocks.size(), [](T x) { return x == T(1); });
}

/// One step of simplify() at factors f and f + 1; whether anything changed.
template <class T>
bool simplify_at(std::vector<Factor<T>>& factors, size_t f) {
  const Factor<T>&outer = factors[f], &inner = factors[f + 1];
  const auto replace_both = [&](Factor<T> merged) {
    factors[f] = std::move(merged);
    factors.erase(factors.begin() + ptrdiff_t(f) + 1);
    return true;
  };
  if (is_diagonal(inner)) return replace_both(absorb_inner_diagonal(outer, inner));
  if (is_diagonal(outer)) {
    if (f > 0) {
      Factor<T> merged = absorb_outer_diagonal(outer, inner);
      for (size_t& from : factors[f - 1].permutation) from = outer.permutation[from];
      return replace_both(std::move(merged));
    }
    if (!is_all_ones(outer)) {
      factors[f + 1] = absorb_outer_diagonal(outer, inner);
      factors[f] = permutation_product<T>(outer.permutation).factors()[0];
      return true;
    }
    if (auto merged = absorb_order(outer, inner)) return replace_both(std::move(*merged));
    return false;
  }
  if (auto merged = merge(outer, inner)) return replace_both(std::move(*merged));
  return false;
}

/// Keeps the listed rows of one factor (`kept`, in any order), renumbers `kept` accordingly, and returns
/// the inputs that the remaining blocks still read, in the order of the new columns.
template <class T>
Factor<T> keep_rows(const Factor<T>& f, std::vector<size_t>& kept) {
  const size_t rows = height(f), columns = width(f);
  std::vector<std::vector<size_t>> kept_of(count(f));
  std::vector<size_t> sorted = kept;
  std::sort(sorted.begin(), sorted.end());
  for (size_t row : sorted) kept_of[row / rows].push_back(row % rows);
  std::vector<size_t> blocks;
  for (size_t k = 0; k < count(f); ++k)
    if (!kept_of[k].empty()) blocks.push_back(k);
  const size_t height = kept_of[blocks.front()].size();
  Factor<T> cut{make_blocks<T>(blocks.size(), height, columns), std::vector<size_t>(blocks.size() * columns)};
  std::vector<size_t> renumbered(f.blocks.extent(0) * rows);
  for (size_t q = 0; q < blocks.size(); ++q) {
    const auto& list = kept_of[blocks[q]];
    if (list.size() != height)
      throw ShapeError("top_left: a factor of " + std::to_string(count(f)) + " blocks would keep " +
                       std::to_string(height) + " rows in one and " + std::to_string(list.size()) +
                       " in another; choose a block size that divides the rows that are kept");
    for (size_t c = 0; c < columns; ++c) {
      cut.permutation[q * columns + c] = f.permutation[blocks[q] * columns + c];
      for (size_t r = 0; r < height; ++r) cut.blocks(q, r, c) = f.blocks(blocks[q], list[r], c);
    }
    for (size_t r = 0; r < height; ++r) renumbered[blocks[q] * rows + list[r]] = q * height + r;
  }
  for (size_t& row : kept) row = renumbered[row];
  return cut;
}

/// Keeps the columns of one factor that read an input below `inputs`.
template <class T>
Factor<T> keep_columns(const Factor<T>& f, size_t inputs) {
  const size_t rows = height(f), columns = width(f);
  std::optional<size_t> kept;
  std::vector<size_t> list;
  for (size_t k = 0; k < count(f); ++k) {
    const size_t before = list.size();
    for (size_t c = 0; c < columns; ++c)
      if (f.permutation[k * columns + c] < inputs) list.push_back(k * columns + c);
    if (kept.value_or(list.size() - before) != list.size() - before || list.size() == before)
      throw ShapeError("top_left: a factor of " + std::to_string(count(f)) + " blocks would keep " +
                       std::to_string(list.size() - before) + " columns in one and " +
                       std::to_string(kept.value_or(0)) +
                       " in another; choose a block size that divides the columns that are kept");
    kept = list.size() - before;
  }
  Factor<T> cut{make_blocks<T>(count(f), rows, *kept), std::vector<size_t>(list.size())};
  for (size_t q = 0; q < list.size(); ++q) {
    cut.permutation[q] = f.permutation[list[q]];
    for (size_t r = 0; r < rows; ++r)
      cut.blocks(q / *kept, r, q % *kept) = f.blocks(list[q] / columns, r, list[q] % columns);
  }
  return cut;
}

}  // namespace

template <class T>
BlockProduct<T> diagonal_product(const std::vector<T>& entries) {
  Factor<T> f{make_blocks<T>(entries.size(), 1, 1), identity_permutation(entries.size())};
  for (size_t t = 0; t < entries.size(); ++t) f.blocks(t, 0, 0) = entries[t];
  return make_product<T>({f});
}

template <class T>
BlockProduct<T> permutation_product(const std::vector<size_t>& permutation) {
  Factor<T> f{make_blocks<T>(permutation.size(), 1, 1), permutation};
  for (size_t t = 0; t < permutation.size(); ++t) f.blocks(t, 0, 0) = T(1);
  return make_product<T>({f});
}

template <class T>
BlockProduct<T> to_product(const MonarchMatrix<T>& matrix) {
  const auto& s = matrix.shape();
  std::vector<size_t> middle(s.left_blocks * s.right_blocks), order(s.rows());
  for (size_t j = 0; j < s.left_blocks; ++j) {
    for (size_t k = 0; k < s.right_blocks; ++k) middle[j * s.right_blocks + k] = k * s.left_blocks + j;
    for (size_t l = 0; l < s.left_rows; ++l) order[l * s.left_blocks + j] = j * s.left_rows + l;
  }
  const auto& p = matrix.input_permutation();
  const auto input = p.empty() ? identity_permutation(s.columns()) : std::vector<size_t>(p.begin(), p.end());
  return make_product<T>({permutation_product<T>(order).factors()[0],
                          {to_host(matrix.left()), middle},
                          {to_host(matrix.right()), input}});
}

template <class T>
BlockProduct<T> compose(const BlockProduct<T>& outer, const BlockProduct<T>& inner) {
  if (outer.columns() != inner.rows())
    throw ShapeError("compose: an outer matrix of " + std::to_string(outer.rows()) + " x " +
                     std::to_string(outer.columns()) + " does not fit an inner one of " +
                     std::to_string(inner.rows()) + " x " + std::to_string(inner.columns()));
  auto factors = factors_of(outer);
  for (const auto& f : factors_of(inner)) factors.push_back(f);
  return make_product<T>(std::move(factors));
}

template <class T>
BlockProduct<T> adjoint(const BlockProduct<T>& product) {
  const auto factors = factors_of(product);
  std::vector<Factor<T>> result;
  // The innermost permutation is applied last: a factor of ones carries its inverse.
  auto order = inverse_permutation(factors.back().permutation);
  result.push_back(permutation_product<T>(order).factors()[0]);
  for (size_t f = factors.size(); f-- > 0;) {
    const auto& blocks = factors[f].blocks;
    Factor<T> transposed{
        make_blocks<T>(blocks.extent(0), blocks.extent(2), blocks.extent(1)),
        f > 0 ? inverse_permutation(factors[f - 1].permutation) : identity_permutation(product.rows())};
    for (size_t k = 0; k < blocks.extent(0); ++k)
      for (size_t r = 0; r < blocks.extent(1); ++r)
        for (size_t c = 0; c < blocks.extent(2); ++c) transposed.blocks(k, c, r) = conjugate(blocks(k, r, c));
    result.push_back(std::move(transposed));
  }
  return make_product<T>(std::move(result));
}

template <class T>
BlockProduct<T> simplify(const BlockProduct<T>& product) {
  auto factors = factors_of(product);
  bool changed = true;
  while (changed) {
    changed = false;
    for (size_t f = 0; f + 1 < factors.size() && !changed; ++f) changed = simplify_at(factors, f);
  }
  return make_product<T>(std::move(factors));
}

template <class T>
BlockProduct<T> top_left(const BlockProduct<T>& product, size_t rows, size_t columns) {
  if (rows == 0 || rows > product.rows() || columns == 0 || columns > product.columns())
    throw ShapeError("top_left: a corner of " + std::to_string(rows) + " x " + std::to_string(columns) +
                     " of a matrix of " + std::to_string(product.rows()) + " x " +
                     std::to_string(product.columns()));
  auto factors = factors_of(product);
  if (columns < product.columns()) factors.back() = keep_columns(factors.back(), columns);
  if (rows < product.rows()) {
    auto kept = identity_permutation(rows);
    // From the outside in: what a factor no longer reads, the next need not compute.
    factors[0] = keep_rows(factors[0], kept);
    for (size_t f = 1; f < factors.size(); ++f)
      if (factors[f - 1].permutation.size() < count(factors[f]) * height(factors[f]))
        factors[f] = keep_rows(factors[f], factors[f - 1].permutation);
  }
  return make_product<T>(std::move(factors));
}

#define DANAUS_INSTANTIATE(T)                                                          \
  template BlockProduct<T> to_product<T>(const MonarchMatrix<T>&);                     \
  template BlockProduct<T> compose<T>(const BlockProduct<T>&, const BlockProduct<T>&); \
  template BlockProduct<T> adjoint<T>(const BlockProduct<T>&);                         \
  template BlockProduct<T> diagonal_product<T>(const std::vector<T>&);                 \
  template BlockProduct<T> permutation_product<T>(const std::vector<size_t>&);         \
  template BlockProduct<T> simplify<T>(const BlockProduct<T>&);                        \
  template BlockProduct<T> top_left<T>(const BlockProduct<T>&, size_t, size_t);
DANAUS_FOR_EACH_SCALAR(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
