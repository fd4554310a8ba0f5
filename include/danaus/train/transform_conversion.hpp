#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/monarch/monarch_shape.hpp>
#include <danaus/optim/adam.hpp>

/// Learned Monarch transforms to dense ones ("reverse sparsification", Dao et al. 2022, section 4,
/// doi:10.48550/arXiv.2204.00595), with Adam's state. A dense transform of n points is the Monarch matrix of
/// block size n: one right block that holds the matrix, and a left factor of n numbers, the scales of its
/// rows, which start at 1.
///
/// With u and v' the column of a left and the row of a right block that form slice u v', g = dRe + i dIm the
/// complex gradients, m and v the moments (v of real and imaginary part):
///
///     value, average   the product of the factors; 1
///     m = u m_v' / |u|^2 + m_u v' / |v|^2 - u b v' / (|u| |v|)^2,   b = (u* m_u + m_v' conj(v)) / 2
///         the gradient of least norm with these factor gradients
///     v = max(v_u / |v|^2, v_v / |u|^2), v_u and v_v the means of real and imaginary part: entries that are
///         equal and uncorrelated; at least that of a steady gradient
///         (entries of u and v that never had a gradient, of modes that are not kept, count as 0 in both)
///     m_scale = sum_x conj(M) m,   v_scale = (sum_x |M| |sqrt(v)|)^2     chain rule and upper bound
///
/// as for linear weights, see weight_conversion.hpp.
namespace danaus::train {

/// Factors behind monarch::InputOrder::strided, (block, row, column) each; second moments hold those of the
/// real and of the imaginary part. No average: empty.
struct TransformState {
  using Blocks = HostTensor<Complex<double>, 3>;
  struct Factor {
    Blocks value, first_moment, second_moment, average;
  };
  Factor left, right;
};

/// The same transform with blocks of all n points.
/// @param shape  square
/// @throws ShapeError if the factors are not of the shape
TransformState to_dense_transform(const TransformState& factors, const monarch::MonarchShape& shape,
                                  std::uint64_t updates, const optim::AdamOptions& adam = {});

}  // namespace danaus::train
