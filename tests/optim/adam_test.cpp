#include <danaus/optim/adam.hpp>

#include <danaus/core/random.hpp>

#include <support/catch.hpp>

#include <cmath>
#include <limits>
#include <vector>

using namespace danaus;
using namespace danaus::optim;

namespace {

std::vector<double> entries(const Tensor<double, 1>& x) {
  const auto host = to_host(x);
  return {host.data(), host.data() + host.size()};
}
void assign(const Tensor<double, 1>& x, const std::vector<double>& values) {
  HostTensor<double, 1> host("host", values.size());
  std::copy(values.begin(), values.end(), host.data());
  copy(x, host);
}

/// Three weights and three transform factors.
struct Problem {
  ParameterStore<double> store;
  Parameter<double, 1> weights, transform, state;
  Problem() {
    weights = store.add<double, 1>("weights", {3});
    transform = store.add<double, 1>("transform", {3}, ParameterGroup::transform);
    state = store.add<double, 1>("state", {1}, ParameterGroup::state);
    store.freeze();
    assign(weights.value(), {1, -2, 0.5});
    assign(transform.value(), {1, -2, 0.5});
    assign(state.value(), {7});
  }
  /// g = (2 w0 + t, t sin w1, w2^2 - 1), at update t.
  static std::vector<double> gradient(const std::vector<double>& w, double t) {
    return {2 * w[0] + t, t * std::sin(w[1]), w[2] * w[2] - 1};
  }
  std::vector<double> run(const AdamOptions& options, int updates = 4) {
    Adam<double> adam(store, options);
    for (int t = 1; t <= updates; ++t) {
      assign(weights.grad(), gradient(entries(weights.value()), t));
      adam.step(Exec{}, 0.1);
    }
    Kokkos::fence();
    return entries(weights.value());
  }
};

void check_equal(const std::vector<double>& found, const std::vector<double>& expected) {
  // Four updates of a few operations each, on numbers of size 1; the expected ones are printed to 15 digits.
  for (size_t i = 0; i < found.size(); ++i) CHECK(found[i] == Approx(expected[i]).epsilon(1e-13));
}

}  // namespace

// Expected: four updates at rate 0.1 in Python, by the formulas that torch.optim.Adam and AdamW document.
TEST_CASE("Adam and AdamW give the published updates", "[optim]") {
  check_equal(Problem().run({}), {0.599850606975056, -1.61324181231548, 0.890872203674795});
  check_equal(Problem().run({.weight_decay = 0.1}), {0.5997133266605, -1.61010769777928, 0.888046927247941});
  check_equal(Problem().run({.decay = Decay::decoupled, .weight_decay = 0.1}),
              {0.566333170142254, -1.54043042287527, 0.866326813416202});
}

// Expected: as above, each gradient first divided by max(1, |g|).
TEST_CASE("clipping by the norm of a group", "[optim]") {
  check_equal(Problem().run({.clip = 1}), {0.60138412315536, -1.60242794177598, 0.87227527973895});
  check_equal(Problem().run({.weight_decay = 0.1, .clip = 1}),
              {0.601584313402758, -1.59961870424395, 0.83191830465113});
}

TEST_CASE("learned transforms have their own rate, no decay and their own clipping; state is left alone",
          "[optim]") {
  Problem p;
  Adam<double> adam(p.store, {.weight_decay = 0.5, .transform_rate_factor = 0.1, .clip = 1});
  // A huge gradient of the weights must not shrink that of the transform.
  assign(p.weights.grad(), {1e8, 1e8, 1e8});
  assign(p.transform.grad(), {0.3, -0.1, 0.2});
  assign(p.state.grad(), {5});
  adam.step(Exec{}, 0.1);
  CHECK(adam.gradient_norm(Exec{}, ParameterGroup::weights) == Approx(std::sqrt(3.) * 1e8));
  CHECK(adam.gradient_norm(Exec{}, ParameterGroup::transform) == Approx(std::sqrt(.14)));
  // The first update of Adam is rate * sign(g), up to epsilon / |g|.
  const auto w = entries(p.transform.value());
  CHECK(w[0] == Approx(1 - 0.01).epsilon(1e-6));
  CHECK(w[1] == Approx(-2 + 0.01).epsilon(1e-6));
  CHECK(w[2] == Approx(0.5 - 0.01).epsilon(1e-6));
  CHECK(entries(adam.first_moment())[16] == Approx(0.1 * 0.3));
  CHECK(entries(p.state.value())[0] == 7);
}

TEST_CASE("clip scales with the number of terms of a sum", "[optim]") {
  Problem p;
  Adam<double> adam(p.store, {.clip = 1});
  assign(p.weights.grad(), {6, 0, 8});  // norm 10
  adam.step(Exec{}, 0.1, /*clip_scale=*/5);
  Kokkos::fence();
  CHECK(entries(adam.first_moment())[0] == Approx(0.1 * 3));
}

TEST_CASE("a gradient that is not finite in either group changes nothing and is counted", "[optim]") {
  const double bad =
      GENERATE(std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity());
  const bool in_transform = GENERATE(false, true);
  Problem p;
  Adam<double> adam(p.store, {.clip = 1, .ema = 0.9});
  assign(p.weights.grad(), {1, 1, in_transform ? 1 : bad});
  assign(p.transform.grad(), {1, in_transform ? bad : 1, 1});
  const auto before = entries(p.store.values());
  adam.step(Exec{}, 0.1);
  CHECK(adam.failed_updates(Exec{}) == 1);
  CHECK(entries(p.store.values()) == before);
  CHECK(entries(adam.average()) == before);
  for (double m : entries(adam.first_moment())) CHECK(m == 0);
}

TEST_CASE("the average of the weights follows its formula and can be exchanged with them", "[optim]") {
  Problem p;
  Adam<double> adam(p.store, {.ema = 0.3});
  double average = 1;
  for (int t = 1; t <= 6; ++t) {
    assign(p.weights.grad(), {1, 2, 3});
    adam.step(Exec{}, 0.1);
    Kokkos::fence();
    const double e = std::min(0.3, (1. + t) / (10. + t));
    average = e * average + (1 - e) * entries(p.weights.value())[0];
  }
  CHECK(entries(adam.average())[0] == Approx(average).epsilon(1e-14));
  const auto raw = entries(p.store.values());
  {
    AveragedWeights<double> averaged(Exec{}, p.store, adam);
    Kokkos::fence();
    CHECK(entries(p.weights.value())[0] == Approx(average).epsilon(1e-14));
    CHECK(entries(p.state.value())[0] == 7);
  }
  Kokkos::fence();
  CHECK(entries(p.store.values()) == raw);
}

TEMPLATE_TEST_CASE("the squared norm equals its definition, for any size", "[optim]", float, double) {
  const size_t n = GENERATE(0, 1, 255, 256, 257, 65536, 65537, 300000);
  const Random random(1, stream::test);
  HostTensor<TestType, 1> host("host", n);
  double sum = 0;
  for (size_t i = 0; i < n; ++i) {
    host(i) = TestType(random.normal(i));
    sum += double(host(i)) * double(host(i));
  }
  const auto x = to_device<TestType, 1>(host);
  SquaredNorm norm(n);
  norm.compute<TestType>(Exec{}, x);
  Kokkos::fence();
  double found;
  Kokkos::deep_copy(found, norm.result());
  // Sums of n positive terms in double, in two orders: n eps each in the worst case.
  CHECK(found == Approx(sum).epsilon(1e-16 + 4e-16 * double(n)));
  CHECK_THROWS_AS(norm.compute<TestType>(Exec{}, Tensor<TestType, 1>("y", n + 512)), ShapeError);
}

#if defined(KOKKOS_ENABLE_OPENMP) && !defined(KOKKOS_ENABLE_CUDA)
TEST_CASE("one and two threads give the same bits of the norm and of an update", "[optim]") {
  const auto run = [](int threads) {
    const Kokkos::OpenMP space(std::min(threads, Exec().concurrency()));
    ParameterStore<float> store;
    const auto w = store.add<float, 1>("w", {100003});
    store.freeze();
    HostTensor<float, 1> host("host", w.value().size());
    const Random random(2, stream::test);
    for (size_t i = 0; i < host.size(); ++i) host(i) = float(random.normal(i));
    copy(w.value(), host);
    copy(w.grad(), host);
    Adam<float> adam(store, {.clip = 0.1});
    adam.step(space, 1e-3);
    space.fence();
    return to_host(store.values());
  };
  const auto one = run(1), two = run(2);
  CHECK(std::equal(one.data(), one.data() + one.size(), two.data()));
}
#endif

TEST_CASE("optimisers by name", "[optim]") {
  CHECK(parse_optimizer("adam") == Decay::l2);
  CHECK(parse_optimizer("adamw") == Decay::decoupled);
  CHECK_THROWS_AS(parse_optimizer("sgd"), UsageError);
}
