#pragma once

#include <danaus/core/complex_lanes.hpp>
#include <danaus/core/lane_sums.hpp>
#include <danaus/core/tensor.hpp>

#include <algorithm>
#include <array>

/// Coils of a row of pixels on a CPU: one set of maps whose coils, as real and imaginary parts side by side,
/// fill whole packs.
namespace danaus::mri::host {

/// Whether the CPU has vectors of R.
template <class R>
inline constexpr bool has_packs = simd::width<R> > 1;

template <class R>
constexpr bool fills_packs(size_t coils, size_t sets) {
  return sets == 1 && coils > 0 && 2 * coils % size_t(simd::width<R>) == 0;
}

/// first, second, first, ..
template <class R>
simd::Pack<R> alternating(R first, R second) {
  std::array<R, size_t(simd::width<R>)> lanes;
  for (size_t i = 0; i < lanes.size(); ++i) lanes[i] = i % 2 ? second : first;
  return simd::load(lanes.data());
}

/// u(k, coil) = maps(k, coil) x(k)
template <class R>
void expand_row(const Complex<R>* maps, const Complex<R>* x, size_t columns, size_t coils, Complex<R>* u) {
  using Pack = simd::Pack<R>;
  constexpr size_t W = size_t(simd::width<R>);
  const R* map = reinterpret_cast<const R*>(maps);
  R* to = reinterpret_cast<R*>(u);
  const Pack sign = alternating<R>(-1, 1);
  for (size_t k = 0; k < columns; ++k) {
    const Pack re(x[k].real()), im = sign * Pack(x[k].imag());
    for (size_t c = 0; c < 2 * coils; c += W, map += W, to += W) {
      const Pack s = simd::load(map);
      simd::store(s * re + simd::swap_pairs<R>(s) * im, to);
    }
  }
}

/// x(k) = sum_coil conj(maps(k, coil)) u(k, coil), or added to it.
template <class R>
void combine_row(const Complex<R>* maps, const Complex<R>* u, size_t columns, size_t coils, Write write,
                 Complex<R>* x) {
  using Pack = simd::Pack<R>;
  constexpr size_t W = size_t(simd::width<R>), pixels = W / 2;
  const R *map = reinterpret_cast<const R*>(maps), *from = reinterpret_cast<const R*>(u);
  R* to = reinterpret_cast<R*>(x);
  const Pack sign = alternating<R>(1, -1);
  // Lanes whose sums are the real and imaginary part of the next pixel.
  const auto next_pixel = [&](Pack& re, Pack& im) {
    re = im = Pack(R(0));
    for (size_t c = 0; c < 2 * coils; c += W, map += W, from += W) {
      const Pack s = simd::load(map), v = simd::load(from);
      re = re + s * v;
      im = im + (sign * s) * simd::swap_pairs<R>(v);
    }
  };
  if (write == Write::overwrite) std::fill_n(to, 2 * columns, R(0));
  size_t k = 0;
  for (; k + pixels <= columns; k += pixels) {
    std::array<Pack, W> lanes;
    for (size_t p = 0; p < pixels; ++p) next_pixel(lanes[2 * p], lanes[2 * p + 1]);
    simd::add_lane_sums<R>(lanes, to + 2 * k);
  }
  for (; k < columns; ++k) {
    std::array<Pack, 2> lanes;
    next_pixel(lanes[0], lanes[1]);
    simd::add_lane_sums<R>(lanes, to + 2 * k);
  }
}

}  // namespace danaus::mri::host
