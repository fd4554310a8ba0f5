#include <danaus/monarch/axis_transform.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

#include <complex>

using namespace danaus;
using namespace danaus::monarch;
using Z = std::complex<double>;

namespace {

/// The definition, dense: A[o][t] with kept indices, order and weights.
std::vector<std::vector<Z>> dense(const TransformSpec& s, const std::vector<Z>& left,
                                  const std::vector<Z>& right) {
  const auto& m = s.shape;
  const size_t outputs = s.kept_outputs.empty() ? m.rows() : s.kept_outputs.size();
  const size_t inputs = s.kept_inputs.empty() ? m.columns() : s.kept_inputs.size();
  std::vector<std::vector<Z>> a(outputs, std::vector<Z>(inputs));
  for (size_t o = 0; o < outputs; ++o)
    for (size_t t = 0; t < inputs; ++t) {
      const size_t row = s.kept_outputs.empty() ? o : s.kept_outputs[o];
      const size_t column = s.kept_inputs.empty() ? t : s.kept_inputs[t];
      const size_t l = row / m.left_blocks, j = row % m.left_blocks;
      const bool strided = s.order == InputOrder::strided;
      const size_t k = strided ? column % m.right_blocks : column / m.right_columns;
      const size_t i = strided ? column / m.right_blocks : column % m.right_columns;
      a[o][t] = left[(j * m.left_rows + l) * m.right_blocks + k] *
                right[(k * m.left_blocks + j) * m.right_columns + i] *
                (s.output_weights.empty() ? 1.0 : s.output_weights[o]) *
                (s.input_weights.empty() ? 1.0 : s.input_weights[t]);
    }
  return a;
}

template <class View>
std::vector<Z> as_complex(const View& numbers, bool is_complex) {
  const auto h = to_host(numbers);
  std::vector<Z> z;
  for (size_t i = 0; i < h.size(); i += is_complex ? 2 : 1)
    z.emplace_back(h(i), is_complex ? double(h(i + 1)) : 0.0);
  return z;
}

/// Random factors, data and the transform itself for one specification.
template <class T>
struct Case {
  TransformSpec spec;
  AxisTransform<T> transform;
  Tensor<T, 1> left, right, packed;
  std::vector<std::vector<Z>> a;

  explicit Case(const TransformSpec& s) : spec(s), transform(s) {
    const size_t numbers = s.factors == Numbers::complex ? 2 : 1;
    left = test::normal<T, 1>({size_of(s.shape.left()) * numbers}, 1);
    right = test::normal<T, 1>({size_of(s.shape.right()) * numbers}, 2);
    packed = zeros<T, 1>("packed", {transform.packed_size()});
    transform.pack(Exec{}, left.data(), right.data(), packed);
    a = dense(s, as_complex(left, numbers == 2), as_complex(right, numbers == 2));
  }
  size_t input_planes() const { return spec.input == Numbers::complex ? 2 : 1; }
  size_t output_planes() const { return spec.output == Numbers::complex ? 2 : 1; }
};

/// Split planes: (before, plane, row, after) with the planes outside the rows, as the operator layers hold
/// spectra.
template <class T, class V>
Lanes<T> split_lanes(const V& v) {
  const size_t planes = v.extent(1), rows = v.extent(2), after = v.extent(3);
  return {v.data(),
          1,
          v.extent(0),
          after,
          0,
          ptrdiff_t(planes * rows * after),
          1,
          ptrdiff_t(after),
          ptrdiff_t(rows * after)};
}

std::vector<TransformSpec> specifications() {
  const auto square64 = MonarchShape::square(64, 8);
  std::vector<size_t> low, both;
  for (size_t k = 0; k < 12; ++k) low.push_back(k), both.push_back(k);
  for (size_t k = 52; k < 64; ++k) both.push_back(k);
  std::vector<double> half(12, 2.0 / 64);
  half[0] = 1.0 / 64;
  std::vector<TransformSpec> all;
  all.push_back({MonarchShape::square(64, 8),
                 InputOrder::strided,
                 Numbers::real,
                 Numbers::complex,
                 Numbers::complex,
                 {},
                 low,
                 {},
                 {}});
  all.push_back({square64,
                 InputOrder::strided,
                 Numbers::complex,
                 Numbers::complex,
                 Numbers::complex,
                 {},
                 both,
                 {},
                 {}});
  all.push_back({square64,
                 InputOrder::strided,
                 Numbers::complex,
                 Numbers::complex,
                 Numbers::complex,
                 both,
                 {},
                 {},
                 {}});
  all.push_back(
      {square64, InputOrder::strided, Numbers::complex, Numbers::real, Numbers::complex, low, {}, half, {}});
  all.push_back({square64,
                 InputOrder::strided,
                 Numbers::real,
                 Numbers::real,
                 Numbers::complex,
                 low,
                 {3, 1},
                 half,
                 {0.5, 2.0}});
  all.push_back({MonarchShape::square(12, 3),
                 InputOrder::natural,
                 Numbers::complex,
                 Numbers::complex,
                 Numbers::complex,
                 {},
                 {},
                 {},
                 {}});
  all.push_back({MonarchShape::square(30, 5),
                 InputOrder::natural,
                 Numbers::real,
                 Numbers::real,
                 Numbers::real,
                 {},
                 {},
                 {},
                 {}});
  all.push_back(
      {{3, 5, 4, 7}, InputOrder::natural, Numbers::real, Numbers::real, Numbers::real, {}, {}, {}, {}});
  all.push_back({{3, 5, 4, 7},
                 InputOrder::strided,
                 Numbers::complex,
                 Numbers::complex,
                 Numbers::complex,
                 {2, 7, 8},
                 {1, 27},
                 {},
                 {}});
  all.push_back({MonarchShape::square(1, 1),
                 InputOrder::natural,
                 Numbers::complex,
                 Numbers::complex,
                 Numbers::complex,
                 {},
                 {},
                 {},
                 {}});
  return all;
}

}  // namespace

TEMPLATE_TEST_CASE("a transform along an axis equals its dense matrix, for every layout", "[monarch]", float,
                   double) {
  using T = TestType;
  const Exec space;
  // (before, after): one lane; channels that fill no pack but are a multiple of four, in numbers of runs that
  // leave some over; long contiguous runs; many short runs.
  using Lanes = std::pair<size_t, size_t>;
  const auto [before, after] =
      GENERATE(Lanes{1, 1}, Lanes{7, 20}, Lanes{9, 12}, Lanes{8, 28}, Lanes{5, 36}, Lanes{4, 24}, Lanes{6, 4},
               Lanes{2, 240}, Lanes{3, 276}, Lanes{40, 3}, Lanes{5, 32}, Lanes{3, 18});
  for (const auto& spec : specifications()) {
    const Case<T> c(spec);
    const size_t rows = c.transform.inputs(), outputs = c.transform.outputs();
    const auto x = test::normal<T, 4>({before, c.input_planes(), rows, after}, 3);
    const auto g = test::normal<T, 4>({before, c.output_planes(), outputs, after}, 4);
    auto y = zeros<T, 4>("y", {before, c.output_planes(), outputs, after});
    auto dx = zeros<T, 4>("dx", shape_of(x));
    c.transform.apply(space, c.packed, split_lanes<const T>(x), Write::overwrite, split_lanes<T>(y));
    c.transform.adjoint(space, c.packed, split_lanes<const T>(g), Write::overwrite, split_lanes<T>(dx));

    const auto hx = to_host(x), hy = to_host(y), hg = to_host(g), hdx = to_host(dx);
    const bool xc = c.input_planes() == 2, yc = c.output_planes() == 2;
    double worst = 0, worst_adjoint = 0;
    for (size_t b = 0; b < before; ++b)
      for (size_t q = 0; q < after; ++q) {
        for (size_t o = 0; o < outputs; ++o) {
          Z sum = 0;
          for (size_t t = 0; t < rows; ++t)
            sum += c.a[o][t] * Z(hx(b, 0, t, q), xc ? double(hx(b, 1, t, q)) : 0.0);
          worst = std::max(worst, std::abs(sum.real() - double(hy(b, 0, o, q))));
          if (yc) worst = std::max(worst, std::abs(sum.imag() - double(hy(b, 1, o, q))));
        }
        for (size_t t = 0; t < rows; ++t) {
          Z sum = 0;
          for (size_t o = 0; o < outputs; ++o)
            sum += std::conj(c.a[o][t]) * Z(hg(b, 0, o, q), yc ? double(hg(b, 1, o, q)) : 0.0);
          worst_adjoint = std::max(worst_adjoint, std::abs(sum.real() - double(hdx(b, 0, t, q))));
          if (xc) worst_adjoint = std::max(worst_adjoint, std::abs(sum.imag() - double(hdx(b, 1, t, q))));
        }
      }
    // Sums of at most 64 products of three normals (largest product below 64): 64 terms * 64 * eps / 8.
    const double bound = 512 * test::epsilon<T>();
    CHECK(worst <= bound);
    CHECK(worst_adjoint <= bound);

    // Accumulating doubles, and nothing is lost.
    c.transform.apply(space, c.packed, split_lanes<const T>(x), Write::accumulate, split_lanes<T>(y));
    const auto doubled = to_host(y);
    double lost = 0;
    for (size_t i = 0; i < y.size(); ++i)
      lost = std::max(lost, std::abs(double(doubled.data()[i]) - 2 * double(hy.data()[i])));
    CHECK(lost == 0);
  }
}

TEMPLATE_TEST_CASE("factor gradients equal the derivative of <A x, g>", "[monarch]", float, double) {
  using T = TestType;
  const Exec space;
  using Lanes = std::pair<size_t, size_t>;
  const auto [before, after] =
      GENERATE(Lanes{1, 1}, Lanes{9, 20}, Lanes{7, 28}, Lanes{2, 240}, Lanes{5, 18}, Lanes{3, 32});
  for (const auto& spec : specifications()) {
    const Case<T> c(spec);
    const auto& m = spec.shape;
    const auto x = test::normal<T, 4>({before, c.input_planes(), c.transform.inputs(), after}, 3);
    const auto g = test::normal<T, 4>({before, c.output_planes(), c.transform.outputs(), after}, 4);
    auto dx = zeros<T, 4>("dx", shape_of(x)), expected_dx = zeros<T, 4>("dx", shape_of(x));
    auto d_left = zeros<T, 1>("d_left", {c.left.size()}), d_right = zeros<T, 1>("d_right", {c.right.size()});
    Workspace scratch;
    c.transform.backward(space, c.packed, split_lanes<const T>(x), split_lanes<const T>(g), scratch,
                         Write::overwrite, split_lanes<T>(dx), d_left.data(), d_right.data());
    c.transform.adjoint(space, c.packed, split_lanes<const T>(g), Write::overwrite,
                        split_lanes<T>(expected_dx));
    // The same sums; the compiler may fuse a product with another addition in tiles of another shape. Bound
    // as above.
    CHECK(test::max_difference(dx, expected_dx) <= 512 * test::epsilon<T>());
    // Without the gradient of x: the same sums, in another order where one side is real.
    auto left_alone = zeros<T, 1>("d_left", {c.left.size()}),
         right_alone = zeros<T, 1>("d_right", {c.right.size()});
    c.transform.backward(space, c.packed, split_lanes<const T>(x), split_lanes<const T>(g), scratch,
                         Write::overwrite, {}, left_alone.data(), right_alone.data());
    const double lanes = 8 * std::sqrt(double(before * after));
    CHECK(test::max_difference(left_alone, d_left) <=
          lanes * test::epsilon<T>() * (1 + test::max_abs(d_left)));
    CHECK(test::max_difference(right_alone, d_right) <=
          lanes * test::epsilon<T>() * (1 + test::max_abs(d_right)));

    // L = Re <A x, g> with dL/dA[o][t] = sum over lanes of g[o] conj(x[t]); the chain rule through left *
    // right.
    const auto hx = to_host(x), hg = to_host(g);
    const bool fc = spec.factors == Numbers::complex;
    const auto left = as_complex(c.left, fc), right = as_complex(c.right, fc);
    std::vector<Z> expected_left(left.size()), expected_right(right.size());
    for (size_t o = 0; o < c.transform.outputs(); ++o)
      for (size_t t = 0; t < c.transform.inputs(); ++t) {
        Z da = 0;
        for (size_t b = 0; b < before; ++b)
          for (size_t q = 0; q < after; ++q)
            da += Z(hg(b, 0, o, q), c.output_planes() == 2 ? double(hg(b, 1, o, q)) : 0.0) *
                  std::conj(Z(hx(b, 0, t, q), c.input_planes() == 2 ? double(hx(b, 1, t, q)) : 0.0));
        da *= (spec.output_weights.empty() ? 1.0 : spec.output_weights[o]) *
              (spec.input_weights.empty() ? 1.0 : spec.input_weights[t]);
        const size_t row = spec.kept_outputs.empty() ? o : spec.kept_outputs[o];
        const size_t column = spec.kept_inputs.empty() ? t : spec.kept_inputs[t];
        const size_t l = row / m.left_blocks, j = row % m.left_blocks;
        const bool strided = spec.order == InputOrder::strided;
        const size_t k = strided ? column % m.right_blocks : column / m.right_columns;
        const size_t i = strided ? column / m.right_blocks : column % m.right_columns;
        const size_t li = (j * m.left_rows + l) * m.right_blocks + k,
                     ri = (k * m.left_blocks + j) * m.right_columns + i;
        expected_left[li] += da * std::conj(right[ri]);
        expected_right[ri] += da * std::conj(left[li]);
      }
    const auto got_left = as_complex(d_left, fc), got_right = as_complex(d_right, fc);
    double worst = 0, size = 1;
    for (size_t e = 0; e < left.size(); ++e) {
      worst = std::max(
          worst, std::abs(fc ? got_left[e] - expected_left[e] : Z((got_left[e] - expected_left[e]).real())));
      size = std::max(size, std::abs(expected_left[e]));
    }
    for (size_t e = 0; e < right.size(); ++e) {
      worst = std::max(worst, std::abs(fc ? got_right[e] - expected_right[e]
                                          : Z((got_right[e] - expected_right[e]).real())));
      size = std::max(size, std::abs(expected_right[e]));
    }
    // Random signs: the error of a sum over all lanes grows with its root; 480 lanes * 64 rows: 32 eps of the
    // largest.
    CHECK(worst <= 64 * test::epsilon<T>() * size);
  }
}

TEMPLATE_TEST_CASE("the vectorised kernels equal the plain ones that GPUs run", "[monarch]", float, double) {
  using T = TestType;
  const Exec space;
  using Lanes = std::pair<size_t, size_t>;
  const auto [before, after] =
      GENERATE(Lanes{1, 1}, Lanes{9, 20}, Lanes{7, 28}, Lanes{2, 240}, Lanes{5, 18}, Lanes{3, 32});
  const auto write = GENERATE(Write::overwrite, Write::accumulate);
  for (const auto& spec : specifications()) {
    const Case<T> c(spec);
    const auto x = test::normal<T, 4>({before, c.input_planes(), c.transform.inputs(), after}, 3);
    const auto g = test::normal<T, 4>({before, c.output_planes(), c.transform.outputs(), after}, 4);
    Tensor<T, 4> y[2], dx[2];
    Tensor<T, 1> left[2], right[2];
    Workspace scratch;
    for (int plain = 0; plain < 2; ++plain) {
      y[plain] = test::normal<T, 4>(shape_of(g), 5);
      dx[plain] = test::normal<T, 4>(shape_of(x), 6);
      left[plain] = test::normal<T, 1>(shape_of(c.left), 7);
      right[plain] = test::normal<T, 1>(shape_of(c.right), 8);
      const auto lx = split_lanes<const T>(x), lg = split_lanes<const T>(g);
      if (plain) {
        c.transform.apply_portable(space, c.packed, lx, write, split_lanes<T>(y[plain]));
        c.transform.backward_portable(space, c.packed, lx, lg, scratch, write, split_lanes<T>(dx[plain]),
                                      left[plain].data(), right[plain].data());
      } else {
        c.transform.apply(space, c.packed, lx, write, split_lanes<T>(y[plain]));
        c.transform.backward(space, c.packed, lx, lg, scratch, write, split_lanes<T>(dx[plain]),
                             left[plain].data(), right[plain].data());
      }
    }
    // The same sums, contracted and grouped differently: eps times the root of the number of terms times the
    // largest.
    const double eps = test::epsilon<T>(), terms = 4 * std::sqrt(64.0);
    CHECK(test::max_difference(y[0], y[1]) <= terms * eps * (1 + test::max_abs(y[0])));
    CHECK(test::max_difference(dx[0], dx[1]) <= terms * eps * (1 + test::max_abs(dx[0])));
    const double lanes = 4 * std::sqrt(double(before * after));
    CHECK(test::max_difference(left[0], left[1]) <= lanes * eps * (1 + test::max_abs(left[0])));
    CHECK(test::max_difference(right[0], right[1]) <= lanes * eps * (1 + test::max_abs(right[0])));
  }
}

TEST_CASE("interleaved complex tensors are transformed in place of their axis", "[monarch]") {
  const Exec space;
  const TransformSpec spec{MonarchShape::square(12, 4),
                           InputOrder::natural,
                           Numbers::complex,
                           Numbers::complex,
                           Numbers::complex,
                           {},
                           {},
                           {},
                           {}};
  const Case<double> c(spec);
  const auto x = test::normal<Complex<double>, 3>({3, 12, 5}, 7);
  auto y = zeros<Complex<double>, 3>("y", {3, 12, 5});
  c.transform.apply(space, c.packed, complex_lanes<const double>(x), Write::overwrite,
                    complex_lanes<double>(y));
  const auto hx = to_host(x), hy = to_host(y);
  double worst = 0;
  for (size_t b = 0; b < 3; ++b)
    for (size_t q = 0; q < 5; ++q)
      for (size_t o = 0; o < 12; ++o) {
        Z sum = 0;
        for (size_t t = 0; t < 12; ++t) sum += c.a[o][t] * Z(hx(b, t, q).real(), hx(b, t, q).imag());
        worst = std::max(worst, std::abs(sum - Z(hy(b, o, q).real(), hy(b, o, q).imag())));
      }
  CHECK(worst <= 512 * test::epsilon<double>());
}

TEST_CASE("lanes that disagree are named", "[monarch]") {
  const Case<double> c(specifications()[0]);
  auto x = zeros<double, 4>("x", {2, 1, 64, 5});
  auto y = zeros<double, 4>("y", {2, 2, 12, 6});
  CHECK_THROWS_WITH(c.transform.apply(Exec{}, c.packed, split_lanes<const double>(x), Write::overwrite,
                                      split_lanes<double>(y)),
                    "AxisTransform: apply: lanes (outer, runs, run length) differ: (1, 2, 5) and (1, 2, 6)");
}
