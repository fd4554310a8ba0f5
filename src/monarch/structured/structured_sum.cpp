#include <danaus/monarch/structured/structured_sum.hpp>

#include <danaus/core/instantiate.hpp>

#include <monarch/structured/alternating_fit.hpp>

namespace danaus::monarch {

template <class T>
MonarchPlusLowRank<T> fit_monarch_plus_low_rank(const HostTensor<T, 2>& a, const MonarchShape& shape,
                                                size_t inner_rank, size_t rank, const FitOptions& options,
                                                FitReport* report) {
  return alternating_fit<T>(
      a, [&](const HostTensor<T, 2>& rest) { return fit_block_tensor_train<T>(rest, shape, inner_rank); },
      [&](const HostTensor<T, 2>& rest) { return fit_low_rank<T>(rest, rank); }, options, report);
}

#define DANAUS_INSTANTIATE(T)                                  \
  template MonarchPlusLowRank<T> fit_monarch_plus_low_rank<T>( \
      const HostTensor<T, 2>&, const MonarchShape&, size_t, size_t, const FitOptions&, FitReport*);
DANAUS_FOR_EACH_SCALAR(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
