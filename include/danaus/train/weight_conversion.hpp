#pragma once

#include <danaus/nn/monarch_weights.hpp>
#include <danaus/optim/adam.hpp>

/// Dense weights to Monarch matrices (D2S) and back (S2D, "reverse sparsification"), with what Adam knows of
/// them: Dao et al. 2022, section 4 (doi:10.48550/arXiv.2204.00595), which leaves the optimiser's state open.
/// All of it in host memory and double precision.
///
/// Below, S = U V' is a slice (j, k) of the transposed weights, rows row J + j and columns k p + i, with U
/// the columns of left block j and V' the rows of right block k that belong to it; G, m and v are gradient,
/// first and second moment. Moments are averages of g and g^2 over steps in which the weights hardly move, so
/// what is true of each gradient is carried over to them.
///
/// Dense to Monarch:
///
///     value    the closest Monarch matrix (monarch::project), singular values split evenly
///     average  the closest to the dense average, turned within each slice (U Q, V Q with Q orthogonal) to
///              lie as near as possible to the factors above: averages of factors mean nothing otherwise
///     m_U = m V,  m_V = m' U                                     the chain rule
///     v_U = (sqrt(v) |V|)^2,  v_V = (sqrt(v)' |U|)^2             entry by entry; an upper bound, since
///                                                                E (sum a g)^2 <= (sum |a| sqrt(E g^2))^2
///
/// With this bound no step m / sqrt(v) of a factor is longer than the longest of the dense weights in its row
/// or column. As old gradients are forgotten v falls to its own size within 1 / (1 - beta2) steps.
///
/// Monarch to dense:
///
///     value, average  the product of the factors
///     m = U A m_V' + m_U C V' - U A B C V',  A = (U'U)^+, C = (V'V)^+, B = (U'm_U + m_V'V) / 2
///         the gradient of least norm with these factor gradients: the true one, projected on the tangent
///         space of the Monarch matrices
///     v_ri = max(sum_q v_U[r, q] / |V|^2, sum_q v_V[i, q] / |U|^2)
///         the second moment of one entry if those of its row, or its column, were equal and uncorrelated;
///         raised where needed to that of a steady gradient, so that no first step is longer than the rate;
///         slices without factors, or with zero factors, take the mean of the others
///
/// The number of updates goes on, so bias correction does not start anew.
namespace danaus::train {

/// Dense weights; moments and average (input, output) as the value. No average: empty.
struct DenseWeightState {
  HostTensor<double, 2> value, first_moment, second_moment, average;
};

/// The factors, (block, row, column) each.
struct MonarchWeightState {
  struct Factor {
    HostTensor<double, 3> value, first_moment, second_moment, average;
  };
  Factor left, right;
};

/// @param relative_error  if given: ‖W - M‖ / ‖W‖, of the average where there is one
/// @throws DataError for an entry that is not finite; ShapeError
MonarchWeightState to_monarch(const DenseWeightState& dense, const nn::MonarchWeightsShape& shape,
                              double* relative_error = nullptr);

/// @param updates  that Adam has made; its bias corrections depend on it
/// @throws ShapeError
DenseWeightState to_dense(const MonarchWeightState& monarch, const nn::MonarchWeightsShape& shape,
                          std::uint64_t updates, const optim::AdamOptions& adam = {});

}  // namespace danaus::train
