#include <danaus/autograd/tape.hpp>

#include <support/catch.hpp>

using namespace danaus;

/// y = factor x, or y += factor x.
void scale(const Exec& space, double factor, const ConstTensor<double, 1>& x, Write write,
           const Tensor<double, 1>& y) {
  Kokkos::parallel_for(
      "test::scale", over_entries(space, y), KOKKOS_LAMBDA(size_t i) { store(write, factor * x(i), y(i)); });
}
/// y = a b elementwise, or y += a b.
void multiply(const Exec& space, const ConstTensor<double, 1>& a, const ConstTensor<double, 1>& b,
              Write write, const Tensor<double, 1>& y) {
  Kokkos::parallel_for(
      "test::multiply", over_entries(space, y), KOKKOS_LAMBDA(size_t i) { store(write, a(i) * b(i), y(i)); });
}
void add_up(const Exec& space, const ConstTensor<double, 1>& x, const Tensor<double, 0>& sum) {
  Kokkos::parallel_for(
      "test::add_up", Kokkos::RangePolicy<Exec>(space, 0, 1), KOKKOS_LAMBDA(size_t) {
        sum() = 0;
        for (size_t i = 0; i < x.size(); ++i) sum() += x(i);
      });
}
void fill_from(const Exec& space, const ConstTensor<double, 0>& value, Write write,
               const Tensor<double, 1>& y) {
  Kokkos::parallel_for(
      "test::fill_from", over_entries(space, y),
      KOKKOS_LAMBDA(size_t i) { store(write, double(value()), y(i)); });
}

namespace {

using Vec = Var<double, 1>;

Vec times(Tape& tape, double factor, const Vec& x) {
  const auto y = tape.output<double, 1>(shape_of(x.value));
  scale(tape.space(), factor, x.value, Write::overwrite, y.value);
  tape.record("test::times", y, [=](const Exec& space) {
    if (!x.is_tracked()) return;
    const Write write = x.claim_grad();
    scale(space, factor, y.grad(), write, x.grad());
  });
  return y;
}

Vec product(Tape& tape, const Vec& a, const Vec& b) {
  const auto y = tape.output<double, 1>(shape_of(a.value));
  multiply(tape.space(), a.value, b.value, Write::overwrite, y.value);
  tape.record("test::product", y, [=](const Exec& space) {
    if (a.is_tracked()) {
      const Write write = a.claim_grad();
      multiply(space, b.value, y.grad(), write, a.grad());
    }
    if (b.is_tracked()) {
      const Write write = b.claim_grad();
      multiply(space, a.value, y.grad(), write, b.grad());
    }
  });
  return y;
}

Var<double, 0> total(Tape& tape, const Vec& x) {
  const auto y = tape.output<double, 0>({});
  add_up(tape.space(), x.value, y.value);
  tape.record("test::total", y, [=](const Exec& space) {
    if (!x.is_tracked()) return;
    const Write write = x.claim_grad();
    fill_from(space, y.grad(), write, x.grad());
  });
  return y;
}

Tensor<double, 1> vector(std::initializer_list<double> entries) {
  HostTensor<double, 1> host("host", entries.size());
  std::copy(entries.begin(), entries.end(), host.data());
  return to_device<double, 1>(host);
}

std::vector<double> entries(const Tensor<double, 1>& x) {
  const auto host = to_host(x);
  return {host.data(), host.data() + host.size()};
}

}  // namespace

TEST_CASE("a value that is used several times gets the sum of its gradients", "[autograd]") {
  Tape tape;
  const auto x = tape.variable<double, 1>(vector({1, 2, 3}));
  // L = sum 2 x + x x + (3 x) x = sum 2 x + 4 x^2
  const std::vector<Var<double, 0>> losses{total(tape, times(tape, 2, x)), total(tape, product(tape, x, x)),
                                           total(tape, product(tape, times(tape, 3, x), x))};
  tape.backward(losses);
  CHECK(entries(x.grad()) == std::vector<double>{10, 18, 26});
}

TEST_CASE("operations whose result is not used are skipped, and leave no gradient", "[autograd]") {
  Tape tape;
  const auto x = tape.variable<double, 1>(vector({1, 2}));
  const auto aside = tape.variable<double, 1>(vector({5, 6}));
  bool ran = false;
  const auto unused = times(tape, 2, aside);
  tape.record("test::watch", unused, [&ran](const Exec&) { ran = true; });
  tape.backward(total(tape, times(tape, 3, x)));
  CHECK_FALSE(ran);
  CHECK_FALSE(aside.has_grad());
  CHECK(entries(x.grad()) == std::vector<double>{3, 3});
}

TEST_CASE("constants have no gradient and nothing is recorded in inference", "[autograd]") {
  Tape tape;
  const auto c = Vec::constant(vector({1, 2}));
  const auto x = tape.variable<double, 1>(vector({3, 4}));
  tape.backward(total(tape, product(tape, c, x)));
  CHECK_FALSE(c.is_tracked());
  CHECK(entries(x.grad()) == std::vector<double>{1, 2});

  Tape inference(Exec{}, Recording::off);
  const auto y = times(inference, 2, Vec::constant(vector({1, 2})));
  CHECK(entries(y.value) == std::vector<double>{2, 4});
  CHECK_FALSE(y.is_tracked());
  CHECK(inference.size() == 0);
}

TEST_CASE("a tape is used again after reset, with the same result and no more memory", "[autograd]") {
  Tape tape;
  std::vector<double> first;
  size_t capacity = 0;
  for (int step = 0; step < 5; ++step) {
    tape.reset();
    const auto x = tape.variable<double, 1>(vector({1, 2, 3}));
    auto y = times(tape, 2, x);
    for (int layer = 0; layer < 20; ++layer) y = product(tape, y, times(tape, 0.5, x));
    tape.backward(total(tape, y));
    CHECK(tape.size() == 0);
    if (step == 0) {
      first = entries(x.grad());
      capacity = tape.capacity();
    }
    CHECK(entries(x.grad()) == first);
    CHECK(tape.capacity() == capacity);
  }
  // d/dx 2 x (x / 2)^20 = 42 (x / 2)^20
  CHECK(first[0] == Approx(42 * std::pow(0.5, 20)));
  CHECK(first[1] == Approx(42));
  CHECK(first[2] == Approx(42 * std::pow(1.5, 20)));
}

TEST_CASE("pooled gradient buffers are handed on only when their owner is done", "[autograd]") {
  // A ladder in which a value from far back is used at every rung: its gradient lives through the whole
  // backward pass while buffers of its size come and go.
  Tape tape;
  const auto x = tape.variable<double, 1>(vector({1.1, 0.9}));
  const auto base = times(tape, 1, x);
  auto y = times(tape, 1, x);
  for (int rung = 0; rung < 10; ++rung) y = product(tape, product(tape, y, base), times(tape, 2, base));
  tape.backward(total(tape, y));
  // y = 2^10 x^21
  const auto grad = entries(x.grad());
  CHECK(grad[0] == Approx(1024 * 21 * std::pow(1.1, 20)).epsilon(1e-12));
  CHECK(grad[1] == Approx(1024 * 21 * std::pow(0.9, 20)).epsilon(1e-12));
}

TEST_CASE("a long chain needs few gradient buffers", "[autograd]") {
  const auto bytes_of = [](int length) {
    Tape tape;
    const auto x = tape.variable<double, 1>(zeros<double, 1>("x", {1 << 17}));  // 1 MiB
    auto y = x;
    for (int i = 0; i < length; ++i) y = times(tape, 1, y);
    tape.backward(total(tape, y));
    return tape.capacity();
  };
  // 60 activations fit into the first block of 64 MiB; 60 gradients that were all kept would fill a second
  // one, so 120 operations need two blocks of activations and still one of gradients.
  const size_t growth = bytes_of(120) - bytes_of(60);
  CHECK(growth > size_t(63) << 20);
  CHECK(growth < size_t(65) << 20);
}
