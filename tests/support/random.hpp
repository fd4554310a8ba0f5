#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/core/random.hpp>
#include <danaus/core/tensor.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace danaus::test {

template <class T>
double epsilon() {
  return std::numeric_limits<real_t<T>>::epsilon();
}

/// Standard normals in every real number of a tensor; equal streams give equal numbers.
template <class T, int R>
Tensor<T, R> normal(const Shape<R>& shape, std::uint64_t stream) {
  HostTensor<T, R> host("normal", layout_of<R>(shape));
  auto* numbers = reinterpret_cast<real_t<T>*>(host.data());
  const Random random(/*seed=*/12345, stream);
  for (size_t i = 0; i < host.size() * sizeof(T) / sizeof(real_t<T>); ++i)
    numbers[i] = real_t<T>(random.normal(i));
  return to_device<T, R>(host);
}

/// Largest |a - b| over all entries of two tensors on the device or the host.
template <class A, class B>
double max_difference(const A& a, const B& b) {
  const auto ha = to_host(a);
  const auto hb = to_host(b);
  double worst = ha.size() == hb.size() ? 0 : std::numeric_limits<double>::infinity();
  for (size_t i = 0; i < std::min(ha.size(), hb.size()); ++i) {
    const double d = double(Kokkos::abs(ha.data()[i] - hb.data()[i]));
    worst = d <= worst ? worst : d;  // a NaN is the worst
  }
  return worst;
}

template <class A>
double max_abs(const A& a) {
  const auto h = to_host(a);
  double worst = 0;
  for (size_t i = 0; i < h.size(); ++i) worst = std::max(worst, double(Kokkos::abs(h.data()[i])));
  return worst;
}

/// Real inner product: the sum of a conj(b), real part.
template <class A, class B>
double dot(const A& a, const B& b) {
  const auto ha = to_host(a);
  const auto hb = to_host(b);
  double total = 0;
  for (size_t i = 0; i < ha.size(); ++i) {
    total += double(Kokkos::real(ha.data()[i])) * double(Kokkos::real(hb.data()[i]));
    if constexpr (is_complex_v<typename A::value_type>)
      total += double(ha.data()[i].imag()) * double(hb.data()[i].imag());
  }
  return total;
}

}  // namespace danaus::test
