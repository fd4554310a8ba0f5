#include <danaus/monarch/monarch_shape.hpp>

#include <cmath>
#include <optional>

namespace danaus::monarch {

namespace {

/// The divisor of n in [sqrt(n)/2, 2 sqrt(n)] that is nearest to sqrt(n) on a logarithmic scale, the smaller
/// of two.
std::optional<size_t> balanced_divisor(size_t n) {
  std::optional<size_t> best;
  const double root = std::sqrt(double(n));
  for (size_t b = 1; b * b <= n; ++b)
    if (n % b == 0 && 2.0 * double(b) >= root) best = b;
  return best;
}

}  // namespace

MonarchShape MonarchShape::square(size_t n, size_t block) {
  if (n == 0 || block == 0 || n % block != 0)
    throw ShapeError("MonarchShape::square: block size " + std::to_string(block) +
                     " does not divide n = " + std::to_string(n));
  return {n / block, block, block, n / block};
}

size_t default_block(size_t n) {
  if (const auto block = balanced_divisor(n)) return *block;
  size_t next = n + 1;
  while (!balanced_divisor(next)) ++next;
  throw UsageError("a Monarch transform of n = " + std::to_string(n) +
                   " points has no block size between sqrt(n)/2 and 2 sqrt(n); append " +
                   std::to_string(next - n) + " points more with --padding (n = " + std::to_string(next) +
                   "), or choose --block");
}

}  // namespace danaus::monarch
