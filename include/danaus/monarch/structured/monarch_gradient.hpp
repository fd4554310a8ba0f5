#pragma once

#include <danaus/monarch/block_product.hpp>
#include <danaus/monarch/monarch_matrix.hpp>
#include <danaus/monarch/structured/structured_matrix.hpp>

/// What makes a MonarchMatrix and a BlockProduct structured matrices. A product takes the rules of its
/// factors, by the columns of their blocks; it holds every exact transform, so that learning may start at
/// each of them.
///
/// Initialisation and learning rates: as ParameterArray says, with fan-in the columns of a block (right: b,
/// left: n/b). The published code draws each factor Kaiming-uniform with the same fan-ins and the gain of a
/// leaky ReLU of slope sqrt(5): a standard deviation of sqrt(1 / (3 fan_in)). Each slice has a gauge, (s l, r
/// / s): weight decay and Adam see the factors, not the product, so a factor that is much larger than its
/// partner learns slowly in relative terms; fit_block_tensor_train() and these rules split the size evenly.
namespace danaus::monarch {

template <class T>
StructuredGradient<T> backward(const MonarchMatrix<T>& a, const HostTensor<T, 2>& x,
                               const HostTensor<T, 2>& y_grad);
template <class T>
std::vector<ParameterArray<T>> parameter_arrays(const MonarchMatrix<T>& a);

template <class T>
StructuredGradient<T> backward(const BlockProduct<T>& a, const HostTensor<T, 2>& x,
                               const HostTensor<T, 2>& y_grad);
/// factor_0, factor_1, ..., as in files
template <class T>
std::vector<ParameterArray<T>> parameter_arrays(const BlockProduct<T>& a);

}  // namespace danaus::monarch
