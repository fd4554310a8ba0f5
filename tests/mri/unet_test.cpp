#include <danaus/autograd/gradient_check.hpp>
#include <danaus/mri/models/unet.hpp>
#include <danaus/nn/rearrange.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

#include <functional>

using namespace danaus;
using namespace danaus::mri;

namespace {

/// A network with parameters of its own.
template <class T>
class Network {
 public:
  explicit Network(const UNetConfig& config) : network_(store_, config) { store_.freeze(); }
  ParameterStore<T>& parameters() { return store_; }
  void initialize(std::uint64_t seed) const { network_.initialize(seed); }
  Var<T, 4> operator()(Tape& tape, const Var<T, 4>& x) const { return network_(tape, x); }

 private:
  ParameterStore<T> store_;
  UNet<T> network_;
};

/// Sets every number of a tensor to f(index).
template <class T, int R>
Tensor<T, R> tensor_of(const Shape<R>& shape, const std::function<double(size_t)>& f) {
  HostTensor<T, R> host("values", layout_of<R>(shape));
  for (size_t q = 0; q < host.size(); ++q) host.data()[q] = T(f(q));
  return to_device<T, R>(host);
}

/// The n-th parameter's entry q is 0.3 sin(0.7 n + 1.3 q), as in golden/unet.py.
template <class T>
void fill(ParameterStore<T>& store) {
  const auto host = to_host(store.values());
  size_t n = 0;
  for (const auto& p : store.parameters()) {
    for (size_t q = 0; q < p.reals(); ++q)
      host(p.offset + q) = T(0.3 * std::sin(0.7 * double(n) + 1.3 * double(q)));
    ++n;
  }
  copy(store.values(), host);
}

template <class T>
Tensor<T, 4> apply(const Network<T>& model, const Tensor<T, 4>& image) {
  Tape tape({}, Recording::off);
  const auto y = model(tape, Var<T, 4>::constant(image)).value;
  return to_device<T, 4>(to_host(y));
}

/// Output, then the gradients of sum cos(0.23 q) output_q in the input and in all parameters.
template <class T>
struct Results {
  HostTensor<T, 4> output, input_grad;
  HostTensor<T, 1> gradients;
};
template <class T>
Results<T> run(Network<T>& model, const Tensor<T, 4>& image) {
  danaus::fill(model.parameters().gradients(), T(0));
  Tape tape;
  const auto x = tape.variable<T, 4>(image);
  const auto y = model(tape, x);
  const auto weights =
      tensor_of<T, 4>(shape_of(y.value), [](size_t q) { return std::cos(0.23 * double(q)); });
  const auto loss = tape.output<T, 0>({});
  tape.record("test", loss, [y, weights](const Exec&) {
    y.claim_grad();
    copy(y.grad(), weights);
  });
  tape.backward(loss);
  Kokkos::fence();
  return {to_host(y.value), to_host(x.grad()), to_host(model.parameters().gradients())};
}

Tensor<double, 4> golden_image() {
  return tensor_of<double, 4>(
      {2, 12, 20, 2}, [](size_t q) { return std::sin(0.37 * double(q)) + std::cos(0.011 * double(q)); });
}

}  // namespace

TEST_CASE("the published U-Net has 7,756,418 parameters", "[mri]") {
  Network<float> model(UNetConfig{});
  CHECK(model.parameters().count_reals() == 7756418);
  CHECK(model.parameters().parameters().front().name == "down_0/convolution_1/weights");
}

TEST_CASE("U-Net: output and gradients equal PyTorch's", "[mri]") {
  Network<double> model({4, 2, false});
  fill(model.parameters());
  const auto found = run(model, golden_image());

  // Printed by golden/unet.py. Both sides sum in double and in other orders; the network multiplies relative
  // errors of a few eps by its condition, some thousand for these gradients.
  constexpr double tolerance = 1e-11;
  const size_t entries[] = {0, 1, 331, 700, 959};
  const double output[] = {0.043557500734027324, -0.2581868424276381, -0.28542073228833864,
                           0.006406411550759224, -0.2737796976285634};
  const double input_grad[] = {5.828896100117355, 8.006648883003098, 2.780601390328445, 2.2374138693809518,
                               -1.0518451728487133};
  for (int n = 0; n < 5; ++n) {
    CHECK(std::abs(found.output.data()[entries[n]] - output[n]) <= tolerance);
    CHECK(std::abs(found.input_grad.data()[entries[n]] - input_grad[n]) <= 10 * tolerance);
  }
  const double norms[] = {1601.741404020451,  684.4753466346571,  939.6261530435321,  231.47836953594143,
                          75.67263573675567,  46.939032927219316, 43.8124650599876,   18.555373101716498,
                          20.435520562565923, 29.596089575223314, 31.131296701620094, 23.972004977496983,
                          12.5862209944889,   2.5081719852612427};
  const auto& parameters = model.parameters().parameters();
  REQUIRE(parameters.size() == 14);
  for (size_t n = 0; n < 14; ++n) {
    INFO(parameters[n].name);
    double square = 0;
    for (size_t q = 0; q < parameters[n].reals(); ++q)
      square += std::pow(found.gradients(parameters[n].offset + q), 2);
    CHECK(std::abs(std::sqrt(square) / norms[n] - 1) <= 10 * tolerance);
  }
}

TEST_CASE("U-Net: float agrees with double, plain and residual", "[mri]") {
  const bool residual = GENERATE(false, true);
  Network<float> model({16, 2, residual});
  Network<double> exact({16, 2, residual});
  model.initialize(3);
  exact.initialize(3);
  // Small, so that no value lies so near the leaky ReLU's kink that rounding takes it across: the gradient
  // jumps there.
  const auto image = test::normal<float, 4>({1, 12, 20, 2}, 1);
  const auto y = run(model, image);
  const auto expected = run(exact, tensor_of<double, 4>({1, 12, 20, 2}, [h = to_host(image)](size_t q) {
                              return double(h.data()[q]);
                            }));
  // 13 convolutions of up to 1152 products each, whose roundings of half an eps add up like random walks:
  // sqrt(1152) / 2 eps in a layer, and the layers after it, normalised, pass it on unchanged in size. The
  // gradient comes back through as many.
  const double bound = 13 * std::sqrt(1152.0) / 2 * test::epsilon<float>();
  CHECK(test::max_difference(y.output, expected.output) <= bound * test::max_abs(expected.output));
  CHECK(test::max_difference(y.input_grad, expected.input_grad) <=
        2 * bound * test::max_abs(expected.input_grad));
  CHECK(test::max_difference(y.gradients, expected.gradients) <=
        2 * bound * test::max_abs(expected.gradients));
}

TEST_CASE("a residual U-Net adds the plain one to its input", "[mri]") {
  Network<double> plain({4, 2, false}), residual({4, 2, true});
  plain.initialize(5);
  residual.initialize(5);
  const auto image = golden_image();
  const auto y = to_host(apply(plain, image)), z = to_host(apply(residual, image)), x = to_host(image);
  double worst = 0;
  for (size_t q = 0; q < x.size(); ++q)
    worst = std::max(worst, std::abs(z.data()[q] - x.data()[q] - y.data()[q]));
  CHECK(worst <= 4 * test::epsilon<double>());  // one sum of numbers below 4
}

TEST_CASE("U-Net: other sizes are padded with zeros and cropped", "[mri]") {
  Network<double> model({4, 2, false});
  model.initialize(5);
  const auto image = test::normal<double, 4>({2, 11, 14, 2}, 1);
  Tape tape({}, Recording::off);
  const auto padded = nn::pad_or_crop<double>(tape, Var<double, 4>::constant(image), 12, 16);
  const auto expected = nn::pad_or_crop<double>(tape, model(tape, padded), 11, 14);
  const auto found = apply(model, image);
  REQUIRE(shape_of(found) == Shape<4>{2, 11, 14, 2});
  CHECK(test::max_difference(found, expected.value) == 0);
  CHECK(test::max_abs(found) > 0.01);
}

TEST_CASE("U-Net: gradients equal central differences", "[mri]") {
  Network<double> model({3, 1, true});
  model.initialize(5);
  const auto report = check_gradients(
      model.parameters(), [&](Tape& tape, const Var<double, 4>& x) { return model(tape, x); },
      test::normal<double, 4>({1, 5, 6, 2}, 1));
  INFO(report.details);
  // As in tests/nn; no value lies within a step of 1e-5 of the leaky ReLU's kink here.
  CHECK(report.worst < 1e-6);
}

#if defined(_OPENMP) && !defined(KOKKOS_ENABLE_CUDA)
TEST_CASE("U-Net: the same bits on one thread and on all", "[mri]") {
  Network<float> model({16, 3, false});
  model.initialize(3);
  const auto image = test::normal<float, 4>({2, 40, 24, 2}, 1);
  const auto all = run(model, image);
  Results<float> one;
#pragma omp parallel num_threads(2)
  {
#pragma omp master
    one = run(model, image);  // inside a parallel region loops are serial
  }
  CHECK(test::max_difference(one.output, all.output) == 0);
  CHECK(test::max_difference(one.input_grad, all.input_grad) == 0);
  CHECK(test::max_difference(one.gradients, all.gradients) == 0);
}
#endif

TEST_CASE("U-Net: what does not fit is named", "[mri]") {
  CHECK_THROWS_WITH(Network<float>({8, 9, false}),
                    "U-Net: expected 1 to 1024 channels and 1 to 8 poolings, found 8 and 9");
  const Network<float> model({8, 2, true});
  Tape tape;
  const auto image = Var<float, 4>::constant(zeros<float, 4>("image", {1, 8, 8, 3}));
  CHECK_THROWS_WITH(model(tape, image), "U-Net: expected shape (1, 8, 8, 2), found (1, 8, 8, 3)");
}
