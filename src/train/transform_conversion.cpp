#include <danaus/train/transform_conversion.hpp>

#include <algorithm>
#include <cmath>

namespace danaus::train {

namespace {

using Number = Complex<double>;
using Blocks = TransformState::Blocks;
using monarch::MonarchShape;

Blocks blocks(const Shape<3>& shape) {
  return Blocks("danaus::train::transform_conversion", layout_of<3>(shape));
}

double squared(const Number& x) { return x.real() * x.real() + x.imag() * x.imag(); }
double mean_of_parts(const Number& x) { return 0.5 * (x.real() + x.imag()); }

/// f(j, k, l, i, row, column) for each entry of the matrix; (l, j) is its row, (k, i) strided its column.
template <class F>
void for_each_entry(const MonarchShape& s, F f) {
  for (size_t j = 0; j < s.left_blocks; ++j)
    for (size_t k = 0; k < s.right_blocks; ++k)
      for (size_t l = 0; l < s.left_rows; ++l)
        for (size_t i = 0; i < s.right_columns; ++i)
          f(j, k, l, i, l * s.left_blocks + j, i * s.right_blocks + k);
}

Blocks multiplied_out(const Blocks& left, const Blocks& right, const MonarchShape& s) {
  const Blocks dense = blocks({1, s.rows(), s.columns()});
  for_each_entry(s, [&](size_t j, size_t k, size_t l, size_t i, size_t row, size_t column) {
    dense(0, row, column) = left(j, l, k) * right(k, j, i);
  });
  return dense;
}

void require_factor(const char* name, const TransformState::Factor& factor, const Shape<3>& shape) {
  const std::string what = std::string("to_dense_transform: ") + name;
  require_shape(what, factor.value, shape);
  require_shape(what + " first moment", factor.first_moment, shape);
  require_shape(what + " second moment", factor.second_moment, shape);
  if (factor.average.size()) require_shape(what + " average", factor.average, shape);
}

/// A factor's entry, or 0 if it never had a gradient: it belongs to an output or input that is not computed,
/// where the gradient of the product is 0 too.
Number used(const TransformState::Factor& factor, size_t block, size_t row, size_t column) {
  return squared(factor.second_moment(block, row, column)) > 0 ? factor.value(block, row, column) : Number(0);
}

/// What a slice (j, k) adds to every entry's moments.
struct SliceSums {
  double left_norm = 0, right_norm = 0;  ///< |u|^2, |v|^2
  Number inner;                          ///< b
};

SliceSums sums_of(const TransformState& f, const MonarchShape& s, size_t j, size_t k) {
  SliceSums sums;
  for (size_t l = 0; l < s.left_rows; ++l) {
    const Number u = used(f.left, j, l, k);
    sums.left_norm += squared(u);
    sums.inner += 0.5 * Kokkos::conj(u) * f.left.first_moment(j, l, k);
  }
  for (size_t i = 0; i < s.right_columns; ++i) {
    const Number v = used(f.right, k, j, i);
    sums.right_norm += squared(v);
    sums.inner += 0.5 * f.right.first_moment(k, j, i) * Kokkos::conj(v);
  }
  return sums;
}

}  // namespace

TransformState to_dense_transform(const TransformState& f, const MonarchShape& s, std::uint64_t updates,
                                  const optim::AdamOptions& adam) {
  require_factor("left", f.left, s.left());
  require_factor("right", f.right, s.right());
  const size_t n = s.rows();
  if (s.columns() != n)
    throw ShapeError("to_dense_transform: " + std::to_string(n) + " rows and " + std::to_string(s.columns()) +
                     " columns; expected a square shape");
  const double t = double(updates), bias1 = 1 - std::pow(adam.beta1, t), bias2 = 1 - std::pow(adam.beta2, t);
  const double steady = updates ? bias2 / (bias1 * bias1) : 0;
  const auto inverse = [](double x) { return x > 0 ? 1 / x : 0.0; };

  TransformState result;
  TransformState::Factor &scale = result.left, &matrix = result.right;
  for (auto* part : {&scale.value, &scale.first_moment, &scale.second_moment}) *part = blocks({n, 1, 1});
  matrix.value = multiplied_out(f.left.value, f.right.value, s);
  matrix.first_moment = blocks({1, n, n});
  matrix.second_moment = blocks({1, n, n});
  fill(scale.value, Number(1));
  if (f.left.average.size()) {
    matrix.average = multiplied_out(f.left.average, f.right.average, s);
    scale.average = blocks({n, 1, 1});
    fill(scale.average, Number(1));
  }

  std::vector<SliceSums> sums(s.left_blocks * s.right_blocks);
  for (size_t j = 0; j < s.left_blocks; ++j)
    for (size_t k = 0; k < s.right_blocks; ++k) sums[j * s.right_blocks + k] = sums_of(f, s, j, k);
  for_each_entry(s, [&](size_t j, size_t k, size_t l, size_t i, size_t row, size_t column) {
    const SliceSums& slice = sums[j * s.right_blocks + k];
    const double of_u = inverse(slice.left_norm), of_v = inverse(slice.right_norm);
    const Number u = used(f.left, j, l, k), v = used(f.right, k, j, i);
    if (squared(u) == 0 || squared(v) == 0) return;
    const Number m = u * f.right.first_moment(k, j, i) * of_u + f.left.first_moment(j, l, k) * v * of_v -
                     u * slice.inner * v * (of_u * of_v);
    const double second = std::max(mean_of_parts(f.left.second_moment(j, l, k)) * of_v,
                                   mean_of_parts(f.right.second_moment(k, j, i)) * of_u);
    matrix.first_moment(0, row, column) = m;
    matrix.second_moment(0, row, column) = Number(std::max(second, steady * m.real() * m.real()),
                                                  std::max(second, steady * m.imag() * m.imag()));
  });
  for (size_t row = 0; row < n; ++row) {
    Number m;
    double root = 0;
    for (size_t column = 0; column < n; ++column) {
      const Number entry = matrix.value(0, row, column), second = matrix.second_moment(0, row, column);
      m += Kokkos::conj(entry) * matrix.first_moment(0, row, column);
      root += std::sqrt(squared(entry) * (second.real() + second.imag()));
    }
    scale.first_moment(row, 0, 0) = m;
    scale.second_moment(row, 0, 0) = Number(root * root, root * root);
  }
  return result;
}

}  // namespace danaus::train
