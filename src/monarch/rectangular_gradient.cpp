#include <danaus/monarch/rectangular.hpp>

#include <danaus/core/instantiate.hpp>

#include <monarch/structured/batch.hpp>

namespace danaus::monarch {

template <class T>
StructuredGradient<T> backward(const RectangularMonarch<T>& m, const HostTensor<T, 2>& x,
                               const HostTensor<T, 2>& y_grad) {
  require_gradient_batches("backward (RectangularMonarch)", m, x, y_grad);
  const auto& s = m.shape();
  const auto input = make_batch<T>(x.extent(0), x.extent(1));
  const HostTensor<T, 3> left("danaus::monarch::left_gradient", layout_of<3>(shape_of(m.left()))),
      right("danaus::monarch::right_gradient", layout_of<3>(shape_of(m.right())));
  for (size_t sample = 0; sample < x.extent(0); ++sample)
    for (size_t k = 0; k < s.right_blocks; ++k) {
      // Inner values, computed again, and their gradients.
      std::vector<T> inner(s.right_rows), inner_grad(s.right_rows);
      for (size_t j = 0; j < s.right_rows; ++j)
        for (size_t i = 0; i < s.right_columns; ++i)
          inner[j] += m.right()(k, j, i) * x(sample, k * s.right_columns + i);
      for (size_t l = 0; l < s.left_block_rows; ++l)
        for (size_t t = 0; t < s.diagonal(); ++t) {
          const T g = y_grad(sample, l * s.left_rows + t % s.left_rows);
          left(l, k, t) += g * conjugate(inner[t % s.right_rows]);
          inner_grad[t % s.right_rows] += conjugate(m.left()(l, k, t)) * g;
        }
      for (size_t j = 0; j < s.right_rows; ++j)
        for (size_t i = 0; i < s.right_columns; ++i) {
          const size_t column = k * s.right_columns + i;
          right(k, j, i) += inner_grad[j] * conjugate(x(sample, column));
          input(sample, column) += conjugate(m.right()(k, j, i)) * inner_grad[j];
        }
    }
  return {input, {flat_copy<T>(left), flat_copy<T>(right)}};
}

template <class T>
std::vector<ParameterArray<T>> parameter_arrays(const RectangularMonarch<T>& m) {
  const auto& s = m.shape();
  const auto ceil_divide = [](size_t a, size_t b) { return double((a + b - 1) / b); };
  return {{"left", flat<T>(m.left()), double(s.right_blocks) * ceil_divide(s.right_rows, s.left_rows),
           double(s.left_block_rows) * ceil_divide(s.left_rows, s.right_rows)},
          {"right", flat<T>(m.right()), double(s.right_columns), double(s.right_rows)}};
}

#define DANAUS_INSTANTIATE(T)                                                                       \
  template StructuredGradient<T> backward<T>(const RectangularMonarch<T>&, const HostTensor<T, 2>&, \
                                             const HostTensor<T, 2>&);                              \
  template std::vector<ParameterArray<T>> parameter_arrays<T>(const RectangularMonarch<T>&);
DANAUS_FOR_EACH_SCALAR(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
