#include <danaus/autograd/parameter_store.hpp>

#include <support/catch.hpp>

using namespace danaus;

TEST_CASE("parameters lie group by group in one buffer, aligned, behind views of their shapes",
          "[autograd]") {
  ParameterStore<float> store;
  const auto w = store.add<float, 2>("w", {3, 5});
  const auto t = store.add<Complex<float>, 3>("t", {2, 2, 2}, ParameterGroup::transform);
  const auto s = store.add<float, 1>("s", {4}, ParameterGroup::state);
  const auto b = store.add<float, 1>("b", {5});
  store.freeze();

  CHECK(store.parameters()[0].offset == 0);
  CHECK(store.parameters()[3].offset == 16);  // 15 numbers, rounded up
  CHECK(store.parameters()[1].offset == 32);
  CHECK(store.parameters()[2].offset == 48);
  CHECK(store.values().size() == 64);
  CHECK(store.range(ParameterGroup::weights).end == 32);
  CHECK(store.range(ParameterGroup::transform).begin == 32);
  CHECK(store.range(ParameterGroup::transform).end == 48);
  CHECK(store.range(ParameterGroup::state).begin == 48);

  CHECK(w.value().data() == store.values().data());
  CHECK(b.value().data() == store.values().data() + 16);
  CHECK(reinterpret_cast<float*>(t.grad().data()) == store.gradients().data() + 32);
  CHECK(shape_of(t.value()) == Shape<3>{2, 2, 2});
  CHECK(shape_of(s.value()) == Shape<1>{4});

  CHECK(store.count_reals() == 15 + 16 + 5);
  CHECK(store.count_complex_as_one() == 15 + 8 + 5);
}

TEST_CASE("a fresh store is zero, and writing one parameter leaves the others", "[autograd]") {
  ParameterStore<double> store;
  const auto a = store.add<double, 1>("a", {17});
  const auto b = store.add<double, 1>("b", {1});
  store.freeze();
  fill(a.value(), 2.);
  CHECK(to_host(b.value())(0) == 0);
  const auto flat = to_host(store.values());
  CHECK(flat(16) == 2);
  CHECK(flat(17) == 0);
}

TEST_CASE("names are unique and nothing is added to a frozen store", "[autograd]") {
  ParameterStore<double> store;
  store.add<double, 1>("a", {2});
  CHECK_THROWS_AS((store.add<double, 1>("a", {2})), std::logic_error);
  store.freeze();
  CHECK_THROWS_AS((store.add<double, 1>("b", {2})), std::logic_error);
}
