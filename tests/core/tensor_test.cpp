#include <danaus/core/complex.hpp>
#include <danaus/core/error.hpp>
#include <danaus/core/tensor.hpp>

#include <support/catch.hpp>

using namespace danaus;

TEST_CASE("tensors are row-major with the channel innermost", "[core]") {
  const auto t = zeros<float, 4>("t", {2, 3, 4, 5});
  CHECK(t.stride(3) == 1);
  CHECK(t.stride(2) == 5);
  CHECK(t.stride(1) == 20);
  CHECK(t.stride(0) == 60);
  CHECK(t.size() == 120);
  CHECK(size_of(shape_of(t)) == 120);
}

TEST_CASE("host and device copies are independent", "[core]") {
  HostTensor<double, 1> host("host", 3);
  host(1) = 2;
  const auto device = to_device<double, 1>(host);
  host(1) = 7;
  const auto back = to_host(device);
  CHECK(back(1) == 2);
  back(1) = 9;
  CHECK(to_host(device)(1) == 2);
}

TEST_CASE("a wrong shape is named, and the one that was expected", "[core]") {
  const auto t = zeros<float, 2>("t", {2, 3});
  CHECK_THROWS_WITH(require_shape("op: x", t, {3, 2}), "op: x: expected shape (3, 2), found (2, 3)");
  CHECK_NOTHROW(require_shape("op: x", t, {2, 3}));
}

TEST_CASE("a tensor is filled and copied, whatever its rank", "[core]") {
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

TEST_CASE("copies and fills refuse other shapes and tensors with gaps", "[core]") {
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
