#include <danaus/core/random.hpp>
#include <danaus/linalg/blas.hpp>
#include <danaus/linalg/conjugate_gradient.hpp>

#include <support/catch.hpp>

using namespace danaus;

namespace {

/// A = tridiag(-1, 2 + i / n, -1): symmetric positive definite.
struct Tridiagonal {
  Exec space;
  void operator()(ConstTensor<double, 1> x, Tensor<double, 1> y) const { apply_tridiagonal(x, y); }
  void apply_tridiagonal(ConstTensor<double, 1> x, Tensor<double, 1> y) const;
};

}  // namespace

void tridiagonal(const Exec& space, ConstTensor<double, 1> x, Tensor<double, 1> y) {
  const size_t n = x.size();
  Kokkos::parallel_for(
      "test::tridiagonal", over_entries(space, x), KOKKOS_LAMBDA(size_t i) {
        y(i) = (2 + double(i) / double(n)) * x(i) - (i > 0 ? x(i - 1) : 0) - (i + 1 < n ? x(i + 1) : 0);
      });
}

void Tridiagonal::apply_tridiagonal(ConstTensor<double, 1> x, Tensor<double, 1> y) const {
  tridiagonal(space, x, y);
}

namespace {

HostTensor<double, 1> normals(size_t n, std::uint64_t s) {
  HostTensor<double, 1> x("x", n);
  for (size_t i = 0; i < n; ++i) x(i) = Random(3, stream::test + (s << 8)).normal(i);
  return x;
}

}  // namespace

TEST_CASE("conjugate gradients solve a system whose solution is known", "[linalg]") {
  const Exec space;
  const size_t n = 5000;
  const Tridiagonal apply{space};
  const auto expected = normals(n, 1);
  Tensor<double, 1> b("b", n), x("x", n);
  apply(to_device<double, 1>(expected), b);
  const auto identity = [&](ConstTensor<double, 1> r, Tensor<double, 1> z) { copy(space, z, r); };
  const auto report = linalg::conjugate_gradient<double>("tridiagonal", space, apply, identity, b, x,
                                                         {.tolerance = 1e-12, .max_iterations = 2000});
  CHECK(report.relative_residual <= 1e-12);
  CHECK(report.iterations > 10);
  const auto found = to_host(x), right = to_host(b);
  double worst = 0;
  for (size_t i = 0; i < n; ++i) worst = std::max(worst, std::abs(found(i) - expected(i)));
  // ‖x - x'‖ <= ‖A^-1‖ 1e-12 ‖b‖; the smallest eigenvalue is above (1 / n)^(2/3) = 3e-3, ‖b‖ about 200.
  CHECK(worst <= 1e-12 * 200 / 3e-3);

  // One thread on host memory takes the same steps.
  std::vector<double> y(n, 0.0), scratch(4 * n);
  const auto serial = linalg::serial_conjugate_gradient<double>(
      "tridiagonal",
      [n](const double* in, double* out) {
        for (size_t i = 0; i < n; ++i)
          out[i] =
              (2 + double(i) / double(n)) * in[i] - (i > 0 ? in[i - 1] : 0) - (i + 1 < n ? in[i + 1] : 0);
      },
      [n](const double* r, double* z) { std::copy(r, r + n, z); }, n, right.data(), y.data(), scratch.data(),
      {.tolerance = 1e-12, .max_iterations = 2000});
  CHECK(std::abs(serial.iterations - report.iterations) <= 2);
  for (size_t i = 0; i < n; ++i) worst = std::max(worst, std::abs(y[i] - expected(i)));
  CHECK(worst <= 1e-12 * 200 / 3e-3);
}

TEST_CASE("a solver that does not converge says how far it came", "[linalg]") {
  const Exec space;
  Tensor<double, 1> x("x", 1000);
  const auto b = to_device<double, 1>(normals(1000, 2));
  const auto identity = [&](ConstTensor<double, 1> r, Tensor<double, 1> z) { copy(space, z, r); };
  CHECK_THROWS_WITH(linalg::conjugate_gradient<double>("named", space, Tridiagonal{space}, identity, b, x,
                                                       {.tolerance = 1e-14, .max_iterations = 3}),
                    Catch::Matchers::Contains("named") && Catch::Matchers::Contains("after 3 iterations"));
  const auto negative = [&](ConstTensor<double, 1> in, Tensor<double, 1> out) {
    fill(space, out, 0.0);
    linalg::add_scaled<double>(space, -1, in, out);
  };
  CHECK_THROWS_WITH(linalg::conjugate_gradient<double>("named", space, negative, identity, b, x),
                    Catch::Matchers::Contains("not positive definite"));
  CHECK_THROWS_AS(
      linalg::conjugate_gradient<double>("named", space, negative, identity, b, Tensor<double, 1>("y", 7)),
      ShapeError);
}

TEMPLATE_TEST_CASE("dot products do not depend on the number of threads", "[linalg]", float, double) {
  using R = TestType;
  const Exec space;
  const size_t n = 3 * linalg::dot_block + 77;
  HostTensor<R, 1> x("x", n), y("y", n);
  double expected = 0, size = 0;
  for (size_t i = 0; i < n; ++i) {
    x(i) = R(Random(5, 1).normal(i));
    y(i) = R(Random(5, 2).normal(i));
    expected += double(x(i)) * double(y(i));
    size += std::abs(double(x(i)) * double(y(i)));
  }
  const double found = linalg::dot<R>(space, to_device<R, 1>(x), to_device<R, 1>(y));
  CHECK(std::abs(found - expected) <= 1e-13 * size);  // summed in double
  CHECK(linalg::norm<R>(space, to_device<R, 1>(x)) ==
        std::sqrt(linalg::dot<R>(space, to_device<R, 1>(x), to_device<R, 1>(x))));
  // A single thread in the same order gives the same bits (up to contraction, which both loops share).
  CHECK(std::abs(linalg::serial_dot(x.data(), y.data(), n) - found) <= 1e-15 * size);
}

TEST_CASE("the BLAS in use is reported", "[linalg]") {
  linalg::set_blas_threads(1);
  const auto info = linalg::blas_info();
  CHECK(info.threads == 1);
  CHECK_FALSE(info.library.empty());
  CHECK_FALSE(info.core.empty());
  const bool old = info.core == "Prescott";
  if (old) CHECK_THAT(info.warning, Catch::Matchers::Contains("OPENBLAS_CORETYPE="));
}
