#pragma once

#include <danaus/core/tensor.hpp>

namespace danaus::mri {

/// out = offset + scale * sum of all rows, in index order.
template <class R>
void sum_rows(const Exec& space, const Tensor<double, 2>& rows, double offset, double scale,
              const Tensor<R, 0>& out);

}  // namespace danaus::mri
