#include <danaus/monarch/block_product.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/linalg/for_each_item.hpp>

#include <monarch/structured/batch.hpp>

#include <string>

namespace danaus::monarch {

namespace {

/// @throws ShapeError unless p holds each of 0 .. n-1 once
void require_permutation(const std::string& what, const std::vector<size_t>& p, size_t n) {
  std::vector<bool> seen(n);
  bool valid = p.size() == n;
  for (size_t t = 0; valid && t < n; ++t) {
    valid = p[t] < n && !seen[p[t]];
    if (valid) seen[p[t]] = true;
  }
  if (!valid) throw ShapeError(what + ": expected a permutation of " + std::to_string(n) + " inputs");
}

}  // namespace

template <class T>
BlockProduct<T>::BlockProduct(std::vector<BlockFactor<T>> factors) : factors_(std::move(factors)) {
  if (factors_.empty()) throw ShapeError("BlockProduct: no factors; expected one at least");
  for (size_t f = 0; f < factors_.size(); ++f) {
    const auto& blocks = factors_[f].blocks;
    const std::string name = "BlockProduct: factor " + std::to_string(f);
    if (blocks.size() == 0) throw ShapeError(name + " is empty");
    const size_t inputs = blocks.extent(0) * blocks.extent(2);
    require_permutation(name, factors_[f].permutation, inputs);
    if (f + 1 == factors_.size()) break;
    const auto& next = factors_[f + 1].blocks;
    if (next.extent(0) * next.extent(1) != inputs)
      throw ShapeError(name + " takes " + std::to_string(inputs) + " numbers, the next one gives " +
                       std::to_string(next.extent(0) * next.extent(1)));
  }
}

template <class T>
size_t BlockProduct<T>::parameters() const {
  size_t count = 0;
  for (const auto& f : factors_) count += f.blocks.size();
  return count;
}

template <class T>
HostTensor<T, 2> BlockProduct<T>::apply(const HostTensor<T, 2>& x) const {
  require_batch("BlockProduct::apply", x, columns());
  auto input = x;
  for (size_t f = factors_.size(); f-- > 0;) {
    const auto& blocks = factors_[f].blocks;
    const auto& permutation = factors_[f].permutation;
    const size_t count = blocks.extent(0), rows = blocks.extent(1), width = blocks.extent(2);
    const auto y = make_batch<T>(x.extent(0), count * rows);
    linalg::for_each_item(x.extent(0), [&](size_t s) {
      std::vector<T> ordered(width);  // what one block reads, contiguous
      for (size_t k = 0; k < count; ++k) {
        for (size_t c = 0; c < width; ++c) ordered[c] = input(s, permutation[k * width + c]);
        for (size_t r = 0; r < rows; ++r) {
          T sum(0);
          for (size_t c = 0; c < width; ++c) sum += blocks(k, r, c) * ordered[c];
          y(s, k * rows + r) = sum;
        }
      }
    });
    input = y;
  }
  return input;
}

template <class T>
HostTensor<T, 2> BlockProduct<T>::adjoint(const HostTensor<T, 2>& y) const {
  require_batch("BlockProduct::adjoint", y, rows());
  auto output = y;
  for (const auto& factor : factors_) {
    const auto& blocks = factor.blocks;
    const auto& permutation = factor.permutation;
    const size_t count = blocks.extent(0), rows = blocks.extent(1), width = blocks.extent(2);
    const auto x = make_batch<T>(y.extent(0), count * width);
    linalg::for_each_item(y.extent(0), [&](size_t s) {
      for (size_t k = 0; k < count; ++k)
        for (size_t r = 0; r < rows; ++r)
          for (size_t c = 0; c < width; ++c)
            x(s, permutation[k * width + c]) += conjugate(blocks(k, r, c)) * output(s, k * rows + r);
    });
    output = x;
  }
  return output;
}

template <class T>
HostTensor<T, 2> BlockProduct<T>::dense() const {
  return dense_by_columns(*this);
}

#define DANAUS_INSTANTIATE(T) template class BlockProduct<T>;
DANAUS_FOR_EACH_SCALAR(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
