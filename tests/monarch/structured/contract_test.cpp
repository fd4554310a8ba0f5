// The contract of every structured matrix: linear, with its adjoint, equal to its dense form, as many
// parameters and operations as its formulas say, gradients equal to central differences, initial sizes as its
// rule says.

#include <danaus/monarch/structured/double_sparse.hpp>
#include <danaus/monarch/structured/monarch_gradient.hpp>
#include <danaus/monarch/structured/pixelated_butterfly.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

#include <cmath>

using namespace danaus;
using namespace danaus::monarch;

namespace {

template <class T>
HostTensor<T, 2> batch(size_t rows, size_t columns, std::uint64_t stream) {
  return to_host(test::normal<T, 2>({rows, columns}, stream));
}

/// One matrix of each class, filled with normal numbers, and the sizes that its formulas give.
template <class M>
struct Example;

template <class T>
struct Example<MonarchMatrix<T>> {
  static constexpr MonarchShape shape{3, 4, 5, 2};
  static MonarchMatrix<T> make() {
    std::vector<size_t> p(12);
    for (size_t t = 0; t < 12; ++t) p[t] = (5 * t + 1) % 12;
    return MonarchMatrix<T>(HostTensor<T, 3>("left", 5, 2, 3), HostTensor<T, 3>("right", 3, 5, 4), p);
  }
  static constexpr size_t rows = 10, columns = 12, parameters = 5 * 2 * 3 + 3 * 5 * 4, products = parameters;
};
template <class T>
struct Example<BlockProduct<T>> {
  static BlockFactor<T> factor(size_t blocks, size_t rows, size_t columns) {
    std::vector<size_t> p(blocks * columns);
    for (size_t t = 0; t < p.size(); ++t) p[t] = (7 * t + 1) % p.size();
    return {HostTensor<T, 3>("blocks", blocks, rows, columns), p};
  }
  static BlockProduct<T> make() { return BlockProduct<T>({factor(2, 5, 9), factor(6, 3, 2)}); }
  static constexpr size_t rows = 10, columns = 12, parameters = 2 * 5 * 9 + 6 * 3 * 2, products = parameters;
};
template <class T>
struct Example<BlockTensorTrain<T>> {
  static BlockTensorTrain<T> make() { return BlockTensorTrain<T>(Example<MonarchMatrix<T>>::shape, 2); }
  static constexpr size_t rows = 10, columns = 12, parameters = 2 * Example<MonarchMatrix<T>>::parameters,
                          products = parameters;
};
template <class T>
struct Example<LowRank<T>> {
  static LowRank<T> make() { return LowRank<T>(10, 12, 3); }
  static constexpr size_t rows = 10, columns = 12, parameters = 3 * (10 + 12), products = parameters;
};
template <class T>
struct Example<BlockSparse<T>> {
  static BlockSparse<T> make() { return flat_block_butterfly<T>(4, 8, 3, 2); }
  // Each of 8 block columns meets the diagonal and one neighbour.
  static constexpr size_t rows = 12, columns = 24, parameters = 8 * 2 * 9, products = parameters;
};
template <class T>
struct Example<DoubleSparse<T>> {
  static HostTensor<T, 2> pattern(size_t rows, size_t columns, size_t modulus) {
    HostTensor<T, 2> a("pattern", rows, columns);
    for (size_t e = 0; e < a.size(); e += modulus) a.data()[e] = T(1);
    return a;
  }
  static DoubleSparse<T> make() {
    return DoubleSparse<T>(Sparse<T>::from_dense(pattern(10, 7, 3)),
                           Sparse<T>::from_dense(pattern(7, 12, 5)));
  }
  static constexpr size_t rows = 10, columns = 12, parameters = 24 + 17, products = parameters;
};
template <class A, class B>
struct Example<StructuredSum<A, B>> {
  using T = typename A::value_type;
  static StructuredSum<A, B> make() {
    const auto first = Example<A>::make();
    return StructuredSum<A, B>(first, B(first.rows(), first.columns(), 3));
  }
  static constexpr size_t rows = Example<A>::rows, columns = Example<A>::columns,
                          parameters = Example<A>::parameters + 3 * (rows + columns), products = parameters;
};

template <class M>
M random_example() {
  const auto a = Example<M>::make();
  std::uint64_t stream = 40;
  for (const auto& array : parameter_arrays(a)) {
    const auto numbers = to_host(test::normal<typename M::value_type, 1>({array.values.size()}, stream++));
    copy(array.values, numbers);
  }
  return a;
}

template <class T>
HostTensor<T, 2> reference_product(const HostTensor<T, 2>& a, const HostTensor<T, 2>& x) {
  HostTensor<T, 2> y("y", x.extent(0), a.extent(0));
  for (size_t s = 0; s < x.extent(0); ++s)
    for (size_t r = 0; r < a.extent(0); ++r)
      for (size_t c = 0; c < a.extent(1); ++c) y(s, r) += a(r, c) * x(s, c);
  return y;
}

/// Loss: the real inner product of A x with fixed weights g, so that g is the gradient with respect to A x.
template <class M, class Batch>
double loss(const M& a, const Batch& x, const Batch& g) {
  return test::dot(a.apply(x), g);
}

/// Largest difference between recorded gradients and central differences over the real numbers of `values`.
template <class Values, class Gradient, class Loss>
double gradient_error(const Values& values, const Gradient& gradient, const Loss& loss) {
  auto* numbers = reinterpret_cast<double*>(values.data());
  const auto* recorded = reinterpret_cast<const double*>(gradient.data());
  const size_t count = values.size() * sizeof(*values.data()) / sizeof(double);
  double worst = 0;
  for (size_t e = 0; e < count; ++e) {
    constexpr double step = 1e-3;  // the loss is linear in each number: no truncation error
    const double kept = numbers[e];
    numbers[e] = kept + step;
    const double above = loss();
    numbers[e] = kept - step;
    const double below = loss();
    numbers[e] = kept;
    worst = std::max(worst, std::abs((above - below) / (2 * step) - recorded[e]));
  }
  return worst;
}

}  // namespace

#define STRUCTURED(T)                                                                                  \
  MonarchMatrix<T>, BlockProduct<T>, BlockTensorTrain<T>, LowRank<T>, BlockSparse<T>, DoubleSparse<T>, \
      MonarchPlusLowRank<T>, PixelatedButterfly<T>

TEMPLATE_TEST_CASE("structured matrix: sizes, dense form, linearity, adjoint", "[monarch][structured]",
                   STRUCTURED(float), STRUCTURED(double), STRUCTURED(Complex<float>),
                   STRUCTURED(Complex<double>)) {
  using M = TestType;
  using T = typename M::value_type;
  STATIC_REQUIRE(StructuredMatrix<M>);
  const M a = random_example<M>();
  using E = Example<M>;
  CHECK(a.rows() == E::rows);
  CHECK(a.columns() == E::columns);
  CHECK(a.parameters() == E::parameters);
  CHECK(double(a.flops()) >= double(flops_per_product<T> * E::products));
  CHECK(double(a.flops()) <= double(flops_per_product<T> * E::products + 2 * E::rows));
  size_t listed = 0;
  for (const auto& array : parameter_arrays(a)) listed += array.values.size();
  CHECK(listed == E::parameters);

  // An output is a sum of at most 2 * 24 * 6 products of three normal numbers, in two stages.
  const double eps = test::epsilon<T>();
  const auto x = batch<T>(3, E::columns, 1), z = batch<T>(3, E::columns, 2), y = batch<T>(3, E::rows, 3);
  const auto dense = a.dense();
  const double size = std::sqrt(test::dot(dense, dense)), bound = 100 * eps * size;
  const auto ax = a.apply(x), az = a.apply(z);
  CHECK(test::max_difference(ax, reference_product<T>(dense, x)) <= bound);

  HostTensor<T, 2> combination("combination", 3, E::columns), images("images", 3, E::rows);
  for (size_t e = 0; e < x.size(); ++e) combination.data()[e] = x.data()[e] - T(2) * z.data()[e];
  for (size_t e = 0; e < ax.size(); ++e) images.data()[e] = ax.data()[e] - T(2) * az.data()[e];
  CHECK(test::max_difference(a.apply(combination), images) <= 3 * bound);

  // <A x, y> = <x, A* y>: sums of rows * 3 numbers of size `size`.
  const auto aty = a.adjoint(y);
  CHECK(std::abs(test::dot(ax, y) - test::dot(x, aty)) <= 3 * double(E::rows) * bound);
  CHECK(test::max_abs(aty) > 0);
  CHECK_THROWS_AS(a.apply(batch<T>(2, E::columns + 1, 1)), ShapeError);
  CHECK_THROWS_AS(a.adjoint(batch<T>(2, E::rows + 1, 1)), ShapeError);
}

TEMPLATE_TEST_CASE("structured matrix: gradients equal central differences", "[monarch][structured]",
                   STRUCTURED(double), STRUCTURED(Complex<double>)) {
  using M = TestType;
  using T = typename M::value_type;
  const M a = random_example<M>();
  const auto x = batch<T>(3, a.columns(), 1), g = batch<T>(3, a.rows(), 2);
  const auto gradient = backward(a, x, g);
  // Rounding of the loss, some hundred products of size below 100, over twice the step.
  const double bound = 1e-9;
  const auto value = [&] { return loss(a, x, g); };
  CHECK(gradient_error(x, gradient.input, value) <= bound);
  CHECK(test::max_abs(gradient.input) > 0);
  const auto arrays = parameter_arrays(a);
  REQUIRE(arrays.size() == gradient.parameters.size());
  for (size_t p = 0; p < arrays.size(); ++p) {
    INFO(arrays[p].name);
    REQUIRE(arrays[p].values.size() == gradient.parameters[p].size());
    CHECK(test::max_abs(gradient.parameters[p]) > 0);
    CHECK(gradient_error(arrays[p].values, gradient.parameters[p], value) <= bound);
  }
  CHECK_THROWS_AS(backward(a, x, batch<T>(2, a.rows(), 2)), ShapeError);
}

TEMPLATE_TEST_CASE("structured matrix: initial values follow the scaling rule", "[monarch][structured]",
                   STRUCTURED(double), STRUCTURED(Complex<double>)) {
  const auto a = Example<TestType>::make();
  initialize(a, /*seed=*/7);
  for (const auto& array : parameter_arrays(a)) {
    CHECK(array.initial_deviation() ==
          Approx(std::sqrt(std::min(array.fan_in, array.fan_out)) / array.fan_in));
    CHECK(array.learning_rate_factor(2 * array.fan_in) == Approx(2));
    double square = 0;
    for (size_t e = 0; e < array.values.size(); ++e)
      square += std::pow(double(Kokkos::abs(array.values(e))), 2) / double(array.values.size());
    // The sample variance of n numbers has a relative deviation of sqrt(2 / n): five of them.
    const double ratio = square / std::pow(array.initial_deviation(), 2);
    CHECK(std::abs(ratio - 1) <= 5 * std::sqrt(2.0 / double(array.values.size())));
  }
}
