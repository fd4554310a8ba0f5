#pragma once

#include <danaus/mri/solvers/cg_sense.hpp>

namespace danaus::mri {

/// In place, each item b by itself: v_b <- argmin_x 1/2 ||x - v_b||^2 + thresholds[b] g(x).
template <class R>
using Proximal = std::function<void(const Exec&, int iteration, const std::vector<double>& thresholds,
                                    const Images<R>& v)>;

/// x = argmin 1/2 ||A x - y||^2 + lambda_b g(x) by FISTA (Beck and Teboulle 2009, doi:10.1137/080716542),
/// from x = 0, with step 1 / L, L = a.largest_eigenvalue(), and lambda_b = lambda max |A^H y_b|: the
/// regularisation follows the scale of each item's data, so that one lambda serves data in any unit.
///
/// @param x        (batch, y, z, map), overwritten
/// @param monitor  is told ||x_k - x_{k-1}|| / ||x_k||
/// @throws UsageError if lambda < 0
template <class R>
void fista(const Exec& space, const SenseOperator<R>& a, ConstTensor<Complex<R>, 4> y, double lambda,
           const Proximal<R>& proximal, int iterations, Images<R> x, const Monitor& monitor = {});

template <class R>
size_t fista_workspace_bytes(const Shape<4>& image);

}  // namespace danaus::mri
