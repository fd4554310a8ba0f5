#include <danaus/monarch/exact/trigonometric.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/fft/root_of_unity.hpp>
#include <danaus/monarch/exact/product_algebra.hpp>

#include <monarch/exact/real_fourier.hpp>

#include <algorithm>
#include <cmath>

namespace danaus::monarch {

namespace {

using Z = Complex<double>;

double alternating(size_t t) { return t % 2 == 0 ? 1.0 : -1.0; }

/// Cosine transform II by Makhoul's order.
RealFourier cosine_two(size_t n) {
  RealFourier f;
  for (size_t s = 0; s < n; ++s) f.inputs.push_back({2 * s < n ? 2 * s : 2 * (n - 1 - s) + 1});
  for (size_t o = 0; o < n; ++o)
    f.outputs.push_back(
        {o, std::sqrt((o == 0 ? 1.0 : 2.0) / double(n)) * fft::root_of_unity(-long(o), 4 * long(n))});
  return f;
}

/// The number +-a or +-a + 4n (n odd, a odd) that leaves 1 modulo 8, and the sign that cos(2 pi a e / 8n), e
/// odd, takes when a is replaced by it.
struct Representative {
  long number;
  double sign;
};
Representative representative(long a, long n) {
  switch (a % 8) {
    case 1:
      return {a, 1};
    case 7:
      return {-a, 1};
    case 5:
      return {a + 4 * n, -1};
    default:
      return {-a + 4 * n, -1};
  }
}

/// Cosine transform IV of an odd n. With a = 2o+1 and e = 2t+1 in their representatives, a e leaves 1 modulo
/// 8, so that exp(2 pi i a e / 8n) = exp(2 pi i n / 8) exp(2 pi i v a e / n) with 8 v = 1 modulo n: a DFT.
RealFourier odd_cosine_four(long n) {
  long v = 1 % n;
  while (8 * v % n != 1 % n) ++v;
  RealFourier f;
  f.sign = Fourier::inverse;
  f.inputs.resize(n);
  for (long t = 0; t < n; ++t) {
    const auto [number, sign] = representative(2 * t + 1, n);
    f.inputs[((number % n) + n) % n] = {size_t(t), sign};
  }
  for (long o = 0; o < n; ++o) {
    const auto [number, sign] = representative(2 * o + 1, n);
    const size_t frequency = size_t(v * (((number % n) + n) % n) % n);
    f.outputs.push_back({frequency, sign * std::sqrt(2.0 / double(n)) * fft::root_of_unity(n % 8, 8)});
  }
  return f;
}

/// Cosine transform IV of an even n: with theta = pi (4k+1)(4s+1) / 4n, y[2k] and -y[n-1-2k] are the real and
/// imaginary part of sum_s (x[2s] + i x[n-1-2s]) exp(-i theta).
PairedFourier even_cosine_four(size_t n) {
  PairedFourier f;
  const double scale = std::sqrt(2.0 / double(n));
  for (size_t s = 0; s < n / 2; ++s) {
    for (auto* order : {&f.inputs, &f.outputs}) {
      order->push_back(2 * s);
      order->push_back(n - 1 - 2 * s);
    }
    f.pre.push_back(fft::root_of_unity(-long(s), 2 * long(n)));
    f.post.push_back(scale * fft::root_of_unity(-long(4 * s + 1), 8 * long(n)));
  }
  return f;
}

template <class R>
BlockProduct<R> cosine_four(size_t n, size_t block) {
  if (n % 2 == 1) return real_fourier<R>(odd_cosine_four(long(n)), block);
  // n/2 = (block/2) (n/block) or block (n/block/2): either way the real blocks are near the size asked for.
  auto product = paired_fourier<R>(even_cosine_four(n), block % 2 == 0 ? block / 2 : block);
  // y[n-1-2k] is minus the imaginary part.
  auto signs = std::vector<R>(n);
  for (size_t t = 0; t < n; ++t) signs[t] = R(alternating(t));
  return compose(diagonal_product(signs), product);
}

void require_divisor(const char* what, size_t n, size_t block) {
  if (n == 0 || block == 0 || n % block != 0)
    throw ShapeError(std::string(what) + ": block size " + std::to_string(block) +
                     " does not divide n = " + std::to_string(n));
}

}  // namespace

template <class R>
BlockProduct<R> cosine_transform(TrigonometricType type, size_t n, size_t block) {
  require_divisor("cosine_transform", n, block);
  if (type == TrigonometricType::four) return simplify(cosine_four<R>(n, block));
  const auto two = real_fourier<R>(cosine_two(n), block);
  return simplify(type == TrigonometricType::two ? two : adjoint(two));
}

template <class R>
BlockProduct<R> sine_transform(TrigonometricType type, size_t n, size_t block) {
  require_divisor("sine_transform", n, block);
  if (type == TrigonometricType::four) {
    // sin(pi (2o+1)(2t+1) / 4n) = (-1)^o cos(pi (2o+1)(2(n-1-t)+1) / 4n).
    std::vector<R> signs(n);
    std::vector<size_t> reversed(n);
    for (size_t t = 0; t < n; ++t) signs[t] = R(alternating(t)), reversed[t] = n - 1 - t;
    return simplify(compose(diagonal_product(signs),
                            compose(cosine_four<R>(n, block), permutation_product<R>(reversed))));
  }
  // sin(pi (o+1)(2t+1) / 2n) = (-1)^t cos(pi (n-1-o)(2t+1) / 2n).
  auto f = cosine_two(n);
  std::reverse(f.outputs.begin(), f.outputs.end());
  for (auto& input : f.inputs) input.weight = alternating(input.source);
  const auto two = real_fourier<R>(f, block);
  return simplify(type == TrigonometricType::two ? two : adjoint(two));
}

template <class R>
BlockProduct<R> hartley_transform(size_t n, size_t block) {
  require_divisor("hartley_transform", n, block);
  RealFourier f;
  for (size_t t = 0; t < n; ++t) {
    f.inputs.push_back({t});
    f.outputs.push_back({t, Z(1, 1)});  // Re((1 + i)(C - i S)) = C + S
  }
  return simplify(real_fourier<R>(f, block));
}

template <class R>
BlockProduct<R> real_dft(size_t n, size_t block) {
  require_divisor("real_dft", n, block);
  RealFourier f;
  for (size_t t = 0; t < n; ++t) {
    f.inputs.push_back({t});
    // Im X[n-o] = -Im X[o] = Re(i X[o])
    f.outputs.push_back({t, 2 * t <= n ? Z(1, 0) : Z(0, 1)});
  }
  return simplify(real_fourier<R>(f, block));
}

#define DANAUS_INSTANTIATE(R)                                                      \
  template BlockProduct<R> cosine_transform<R>(TrigonometricType, size_t, size_t); \
  template BlockProduct<R> sine_transform<R>(TrigonometricType, size_t, size_t);   \
  template BlockProduct<R> hartley_transform<R>(size_t, size_t);                   \
  template BlockProduct<R> real_dft<R>(size_t, size_t);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
