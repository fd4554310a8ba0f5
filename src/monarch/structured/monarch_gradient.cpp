#include <danaus/monarch/structured/monarch_gradient.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/monarch/structured/block_tensor_train.hpp>

#include <monarch/structured/batch.hpp>

namespace danaus::monarch {

namespace {

/// The factors as a block tensor-train of rank one, sharing them.
template <class T>
BlockTensorTrain<T> as_block_tensor_train(const MonarchMatrix<T>& a) {
  return BlockTensorTrain<T>(a.shape(), 1, a.left(), a.right());
}

}  // namespace

template <class T>
StructuredGradient<T> backward(const MonarchMatrix<T>& a, const HostTensor<T, 2>& x,
                               const HostTensor<T, 2>& y_grad) {
  require_gradient_batches("backward (MonarchMatrix)", a, x, y_grad);
  const auto& p = a.input_permutation();
  if (p.empty()) return backward(as_block_tensor_train(a), x, y_grad);
  const auto permuted = make_batch<T>(x.extent(0), x.extent(1));
  for (size_t s = 0; s < x.extent(0); ++s)
    for (size_t t = 0; t < x.extent(1); ++t) permuted(s, t) = x(s, p[t]);
  auto gradient = backward(as_block_tensor_train(a), permuted, y_grad);
  const auto input = make_batch<T>(x.extent(0), x.extent(1));
  for (size_t s = 0; s < x.extent(0); ++s)
    for (size_t t = 0; t < x.extent(1); ++t) input(s, p[t]) = gradient.input(s, t);
  gradient.input = input;
  return gradient;
}

template <class T>
std::vector<ParameterArray<T>> parameter_arrays(const MonarchMatrix<T>& a) {
  return parameter_arrays(as_block_tensor_train(a));
}

#define DANAUS_INSTANTIATE(T)                                                                  \
  template StructuredGradient<T> backward<T>(const MonarchMatrix<T>&, const HostTensor<T, 2>&, \
                                             const HostTensor<T, 2>&);                         \
  template std::vector<ParameterArray<T>> parameter_arrays<T>(const MonarchMatrix<T>&);
DANAUS_FOR_EACH_SCALAR(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
