#pragma once

#include <danaus/core/tensor.hpp>

#include <cstdint>
#include <string>

/// The Gaussian random fields that published data sets draw from.
///
/// A field is a pure function of (seed, sample): each mode has its own random number, keyed by its
/// wavenumbers, so a sample is the same whatever else is generated beside it, and at every resolution: a
/// finer grid adds modes to the same field. Random numbers: Random(seed, stream::field + (sample << 8)).
namespace danaus::pde {

/// Which published convention scales the initial vorticity of Navier-Stokes. With lambda_k = (4 pi^2 |k|^2 +
/// 49)^{-5/2} the variance of the mode pair k, -k of the real field is, beside lambda_k,
///   v2020  2 7^3    as drawn by the FNO code of 2020 (real and imaginary part of unit variance): field std
///   0.262 v2022  7^3      as drawn after mid-2022 (complex noise of unit variance): field std 0.185 paper
///   7^{3/2}  as written in the paper, N(0, 7^{3/2} (-Laplace + 49)^{-2.5}): field std 0.043
/// Source: Li et al. 2021, section 5.3 (doi:10.48550/arXiv.2010.08895) and its published scripts.
enum class FieldNormalisation { v2020, v2022, paper };

/// "2020", "2022", "paper". @throws UsageError naming the valid names
FieldNormalisation field_normalisation(const std::string& name);

/// Initial vorticity on the periodic unit square: for samples first .. first + n - 1
///
///     w(x) = sum_k sqrt(v lambda_k) Re(xi_k exp(2 pi i k.x)),  Re xi, Im xi ~ N(0, 1) (per pair k, -k: half
///     each)
///
/// with zero mean, over the modes |kx|, |ky| < extent / 2.
/// @param field  (sample, x, y), overwritten, at x_i = i / extent
template <class R>
void periodic_field(const Exec& space, std::uint64_t seed, std::uint64_t first,
                    FieldNormalisation normalisation, Tensor<R, 3> field);

/// Field with zero normal slope on the unit square, for the coefficient of Darcy flow (alpha = 2, tau = 3):
///
///     g(x) = sum_{k != 0} 3 (pi^2 |k|^2 + 9)^{-1} e_k xi_k cos(pi kx x) cos(pi ky y),  e_k = prod_d (k_d ?
///     sqrt 2 : 1)
///
/// over 0 <= kx, ky < extent - 1: what the published inverse cosine transform sums, at grid points that
/// include the boundary. Same source.
/// @param field  (sample, x, y), overwritten, at x_i = i / (extent - 1)
template <class R>
void neumann_field(const Exec& space, std::uint64_t seed, std::uint64_t first, Tensor<R, 3> field);

}  // namespace danaus::pde
