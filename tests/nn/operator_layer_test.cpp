#include <danaus/nn/operator_layer.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

#include <complex>

using namespace danaus;
using namespace danaus::nn;
using Z = std::complex<double>;

namespace {

SpectralShape shape_of_grid(size_t nx, size_t ny, size_t modes, size_t channels) {
  SpectralShape s{};
  s.nx = nx, s.ny = ny, s.modes = modes, s.channels = channels;
  s.block_x = monarch::default_block(nx), s.block_y = monarch::default_block(ny);
  return s;
}

Z root(long p, size_t n) { return std::polar(1.0, 2 * M_PI * double(p % long(n)) / double(n)); }

/// The published layer, from its definition: rfft2, weights on kx in [0, m) and [-m, 0) and ky in [0, m),
/// irfft2 (which sees the spectrum through its Hermitian part), 1x1 convolution. One sum per value.
template <class V, class S, class W, class B>
std::vector<double> published_layer(const V& v, const S& spectral, const W& weights, const B& bias,
                                    size_t modes) {
  const size_t batch = v.extent(0), nx = v.extent(1), ny = v.extent(2), channels = v.extent(3);
  std::vector<double> out(v.size());
  for (size_t b = 0; b < batch; ++b) {
    std::vector<Z> x(2 * modes * modes * channels);
    for (size_t q = 0; q < 2 * modes; ++q)
      for (size_t k = 0; k < modes; ++k)
        for (size_t c = 0; c < channels; ++c) {
          const long kx = q < modes ? long(q) : long(q) - 2 * long(modes);
          Z sum = 0;
          for (size_t i = 0; i < nx; ++i)
            for (size_t j = 0; j < ny; ++j)
              sum += double(v(b, i, j, c)) * root(-kx * long(i), nx) * root(-long(k * j), ny);
          x[(q * modes + k) * channels + c] = sum;
        }
    for (size_t o = 0; o < channels; ++o) {
      std::vector<Z> y(2 * modes * modes);
      for (size_t m = 0; m < y.size(); ++m)
        for (size_t c = 0; c < channels; ++c) {
          const auto w = spectral(m / modes, m % modes, c, o);
          y[m] += x[m * channels + c] * Z(w.real(), w.imag());
        }
      for (size_t i = 0; i < nx; ++i)
        for (size_t j = 0; j < ny; ++j) {
          double sum = bias(o);
          for (size_t c = 0; c < channels; ++c) sum += double(v(b, i, j, c)) * double(weights(c, o));
          for (size_t q = 0; q < 2 * modes; ++q)
            for (size_t k = 0; k < modes; ++k) {
              const long kx = q < modes ? long(q) : long(q) - 2 * long(modes);
              const double half = k == 0 || 2 * k == ny ? 1 : 2;
              sum += half / double(nx * ny) *
                     (y[q * modes + k] * root(kx * long(i), nx) * root(long(k * j), ny)).real();
            }
          out[((b * nx + i) * ny + j) * channels + o] = sum;
        }
    }
  }
  return out;
}

template <class T>
struct Layers {
  ParameterStore<T> fixed_store, learned_store;
  std::shared_ptr<const SpectralBasis<T>> fixed, learned;
  std::shared_ptr<OperatorLayer<T>> fourier, monarch;

  explicit Layers(const SpectralShape& shape) {
    fixed = std::make_shared<const SpectralBasis<T>>(shape);
    learned = std::make_shared<const SpectralBasis<T>>(learned_store, "basis", shape);
    fourier = std::make_shared<OperatorLayer<T>>(fixed_store, "layer", fixed, Activation::identity);
    monarch = std::make_shared<OperatorLayer<T>>(learned_store, "layer", learned, Activation::identity);
    fixed_store.freeze();
    learned_store.freeze();
    learned->initialize();
    for (const auto* layer : {fourier.get(), monarch.get()}) {
      copy(layer->spectral_weights().value(),
           test::normal<Complex<T>, 4>(layer->spectral_weights().shape(), 1));
      copy(layer->weights().dense().value(), test::normal<T, 2>(layer->weights().shape(), 2));
      copy(layer->bias().value(), test::normal<T, 1>(layer->bias().shape(), 3));
    }
  }
};

/// Largest difference to the published layer, and its largest value.
template <class T>
std::pair<double, double> compare_with_published(const Tensor<T, 4>& v, const Tensor<T, 4>& out,
                                                 const OperatorLayer<T>& layer, size_t modes) {
  const auto expected =
      published_layer(to_host(v), to_host(layer.spectral_weights().value()),
                      to_host(layer.weights().dense().value()), to_host(layer.bias().value()), modes);
  const auto found = to_host(out);
  double worst = 0, size = 0;
  for (size_t q = 0; q < expected.size(); ++q) {
    worst = std::max(worst, std::abs(double(found.data()[q]) - expected[q]));
    size = std::max(size, std::abs(expected[q]));
  }
  return {worst, size};
}

}  // namespace

TEMPLATE_TEST_CASE("fixed and fresh learned layers equal the published Fourier layer", "[nn]", float,
                   double) {
  using T = TestType;
  const auto shape =
      GENERATE(shape_of_grid(12, 8, 3, 5), shape_of_grid(9, 6, 4, 3), shape_of_grid(16, 16, 8, 2));
  Layers<T> layers(shape);
  const auto v = test::normal<T, 4>({2, shape.nx, shape.ny, shape.channels}, 4);
  Tape tape({}, Recording::off);
  const auto a = (*layers.fourier)(tape, Var<T, 4>::constant(v), layers.fixed->pack(tape)).value;
  const auto b = (*layers.monarch)(tape, Var<T, 4>::constant(v), layers.learned->pack(tape)).value;
  const auto [worst, size] = compare_with_published<T>(v, a, *layers.fourier, shape.modes);
  // Four stages each way and the mixing, each a dot product of at most 16 terms: 100 roundings at most.
  CHECK(worst <= 100 * test::epsilon<T>() * size);
  CHECK(compare_with_published<T>(v, b, *layers.fourier, shape.modes).first <=
        100 * test::epsilon<T>() * size);
}

TEST_CASE("at the published size a fresh Monarch layer equals the Fourier layer to 1e-5", "[nn]") {
  const auto shape = shape_of_grid(64, 64, 12, 20);
  Layers<float> layers(shape);
  const auto v = test::normal<float, 4>({2, 64, 64, 20}, 4);
  Tape tape({}, Recording::off);
  const auto a = (*layers.fourier)(tape, Var<float, 4>::constant(v), layers.fixed->pack(tape)).value;
  const auto b = (*layers.monarch)(tape, Var<float, 4>::constant(v), layers.learned->pack(tape)).value;
  CHECK(test::max_difference(a, b) <= 1e-5 * test::max_abs(a));
  size_t transform_reals = 0;
  for (const auto& p : layers.learned_store.parameters())
    if (p.group == ParameterGroup::transform) transform_reals += p.reals();
  CHECK(transform_reals == 32768 / 4);
}

TEST_CASE("padding to 72 and sizes with other factors work", "[nn]") {
  const auto shape = shape_of_grid(72, 60, 12, 4);
  Layers<double> layers(shape);
  const auto v = test::normal<double, 4>({1, 72, 60, 4}, 4);
  Tape tape({}, Recording::off);
  const auto a = (*layers.fourier)(tape, Var<double, 4>::constant(v), layers.fixed->pack(tape)).value;
  const auto [worst, size] = compare_with_published<double>(v, a, *layers.fourier, shape.modes);
  // The naive sum of 4320 terms rounds more than the layer does.
  CHECK(worst <= 4320 * test::epsilon<double>() * size);
}
