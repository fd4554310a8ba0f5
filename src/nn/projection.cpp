#include <danaus/nn/projection.hpp>

#include <danaus/core/instantiate.hpp>

#include "projection_kernels.hpp"

namespace danaus::nn {

template <class T>
Var<T, 4> Projection<T>::operator()(Tape& tape, const Var<T, 4>& x) const {
  const auto shape = shape_of(x.value);
  if (shape[1] <= padding_ || shape[2] <= padding_ || shape[3] != weights_1_.shape()[0])
    throw ShapeError("Projection: input " + to_string(shape) + " for weights " +
                     to_string(weights_1_.shape()) + " and padding " + std::to_string(padding_));
  auto y = tape.output<T, 4>({shape[0], shape[1] - padding_, shape[2] - padding_, weights_2_.shape()[0]});
  const auto weights_1 = weights_1_.on(tape);
  const ProjectionWeights<T> w{weights_1.value(), bias_1_.value(), weights_2_.value(), bias_2_.value()};
  project<T>(tape.space(), w, activation_, x.value, y.value);

  tape.record("danaus::nn::Projection", y,
              [x, y, layer = *this, weights_1, w, &scratch = tape.scratch()](const Exec& space) {
                const Write write = x.is_tracked() ? x.claim_grad() : Write::overwrite;
                const ProjectionWeights<T> w_grad{weights_1.claim_grad(space), layer.bias_1_.grad(),
                                                  layer.weights_2_.grad(), layer.bias_2_.grad()};
                project_backward<T>(space, w, layer.activation_, x.value, y.grad(), scratch, write,
                                    x.is_tracked() ? x.grad() : Tensor<T, 4>(), w_grad);
              });
  return y;
}

#define DANAUS_INSTANTIATE(T) template class Projection<T>;
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::nn
