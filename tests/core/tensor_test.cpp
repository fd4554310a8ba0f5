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
