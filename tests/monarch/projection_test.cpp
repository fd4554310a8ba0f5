#include <danaus/linalg/svd.hpp>
#include <danaus/monarch/exact/fourier_matrix.hpp>
#include <danaus/monarch/projection.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

#include <map>
#include <numeric>

using namespace danaus;
using monarch::MonarchShape, monarch::NblocksShape, monarch::RectangularShape;

namespace {

template <class T>
HostTensor<T, 2> random_matrix(size_t rows, size_t columns, std::uint64_t stream) {
  return to_host(test::normal<T, 2>({rows, columns}, stream));
}

template <class View>
double norm_of(const View& a) {
  long double sum = 0;
  for (size_t e = 0; e < a.size(); ++e) sum += std::pow((long double)Kokkos::abs(a.data()[e]), 2);
  return double(std::sqrt(sum));
}

template <class A, class B>
double relative_difference(const A& a, const B& b) {
  REQUIRE(a.extent(0) == b.extent(0));
  REQUIRE(a.extent(1) == b.extent(1));
  long double sum = 0;
  for (size_t e = 0; e < a.size(); ++e) {
    const auto d = a.data()[e] - b.data()[e];
    sum += std::pow((long double)Kokkos::abs(d), 2);
  }
  return double(std::sqrt(sum)) / norm_of(a);
}

/// What no member of a class can undercut: the singular values beyond the rank of each slice. Rows and
/// columns are told apart by their class: a slice is all entries whose row has class j and whose column has
/// class k.
template <class T, class RowClass, class ColumnClass, class Rank>
double optimal_error(const HostTensor<T, 2>& a, const RowClass& row_class, const ColumnClass& column_class,
                     const Rank& rank) {
  std::map<std::pair<size_t, size_t>, std::map<size_t, std::map<size_t, T>>> slices;
  for (size_t row = 0; row < a.extent(0); ++row)
    for (size_t column = 0; column < a.extent(1); ++column)
      slices[{row_class(row), column_class(column)}][column][row] = a(row, column);
  long double missed = 0;
  for (const auto& [jk, columns] : slices) {
    std::vector<T> flat;
    for (const auto& [column, entries] : columns)
      for (const auto& [row, x] : entries) flat.push_back(x);
    const auto sigma = linalg::singular_values(flat.data(), columns.begin()->second.size(), columns.size());
    for (size_t q = rank(jk.first, jk.second); q < sigma.size(); ++q)
      missed += (long double)sigma[q] * sigma[q];
  }
  return double(std::sqrt(missed)) / norm_of(a);
}

/// The error of the matrix that was returned, that of the report, and the optimum are one; projecting again
/// changes nothing.
template <class T, class Project>
void check_projection(const HostTensor<T, 2>& a, double optimum, const Project& project) {
  monarch::ProjectionReport report;
  const auto m = project(a, &report);
  const auto dense = m.dense();
  CHECK(std::abs(report.relative_error() - optimum) <= 1e-12);
  CHECK(std::abs(relative_difference(a, dense) - optimum) <= 1e-12);
  CHECK(relative_difference(
            dense, project(dense, static_cast<monarch::ProjectionReport*>(nullptr)).dense()) <= 1e-14);
}

size_t ceil_divide(size_t a, size_t b) { return (a + b - 1) / b; }

}  // namespace

TEMPLATE_TEST_CASE("projection reaches the optimum that the singular values state", "[monarch]", double,
                   Complex<double>) {
  using T = TestType;
  // Right blocks, right columns, left blocks, left rows: square, wide, tall, degenerate.
  const auto shape = GENERATE(MonarchShape{4, 4, 4, 4}, MonarchShape{8, 2, 2, 8}, MonarchShape{2, 8, 8, 2},
                              MonarchShape{9, 3, 3, 9}, MonarchShape{1, 7, 7, 1}, MonarchShape{7, 1, 1, 7},
                              MonarchShape{5, 6, 4, 3}, MonarchShape{3, 10, 2, 25}, MonarchShape{1, 1, 1, 1},
                              MonarchShape{20, 18, 2, 19});
  const auto a = random_matrix<T>(shape.rows(), shape.columns(), 3);
  const auto row_class = [&](size_t row) { return row % shape.left_blocks; };
  const auto column_class = [&](size_t column) { return column / shape.right_columns; };
  for (size_t rank : {1, 2, 3}) {
    const double optimum = optimal_error<T>(a, row_class, column_class, [&](size_t, size_t) { return rank; });
    if (rank == 1)
      check_projection<T>(a, optimum, [&](const auto& x, auto* report) {
        return monarch::project(monarch::rows_of<T>(x), shape, {}, {}, report);
      });
    check_projection<T>(a, optimum, [&](const auto& x, auto* report) {
      return monarch::project_with_rank(monarch::rows_of<T>(x), shape, rank, {}, report);
    });
  }
}

TEMPLATE_TEST_CASE("rectangular projection reaches the optimum, wrapped diagonals and ragged slices included",
                   "[monarch]", double, Complex<double>) {
  using T = TestType;
  // rows, columns, b1, b2, b3
  const auto [rows, columns, b1, b2, b3] =
      GENERATE(table<size_t, size_t, size_t, size_t, size_t>({{12, 12, 3, 3, 3},
                                                              {24, 10, 5, 4, 8},
                                                              {24, 10, 5, 8, 4},
                                                              {16, 12, 4, 6, 2},
                                                              {30, 12, 4, 3, 5},
                                                              {30, 12, 6, 5, 3},
                                                              {14, 9, 3, 7, 7},
                                                              {8, 16, 8, 1, 4},
                                                              {8, 16, 8, 4, 1},
                                                              {10, 20, 4, 2, 5}}));
  const auto shape = RectangularShape::make(rows, columns, b1, b2, b3);
  const size_t residues = std::min(b2, b3);
  const auto a = random_matrix<T>(rows, columns, 4);
  const double optimum = optimal_error<T>(
      a, [&, o = b3](size_t row) { return row % o % residues; },
      [&, c = b1](size_t column) { return column / c; },
      [&, in = b2](size_t j, size_t) { return ceil_divide(in - j, residues); });
  check_projection<T>(a, optimum, [&](const auto& x, auto* report) {
    return monarch::project(monarch::rows_of<T>(x), shape, {}, report);
  });
}

TEMPLATE_TEST_CASE("projection onto the layer of nblocks reaches the optimum", "[monarch]", double,
                   Complex<double>) {
  using T = TestType;
  // outputs, inputs, blocks: divisible, padded on either side, ragged ranks
  const auto [outputs, inputs, nblocks] = GENERATE(table<size_t, size_t, size_t>(
      {{16, 16, 4}, {32, 16, 2}, {17, 22, 4}, {22, 17, 3}, {20, 20, 4}, {5, 9, 1}, {7, 7, 8}}));
  const auto shape = NblocksShape::make(outputs, inputs, nblocks);
  const auto a = random_matrix<T>(outputs, inputs, 5);
  const size_t q = shape.inner_width();
  const double optimum = optimal_error<T>(
      a, [&, n = nblocks](size_t row) { return row % n; },
      [&](size_t column) { return column / shape.input_width(); },
      [&, n = nblocks](size_t j, size_t k) {
        size_t count = 0;
        for (size_t t = k * q; t < (k + 1) * q; ++t) count += t % n == j;
        return count;
      });
  check_projection<T>(a, optimum, [&](const auto& x, auto* report) {
    return monarch::project(monarch::rows_of<T>(x), shape, {}, report);
  });
}

TEMPLATE_TEST_CASE("sizes that no block divides are projected inside a larger matrix", "[monarch]", double,
                   Complex<double>) {
  using T = TestType;
  const auto [n, block] = GENERATE(table<size_t, size_t>({{13, 4}, {17, 5}, {23, 8}, {7, 7}}));
  const auto shape = MonarchShape::square(ceil_divide(n, block) * block, block);
  const auto a = random_matrix<T>(n, n, 6);
  const double optimum = optimal_error<T>(
      a, [&, b = block](size_t row) { return row % b; }, [&, b = block](size_t column) { return column / b; },
      [](size_t, size_t) { return size_t(1); });
  check_projection<T>(a, optimum, [&](const auto& x, auto* report) {
    return monarch::project_padded(monarch::rows_of<T>(x), shape, {}, report);
  });
}

TEMPLATE_TEST_CASE("a member of the class is returned", "[monarch]", float, double, Complex<float>,
                   Complex<double>) {
  using T = TestType;
  const MonarchShape shape{6, 5, 4, 7};
  const monarch::MonarchMatrix<T> member(to_host(test::normal<T, 3>(shape.left(), 1)),
                                         to_host(test::normal<T, 3>(shape.right(), 2)));
  // 1e-14 in double; in float what rounding the entries of the dense matrix allows.
  const double bound = std::max(1e-14, 4 * test::epsilon<T>());
  const auto dense = member.dense();
  monarch::ProjectionReport report;
  const auto found = monarch::project(monarch::rows_of<T>(dense), shape, {}, {}, &report);
  CHECK(relative_difference(dense, found.dense()) <= bound);
  CHECK(report.relative_error() <= bound);

  SECTION("with slices of rank r, however small some singular values are") {
    const monarch::BlockTensorTrain<T> train(shape, 3, to_host(test::normal<T, 3>({4, 7, 18}, 1)),
                                             to_host(test::normal<T, 3>({6, 12, 5}, 2)));
    for (size_t k = 0; k < 6; ++k)
      for (size_t j = 0; j < 4; ++j)
        for (size_t i = 0; i < 5; ++i) {
          train.right()(k, j * 3 + 1, i) *= real_t<T>(1e-5);
          train.right()(k, j * 3 + 2, i) *= real_t<T>(1e-9);
        }
    const auto a = train.dense();
    CHECK(relative_difference(a, monarch::project_with_rank(monarch::rows_of<T>(a), shape, 3).dense()) <=
          bound);
  }
  SECTION("with wrapped diagonals") {
    const auto [b2, b3] = GENERATE(table<size_t, size_t>({{3, 6}, {6, 3}, {4, 4}, {5, 3}, {3, 5}}));
    const auto s = RectangularShape::make(2 * b3, 8, 4, b2, b3);
    const monarch::RectangularMonarch<T> m(s, to_host(test::normal<T, 3>({2, 2, std::max(b2, b3)}, 1)),
                                           to_host(test::normal<T, 3>({2, b2, 4}, 2)));
    const auto a = m.dense();
    CHECK(relative_difference(a, monarch::project(monarch::rows_of<T>(a), s).dense()) <= bound);
  }
  SECTION("with the layer of nblocks") {
    const auto a = monarch::random_nblocks_matrix<T>(NblocksShape::make(18, 21, 4), 7).dense();
    CHECK(relative_difference(
              a, monarch::project(monarch::rows_of<T>(a), NblocksShape::make(18, 21, 4)).dense()) <= bound);
  }
  SECTION("with a zero slice") {
    for (size_t i = 0; i < 5; ++i)
      for (size_t l = 0; l < 7; ++l) dense(l * 4 + 2, 3 * 5 + i) = T(0);
    CHECK(relative_difference(dense, monarch::project(monarch::rows_of<T>(dense), shape).dense()) <= bound);
  }
}

TEST_CASE("the Fourier matrix is a member behind its input permutation, and far from one without",
          "[monarch]") {
  const auto fourier = monarch::fourier_matrix<double>(48, 8, monarch::Fourier::forward);
  const auto dense = fourier.dense();
  const auto source = monarch::rows_of<Complex<double>>(dense);
  const auto found = monarch::project(source, fourier.shape(), fourier.input_permutation());
  CHECK(relative_difference(dense, found.dense()) <= 1e-14);
  monarch::ProjectionReport report;
  monarch::project(source, fourier.shape(), {}, {}, &report);
  CHECK(report.relative_error() > 0.7);
}

TEST_CASE("projection does not depend on how the rows are read, nor on the scale of the numbers",
          "[monarch]") {
  const auto shape = MonarchShape::square(36, 6);
  const auto a = random_matrix<double>(36, 36, 8);
  const auto all = monarch::project(monarch::rows_of<double>(a), shape);
  monarch::ProjectionOptions little;
  little.memory_bytes = 1;  // one slice row at a time
  double last = 0;
  little.progress = [&](double share) {
    CHECK(share > last);
    last = share;
  };
  std::vector<int> reads(36);
  auto source = monarch::rows_of<double>(a);
  source.read = [&, read = source.read](size_t first, size_t count, double* data) {
    for (size_t row = first; row < first + count; ++row) ++reads[row];
    read(first, count, data);
  };
  const auto slow = monarch::project(source, shape, {}, little);
  CHECK(test::max_difference(all.left(), slow.left()) == 0);
  CHECK(test::max_difference(all.right(), slow.right()) == 0);
  CHECK(last == 1);
  CHECK(std::all_of(reads.begin(), reads.end(), [](int n) { return n == 1; }));

  for (const double scale : {std::ldexp(1.0, 900), std::ldexp(1.0, -900)}) {
    auto scaled = to_host(a);
    for (size_t e = 0; e < scaled.size(); ++e) scaled.data()[e] *= scale;
    monarch::ProjectionReport plain, report;
    monarch::project(monarch::rows_of<double>(a), shape, {}, {}, &plain);
    const auto m = monarch::project(monarch::rows_of<double>(scaled), shape, {}, {}, &report);
    CHECK(report.relative_error() == Approx(plain.relative_error()).epsilon(1e-13));
    CHECK(m.dense()(3, 5) / scale == Approx(all.dense()(3, 5)).epsilon(1e-13));
  }
}

TEST_CASE("the spectrum and the errors of the slices add up", "[monarch]") {
  const MonarchShape shape{3, 5, 4, 6};
  const auto a = random_matrix<double>(24, 15, 9);
  monarch::ProjectionOptions options;
  options.with_spectrum = true;
  monarch::ProjectionReport report;
  monarch::project_with_rank(monarch::rows_of<double>(a), shape, 2, options, &report);
  REQUIRE(report.spectrum.size() == 5);
  double all = 0, missed = 0;
  for (size_t q = 0; q < 5; ++q) {
    all += std::pow(report.spectrum[q], 2);
    if (q >= 2) missed += std::pow(report.spectrum[q], 2);
  }
  CHECK(all == Approx(1).epsilon(1e-13));
  CHECK(std::sqrt(missed) == Approx(report.relative_error()).epsilon(1e-12));
  CHECK(report.slice_error.size() == 12);
  CHECK(report.norm == Approx(norm_of(a)).epsilon(1e-13));
}

TEST_CASE("what cannot be projected is named", "[monarch]") {
  const auto a = random_matrix<double>(12, 12, 10);
  const auto source = monarch::rows_of<double>(a);
  CHECK_THROWS_WITH(monarch::project(source, MonarchShape::square(16, 4)),
                    "project: a matrix of 12 x 12 onto Monarch matrices of 16 x 16");
  CHECK_THROWS_AS(monarch::project_with_rank(source, MonarchShape::square(12, 4), 0), ShapeError);
  CHECK_THROWS_AS(monarch::project(source, MonarchShape::square(12, 4), std::vector<size_t>{1, 2}),
                  ShapeError);
  CHECK_THROWS_WITH(
      RectangularShape::make(12, 12, 5, 3, 3),
      "RectangularShape: blocks (b1, b2, b3) = (5, 3, 3): b1 = 5 does not divide the 12 columns");
  CHECK_THROWS_AS(RectangularShape::make(12, 12, 3, 3, 5), ShapeError);
  CHECK_THROWS_AS(RectangularShape::make(12, 12, 3, 0, 3), ShapeError);
  CHECK_THROWS_AS(NblocksShape::make(12, 12, 0), ShapeError);
  a(7, 5) = std::nan("");
  CHECK_THROWS_WITH(monarch::project(source, MonarchShape::square(12, 4)),
                    "the matrix has an entry that is not finite in row 7, column 5");
  const auto zero = HostTensor<double, 2>("zero", 12, 12);
  monarch::ProjectionReport report;
  const auto m =
      monarch::project(monarch::rows_of<double>(zero), MonarchShape::square(12, 4), {}, {}, &report);
  CHECK(report.relative_error() == 0);
  CHECK(norm_of(m.dense()) == 0);
}
