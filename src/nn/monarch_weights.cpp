#include <danaus/nn/monarch_weights.hpp>

#include <danaus/core/instantiate.hpp>

#include <algorithm>

namespace danaus::nn {

namespace {

void require_positive(size_t inputs, size_t outputs, size_t blocks) {
  if (inputs == 0 || outputs == 0 || blocks == 0)
    throw ShapeError("MonarchWeightsShape: blocks of " + std::to_string(blocks) + " for " +
                     std::to_string(inputs) + " inputs and " + std::to_string(outputs) +
                     " outputs; expected at least 1 of each");
}

template <class T>
void require_shapes(const char* what, const MonarchWeightsShape& shape, const Tensor<T, 3>& left,
                    const Tensor<T, 3>& right, const Tensor<T, 2>& weights) {
  const std::string name(what);
  require_shape(name + ": left", left, shape.left());
  require_shape(name + ": right", right, shape.right());
  require_shape(name + ": weights", weights, {shape.inputs, shape.outputs});
}

using Range2 = Indices<2>;
using Range3 = Indices<3>;

Range3 over(const Exec& space, const Shape<3>& shape) {
  return Range3(space, {0, 0, 0}, {long(shape[0]), long(shape[1]), long(shape[2])});
}

}  // namespace

MonarchWeightsShape MonarchWeightsShape::from_nblocks(size_t inputs, size_t outputs, size_t nblocks) {
  require_positive(inputs, outputs, nblocks);
  const size_t p = (inputs + nblocks - 1) / nblocks, s = (outputs + nblocks - 1) / nblocks;
  return {inputs, outputs, nblocks, std::min(p, s), nblocks};
}

MonarchWeightsShape MonarchWeightsShape::from_block(size_t inputs, size_t outputs, size_t block) {
  require_positive(inputs, outputs, block);
  return {inputs, outputs, (inputs + block - 1) / block, block, block};
}

template <class T>
void multiply_out(const Exec& space, const MonarchWeightsShape& shape, const Tensor<T, 3>& left,
                  const Tensor<T, 3>& right, const Tensor<T, 2>& weights) {
  require_shapes<T>("multiply_out", shape, left, right, weights);
  const size_t q = shape.right_rows, p = shape.right_columns(), blocks = shape.left_blocks;
  Kokkos::parallel_for(
      "danaus::nn::multiply_out", Range2(space, {0, 0}, {long(shape.inputs), long(shape.outputs)}),
      KOKKOS_LAMBDA(long input, long output) {
        const size_t k = size_t(input) / p, i = size_t(input) % p;
        const size_t row = size_t(output) / blocks, j = size_t(output) % blocks;
        // The first inner index of right block k that left block j reads.
        const size_t first = k * q + (j + blocks - k * q % blocks) % blocks;
        T sum{};
        for (size_t inner = first; inner < (k + 1) * q; inner += blocks)
          sum += left(j, row, inner / blocks) * right(k, inner - k * q, i);
        weights(input, output) = sum;
      });
}

template <class T>
void multiply_out_backward(const Exec& space, const MonarchWeightsShape& shape, const Tensor<T, 3>& left,
                           const Tensor<T, 3>& right, const Tensor<T, 2>& weights_grad,
                           const Tensor<T, 3>& left_grad, const Tensor<T, 3>& right_grad) {
  require_shapes<T>("multiply_out_backward", shape, left, right, weights_grad);
  require_shapes<T>("multiply_out_backward: gradient", shape, left_grad, right_grad, weights_grad);
  const size_t q = shape.right_rows, p = shape.right_columns(), blocks = shape.left_blocks;
  const size_t inputs = shape.inputs, outputs = shape.outputs;
  Kokkos::parallel_for(
      "danaus::nn::multiply_out_backward (left)", over(space, shape.left()),
      KOKKOS_LAMBDA(long j, long row, long t) {
        const size_t inner = size_t(t) * blocks + size_t(j), k = inner / q, r = inner % q;
        const size_t output = size_t(row) * blocks + size_t(j);
        if (output >= outputs) return;
        T sum{};
        for (size_t input = k * p; input < (k + 1) * p && input < inputs; ++input)
          sum += right(k, r, input - k * p) * weights_grad(input, output);
        left_grad(j, row, t) += sum;
      });
  Kokkos::parallel_for(
      "danaus::nn::multiply_out_backward (right)", over(space, shape.right()),
      KOKKOS_LAMBDA(long k, long r, long i) {
        const size_t inner = size_t(k) * q + size_t(r), j = inner % blocks, t = inner / blocks;
        const size_t input = size_t(k) * p + size_t(i);
        if (input >= inputs) return;
        T sum{};
        for (size_t output = j; output < outputs; output += blocks)
          sum += left(j, output / blocks, t) * weights_grad(input, output);
        right_grad(k, r, i) += sum;
      });
}

#define DANAUS_INSTANTIATE(T)                                                                           \
  template void multiply_out<T>(const Exec&, const MonarchWeightsShape&, const Tensor<T, 3>&,           \
                                const Tensor<T, 3>&, const Tensor<T, 2>&);                              \
  template void multiply_out_backward<T>(const Exec&, const MonarchWeightsShape&, const Tensor<T, 3>&,  \
                                         const Tensor<T, 3>&, const Tensor<T, 2>&, const Tensor<T, 3>&, \
                                         const Tensor<T, 3>&);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::nn
