#include "stencil_model.hpp"

#include <danaus/core/instantiate.hpp>
#include <danaus/core/random.hpp>

namespace danaus::test {

template <class T>
Tensor<T, 5> heat_trajectories(size_t samples, size_t n, size_t frames, size_t channels, double rate) {
  HostTensor<T, 5> u("u", samples, n, n, frames, channels);
  const Random random(17, stream::test);
  for (size_t s = 0; s < samples; ++s)
    for (size_t c = 0; c < channels; ++c) {
      for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < n; ++j)
          u(s, i, j, 0, c) = T(random.normal(((s * channels + c) * n + i) * n + j));
      for (size_t t = 0; t + 1 < frames; ++t)
        for (size_t i = 0; i < n; ++i)
          for (size_t j = 0; j < n; ++j) {
            const double here = u(s, i, j, t, c);
            const double around = double(u(s, (i + 1) % n, j, t, c)) +
                                  double(u(s, (i + n - 1) % n, j, t, c)) +
                                  double(u(s, i, (j + 1) % n, t, c)) + double(u(s, i, (j + n - 1) % n, t, c));
            u(s, i, j, t + 1, c) = T(here + rate * (around - 4 * here));
          }
    }
  return to_device<T, 5>(u);
}

#define DANAUS_INSTANTIATE(T) \
  template Tensor<T, 5> heat_trajectories<T>(size_t, size_t, size_t, size_t, double);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::test
