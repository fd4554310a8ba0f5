#pragma once

#include <danaus/monarch/axis_transform.hpp>

namespace danaus::monarch {

/// A stage as kernels see it: plain pointers into its index tables and its packed matrix.
template <class T>
struct StageView {
  const int *input_begin, *output_begin, *matrix_begin, *input_row, *output_row;
  const T* matrix;  ///< entries column by column in each block, {re, im} if complex
  int blocks;
};

template <class T>
StageView<T> view_of(const StageTable& s, const T* matrix) {
  return {s.input_begin.data(),
          s.output_begin.data(),
          s.matrix_begin.data(),
          s.input_row.data(),
          s.output_row.data(),
          matrix,
          s.blocks};
}

/// Both stages of one direction, and the sizes of what lies before, between and after.
template <class T>
struct TwoStages {
  StageView<T> first, second;
  int input_rows, middle_rows, output_rows;
  bool input_complex, factors_complex, output_complex;
  double products;  ///< real multiply-adds of one lane

  KOKKOS_INLINE_FUNCTION bool middle_complex() const { return factors_complex; }
};

/// f.template operator()<input_complex, factors_complex, output_complex>(), for every combination there is.
template <class T, class F>
void with_numbers(const TwoStages<T>& s, const F& f) {
  if (!s.factors_complex)
    f.template operator()<false, false, false>();
  else if (s.input_complex && s.output_complex)
    f.template operator()<true, true, true>();
  else if (s.input_complex)
    f.template operator()<true, true, false>();
  else if (s.output_complex)
    f.template operator()<false, true, true>();
  else
    f.template operator()<false, true, false>();
}

/// Partial sums over fixed chunks of the lanes make gradients independent of the number of threads. A GPU
/// needs a team for each of its multiprocessors.
#if defined(KOKKOS_ENABLE_CUDA)
inline constexpr int gradient_chunks = 256;
#else
inline constexpr int gradient_chunks = 16;
#endif

}  // namespace danaus::monarch
