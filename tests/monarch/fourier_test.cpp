#include <danaus/monarch/axis_transform.hpp>
#include <danaus/monarch/fourier.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

#include <complex>

using namespace danaus;
using namespace danaus::monarch;
using Z = std::complex<double>;

TEMPLATE_TEST_CASE("the DFT is a Monarch matrix behind the strided order", "[monarch]", float, double) {
  using T = TestType;
  const auto [n, b] = GENERATE(std::pair<size_t, size_t>{12, 3}, std::pair<size_t, size_t>{12, 12},
                               std::pair<size_t, size_t>{64, 8}, std::pair<size_t, size_t>{60, 10},
                               std::pair<size_t, size_t>{7, 1}, std::pair<size_t, size_t>{360, 20});
  const auto sign = GENERATE(Fourier::forward, Fourier::inverse);
  const auto shape = MonarchShape::square(n, b);
  auto left = zeros<Complex<T>, 3>("left", shape.left()),
       right = zeros<Complex<T>, 3>("right", shape.right());
  fourier_factors<T>(shape, sign, left, right);
  const AxisTransform<T> transform(
      {shape, InputOrder::strided, Numbers::complex, Numbers::complex, Numbers::complex, {}, {}, {}, {}});
  auto packed = zeros<T, 1>("packed", {transform.packed_size()});
  transform.pack(Exec{}, reinterpret_cast<T*>(left.data()), reinterpret_cast<T*>(right.data()), packed);
  // Unit vectors give the columns.
  HostTensor<Complex<T>, 3> unit("unit", 1, n, n);
  for (size_t t = 0; t < n; ++t) unit(0, t, t) = Complex<T>(1, 0);
  const auto x = to_device<Complex<T>, 3>(unit);
  auto y = zeros<Complex<T>, 3>("y", {1, n, n});
  transform.apply(Exec{}, packed, complex_lanes<const T>(x), Write::overwrite, complex_lanes<T>(y));
  const auto hy = to_host(y);
  double worst = 0;
  for (size_t o = 0; o < n; ++o)
    for (size_t t = 0; t < n; ++t) {
      const long double angle = (long double)(sign)*2 * M_PIl * (long double)(o * t % n) / (long double)(n);
      const Z exact(double(std::cos(angle)), double(std::sin(angle)));
      worst = std::max(worst, std::abs(Z(hy(0, o, t).real(), hy(0, o, t).imag()) - exact));
    }
  // One product of two rounded roots of unity: 4 roundings of complex numbers of modulus 1.
  CHECK(worst <= 4 * test::epsilon<T>());
}

TEST_CASE("block sizes are chosen near the root, and impossible ones are named", "[monarch]") {
  CHECK(default_block(64) == 8);
  CHECK(default_block(72) == 8);
  CHECK(default_block(80) == 8);
  CHECK(default_block(512) == 16);
  CHECK_THROWS_AS(default_block(67), UsageError);
  CHECK_THROWS_WITH(MonarchShape::square(12, 5), "MonarchShape::square: block size 5 does not divide n = 12");
  CHECK(MonarchShape::square(64, 8).parameters() == 1024);
}
