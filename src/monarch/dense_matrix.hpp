#pragma once

// The dense matrix of the kept rows and columns, from the factors, and the way back for gradients: cheap
// where one side of a transform is real and few modes are kept. The gradient of the dense matrix is one
// product over the lanes, nothing between the stages is needed, and the chain rule to the factors is a
// handful of operations.

#include <danaus/core/partial_sums.hpp>

#include "stage_view.hpp"

namespace danaus::monarch {

/// The matrix A[o, p] = second[o, mid] first[mid, p] as real numbers that act on planes: column by column,
/// and the same of its transpose. A complex output has rows (plane, o), a complex input columns (plane, p).
template <class T>
void pack_dense_matrix(const Exec& space, const StageTable& first, const StageTable& second,
                       const TwoStages<T>& stages, const Tensor<int, 2>& paths, T* matrix, T* transpose) {
  const bool inputs_complex = stages.input_complex;
  const int inputs = stages.input_rows, outputs = stages.output_rows;
  const int columns = inputs_complex ? 2 * inputs : inputs, rows = inputs_complex ? outputs : 2 * outputs;
  const auto first_input = first.input_of, second_output = second.output_of;
  const T *first_matrix = stages.first.matrix, *second_matrix = stages.second.matrix;
  Kokkos::parallel_for(
      "danaus::monarch::pack_dense_matrix", Kokkos::RangePolicy<Exec>(space, 0, paths.extent(0)),
      KOKKOS_LAMBDA(size_t middle) {
        for (int a = 0; a < paths(middle, 2); ++a) {
          const int e = paths(middle, 0) + a * paths(middle, 1), p = first_input(e);
          const Complex<T> f(first_matrix[2 * e], first_matrix[2 * e + 1]);
          for (int b = 0; b < paths(middle, 4); ++b) {
            const int d = paths(middle, 3) + b, o = second_output(d);
            const Complex<T> entry = Complex<T>(second_matrix[2 * d], second_matrix[2 * d + 1]) * f;
            const T part[2] = {entry.real(), inputs_complex ? -entry.imag() : entry.imag()};
            for (int plane = 0; plane < 2; ++plane) {
              const int row = inputs_complex ? o : plane * outputs + o,
                        column = inputs_complex ? plane * inputs + p : p;
              matrix[size_t(column) * rows + row] = part[plane];
              transpose[size_t(row) * columns + column] = part[plane];
            }
          }
        }
      });
}

/// The sums of the parts, (complex row, plane, real row), in order of the parts.
template <class T>
void sum_dense_parts(const Exec& space, const Tensor<T, 2>& partial, const Tensor<T, 1>& sums) {
  sum_parts<T>(
      space, partial.data(), partial.extent(0), partial.extent(1),
      KOKKOS_LAMBDA(size_t e, T sum) { sums(e) = sum; });
}

/// From G = dL/dA of the dense matrix A[o, p] = second[o, mid] first[mid, p] (each o and p meet in exactly
/// one middle row) to the factors:
///
///     d first[mid, p] = sum_o G[o, p] conj(second[o, mid]),   d second[o, mid] = sum_p G[o, p]
///     conj(first[mid, p])
///
/// @param dense  G as sum_dense_parts leaves it: the complex side's rows come first
template <class T>
void chain_to_factors(const Exec& space, const StageTable& first, const StageTable& second,
                      const TwoStages<T>& stages, const Tensor<int, 2>& paths, const Tensor<T, 1>& dense,
                      T* left_grad, T* right_grad) {
  const bool inputs_complex = stages.input_complex;
  const int real_rows = inputs_complex ? stages.output_rows : stages.input_rows;
  const T sign = inputs_complex ? T(-1) : T(1);  // the gradient conjugates the input
  const auto first_source = first.source, second_source = second.source, first_input = first.input_of,
             second_output = second.output_of;
  const auto first_scale = first.scale, second_scale = second.scale;
  const T *first_matrix = stages.first.matrix, *second_matrix = stages.second.matrix;
  Kokkos::parallel_for(
      "danaus::monarch::chain_to_factors", Kokkos::RangePolicy<Exec>(space, 0, paths.extent(0)),
      KOKKOS_LAMBDA(size_t middle) {
        const int first_begin = paths(middle, 0), first_stride = paths(middle, 1),
                  first_count = paths(middle, 2), second_begin = paths(middle, 3),
                  second_count = paths(middle, 4);
        const auto gradient = [&](int a, int b) {
          const int p = first_input(first_begin + a * first_stride), o = second_output(second_begin + b);
          const int row = inputs_complex ? p : o, column = inputs_complex ? o : p;
          return Complex<T>(dense((2 * row) * real_rows + column),
                            sign * dense((2 * row + 1) * real_rows + column));
        };
        const auto factor = [](const T* matrix, int e) {
          return Complex<T>(matrix[2 * e], -matrix[2 * e + 1]);  // conjugate
        };
        for (int a = 0; a < first_count; ++a) {
          const int e = first_begin + a * first_stride;
          Complex<T> sum(0, 0);
          for (int b = 0; b < second_count; ++b)
            sum += gradient(a, b) * factor(second_matrix, second_begin + b);
          right_grad[2 * first_source(e)] += T(first_scale(e)) * sum.real();
          right_grad[2 * first_source(e) + 1] += T(first_scale(e)) * sum.imag();
        }
        for (int b = 0; b < second_count; ++b) {
          const int e = second_begin + b;
          Complex<T> sum(0, 0);
          for (int a = 0; a < first_count; ++a)
            sum += gradient(a, b) * factor(first_matrix, first_begin + a * first_stride);
          left_grad[2 * second_source(e)] += T(second_scale(e)) * sum.real();
          left_grad[2 * second_source(e) + 1] += T(second_scale(e)) * sum.imag();
        }
      });
}

}  // namespace danaus::monarch
