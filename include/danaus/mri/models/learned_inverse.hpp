#pragma once

#include <danaus/nn/axis_monarch.hpp>

/// The two halves of a learned inverse Fourier transform, fused with what stands before and after it.
namespace danaus::mri {

/// out(b, y, kz, coil) = sum_t M[y, t] samples(b, first_row + t, first_column + kz, coil)
///
/// along the first axis of the samples' centre, read where it lies: as many rows as the layer has inputs, and
/// `columns`. No gradient flows to the samples.
/// @param along_y  a layer of axis 1 @param packed  its factors
/// @throws ShapeError
template <class R>
Var<Complex<R>, 4> transform_centre(Tape& tape, const nn::AxisMonarch<R>& along_y, const Tensor<R, 1>& packed,
                                    const ConstTensor<Complex<R>, 4>& samples, size_t columns);

/// Coil images by a learned transform of the last axis, and their sum:
///
///     x(b, y, z, m) = sum_coil conj(maps(s, y, z, coil, m)) sum_t M[z, t] u(b, y, t, coil)
///
/// The coil images exist for some rows at a time, so that they stay near the cache, and no tape keeps
/// them. Items of a slice lie side by side: s = b / (batch / slices).
/// @param along_z  a layer of axis 2 @param packed  its factors
/// @throws ShapeError
template <class R>
Var<Complex<R>, 4> transform_and_combine(Tape& tape, const nn::AxisMonarch<R>& along_z,
                                         const Tensor<R, 1>& packed, const ConstTensor<Complex<R>, 5>& maps,
                                         const Var<Complex<R>, 4>& u);

}  // namespace danaus::mri
