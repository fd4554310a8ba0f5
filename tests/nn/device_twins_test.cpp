// The vectorised CPU kernels against their plain Kokkos twins, which the GPU build runs.

#include <danaus/nn/mode_mixing.hpp>
#include <danaus/nn/pointwise.hpp>

#include <nn/device_twins.hpp>
#include <nn/lifting_kernels.hpp>
#include <nn/projection_kernels.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

using namespace danaus;
using namespace danaus::nn;

namespace {

/// Both sum the same products in different orders; partial sums stay below the square root of their number
/// times the largest product.
template <class T, class View>
void check_close(const View& a, const View& b, size_t terms) {
  CHECK(test::max_difference(a, b) <=
        4 * std::sqrt(double(terms)) * test::epsilon<T>() * (1 + test::max_abs(a)));
}

}  // namespace

TEMPLATE_TEST_CASE("mode mixing equals its twin", "[nn]", float, double) {
  using T = TestType;
  const Exec space;
  const auto [batch, inputs, outputs] =
      GENERATE(Shape<3>{1, 1, 1}, Shape<3>{5, 20, 20}, Shape<3>{20, 7, 33}, Shape<3>{3, 40, 16});
  const auto w = test::normal<Complex<T>, 4>({4, 3, inputs, outputs}, 1);
  const auto x = test::normal<T, 5>({batch, 4, 2, 3, inputs}, 2);
  const auto g = test::normal<T, 5>({batch, 4, 2, 3, outputs}, 3);
  auto y = zeros<T, 5>("y", shape_of(g)), y_twin = zeros<T, 5>("y", shape_of(g));
  mix_modes<T>(space, w, x, y);
  mix_modes_device<T>(space, w, x, y_twin);
  check_close<T>(y, y_twin, 2 * inputs);
  auto dx = zeros<T, 5>("dx", shape_of(x)), dx_twin = zeros<T, 5>("dx", shape_of(x));
  auto dw = test::normal<Complex<T>, 4>(shape_of(w), 4),
       dw_twin = test::normal<Complex<T>, 4>(shape_of(w), 4);
  mix_modes_backward<T>(space, w, x, g, dx, dw);
  mix_modes_backward_device<T>(space, w, x, g, dx_twin, dw_twin);
  check_close<T>(dx, dx_twin, 2 * outputs);
  check_close<T>(dw, dw_twin, 2 * batch);
}

TEMPLATE_TEST_CASE("the point-wise map equals its twin", "[nn]", float, double) {
  using T = TestType;
  const Exec space;
  const size_t channels = GENERATE(1, 20, 32, 37), points = GENERATE(1, 63, 500);
  const auto activation = GENERATE(Activation::gelu, Activation::relu, Activation::identity);
  const auto write = GENERATE(Write::overwrite, Write::accumulate);
  const auto w = test::normal<T, 2>({channels, channels}, 1);
  const auto b = test::normal<T, 1>({channels}, 2);
  const auto x = test::normal<T, 2>({points, channels}, 3);
  auto z = test::normal<T, 2>({points, channels}, 4), z_twin = test::normal<T, 2>({points, channels}, 4);
  auto y = zeros<T, 2>("y", shape_of(x)), y_twin = zeros<T, 2>("y", shape_of(x));
  add_pointwise<T>(space, w, b, activation, x, z, y);
  add_pointwise_device<T>(space, w, b, activation, x, z_twin, y_twin);
  check_close<T>(z, z_twin, channels);
  check_close<T>(y, y_twin, channels);

  auto g = test::normal<T, 2>(shape_of(x), 5), g_twin = test::normal<T, 2>(shape_of(x), 5);
  auto dx = test::normal<T, 2>(shape_of(x), 6), dx_twin = test::normal<T, 2>(shape_of(x), 6);
  auto dw = zeros<T, 2>("dw", shape_of(w)), dw_twin = zeros<T, 2>("dw", shape_of(w));
  auto db = zeros<T, 1>("db", shape_of(b)), db_twin = zeros<T, 1>("db", shape_of(b));
  Workspace scratch;
  copy(z_twin, z);  // the slope of relu jumps: the same z for both
  const auto before = GENERATE(Activation::gelu, Activation::relu, Activation::identity);
  Tensor<T, 2> value, value_twin;
  if (before != Activation::identity)
    value = zeros<T, 2>("value", shape_of(x)), value_twin = zeros<T, 2>("value", shape_of(x));
  add_pointwise_backward<T>(space, w, activation, {x, before, value}, z, g, scratch, write, dx, dw, db);
  add_pointwise_backward_device<T>(space, w, activation, {x, before, value_twin}, z_twin, g_twin, scratch,
                                   write, dx_twin, dw_twin, db_twin);
  if (value.data()) check_close<T>(value, value_twin, 1);
  check_close<T>(g, g_twin, 1);
  check_close<T>(dx, dx_twin, channels);
  check_close<T>(dw, dw_twin, points);
  check_close<T>(db, db_twin, points);
}

TEMPLATE_TEST_CASE("lifting equals its twin", "[nn]", float, double) {
  using T = TestType;
  const Exec space;
  const size_t frames = GENERATE(1, 10), channels = GENERATE(1, 2), width = GENERATE(5, 20, 48),
               padding = GENERATE(0, 3);
  LiftingInput<T> in{};
  in.frames = frames, in.batch = 2, in.nx = 5, in.ny = 33, in.channels = channels, in.padding = padding;
  std::vector<Tensor<T, 4>> history;
  for (size_t f = 0; f < frames; ++f) {
    history.push_back(test::normal<T, 4>({2, 5, 33, channels}, 10 + f));
    in.frame[f] = history[f].data();
  }
  const auto w = test::normal<T, 2>({in.inputs(), width}, 1);
  const auto b = test::normal<T, 1>({width}, 2);
  auto y = zeros<T, 4>("y", {2, 5 + padding, 33 + padding, width}), y_twin = zeros<T, 4>("y", shape_of(y));
  lift<T>(space, in, w, b, y);
  lift_device<T>(space, in, w, b, y_twin);
  check_close<T>(y, y_twin, in.inputs());

  const auto g = test::normal<T, 4>(shape_of(y), 3);
  Workspace scratch;
  Tensor<T, 4> d_frame[2];
  Tensor<T, 2> dw[2];
  Tensor<T, 1> db[2];
  for (int twin = 0; twin < 2; ++twin) {
    d_frame[twin] = test::normal<T, 4>({2, 5, 33, channels}, 4);
    dw[twin] = test::normal<T, 2>(shape_of(w), 5);
    db[twin] = test::normal<T, 1>(shape_of(b), 6);
    LiftingGradient<T> out{};
    out.frame[frames - 1] = d_frame[twin].data();
    out.write[frames - 1] = Write::accumulate;
    out.any = true;
    if (twin)
      lift_backward_device<T>(space, in, w, g, scratch, out, dw[twin], db[twin]);
    else
      lift_backward<T>(space, in, w, g, scratch, out, dw[twin], db[twin]);
  }
  check_close<T>(d_frame[0], d_frame[1], width);
  check_close<T>(dw[0], dw[1], 330);
  check_close<T>(db[0], db[1], 330);
}

TEMPLATE_TEST_CASE("projection equals its twin", "[nn]", float, double) {
  using T = TestType;
  const Exec space;
  const size_t width = GENERATE(5, 20), channels = GENERATE(1, 2), padding = GENERATE(0, 3);
  const auto activation = GENERATE(Activation::gelu, Activation::relu);
  const auto write = GENERATE(Write::overwrite, Write::accumulate);
  const auto make = [&](std::uint64_t s) {
    return ProjectionWeights<T>{test::normal<T, 2>({width, 128}, s), test::normal<T, 1>({128}, s + 1),
                                test::normal<T, 2>({channels, 128}, s + 2),
                                test::normal<T, 1>({channels}, s + 3)};
  };
  const auto w = make(1);
  const auto x = test::normal<T, 4>({2, 4 + padding, 37 + padding, width}, 7);
  auto y = zeros<T, 4>("y", {2, 4, 37, channels}), y_twin = zeros<T, 4>("y", shape_of(y));
  project<T>(space, w, activation, x, y);
  project_device<T>(space, w, activation, x, y_twin);
  check_close<T>(y, y_twin, 128 * width);

  const auto g = test::normal<T, 4>(shape_of(y), 8);
  Workspace scratch;
  ProjectionWeights<T> dw[2] = {make(20), make(20)};
  Tensor<T, 4> dx[2] = {test::normal<T, 4>(shape_of(x), 9), test::normal<T, 4>(shape_of(x), 9)};
  project_backward<T>(space, w, activation, x, g, scratch, write, dx[0], dw[0]);
  project_backward_device<T>(space, w, activation, x, g, scratch, write, dx[1], dw[1]);
  check_close<T>(dx[0], dx[1], 128 * width);
  check_close<T>(dw[0].weights_1, dw[1].weights_1, 296 * width);
  check_close<T>(dw[0].bias_1, dw[1].bias_1, 296 * width);
  check_close<T>(dw[0].weights_2, dw[1].weights_2, 296 * width);
  check_close<T>(dw[0].bias_2, dw[1].bias_2, 296);
}
