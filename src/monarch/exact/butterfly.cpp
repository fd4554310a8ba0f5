#include <danaus/monarch/exact/butterfly.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/monarch/exact/product_algebra.hpp>

#include <monarch/exact/permutations.hpp>

#include <bit>

namespace danaus::monarch {

namespace {

/// matrix <- (2 x 2 matrix on rows `upper` and `lower`) matrix, for block k.
template <class T>
void mix_rows(const HostTensor<T, 3>& blocks, size_t k, size_t upper, size_t lower,
              const Butterfly<T>& butterfly, size_t stage, size_t pair) {
  const auto& twiddle = butterfly.twiddle;
  for (size_t column = 0; column < blocks.extent(2); ++column) {
    const T x = blocks(k, upper, column), y = blocks(k, lower, column);
    blocks(k, upper, column) = twiddle(stage, pair, 0, 0) * x + twiddle(stage, pair, 0, 1) * y;
    blocks(k, lower, column) = twiddle(stage, pair, 1, 0) * x + twiddle(stage, pair, 1, 1) * y;
  }
}

template <class T>
HostTensor<T, 3> identity_blocks(size_t blocks, size_t size) {
  const auto result = make_blocks<T>(blocks, size, size);
  for (size_t k = 0; k < blocks; ++k)
    for (size_t i = 0; i < size; ++i) result(k, i, i) = T(1);
  return result;
}

}  // namespace

template <class T>
MonarchMatrix<T> butterfly_to_monarch(const Butterfly<T>& butterfly, size_t block) {
  const size_t n = butterfly.points(), stages = butterfly.twiddle.extent(0);
  if (!std::has_single_bit(n) || shape_of(butterfly.twiddle) != Shape<4>{stages, n / 2, 2, 2} ||
      (size_t(1) << stages) != n)
    throw ShapeError("butterfly_to_monarch: twiddles of shape " + to_string(shape_of(butterfly.twiddle)) +
                     "; expected (p, 2^(p-1), 2, 2)");
  const auto shape = MonarchShape::square(n, block);
  const auto left = identity_blocks<T>(block, shape.left_rows),
             right = identity_blocks<T>(shape.right_blocks, block);
  for (size_t stage = 0; stage < stages; ++stage)
    for (size_t pair = 0; pair < n / 2; ++pair) {
      const size_t stride = size_t(1) << stage, t = pair / stride * 2 * stride + pair % stride;
      if (stride < block)
        mix_rows<T>(right, t / block, t % block, t % block + stride, butterfly, stage, pair);
      else
        mix_rows<T>(left, t % block, t / block, (t + stride) / block, butterfly, stage, pair);
    }
  return make_monarch<T>(left, right);
}

template <class T>
BlockProduct<T> kaleidoscope_to_monarch(const std::vector<std::pair<Butterfly<T>, Butterfly<T>>>& pairs,
                                        size_t points, size_t block) {
  if (pairs.empty()) throw ShapeError("kaleidoscope_to_monarch: no pairs of butterfly matrices");
  const auto product_of = [&](const auto& pair) {
    return compose(to_product(butterfly_to_monarch(pair.first, block)),
                   adjoint(to_product(butterfly_to_monarch(pair.second, block))));
  };
  auto product = product_of(pairs.front());
  for (size_t p = 1; p < pairs.size(); ++p) product = compose(product, product_of(pairs[p]));
  product = simplify(product);
  return points == product.rows() ? product : top_left(product, points, points);
}

#define DANAUS_INSTANTIATE(T)                                                     \
  template MonarchMatrix<T> butterfly_to_monarch<T>(const Butterfly<T>&, size_t); \
  template BlockProduct<T> kaleidoscope_to_monarch<T>(                            \
      const std::vector<std::pair<Butterfly<T>, Butterfly<T>>>&, size_t, size_t);
DANAUS_FOR_EACH_SCALAR(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
