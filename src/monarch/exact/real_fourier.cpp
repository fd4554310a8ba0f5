#include <monarch/exact/real_fourier.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/fft/root_of_unity.hpp>

#include <monarch/exact/permutations.hpp>

namespace danaus::monarch {

using Z = Complex<double>;

template <class R>
BlockProduct<R> real_fourier(const RealFourier& transform, size_t block) {
  const long n = long(transform.inputs.size()), b = long(block), c = n / b, sign = long(transform.sign);

  // y[k, j] = sum_i exp(sign 2 pi i (j i c + j k) / n) v[i c + k]: cosine and sine rows, interleaved.
  BlockFactor<R> right{make_blocks<R>(c, 2 * b, b), std::vector<size_t>(n)};
  for (long k = 0; k < c; ++k)
    for (long i = 0; i < b; ++i) {
      const auto& input = transform.inputs[i * c + k];
      right.permutation[k * b + i] = input.source;
      for (long j = 0; j < b; ++j) {
        const Z w = input.weight * fft::root_of_unity(sign * (j * i * c + j * k), n);
        right.blocks(k, 2 * j, i) = R(w.real());
        right.blocks(k, 2 * j + 1, i) = R(w.imag());
      }
    }

  // V[l b + j] = sum_k exp(sign 2 pi i l k / c) y[k, j], of which each output takes Re(gain V).
  BlockFactor<R> left{make_blocks<R>(b, c, 2 * c), std::vector<size_t>(2 * n)};
  BlockFactor<R> order{make_blocks<R>(n, 1, 1), std::vector<size_t>(n)};
  for (long t = 0; t < n; ++t) {
    const auto& output = transform.outputs[t];
    const long l = long(output.frequency) / b, j = long(output.frequency) % b;
    order.blocks(t, 0, 0) = R(1);
    order.permutation[t] = j * c + l;
    for (long k = 0; k < c; ++k) {
      const Z w = output.gain * fft::root_of_unity(sign * l * k, c);
      left.blocks(j, l, 2 * k) = R(w.real());
      left.blocks(j, l, 2 * k + 1) = R(-w.imag());
    }
  }
  for (long j = 0; j < b; ++j)
    for (long k = 0; k < c; ++k)
      for (long part = 0; part < 2; ++part)
        left.permutation[j * 2 * c + 2 * k + part] = k * 2 * b + 2 * j + part;
  return make_product<R>({order, left, right});
}

template <class R>
BlockProduct<R> paired_fourier(const PairedFourier& transform, size_t block) {
  const long m = long(transform.pre.size()), b = long(block), c = m / b, sign = long(transform.sign);
  // z -> w z as a real 2 x 2 matrix on (Re z, Im z).
  const auto set = [](const HostTensor<R, 3>& blocks, long k, long row, long column, Z w) {
    blocks(k, 2 * row, 2 * column) = R(w.real());
    blocks(k, 2 * row, 2 * column + 1) = R(-w.imag());
    blocks(k, 2 * row + 1, 2 * column) = R(w.imag());
    blocks(k, 2 * row + 1, 2 * column + 1) = R(w.real());
  };

  BlockFactor<R> right{make_blocks<R>(c, 2 * b, 2 * b), std::vector<size_t>(2 * m)};
  BlockFactor<R> left{make_blocks<R>(b, 2 * c, 2 * c), std::vector<size_t>(2 * m)};
  BlockFactor<R> order{make_blocks<R>(2 * m, 1, 1), std::vector<size_t>(2 * m)};
  for (long k = 0; k < c; ++k)
    for (long i = 0; i < b; ++i) {
      const long s = i * c + k;
      for (long part = 0; part < 2; ++part)
        right.permutation[k * 2 * b + 2 * i + part] = transform.inputs[2 * s + part];
      for (long j = 0; j < b; ++j)
        set(right.blocks, k, j, i, fft::root_of_unity(sign * (j * i * c + j * k), m) * transform.pre[s]);
    }
  for (long j = 0; j < b; ++j)
    for (long l = 0; l < c; ++l) {
      for (long k = 0; k < c; ++k) {
        set(left.blocks, j, l, k, transform.post[l * b + j] * fft::root_of_unity(sign * l * k, c));
        for (long part = 0; part < 2; ++part)
          left.permutation[j * 2 * c + 2 * k + part] = k * 2 * b + 2 * j + part;
      }
      for (long part = 0; part < 2; ++part)
        order.permutation[transform.outputs[2 * (l * b + j) + part]] = j * 2 * c + 2 * l + part;
    }
  for (long t = 0; t < 2 * m; ++t) order.blocks(t, 0, 0) = R(1);
  return make_product<R>({order, left, right});
}

#define DANAUS_INSTANTIATE(R)                                           \
  template BlockProduct<R> real_fourier<R>(const RealFourier&, size_t); \
  template BlockProduct<R> paired_fourier<R>(const PairedFourier&, size_t);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
