#include <danaus/core/complex.hpp>
#include <danaus/core/error.hpp>
#include <danaus/core/tensor.hpp>
#include <support/catch.hpp>

using namespace danaus;

TEST_CASE("a tensor is filled and copied, whatever its rank", "[tensor]") {
  const auto scalar = zeros<double, 0>("scalar", {});
  CHECK(to_host(scalar)() == 0);
  fill(scalar, 2.5);
  CHECK(to_host(scalar)() == 2.5);

  const auto x = zeros<Complex<float>, 3>("x", {2, 3, 5}),
             y = uninitialized<Complex<float>, 3>("y", {2, 3, 5});
  fill(x, Complex<float>(1, -2));
  copy(y, x);
  fill(x, Complex<float>(0));
  const auto found = to_host(y), emptied = to_host(x);
  for (size_t i = 0; i < found.size(); ++i) {
    CHECK(found.data()[i] == Complex<float>(1, -2));
    CHECK(emptied.data()[i] == Complex<float>(0));
  }
  const auto back = to_host(to_device<Complex<float>, 3>(found));
  CHECK(back(1, 2, 4) == Complex<float>(1, -2));
}

TEST_CASE("copies and fills refuse other shapes and tensors with gaps", "[tensor]") {
  const auto x = zeros<float, 2>("x", {4, 6}), y = zeros<float, 2>("y", {6, 4});
  CHECK_THROWS_AS(copy(x, y), ShapeError);
  const auto half = Kokkos::subview(x, Kokkos::ALL, Kokkos::make_pair(0, 3));
  const auto other = zeros<float, 2>("other", {4, 3});
  CHECK_THROWS_AS(fill(half, 1.f), ShapeError);
  CHECK_THROWS_AS(copy(other, half), ShapeError);
  CHECK_THROWS_AS(copy(half, other), ShapeError);
  const auto rows = Kokkos::subview(x, Kokkos::make_pair(1, 3), Kokkos::ALL);  // without gaps
  fill(rows, 1.f);
  const auto found = to_host(x);
  for (size_t i = 0; i < 4; ++i)
    for (size_t j = 0; j < 6; ++j) CHECK(found(i, j) == (i == 1 || i == 2 ? 1.f : 0.f));
}
