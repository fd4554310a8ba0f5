#include "eager_layer.hpp"

#include <danaus/nn/activation.hpp>

#include <cblas.h>

#include <algorithm>

namespace danaus::app {
namespace {

using HostSpace = Kokkos::DefaultHostExecutionSpace;

template <class Part>
void for_each_on_host(const char* label, size_t count, const Part& part) {
  Kokkos::parallel_for(label, Kokkos::RangePolicy<HostSpace>(0, count), part);
}

ArrayLayout grid_layout(const LayerSize& s) {
  return ArrayLayout::contiguous({s.points, s.points}, s.channels, false);
}
ArrayLayout spectrum_layout(const LayerSize& s) {
  return ArrayLayout::contiguous({s.points, s.points / 2 + 1}, s.channels, true);
}

}  // namespace

EagerLayer::EagerLayer(const LayerSize& s, FftwEffort effort,
                       const HostTensor<Complex<float>, 4>& spectral_weights,
                       const HostTensor<float, 2>& weights, const HostTensor<float, 1>& bias)
    : in("in", s.batch, s.channels, s.points, s.points),
      out("out", s.batch, s.channels, s.points, s.points),
      size_(s),
      forward_("r2c", FftwKind::real_forward, effort, {s.points, s.points}, s.batch, s.channels,
               grid_layout(s), spectrum_layout(s)),
      backward_("c2r", FftwKind::real_backward, effort, {s.points, s.points}, s.batch, s.channels,
                spectrum_layout(s), grid_layout(s)),
      spectral_weights_(spectral_weights),
      weights_("weights", s.channels, s.channels),
      bias_(bias),
      convolved_("convolved", s.batch, s.channels, s.points, s.points),
      gathered_("gathered", 2 * s.modes * s.modes, s.batch, s.channels),
      mixed_("mixed", 2 * s.modes * s.modes, s.batch, s.channels) {
  for (size_t i = 0; i < s.channels; ++i)
    for (size_t o = 0; o < s.channels; ++o) weights_(o, i) = weights(i, o);
  // The plans' own buffers are (batch, channel, x, y) arrays: the passes read and write them in place.
  in = HostTensor<float, 4>(forward_.in.data(), s.batch, s.channels, s.points, s.points);
}

void EagerLayer::mix_modes() const {
  const auto& s = size_;
  const size_t half = s.points / 2 + 1, plane = s.points * half;
  const auto* spectrum = reinterpret_cast<const Complex<float>*>(forward_.out.data());
  auto* mixed = reinterpret_cast<Complex<float>*>(backward_.in.data());
  for_each_on_host("danaus::app::EagerLayer::zero", s.batch * s.channels, [=](size_t p) {
    std::fill(mixed + p * plane, mixed + (p + 1) * plane, Complex<float>(0));
  });
  const auto offset = [&](size_t mode) {
    const size_t q = mode / s.modes, kx = q < s.modes ? q : s.points - 2 * s.modes + q;
    return kx * half + mode % s.modes;
  };
  for_each_on_host("danaus::app::EagerLayer::gather", s.batch * s.channels, [&](size_t p) {
    for (size_t mode = 0; mode < 2 * s.modes * s.modes; ++mode)
      gathered_(mode, p / s.channels, p % s.channels) = spectrum[p * plane + offset(mode)];
  });
  for_each_on_host("danaus::app::EagerLayer::multiply", 2 * s.modes * s.modes, [&](size_t mode) {
    const Complex<float> one(1), zero(0);
    const int c = int(s.channels);
    cblas_cgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, int(s.batch), c, c, &one, &gathered_(mode, 0, 0),
                c, &spectral_weights_(mode / s.modes, mode % s.modes, 0, 0), c, &zero, &mixed_(mode, 0, 0),
                c);
  });
  for_each_on_host("danaus::app::EagerLayer::scatter", s.batch * s.channels, [&](size_t p) {
    for (size_t mode = 0; mode < 2 * s.modes * s.modes; ++mode)
      mixed[p * plane + offset(mode)] = mixed_(mode, p / s.channels, p % s.channels);
  });
}

void EagerLayer::finish() const {
  const auto& s = size_;
  const size_t points = s.points * s.points;
  for_each_on_host("danaus::app::EagerLayer::convolve", s.batch, [&](size_t b) {
    const int c = int(s.channels), n = int(points);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, c, n, c, 1.0f, weights_.data(), c, &in(b, 0, 0, 0),
                n, 0.0f, &convolved_(b, 0, 0, 0), n);
  });
  for_each_on_host("danaus::app::EagerLayer::activate", s.batch * s.channels, [&](size_t p) {
    const float bias = bias_(p % s.channels), scale = 1.0f / float(points);
    const float *spectral = backward_.out.data() + p * points, *local = convolved_.data() + p * points;
    float* to = out.data() + p * points;
    for (size_t i = 0; i < points; ++i) to[i] = nn::gelu(scale * spectral[i] + local[i] + bias).value;
  });
}

void EagerLayer::run() const {
  forward_.run();
  mix_modes();
  backward_.run();
  finish();
}

}  // namespace danaus::app
