#pragma once

#include <danaus/core/tensor.hpp>

#include <cstdint>

namespace danaus::pde {

struct DarcyOptions {
  double tolerance = 1e-10;  ///< on ‖b - A u‖ / ‖b‖, at most 1e-8
  int max_iterations = 200;
};

/// Worst over the samples.
struct DarcyReport {
  int iterations = 0;
  double relative_residual = 0;
};

/// Steady flow through a porous square,
///
///     -div(a grad u) = f  on (0, 1)^2,  u = 0 on the boundary,
///
/// by five-point finite differences on K x K points x_i = i / (K - 1) **that include the boundary**, as in
/// the published data (K = 421): the coefficient is given at the points, and at the face between two points
/// it is their mean. Source: Li et al. 2021 (doi:10.48550/arXiv.2010.08895), section A.3.2 and its script.
///
/// Solved by conjugate gradients, preconditioned with the exact inverse of the constant-coefficient Laplacian
/// through fast sine transforms: the number of iterations depends on max a / min a alone, not on the grid. In
/// double precision throughout. One sample per thread; the bits do not depend on the batch or the number of
/// threads.
///
/// @param coefficient  (sample, K, K), a > 0, K >= 3
/// @param source       (sample, K, K), f; its boundary values are not used
/// @param solution     (sample, m, m), u at every ((K - 1) / (m - 1))-th point; m - 1 divides K - 1
/// @param first        number of sample 0 in messages
/// @throws InternalError naming the sample if the residual stays above the tolerance; UsageError; ShapeError
DarcyReport solve_darcy(const Exec& space, ConstTensor<double, 3> coefficient, ConstTensor<double, 3> source,
                        Tensor<double, 3> solution, const DarcyOptions& options = {},
                        std::uint64_t first = 0);

/// The same by device kernels, one sample after the other: how a GPU runs it, on any machine.
DarcyReport solve_darcy_by_kernels(const Exec& space, ConstTensor<double, 3> coefficient,
                                   ConstTensor<double, 3> source, Tensor<double, 3> solution,
                                   const DarcyOptions& options = {}, std::uint64_t first = 0);

}  // namespace danaus::pde
