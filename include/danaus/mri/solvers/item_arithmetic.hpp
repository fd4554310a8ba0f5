#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/core/tensor.hpp>

#include <vector>

/// Vector arithmetic on every item of a batch (item, y, z, map) by itself, for solvers that run many slices
/// at once, each with its own step sizes. Sums run over a fixed partition in a fixed order, in double: the
/// same bits for any number of threads and any batch.
namespace danaus::mri {

template <class R>
using Images = Tensor<Complex<R>, 4>;
template <class R>
using ConstImages = ConstTensor<Complex<R>, 4>;

/// Re <x, y> of each item, with <x, y> = sum conj(x) y. Waits for the result.
template <class R>
std::vector<double> item_dots(const Exec& space, ConstImages<R> x, ConstImages<R> y);

/// max |x| of each item. Waits for the result.
template <class R>
std::vector<double> item_max_abs(const Exec& space, ConstImages<R> x);

/// y_b += factor_b x_b
template <class R>
void add_scaled_items(const Exec& space, const std::vector<double>& factors, ConstImages<R> x, Images<R> y);

/// y_b = x_b + factor_b y_b
template <class R>
void scale_and_add_items(const Exec& space, ConstImages<R> x, const std::vector<double>& factors,
                         Images<R> y);

/// z = a x + b y, the same factors for all items; z may be x or y.
template <class R>
void combine(const Exec& space, R a, ConstImages<R> x, R b, ConstImages<R> y, Images<R> z);

/// A small tensor on the device from host numbers.
template <class R>
Tensor<R, 1> to_device_vector(const std::vector<double>& values);

}  // namespace danaus::mri
