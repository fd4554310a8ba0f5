// The algebra of block products: composition, adjoint, simplification, corners, block sizes.

#include <danaus/monarch/exact/fourier_matrix.hpp>
#include <danaus/monarch/exact/product_algebra.hpp>

#include <monarch/exact/product_checks.hpp>

using namespace danaus;
using namespace danaus::monarch;
using test::Dense;
using test::extended;

namespace {

template <class T>
BlockProduct<T> random_monarch(size_t n, size_t b, std::uint64_t stream) {
  const auto shape = MonarchShape::square(n, b);
  return to_product(MonarchMatrix<T>(to_host(test::normal<T, 3>(shape.left(), stream)),
                                     to_host(test::normal<T, 3>(shape.right(), stream + 1))));
}

template <class T>
Dense dense_of(const BlockProduct<T>& product) {
  const auto d = product.dense();
  return test::dense(product.rows(), product.columns(),
                     [&](size_t row, size_t column) { return extended(d(row, column)); });
}

}  // namespace

TEMPLATE_TEST_CASE("products compose, and their adjoint is the adjoint", "[monarch][exact]", float, double,
                   Complex<float>, Complex<double>) {
  using T = TestType;
  const auto a = random_monarch<T>(12, 3, 1), b = random_monarch<T>(12, 4, 5);
  test::check_product(compose(a, b), dense_of(a) * dense_of(b));
  test::check_product(adjoint(a), test::adjoint(dense_of(a)));
  test::check_product(adjoint(compose(a, b)), test::adjoint(dense_of(b)) * test::adjoint(dense_of(a)));
  CHECK_THROWS_WITH(compose(a, random_monarch<T>(8, 2, 1)),
                    "compose: an outer matrix of 12 x 12 does not fit an inner one of 8 x 8");
}

TEMPLATE_TEST_CASE("M1 M2* simplifies to three factors, M1* M2 too", "[monarch][exact]", double,
                   Complex<double>) {
  using T = TestType;
  const size_t b = GENERATE(2, 4, 6, 12);
  const auto a = random_monarch<T>(24, b, 1), c = random_monarch<T>(24, b, 5);
  const auto outer = simplify(compose(a, adjoint(c))), inner = simplify(compose(adjoint(a), c));
  CHECK(outer.factors().size() == 4);  // and the order of the outputs
  CHECK(inner.factors().size() == 3);
  test::check_product(outer, dense_of(a) * test::adjoint(dense_of(c)));
  test::check_product(inner, test::adjoint(dense_of(a)) * dense_of(c));
}

TEST_CASE("diagonals and permutations vanish into their neighbours", "[monarch][exact]") {
  const auto m = random_monarch<double>(12, 3, 1);
  std::vector<size_t> p(12);
  for (size_t t = 0; t < 12; ++t) p[t] = (7 * t + 2) % 12;
  const auto d = test::random_vector<double>(12, 9);
  const auto long_product =
      compose(diagonal_product(d), compose(m, compose(permutation_product<double>(p), diagonal_product(d))));
  const auto simple = simplify(long_product);
  CHECK(simple.factors().size() == 3);
  test::check_product(simple, dense_of(long_product));
  // Of diagonals and permutations alone one factor is left.
  CHECK(simplify(compose(diagonal_product(d), compose(permutation_product<double>(p), diagonal_product(d))))
            .factors()
            .size() == 1);
}

TEST_CASE("a Monarch matrix of block size 1 or n is a Monarch matrix of every other", "[monarch][exact]") {
  // M^(1,n): diagonal times one dense block; M^(n,n): one dense block times a diagonal. Any dense matrix is
  // both.
  const auto a = to_host(test::normal<double, 2>({6, 6}, 1));
  HostTensor<double, 3> dense("dense", 1, 6, 6), ones("ones", 6, 1, 1);
  for (size_t e = 0; e < 36; ++e) dense.data()[e] = a.data()[e];
  for (size_t e = 0; e < 6; ++e) ones.data()[e] = 1;
  const Dense expected = test::dense(6, 6, [&](size_t r, size_t c) { return extended(a(r, c)); });
  CHECK(test::relative_error(MonarchMatrix<double>(dense, ones).dense(), expected) == 0);
  CHECK(test::relative_error(MonarchMatrix<double>(ones, dense).dense(), expected) == 0);
}

TEST_CASE("the DFT is the same matrix whatever the block size", "[monarch][exact]") {
  const auto reference = fourier_matrix<double>(60, 1, Fourier::forward).dense();
  for (size_t b : test::divisors(60))
    CHECK(test::max_difference(fourier_matrix<double>(60, b, Fourier::forward).dense(), reference) <= 8e-16);
}

TEMPLATE_TEST_CASE("corners of products stay block-diagonal products", "[monarch][exact]", double,
                   Complex<double>) {
  using T = TestType;
  const auto full = simplify(compose(random_monarch<T>(24, 4, 1), adjoint(random_monarch<T>(24, 4, 3))));
  const Dense d = dense_of(full);
  for (const auto& [rows, columns] :
       {std::pair<size_t, size_t>{24, 24}, {12, 12}, {8, 24}, {24, 4}, {20, 16}}) {
    const auto corner = top_left(full, rows, columns);
    test::check_product(corner, test::dense(rows, columns, [&](size_t r, size_t c) { return d(r, c); }));
  }
  CHECK_THROWS_AS(top_left(full, 25, 4), ShapeError);
  CHECK_THROWS_AS(top_left(full, 10, 4), ShapeError);  // 10 rows in 4 blocks
  CHECK_THROWS_AS(top_left(full, 8, 10), ShapeError);
}
