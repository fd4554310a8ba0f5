#pragma once

#include <danaus/mri/operators/sense_operator.hpp>
#include <danaus/mri/solvers/item_arithmetic.hpp>

#include <functional>

namespace danaus::mri {

/// What a solver tells after each iteration: iteration (from 1), and for each item a number that falls.
using Monitor = std::function<void(int iteration, const std::vector<double>& measure)>;

/// x = argmin ||A x - y||^2 + lambda ||x||^2 by conjugate gradients on (A^H A + lambda) x = A^H y from x = 0,
/// each item by itself. An item whose residual has fallen to `tolerance` of ||A^H y|| is left as it is.
/// Pruessmann et al. 2001, doi:10.1002/mrm.1241.
///
/// @param y        (batch, ky, kz, coil); samples outside the mask do not count
/// @param x        (batch, y, z, map), overwritten
/// @param monitor  is told the relative residual of the normal equations
/// @throws UsageError if lambda < 0
template <class R>
void cg_sense(const Exec& space, const SenseOperator<R>& a, ConstTensor<Complex<R>, 4> y, double lambda,
              int iterations, double tolerance, Images<R> x, const Monitor& monitor = {});

/// Bytes of its three vectors.
template <class R>
size_t cg_sense_workspace_bytes(const Shape<4>& image);

}  // namespace danaus::mri
