#include <danaus/nn/frame_arithmetic.hpp>

#include <danaus/core/instantiate.hpp>

#include "pass_gradient.hpp"

namespace danaus::nn {

template <class T>
void add_frames(const Exec& space, const Tensor<T, 4>& a, const Tensor<T, 4>& b, const Tensor<T, 4>& y) {
  Kokkos::parallel_for(
      "danaus::nn::add", over_entries(space, y),
      KOKKOS_LAMBDA(size_t q) { y.data()[q] = a.data()[q] + b.data()[q]; });
}

template <class T>
void scale_and_shift(const Exec& space, const Tensor<T, 4>& x, const Tensor<T, 3>& scale,
                     const Tensor<T, 3>& shift, const Tensor<T, 4>& y) {
  const size_t size = scale.size();
  Kokkos::parallel_for(
      "danaus::nn::affine", over_entries(space, y), KOKKOS_LAMBDA(size_t q) {
        y.data()[q] = x.data()[q] * scale.data()[q % size] + shift.data()[q % size];
      });
}

template <class T>
void scale_gradient(const Exec& space, const Tensor<T, 4>& y_grad, const Tensor<T, 3>& scale, Write write,
                    const Tensor<T, 4>& x_grad) {
  const size_t size = scale.size();
  Kokkos::parallel_for(
      "danaus::nn::affine_backward", over_entries(space, y_grad),
      KOKKOS_LAMBDA(size_t q) { store(write, y_grad.data()[q] * scale.data()[q % size], x_grad.data()[q]); });
}

template <class T>
Var<T, 4> add(Tape& tape, const Var<T, 4>& a, const Var<T, 4>& b) {
  require_shape("add", b.value, shape_of(a.value));
  auto y = tape.output<T, 4>(shape_of(a.value));
  add_frames<T>(tape.space(), a.value, b.value, y.value);
  tape.record("danaus::nn::add", y, [a, b, y](const Exec& space) {
    for (const auto& x : {a, b}) {
      if (!x.is_tracked()) continue;
      const Write write = x.claim_grad();
      pass_gradient<T>(space, y.grad().data(), write, x.grad());
    }
  });
  return y;
}

template <class T>
Var<T, 4> affine(Tape& tape, const Var<T, 4>& x, const Tensor<T, 3>& scale, const Tensor<T, 3>& shift) {
  require_shape("affine: scale", scale, {x.value.extent(1), x.value.extent(2), x.value.extent(3)});
  require_shape("affine: shift", shift, shape_of(scale));
  auto y = tape.output<T, 4>(shape_of(x.value));
  scale_and_shift<T>(tape.space(), x.value, scale, shift, y.value);
  tape.record("danaus::nn::affine", y, [x, y, scale](const Exec& space) {
    if (!x.is_tracked()) return;
    const Write write = x.claim_grad();
    scale_gradient<T>(space, y.grad(), scale, write, x.grad());
  });
  return y;
}

#define DANAUS_INSTANTIATE(T)                                           \
  template Var<T, 4> add<T>(Tape&, const Var<T, 4>&, const Var<T, 4>&); \
  template Var<T, 4> affine<T>(Tape&, const Var<T, 4>&, const Tensor<T, 3>&, const Tensor<T, 3>&);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::nn
