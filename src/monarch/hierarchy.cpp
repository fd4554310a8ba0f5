#include <danaus/monarch/hierarchy.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/monarch/exact/product_algebra.hpp>

#include <string>

namespace danaus::monarch {

HierarchyShape HierarchyShape::make(size_t n, size_t block, size_t width, size_t expansion) {
  if (n == 0 || block == 0 || width == 0 || expansion == 0 || (n * expansion) % block != 0)
    throw ShapeError("HierarchyShape: n = " + std::to_string(n) + ", block " + std::to_string(block) +
                     ", width " + std::to_string(width) + ", expansion " + std::to_string(expansion) +
                     "; expected sizes of at least 1 and a block that divides " +
                     std::to_string(n * expansion));
  return {n, block, width, expansion};
}

template <class T>
Padded<BlockProduct<T>> hierarchy(const std::vector<MMStar<T>>& pairs, size_t n) {
  if (pairs.empty()) throw ShapeError("hierarchy: no products; expected one at least");
  BlockProduct<T> product = pairs.front().product();
  for (size_t w = 1; w < pairs.size(); ++w) product = compose(product, pairs[w].product());
  return {simplify(product), n, n};
}

#define DANAUS_INSTANTIATE(T) \
  template Padded<BlockProduct<T>> hierarchy<T>(const std::vector<MMStar<T>>&, size_t);
DANAUS_FOR_EACH_SCALAR(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
