#include <danaus/monarch/structured/structured_matrix.hpp>

#include <danaus/core/instantiate.hpp>

#include <algorithm>
#include <cmath>

namespace danaus::monarch {

template <class T>
double ParameterArray<T>::initial_deviation() const {
  return std::sqrt(std::min(fan_in, fan_out)) / fan_in;
}

template <class T>
void initialize(const ParameterArray<T>& array, std::uint64_t seed, std::uint64_t stream) {
  const Random random(seed, stream);
  using R = real_t<T>;
  constexpr size_t parts = is_complex_v<T> ? 2 : 1;
  const double deviation = array.initial_deviation() / std::sqrt(double(parts));
  auto* numbers = reinterpret_cast<R*>(array.values.data());
  for (size_t e = 0; e < array.values.size() * parts; ++e) numbers[e] = R(deviation * random.normal(e));
}

#define DANAUS_INSTANTIATE(T)        \
  template struct ParameterArray<T>; \
  template void initialize<T>(const ParameterArray<T>&, std::uint64_t, std::uint64_t);
DANAUS_FOR_EACH_SCALAR(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
