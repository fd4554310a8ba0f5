#pragma once

#include <danaus/mri/solvers/fista.hpp>

namespace danaus::mri {

/// The proximal step of isotropic total variation
///
///     TV(x) = sum_pixels sqrt(|x(y + 1, z) - x(y, z)|^2 + |x(y, z + 1) - x(y, z)|^2)
///
/// (differences across the edge are zero), by the fast gradient projection of its dual (Beck and Teboulle
/// 2009, doi:10.1109/TIP.2009.2028250). The dual variables are kept between calls: inside FISTA a few steps
/// suffice.
///
/// @param steps  dual steps per call
template <class R>
Proximal<R> total_variation_proximal(const Shape<4>& image, int steps);

template <class R>
size_t total_variation_workspace_bytes(const Shape<4>& image);

/// TV(x) of each item. Waits for the result.
template <class R>
std::vector<double> total_variation(const Exec& space, ConstImages<R> x);

}  // namespace danaus::mri
