#include <danaus/core/random.hpp>
#include <danaus/fft/plan.hpp>

#include <support/catch.hpp>

#include <complex>
#include <limits>

using namespace danaus;

namespace {

using Signal = std::vector<std::complex<double>>;

double normal(std::uint64_t stream, size_t i) { return Random(7, stream::test + (stream << 8)).normal(i); }

/// The definition along one axis of (outer, n, inner).
Signal dft(const Signal& x, size_t outer, size_t n, size_t inner, int sign) {
  Signal y(x.size()), roots(n);
  for (size_t j = 0; j < n; ++j) roots[j] = std::polar(1.0, sign * 2 * M_PI * double(j) / double(n));
  for (size_t o = 0; o < outer; ++o)
    for (size_t k = 0; k < n; ++k)
      for (size_t j = 0; j < n; ++j)
        for (size_t i = 0; i < inner; ++i)
          y[(o * n + k) * inner + i] += x[(o * n + j) * inner + i] * roots[j * k % n];
  return y;
}

Signal dft(Signal x, const fft::Geometry& g, int sign) {
  for (size_t axis = 0; axis < g.n.size(); ++axis) {
    size_t outer = g.outer, inner = g.inner;
    for (size_t a = 0; a < axis; ++a) outer *= g.n[a];
    for (size_t a = axis + 1; a < g.n.size(); ++a) inner *= g.n[a];
    x = dft(x, outer, g.n[axis], inner, sign);
  }
  return x;
}

template <class T>
Tensor<T, 1> device(const Signal& x) {
  HostTensor<T, 1> host("x", x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    if constexpr (is_complex_v<T>)
      host(i) = T(x[i].real(), x[i].imag());
    else
      host(i) = T(x[i].real());
  }
  return to_device<T, 1>(host);
}

template <class View>
Signal host(const View& view) {
  const auto copy = to_host(view);
  Signal x(copy.size());
  for (size_t i = 0; i < x.size(); ++i) {
    if constexpr (is_complex_v<typename View::non_const_value_type>)
      x[i] = {copy(i).real(), copy(i).imag()};
    else
      x[i] = copy(i);
  }
  return x;
}

double largest(const Signal& a, const Signal& b) {
  REQUIRE(a.size() == b.size());
  double worst = 0;
  for (size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
  return worst;
}

Signal random_signal(size_t size, std::uint64_t stream, bool real) {
  Signal x(size);
  for (size_t i = 0; i < size; ++i) x[i] = {normal(stream, 2 * i), real ? 0.0 : normal(stream, 2 * i + 1)};
  return x;
}

Signal keep_half(const Signal& full, const fft::Geometry& g) {
  const size_t n = g.n.back(), half = fft::half_size(n);
  Signal kept;
  for (size_t row = 0; row < full.size() / (n * g.inner); ++row)
    for (size_t k = 0; k < half; ++k)
      for (size_t i = 0; i < g.inner; ++i) kept.push_back(full[(row * n + k) * g.inner + i]);
  return kept;
}

double real_dot(const Signal& a, const Signal& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += std::real(std::conj(a[i]) * b[i]);
  return sum;
}

// Even, odd, prime; batched, strided, one to three dimensions; the passes over axes (few large transforms)
// as well as one plan per transform; more lanes than a block of them.
const std::vector<fft::Geometry>& geometries() {
  static const std::vector<fft::Geometry> all{
      {1, {1}, 1},        {1, {8}, 1},          {3, {7}, 1},          {2, {12}, 5},      {2, {13}, 300},
      {5, {6, 9}, 1},     {2, {5, 8}, 3},       {1, {4, 6, 5}, 2},    {4, {3, 2, 7}, 1}, {2, {30, 31}, 20},
      {1, {130, 127}, 1}, {1, {20, 18, 50}, 1}, {2, {40, 45, 3}, 20}, {1, {270, 260}, 1}};
  return all;
}

}  // namespace

TEMPLATE_TEST_CASE("transforms equal their definition", "[fft]", float, double) {
  using R = TestType;
  const Exec space;
  const auto& g = geometries()[GENERATE(range(0, 14))];
  const size_t size = g.outer * g.points() * g.inner;
  // Sums of N terms of size 1 by an FFT: rounding about log2(N) sqrt(N) eps; the naive sum is in double.
  const double eps = std::numeric_limits<R>::epsilon();
  const double bound = 8 * eps * std::sqrt(double(g.points())) * (1 + std::log2(double(g.points())));
  CAPTURE(g.outer, g.n, g.inner);

  SECTION("complex, both directions, in and out of place") {
    const Signal x = random_signal(size, 1, false);
    for (const int sign : {-1, 1}) {
      const fft::ComplexPlan<R> plan(g, sign < 0 ? fft::Direction::forward : fft::Direction::backward);
      const auto in = device<Complex<R>>(x);
      Tensor<Complex<R>, 1> out("out", size);
      plan(space, in, out);
      plan(space, in, in);
      space.fence();
      const Signal expected = dft(x, g, sign);
      CHECK(largest(host(out), expected) <= bound);
      CHECK(largest(host(in), expected) <= bound);
    }
  }
  SECTION("real, both directions") {
    const Signal x = random_signal(size, 2, true);
    const fft::RealForwardPlan<R> forward(g);
    const fft::RealBackwardPlan<R> backward(g);
    Tensor<Complex<R>, 1> spectrum("spectrum", forward.half_spectrum_size());
    Tensor<R, 1> back("back", size);
    forward(space, device<R>(x), spectrum);
    space.fence();
    CHECK(largest(host(spectrum), keep_half(dft(x, g, -1), g)) <= bound);
    backward(space, spectrum, back);
    space.fence();
    Signal scaled = x;
    for (auto& value : scaled) value *= double(g.points());
    CHECK(largest(host(back), scaled) <= bound * std::sqrt(double(g.points())));
  }
  SECTION("adjoints of the real transforms") {
    const fft::RealForwardPlan<R> forward(g);
    const fft::RealBackwardPlan<R> backward(g);
    const size_t half = forward.half_spectrum_size();
    const Signal x = random_signal(size, 3, true), y = random_signal(half, 4, false);
    Tensor<Complex<R>, 1> fx("fx", half), adjoint_x("adjoint_x", half);
    Tensor<R, 1> by("by", size), adjoint_y("adjoint_y", size);
    forward(space, device<R>(x), fx);
    fft::real_forward_adjoint<R>(space, backward, device<Complex<R>>(y), adjoint_y);
    backward(space, device<Complex<R>>(y), by);
    fft::real_backward_adjoint<R>(space, forward, device<R>(x), adjoint_x);
    space.fence();
    // Each side sums `size` products whose second factors have the size sqrt(N).
    const double tolerance = bound * std::sqrt(double(size)) * 4;
    CHECK(std::abs(real_dot(host(fx), y) - real_dot(x, host(adjoint_y))) <= tolerance);
    CHECK(std::abs(real_dot(host(by), x) - real_dot(y, host(adjoint_x))) <= tolerance);
  }
}

TEST_CASE("a transform's bits do not depend on its place in the batch", "[fft]") {
  const Exec space;
  const size_t batch = 7, n = 30;
  const Signal x = random_signal(n * n, 5, true);
  Signal repeated;
  for (size_t s = 0; s < batch; ++s) repeated.insert(repeated.end(), x.begin(), x.end());
  const fft::RealForwardPlan<float> plan({batch, {n, n}, 1});
  Tensor<Complex<float>, 1> spectrum("spectrum", plan.half_spectrum_size());
  plan(space, device<float>(repeated), spectrum);
  space.fence();
  const Signal y = host(spectrum);
  const size_t size = y.size() / batch;
  for (size_t s = 1; s < batch; ++s) CHECK(std::equal(y.begin(), y.begin() + size, y.begin() + s * size));
}

TEST_CASE("axes of a channels-innermost tensor become outer, transformed and inner", "[fft]") {
  const auto g = fft::geometry(Shape<4>{2, 5, 6, 3}, 1, 2);
  CHECK(g.outer == 2);
  CHECK(g.n == std::vector<size_t>{5, 6});
  CHECK(g.inner == 3);
  CHECK(g.points() == 30);
  CHECK(fft::geometry(Shape<4>{2, 5, 6, 3}, 1, 1).inner == 18);
  CHECK_THROWS_AS(fft::geometry(Shape<2>{2, 5}, 1, 2), ShapeError);
}

TEST_CASE("wrong sizes and in-place real transforms are refused", "[fft]") {
  const Exec space;
  const fft::ComplexPlan<double> plan({2, {4}, 1}, fft::Direction::forward);
  Tensor<Complex<double>, 1> small("small", 7), right("right", 8);
  CHECK_THROWS_WITH(plan(space, small, right), "ComplexPlan: input: expected 8 entries, found 7");
  CHECK_THROWS_AS(plan(space, right, small), ShapeError);
  CHECK_THROWS_AS(fft::RealForwardPlan<double>({1, {}, 1}), ShapeError);
  CHECK_THROWS_AS(fft::RealForwardPlan<double>({1, {4, 0}, 1}), ShapeError);
}
