#include <danaus/nn/lifting.hpp>

#include <danaus/core/instantiate.hpp>

#include <algorithm>

#include "lifting_kernels.hpp"

namespace danaus::nn {

template <class T>
Var<T, 4> Lifting<T>::operator()(Tape& tape, const std::vector<Var<T, 4>>& history) const {
  if (history.empty()) throw ShapeError("Lifting: the history is empty");
  const auto first = shape_of(history[0].value);
  const size_t channels = first[3], inputs = weights_.shape()[0], width = weights_.shape()[1];
  if (history.size() * channels + 2 != inputs || history.size() > max_frames)
    throw ShapeError("Lifting: " + std::to_string(history.size()) + " frames of " + std::to_string(channels) +
                     " channels and the position for weights of shape " + to_string(weights_.shape()));
  LiftingInput<T> in{};
  in.frames = history.size();
  in.batch = first[0], in.nx = first[1], in.ny = first[2], in.channels = channels, in.padding = padding_;
  for (size_t f = 0; f < history.size(); ++f) {
    require_shape("Lifting: frame " + std::to_string(f), history[f].value, first);
    in.frame[f] = history[f].value.data();
  }

  const auto weights = weights_.on(tape);
  auto y = tape.output<T, 4>({in.batch, in.nx + padding_, in.ny + padding_, width});
  lift<T>(tape.space(), in, weights.value(), bias_.value(), y.value);

  tape.record("danaus::nn::Lifting", y,
              [in, y, history, weights, bias = bias_, &scratch = tape.scratch()](const Exec& space) {
                LiftingGradient<T> out{};
                for (size_t f = 0; f < history.size(); ++f) {
                  if (!history[f].is_tracked()) continue;
                  out.write[f] = history[f].claim_grad();
                  out.frame[f] = history[f].grad().data();
                  out.any = true;
                }
                lift_backward<T>(space, in, weights.value(), y.grad(), scratch, out,
                                 weights.claim_grad(space), bias.grad());
              });
  return y;
}

#define DANAUS_INSTANTIATE(T) template class Lifting<T>;
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::nn
