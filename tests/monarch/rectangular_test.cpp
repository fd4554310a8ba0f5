#include <danaus/monarch/nblocks.hpp>
#include <danaus/monarch/rectangular.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

#include <tuple>

using namespace danaus;
using monarch::NblocksShape, monarch::RectangularShape;

namespace {

template <class T>
HostTensor<T, 2> random_batch(size_t samples, size_t size, std::uint64_t stream) {
  return to_host(test::normal<T, 2>({samples, size}, stream));
}

template <class T>
monarch::RectangularMonarch<T> random_rectangular(const RectangularShape& s, std::uint64_t stream) {
  return {s, to_host(test::normal<T, 3>({s.left_block_rows, s.right_blocks, s.diagonal()}, stream)),
          to_host(test::normal<T, 3>({s.right_blocks, s.right_rows, s.right_columns}, stream + 1))};
}

/// apply() against the dense matrix, and the adjoint identity. Sums of at most `columns` products of normal
/// numbers of two factors: `terms` times eps for each, times what ten standard deviations make of the sizes.
template <class M>
void check_products(const M& m, size_t terms) {
  using T = typename M::value_type;
  const auto x = random_batch<T>(3, m.columns(), 11), y = random_batch<T>(3, m.rows(), 12);
  const auto product = m.apply(x), back = m.adjoint(y);
  const auto a = m.dense();
  REQUIRE(a.extent(0) == m.rows());
  REQUIRE(a.extent(1) == m.columns());
  const double bound = 100 * double(terms) * test::epsilon<T>() * test::max_abs(a);
  const HostTensor<T, 2> expected("expected", 3, m.rows());
  for (size_t s = 0; s < 3; ++s)
    for (size_t row = 0; row < m.rows(); ++row)
      for (size_t t = 0; t < m.columns(); ++t) expected(s, row) += a(row, t) * x(s, t);
  CHECK(test::max_difference(product, expected) <= bound);
  CHECK(std::abs(test::dot(product, y) - test::dot(x, back)) <= 3 * double(m.rows()) * bound);
}

}  // namespace

TEMPLATE_TEST_CASE("a rectangular Monarch matrix is L R with wrapped diagonals", "[monarch]", float, double,
                   Complex<float>, Complex<double>) {
  using T = TestType;
  const auto [rows, columns, b1, b2, b3] =
      GENERATE(table<size_t, size_t, size_t, size_t, size_t>({{12, 12, 3, 3, 3},
                                                              {24, 10, 5, 4, 8},
                                                              {24, 10, 5, 8, 4},
                                                              {16, 12, 4, 6, 2},
                                                              {30, 12, 4, 3, 5},
                                                              {6, 12, 6, 5, 3}}));
  const auto s = RectangularShape::make(rows, columns, b1, b2, b3);
  const auto m = random_rectangular<T>(s, 1);
  // The definition, entry by entry: o = j modulo the smaller of b2 and b3.
  const size_t n2 = columns / b1 * b2, smaller = std::min(b2, b3);
  CHECK(m.parameters() == columns * b2 + n2 * rows / smaller);
  CHECK(m.parameters() == m.left().size() + m.right().size());
  const HostTensor<T, 2> expected("expected", rows, columns);
  size_t used = 0;
  for (size_t row = 0; row < rows; ++row)
    for (size_t inner = 0; inner < n2; ++inner) {
      const size_t l = row / b3, o = row % b3, k = inner / b2, j = inner % b2;
      if (o % smaller != j % smaller) continue;
      ++used;
      for (size_t i = 0; i < b1; ++i)
        expected(row, k * b1 + i) += m.left()(l, k, std::max(o, j)) * m.right()(k, j, i);
    }
  CHECK(used == m.left().size());
  // A sum of ceil(b2 / b3) products; the compiler may fuse them.
  CHECK(test::max_difference(m.dense(), expected) <=
        double(b2) * 4 * test::epsilon<T>() * test::max_abs(expected));
  check_products(m, columns);
}

TEMPLATE_TEST_CASE("rectangular matrices are Monarch matrices or have slices of rank r", "[monarch]", double,
                   Complex<double>) {
  using T = TestType;
  const double eps = test::epsilon<T>();
  for (const auto& [b2, b3] : {std::pair<size_t, size_t>{3, 3}, {2, 6}, {1, 4}}) {
    const auto m = random_rectangular<T>(RectangularShape::make(2 * b3, 20, 4, b2, b3), 2);
    const auto pair = monarch::to_monarch(m);
    CHECK(pair.parameters() == m.parameters());
    CHECK(test::max_difference(m.dense(), pair.dense()) <= 4 * eps * test::max_abs(pair.dense()));
  }
  for (const auto& [b2, b3] : {std::pair<size_t, size_t>{3, 3}, {6, 2}, {4, 1}}) {
    const auto m = random_rectangular<T>(RectangularShape::make(4 * b3, 20, 4, b2, b3), 3);
    const auto train = monarch::to_block_tensor_train(m);
    const double bound = 8 * double(b2) * eps * test::max_abs(m.dense());
    CHECK(train.rank() == b2 / b3);
    CHECK(train.parameters() == m.parameters());
    CHECK(test::max_difference(m.dense(), train.dense()) <= bound);
    const auto product = monarch::to_product(train);
    CHECK(test::max_difference(m.dense(), product.dense()) <= bound);
  }
  CHECK_THROWS_WITH(
      monarch::to_monarch(random_rectangular<T>(RectangularShape::make(8, 8, 4, 6, 4), 4)),
      "to_monarch: blocks (b1, b2, b3) = (4, 6, 4); expected b2 to divide b3 (to_block_tensor_train: "
      "b3 to divide b2)");
  CHECK_THROWS_AS(
      monarch::to_block_tensor_train(random_rectangular<T>(RectangularShape::make(8, 8, 4, 6, 4), 4)),
      ShapeError);
}

TEMPLATE_TEST_CASE("the layer of nblocks is the authors'", "[monarch]", float, double, Complex<float>,
                   Complex<double>) {
  using T = TestType;
  const auto [outputs, inputs, nblocks] = GENERATE(table<size_t, size_t, size_t>(
      {{16, 16, 4}, {32, 16, 2}, {17, 22, 4}, {22, 17, 3}, {5, 9, 1}, {7, 7, 8}}));
  const auto shape = NblocksShape::make(outputs, inputs, nblocks);
  const size_t p = shape.input_width(), s = shape.output_width(), q = shape.inner_width();
  const auto left = to_host(test::normal<T, 3>({nblocks, s, q}, 1)),
             right = to_host(test::normal<T, 3>({nblocks, q, p}, 2));
  const auto m = monarch::NblocksMatrix<T>(shape, left, right);
  CHECK(m.parameters() == shape.parameters());
  CHECK(m.parameters() == nblocks * q * (p + s));
  CHECK(m.rows() == outputs);
  CHECK(m.columns() == inputs);
  // Block by block: inner number t nblocks + l of all goes to left block l.
  const auto x = random_batch<T>(2, inputs, 5);
  const auto y = m.apply(x);
  const HostTensor<T, 2> expected("expected", 2, outputs);
  for (size_t sample = 0; sample < 2; ++sample)
    for (size_t inner = 0; inner < nblocks * q; ++inner) {
      T z(0);
      for (size_t i = 0; i < p && inner / q * p + i < inputs; ++i)
        z += right(inner / q, inner % q, i) * x(sample, inner / q * p + i);
      for (size_t row = 0; row < s; ++row)
        if (row * nblocks + inner % nblocks < outputs)
          expected(sample, row * nblocks + inner % nblocks) +=
              left(inner % nblocks, row, inner / nblocks) * z;
    }
  CHECK(test::max_difference(y, expected) <=
        10 * double(p + q) * test::epsilon<T>() * test::max_abs(expected));
  check_products(m, p + q);

  SECTION("square layers have 2 n^2 / nblocks parameters") {
    CHECK(NblocksShape::make(1024, 1024, 4).parameters() == 2 * 1024 * 1024 / 4);
  }
  SECTION("random factors have the authors' bounds") {
    const auto random = monarch::random_nblocks_matrix<T>(NblocksShape::make(300, 200, 4), 3);
    for (size_t f : {1, 2}) {
      const auto& blocks = random.matrix().factors()[f].blocks;
      const double bound = 1 / std::sqrt(double(blocks.extent(2)));
      CHECK(test::max_abs(blocks) <= bound * (1 + 1e-6));
      CHECK(test::max_abs(blocks) >= 0.99 * bound);
      // A uniform number has a third of the bound's square as its variance; 10000 of them tell it to 2 %.
      double sum = 0;
      for (size_t e = 0; e < blocks.size(); ++e) sum += std::pow(double(Kokkos::abs(blocks.data()[e])), 2);
      CHECK(sum / double(blocks.size()) == Approx(bound * bound / 3).epsilon(0.05));
    }
  }
}

TEMPLATE_TEST_CASE("gradients of a rectangular Monarch matrix equal central differences", "[monarch]", double,
                   Complex<double>) {
  using T = TestType;
  static_assert(monarch::StructuredMatrix<monarch::RectangularMonarch<T>>);
  const auto [b2, b3] = GENERATE(table<size_t, size_t>({{3, 3}, {2, 4}, {4, 2}, {5, 3}, {3, 5}}));
  const auto m = random_rectangular<T>(RectangularShape::make(2 * b3, 8, 4, b2, b3), 40);
  const auto x = random_batch<T>(3, m.columns(), 41), g = random_batch<T>(3, m.rows(), 42);
  const auto gradient = monarch::backward<T>(m, x, g);
  const auto arrays = monarch::parameter_arrays<T>(m);
  REQUIRE(gradient.parameters.size() == 2);
  CHECK(arrays[0].fan_in == 2.0 * double((b2 + b3 - 1) / b3));
  CHECK(arrays[1].fan_in == 4);
  // The loss Re <M x, g> is linear in each array: the difference is exact but for rounding, some hundred
  // products of size below 100 over twice the step.
  const double step = 1e-3, bound = 1e-9;
  const auto check = [&](const auto& values, const auto& found) {
    REQUIRE(values.size() == found.size());
    auto* numbers = reinterpret_cast<double*>(values.data());
    const auto* derivatives = reinterpret_cast<const double*>(found.data());
    for (size_t e = 0; e < values.size() * sizeof(T) / sizeof(double); ++e) {
      const double before = numbers[e];
      numbers[e] = before + step;
      const double above = test::dot(m.apply(x), g);
      numbers[e] = before - step;
      const double below = test::dot(m.apply(x), g);
      numbers[e] = before;
      CHECK(std::abs((above - below) / (2 * step) - derivatives[e]) <= bound);
    }
  };
  check(x, gradient.input);
  check(m.left(), gradient.parameters[0]);
  check(m.right(), gradient.parameters[1]);
  CHECK_THROWS_AS(monarch::backward<T>(m, x, random_batch<T>(2, m.rows(), 1)), ShapeError);
}

TEST_CASE("sizes that do not fit are named", "[monarch]") {
  const auto shape = NblocksShape::make(16, 16, 4);
  const HostTensor<double, 3> left("left", 4, 4, 4), wrong("wrong", 4, 4, 3);
  CHECK_THROWS_WITH(monarch::NblocksMatrix<double>(shape, left, wrong),
                    "NblocksMatrix: right: expected shape (4, 4, 4), found (4, 4, 3)");
  const auto m = monarch::NblocksMatrix<double>(shape, left, left);
  CHECK_THROWS_WITH(m.apply(HostTensor<double, 2>("x", 1, 15)),
                    "Padded: vectors of 15 entries for a matrix side of 16");
  CHECK_THROWS_AS(monarch::Padded(m.matrix(), 17, 4), ShapeError);
  const auto s = RectangularShape::make(8, 8, 4, 4, 4);
  CHECK_THROWS_AS(monarch::RectangularMonarch<double>(s, left, left), ShapeError);
  CHECK_THROWS_AS(monarch::RectangularMonarch<double>(s).apply(HostTensor<double, 2>("x", 1, 7)), ShapeError);
}
