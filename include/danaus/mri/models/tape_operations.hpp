#pragma once

#include <danaus/autograd/parameter_store.hpp>
#include <danaus/autograd/tape.hpp>
#include <danaus/mri/operators/band_limit.hpp>
#include <danaus/mri/operators/sense_operator.hpp>

#include <memory>

/// The imaging operators of SENSE as operations on a tape. Shapes as in SenseOperator; items of a batch are
/// the echoes of its slices side by side.
namespace danaus::mri {

/// x = A^H y. The gradient of samples that the mask leaves out is zero.
template <class R>
Var<Complex<R>, 4> sense_adjoint(Tape& tape, std::shared_ptr<const SenseOperator<R>> a,
                                 const Var<Complex<R>, 4>& y);

/// y = A x.
template <class R>
Var<Complex<R>, 4> sense_forward(Tape& tape, std::shared_ptr<const SenseOperator<R>> a,
                                 const Var<Complex<R>, 4>& x);

/// One step of gradient descent on 1/2 ||A x - y||^2 with a learned step size:
///
///     z = x - step[0] (A^H A x - b),   b = A^H y
///
/// @param b     a constant (item, y, z, map)
/// @param step  (1)
template <class R>
Var<Complex<R>, 4> data_consistency(Tape& tape, std::shared_ptr<const SenseOperator<R>> a,
                                    const Tensor<Complex<R>, 4>& b, const Parameter<R, 1>& step,
                                    const Var<Complex<R>, 4>& x);

/// w = x + beta (x - before): Nesterov's extrapolation.
template <class R>
Var<Complex<R>, 4> extrapolate(Tape& tape, R beta, const Var<Complex<R>, 4>& x,
                               const Var<Complex<R>, 4>& before);

/// out(s, ky, kz, coil) = the centre rows x columns of the plane of y, times w(s, ky, kz) and, where
/// `learned` has entries, learned(ky, kz), both of the centre's size. No gradient flows to y.
/// @param w  (1 or a divisor of the batch, ky, kz)
template <class R>
Var<Complex<R>, 4> weighted_centre(Tape& tape, const ConstTensor<Complex<R>, 4>& y,
                                   const ConstTensor<R, 3>& w, const Parameter<R, 2>* learned, size_t rows,
                                   size_t columns);

/// v(b, y, z, c) = a(y) c(z) u(b, y, z, c) with learned complex a and c.
template <class R>
Var<Complex<R>, 4> separable_weights(Tape& tape, const Parameter<Complex<R>, 1>& row_weights,
                                     const Parameter<Complex<R>, 1>& column_weights,
                                     const Var<Complex<R>, 4>& u);

/// Real and imaginary parts of a slice's echoes as channels: c(slice, y, z, 2 echo + part) from x (item, y,
/// z, 1). @throws ShapeError if the echoes do not divide the items
template <class R>
Var<R, 4> echo_channels(Tape& tape, const Var<Complex<R>, 4>& x, size_t echoes);

/// y = x + c, with channels as those of echo_channels().
template <class R>
Var<Complex<R>, 4> add_channels(Tape& tape, const Var<Complex<R>, 4>& x, const Var<R, 4>& c);

/// Zero where all sensitivities of a pixel are.
template <class R>
Var<Complex<R>, 4> keep_support(Tape& tape, const ConstTensor<Complex<R>, 5>& maps,
                                const Var<Complex<R>, 4>& x);

/// y = the band-limited x.
template <class R>
Var<Complex<R>, 4> limit_band(Tape& tape, std::shared_ptr<const BandLimit<R>> band,
                              const Var<Complex<R>, 4>& x);

}  // namespace danaus::mri
