#include <danaus/mri/solvers/wavelet.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/core/random.hpp>

#include <memory>

namespace danaus::mri {

namespace {

using Policy = Indices<3>;

Policy over(const Exec& space, size_t items, size_t rows, size_t columns) {
  return {space, {0, 0, 0}, {std::int64_t(items), std::int64_t(rows), std::int64_t(columns)}};
}

size_t padded_to(size_t n, int levels) {
  const size_t multiple = size_t(1) << levels;
  return (n + multiple - 1) / multiple * multiple;
}

Shape<4> padded_shape(const Shape<4>& shape, int levels) {
  return {shape[0], padded_to(shape[1], levels), padded_to(shape[2], levels), shape[3]};
}

/// h, the low-pass filter; the high-pass one is g_t = (-1)^t h_{3-t}.
template <class R>
struct Taps {
  R h[4];
};

template <class R>
Taps<R> daubechies() {
  const double root3 = 1.7320508075688772, norm = 5.656854249492381;  // sqrt(3), 4 sqrt(2)
  return {{R((1 + root3) / norm), R((3 + root3) / norm), R((3 - root3) / norm), R((1 - root3) / norm)}};
}

}  // namespace

template <class R>
void shift_and_pad(const Exec& space, size_t offset_y, size_t offset_z, ConstTensor<Complex<R>, 4> x,
                   Tensor<Complex<R>, 4> c) {
  const int rows = int(x.extent(1)), columns = int(x.extent(2)), sets = int(x.extent(3));
  const int padded_rows = int(c.extent(1)), padded_columns = int(c.extent(2));
  Kokkos::parallel_for(
      "danaus::mri::shift_and_pad", over(space, c.extent(0), c.extent(1), c.extent(2)),
      KOKKOS_LAMBDA(int b, int j, int k) {
        const int y = (j + int(offset_y)) % padded_rows, z = (k + int(offset_z)) % padded_columns;
        for (int m = 0; m < sets; ++m)
          c(b, j, k, m) = y < rows && z < columns ? x(b, y, z, m) : Complex<R>(0);
      });
}

template <class R>
void unshift_and_crop(const Exec& space, size_t offset_y, size_t offset_z, ConstTensor<Complex<R>, 4> c,
                      Tensor<Complex<R>, 4> x) {
  const int sets = int(x.extent(3)), padded_rows = int(c.extent(1)), padded_columns = int(c.extent(2));
  Kokkos::parallel_for(
      "danaus::mri::unshift_and_crop", over(space, x.extent(0), x.extent(1), x.extent(2)),
      KOKKOS_LAMBDA(int b, int y, int z) {
        const int j = (y + padded_rows - int(offset_y)) % padded_rows;
        const int k = (z + padded_columns - int(offset_z)) % padded_columns;
        for (int m = 0; m < sets; ++m) x(b, y, z, m) = c(b, j, k, m);
      });
}

/// One level along z of the leading rows x columns block, from `in` to `out`.
template <class R>
void analyse_columns(const Exec& space, Taps<R> taps, size_t rows, size_t columns,
                     ConstTensor<Complex<R>, 4> in, Tensor<Complex<R>, 4> out) {
  const int half = int(columns / 2), n = int(columns), sets = int(in.extent(3));
  Kokkos::parallel_for(
      "danaus::mri::analyse_columns", over(space, in.extent(0), rows, size_t(half)),
      KOKKOS_LAMBDA(int b, int j, int k) {
        const int k0 = 2 * k, k1 = k0 + 1, k2 = (k0 + 2) % n, k3 = (k0 + 3) % n;
        for (int m = 0; m < sets; ++m) {
          const Complex<R> a0 = in(b, j, k0, m), a1 = in(b, j, k1, m), a2 = in(b, j, k2, m),
                           a3 = in(b, j, k3, m);
          out(b, j, k, m) = taps.h[0] * a0 + taps.h[1] * a1 + taps.h[2] * a2 + taps.h[3] * a3;
          out(b, j, k + half, m) = taps.h[3] * a0 - taps.h[2] * a1 + taps.h[1] * a2 - taps.h[0] * a3;
        }
      });
}

template <class R>
void analyse_rows(const Exec& space, Taps<R> taps, size_t rows, size_t columns, ConstTensor<Complex<R>, 4> in,
                  Tensor<Complex<R>, 4> out) {
  const int half = int(rows / 2), n = int(rows), sets = int(in.extent(3));
  Kokkos::parallel_for(
      "danaus::mri::analyse_rows", over(space, in.extent(0), size_t(half), columns),
      KOKKOS_LAMBDA(int b, int j, int k) {
        const int j0 = 2 * j, j1 = j0 + 1, j2 = (j0 + 2) % n, j3 = (j0 + 3) % n;
        for (int m = 0; m < sets; ++m) {
          const Complex<R> a0 = in(b, j0, k, m), a1 = in(b, j1, k, m), a2 = in(b, j2, k, m),
                           a3 = in(b, j3, k, m);
          out(b, j, k, m) = taps.h[0] * a0 + taps.h[1] * a1 + taps.h[2] * a2 + taps.h[3] * a3;
          out(b, j + half, k, m) = taps.h[3] * a0 - taps.h[2] * a1 + taps.h[1] * a2 - taps.h[0] * a3;
        }
      });
}

/// Adjoints, written as gathers: even and odd entries 2k and 2k + 1 come from coefficients k and k - 1.
template <class R>
void synthesise_columns(const Exec& space, Taps<R> taps, size_t rows, size_t columns,
                        ConstTensor<Complex<R>, 4> in, Tensor<Complex<R>, 4> out) {
  const int half = int(columns / 2), sets = int(in.extent(3));
  Kokkos::parallel_for(
      "danaus::mri::synthesise_columns", over(space, in.extent(0), rows, size_t(half)),
      KOKKOS_LAMBDA(int b, int j, int k) {
        const int before = (k + half - 1) % half;
        for (int m = 0; m < sets; ++m) {
          const Complex<R> l0 = in(b, j, k, m), l1 = in(b, j, before, m);
          const Complex<R> g0 = in(b, j, k + half, m), g1 = in(b, j, before + half, m);
          out(b, j, 2 * k, m) = taps.h[0] * l0 + taps.h[2] * l1 + taps.h[3] * g0 + taps.h[1] * g1;
          out(b, j, 2 * k + 1, m) = taps.h[1] * l0 + taps.h[3] * l1 - taps.h[2] * g0 - taps.h[0] * g1;
        }
      });
}

template <class R>
void synthesise_rows(const Exec& space, Taps<R> taps, size_t rows, size_t columns,
                     ConstTensor<Complex<R>, 4> in, Tensor<Complex<R>, 4> out) {
  const int half = int(rows / 2), sets = int(in.extent(3));
  Kokkos::parallel_for(
      "danaus::mri::synthesise_rows", over(space, in.extent(0), size_t(half), columns),
      KOKKOS_LAMBDA(int b, int j, int k) {
        const int before = (j + half - 1) % half;
        for (int m = 0; m < sets; ++m) {
          const Complex<R> l0 = in(b, j, k, m), l1 = in(b, before, k, m);
          const Complex<R> g0 = in(b, j + half, k, m), g1 = in(b, before + half, k, m);
          out(b, 2 * j, k, m) = taps.h[0] * l0 + taps.h[2] * l1 + taps.h[3] * g0 + taps.h[1] * g1;
          out(b, 2 * j + 1, k, m) = taps.h[1] * l0 + taps.h[3] * l1 - taps.h[2] * g0 - taps.h[0] * g1;
        }
      });
}

template <class R>
void shrink_details(const Exec& space, ConstTensor<R, 1> thresholds, size_t low_rows, size_t low_columns,
                    Tensor<Complex<R>, 4> c) {
  const int sets = int(c.extent(3));
  Kokkos::parallel_for(
      "danaus::mri::shrink_details", over(space, c.extent(0), c.extent(1), c.extent(2)),
      KOKKOS_LAMBDA(int b, int j, int k) {
        if (j < int(low_rows) && k < int(low_columns)) return;
        for (int m = 0; m < sets; ++m) {
          const Complex<R> v = c(b, j, k, m);
          const R modulus = Kokkos::sqrt(v.real() * v.real() + v.imag() * v.imag());
          const R rest = modulus - thresholds(b);
          c(b, j, k, m) = rest > 0 ? v * (rest / modulus) : Complex<R>(0);
        }
      });
}

template <class R>
WaveletTransform<R>::WaveletTransform(const Shape<4>& shape, int levels)
    : shape_(shape),
      padded_(padded_shape(shape, levels)),
      levels_(levels),
      scratch_(uninitialized<Complex<R>, 4>("danaus::mri::WaveletTransform", padded_)) {}

template <class R>
void WaveletTransform<R>::forward(const Exec& space, Offset offset, ConstTensor<Complex<R>, 4> x,
                                  Tensor<Complex<R>, 4> c) const {
  require_shape("mri::WaveletTransform: x", x, shape_);
  require_shape("mri::WaveletTransform: c", c, padded_);
  shift_and_pad<R>(space, offset.y, offset.z, x, c);
  size_t rows = padded_[1], columns = padded_[2];
  for (int level = 0; level < levels_; ++level, rows /= 2, columns /= 2) {
    analyse_columns<R>(space, daubechies<R>(), rows, columns, c, scratch_);
    analyse_rows<R>(space, daubechies<R>(), rows, columns, scratch_, c);
  }
}

template <class R>
void WaveletTransform<R>::adjoint(const Exec& space, Offset offset, Tensor<Complex<R>, 4> c,
                                  Tensor<Complex<R>, 4> x) const {
  require_shape("mri::WaveletTransform: x", x, shape_);
  require_shape("mri::WaveletTransform: c", c, padded_);
  for (int level = levels_; level-- > 0;) {
    const size_t rows = padded_[1] >> level, columns = padded_[2] >> level;
    synthesise_rows<R>(space, daubechies<R>(), rows, columns, c, scratch_);
    synthesise_columns<R>(space, daubechies<R>(), rows, columns, scratch_, c);
  }
  unshift_and_crop<R>(space, offset.y, offset.z, c, x);
}

template <class R>
void WaveletTransform<R>::soft_threshold(const Exec& space, ConstTensor<R, 1> thresholds,
                                         Tensor<Complex<R>, 4> c) const {
  require_shape("mri::WaveletTransform: thresholds", thresholds, {padded_[0]});
  require_shape("mri::WaveletTransform: c", c, padded_);
  shrink_details<R>(space, thresholds, low_y(), low_z(), c);
}

template <class R>
Proximal<R> wavelet_proximal(const Shape<4>& image, int levels, std::uint64_t seed) {
  const auto wavelet = std::make_shared<WaveletTransform<R>>(image, levels);
  const auto coefficients =
      uninitialized<Complex<R>, 4>("danaus::mri::wavelet_proximal", wavelet->coefficient_shape());
  const Random random(seed, stream::cycle_shift);
  return [=](const Exec& space, int iteration, const std::vector<double>& thresholds, const Images<R>& v) {
    const auto period = std::uint64_t(1) << levels;
    const auto bits = random.bits(std::uint64_t(iteration));
    const typename WaveletTransform<R>::Offset offset{bits.word[0] % period, bits.word[1] % period};
    wavelet->forward(space, offset, v, coefficients);
    wavelet->soft_threshold(space, to_device_vector<R>(thresholds), coefficients);
    wavelet->adjoint(space, offset, coefficients, v);
  };
}

template <class R>
size_t wavelet_workspace_bytes(const Shape<4>& image, int levels) {
  return fista_workspace_bytes<R>(image) + 2 * sizeof(Complex<R>) * size_of(padded_shape(image, levels));
}

#define DANAUS_INSTANTIATE(R)                                                    \
  template class WaveletTransform<R>;                                            \
  template Proximal<R> wavelet_proximal<R>(const Shape<4>&, int, std::uint64_t); \
  template size_t wavelet_workspace_bytes<R>(const Shape<4>&, int);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::mri
