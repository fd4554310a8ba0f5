#include <danaus/autograd/gradient_check.hpp>

#include <support/catch.hpp>

using namespace danaus;

namespace test {

enum class Fault { none, half_gradient, overwrites, no_conjugate, overwrites_parameter };

/// y_i = w_i x_i^2 with complex w, x (its gradients conjugate), or its gradients with a fault.
void square(const Exec& space, const ConstTensor<Complex<double>, 1>& w,
            const ConstTensor<Complex<double>, 1>& x, const Tensor<Complex<double>, 1>& y) {
  Kokkos::parallel_for(
      "test::square", over_entries(space, y), KOKKOS_LAMBDA(size_t i) { y(i) = w(i) * x(i) * x(i); });
}
void square_adjoint(const Exec& space, Fault fault, const ConstTensor<Complex<double>, 1>& w,
                    const ConstTensor<Complex<double>, 1>& x, const ConstTensor<Complex<double>, 1>& g,
                    Write write, const Tensor<Complex<double>, 1>& x_grad) {
  if (fault == Fault::overwrites) write = Write::overwrite;
  const double factor = fault == Fault::half_gradient ? 1 : 2;
  const bool conjugates = fault != Fault::no_conjugate;
  Kokkos::parallel_for(
      "test::square_adjoint", over_entries(space, x_grad), KOKKOS_LAMBDA(size_t i) {
        const Complex<double> slope = factor * w(i) * x(i);
        store(write, (conjugates ? conjugate(slope) : slope) * g(i), x_grad(i));
      });
}
void square_gradient(const Exec& space, Fault fault, const ConstTensor<Complex<double>, 1>& x,
                     const ConstTensor<Complex<double>, 1>& g, const Tensor<Complex<double>, 1>& w_grad) {
  const Write write = fault == Fault::overwrites_parameter ? Write::overwrite : Write::accumulate;
  Kokkos::parallel_for(
      "test::square_gradient", over_entries(space, w_grad),
      KOKKOS_LAMBDA(size_t i) { store(write, conjugate(x(i) * x(i)) * g(i), w_grad(i)); });
}

}  // namespace test

TEST_CASE("gradients that are right pass, and every kind of wrong one is found", "[autograd]") {
  using test::Fault;
  const auto fault = GENERATE(Fault::none, Fault::half_gradient, Fault::overwrites, Fault::no_conjugate,
                              Fault::overwrites_parameter);
  ParameterStore<double> store;
  const auto w = store.add<Complex<double>, 1>("w", {6});
  store.freeze();
  HostTensor<Complex<double>, 1> host("host", 6);
  for (size_t i = 0; i < 6; ++i) host(i) = Complex<double>(1.0 + 0.1 * double(i), 0.5 - 0.2 * double(i));
  copy(w.value(), host);
  const auto x = to_device<Complex<double>, 1>(host);
  const auto before = to_host(store.values());

  const auto report = check_gradients(
      store,
      [&](Tape& tape, const Var<Complex<double>, 1>& x) {
        const auto y = tape.output<Complex<double>, 1>(shape_of(x.value));
        test::square(tape.space(), w.value(), x.value, y.value);
        tape.record("test::square", y, [=](const Exec& space) {
          test::square_gradient(space, fault, x.value, y.grad(), w.grad());
          if (!x.is_tracked()) return;
          const Write write = x.claim_grad();
          test::square_adjoint(space, fault, w.value(), x.value, y.grad(), write, x.grad());
        });
        return y;
      },
      x);
  INFO(report.details);
  // Central differences of a quadratic with step 1e-5 round to about 1e-16 |L| / 1e-5 = 1e-10.
  if (fault == Fault::none) {
    CHECK(report.worst < 1e-8);
    const auto after = to_host(store.values());
    CHECK(std::equal(after.data(), after.data() + after.size(), before.data()));
  } else {
    CHECK(report.worst > 1e-2);
    CHECK_FALSE(report.details.empty());
  }
}
