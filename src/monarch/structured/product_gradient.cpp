#include <danaus/core/instantiate.hpp>
#include <danaus/monarch/structured/monarch_gradient.hpp>

#include <monarch/structured/batch.hpp>

namespace danaus::monarch {

template <class T>
StructuredGradient<T> backward(const BlockProduct<T>& a, const HostTensor<T, 2>& x,
                               const HostTensor<T, 2>& y_grad) {
  require_gradient_batches("backward (BlockProduct)", a, x, y_grad);
  const auto& factors = a.factors();
  // What each factor read, from the last backwards.
  std::vector<HostTensor<T, 2>> inputs(factors.size());
  inputs.back() = x;
  for (size_t f = factors.size() - 1; f > 0; --f)
    inputs[f - 1] = BlockProduct<T>({factors[f]}).apply(inputs[f]);

  StructuredGradient<T> gradient;
  auto output_grad = y_grad;
  for (size_t f = 0; f < factors.size(); ++f) {
    const auto& [blocks, permutation] = factors[f];
    const size_t rows = blocks.extent(1), width = blocks.extent(2);
    const HostTensor<T, 1> blocks_grad("danaus::monarch::blocks_grad", blocks.size());
    for (size_t s = 0; s < x.extent(0); ++s)
      for (size_t k = 0; k < blocks.extent(0); ++k)
        for (size_t r = 0; r < rows; ++r)
          for (size_t c = 0; c < width; ++c)
            blocks_grad((k * rows + r) * width + c) +=
                output_grad(s, k * rows + r) * conjugate(inputs[f](s, permutation[k * width + c]));
    gradient.parameters.push_back(blocks_grad);
    output_grad = BlockProduct<T>({factors[f]}).adjoint(output_grad);
  }
  gradient.input = output_grad;
  return gradient;
}

template <class T>
std::vector<ParameterArray<T>> parameter_arrays(const BlockProduct<T>& a) {
  std::vector<ParameterArray<T>> arrays;
  for (const auto& f : a.factors())
    arrays.push_back({"factor_" + std::to_string(arrays.size()), flat<T>(f.blocks),
                      double(f.blocks.extent(2)), double(f.blocks.extent(1))});
  return arrays;
}

#define DANAUS_INSTANTIATE(T)                                                                 \
  template StructuredGradient<T> backward<T>(const BlockProduct<T>&, const HostTensor<T, 2>&, \
                                             const HostTensor<T, 2>&);                        \
  template std::vector<ParameterArray<T>> parameter_arrays<T>(const BlockProduct<T>&);
DANAUS_FOR_EACH_SCALAR(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
