#include <danaus/mri/models/patch_shrinkage.hpp>

#include "scans.hpp"

#include <support/catch.hpp>

using namespace danaus;
using namespace danaus::mri;

namespace {

template <class T>
struct ShrinkageCase {
  size_t patch, slices, echoes, rows, columns;
  bool joint;
  std::vector<PatchGrids::Offset> offsets;

  ParameterStore<T> store = {};

  PatchShrinkage<T> make_layer() {
    PatchShrinkage<T> layer(store, "patches", patch, echoes, joint);
    store.freeze();
    layer.initialize(T(0.5));
    const auto values = to_host(store.values());
    const Random random(3, stream::test);
    for (size_t i = 0; i < values.size(); ++i) values(i) += T(0.1 * (random.uniform(i) - 0.5));
    copy(store.values(), values);
    return layer;
  }

  struct Steps {
    HostTensor<Complex<T>, 4> out, x_grad;
    HostTensor<T, 1> gradients;  ///< of the parameters, in their order
  };

  /// The formula and its gradient, one step after the other.
  Steps step_by_step(PatchShrinkage<T>& layer, const Tensor<Complex<T>, 4>& x,
                     const Tensor<Complex<T>, 4>& out_grad) {
    const PatchGrids grids{patch, slices, echoes, rows, columns, offsets};
    monarch::TransformSpec spec;
    spec.shape = monarch::MonarchShape::square(patch * patch, patch);
    spec.order = monarch::InputOrder::natural;
    spec.input = spec.output = spec.factors = monarch::Numbers::real;
    const monarch::AxisTransform<T> transform(spec);
    const Exec space;
    const auto packed = zeros<T, 1>("packed", {transform.packed_size()});
    transform.pack(space, layer.left().value().data(), layer.right().value().data(), packed);
    const Shape<3> lanes{1, patch * patch, grids.lanes()};
    const auto v = zeros<T, 3>("v", lanes), c = zeros<T, 3>("c", lanes), d = zeros<T, 3>("d", lanes),
               u = zeros<T, 3>("u", lanes), g = zeros<T, 3>("g", lanes);
    const auto flat = [&](const Tensor<T, 3>& t) { return Tensor<T, 2>(t.data(), lanes[1], lanes[2]); };
    const auto in = [](const Tensor<T, 3>& t) { return monarch::real_lanes<const T>(t); };
    const auto raw = to_host(layer.thresholds().value());
    const auto host_t = to_host(layer.thresholds().value());
    for (size_t i = 0; i < host_t.size(); ++i) host_t.data()[i] = std::abs(raw.data()[i]) + T(1e-6);
    const auto t = to_device<T, 2>(host_t), t_grad = zeros<T, 2>("t_grad", shape_of(host_t));
    const T scale = T(-1 / double(offsets.size()));
    gather_patches<T>(space, grids, x, T(1), flat(v));
    transform.apply(space, packed, in(v), Write::overwrite, monarch::real_lanes<T>(c));
    clip_coefficients<T>(space, grids, joint, t, flat(c), flat(d));
    transform.adjoint(space, packed, in(d), Write::overwrite, monarch::real_lanes<T>(u));
    const auto out = zeros<Complex<T>, 4>("out", shape_of(x)),
               x_grad = zeros<Complex<T>, 4>("x_grad", shape_of(x));
    add_patches<T>(space, grids, x, scale, flat(u), Write::overwrite, out);

    Workspace scratch;
    fill(store.gradients(), T(0));
    T *left = layer.left().grad().data(), *right = layer.right().grad().data();
    gather_patches<T>(space, grids, out_grad, scale, flat(u));
    transform.apply(space, packed, in(u), Write::overwrite, monarch::real_lanes<T>(g));
    transform.backward(space, packed, in(u), in(d), scratch, Write::overwrite, {}, left, right);
    clip_coefficients_backward<T>(space, grids, joint, t, flat(c), flat(g), flat(g), t_grad);
    transform.backward(space, packed, in(v), in(g), scratch, Write::overwrite, monarch::real_lanes<T>(d),
                       left, right);
    add_patches<T>(space, grids, out_grad, T(1), flat(d), Write::overwrite, x_grad);
    space.fence();
    const auto gradients = to_host(store.gradients()), t_sums = to_host(t_grad);
    for (const auto& p : store.parameters())
      if (p.name.ends_with("thresholds"))
        for (size_t i = 0; i < p.reals(); ++i)
          gradients(p.offset + i) = (raw.data()[i] < 0 ? -1 : 1) * t_sums.data()[i];
    return {to_host(out), to_host(x_grad), gradients};
  }
};

}  // namespace

TEMPLATE_TEST_CASE("rows of patches in the cache give what the steps give one after the other", "[patches]",
                   float, double) {
  using T = TestType;
  auto c = GENERATE(ShrinkageCase<TestType>{4, 2, 2, 24, 20, false, spread_offsets(4, 3, 2)},
                    ShrinkageCase<TestType>{4, 1, 3, 17, 13, true, spread_offsets(4, 4, 1)},
                    ShrinkageCase<TestType>{8, 3, 1, 7, 9, false, spread_offsets(8, 5, 0)},
                    ShrinkageCase<TestType>{16, 1, 2, 100, 48, true, spread_offsets(16, 4, 3)});
  auto layer = c.make_layer();
  const Shape<4> shape{c.slices * c.echoes, c.rows, c.columns, 1};
  const auto x = test::normal<Complex<T>, 4>(shape, 1), out_grad = test::normal<Complex<T>, 4>(shape, 2);
  const auto expected = c.step_by_step(layer, x, out_grad);
  // Two transforms of two stages, sums of `patch` products of numbers up to about 1 each.
  const T bound = 4 * T(c.patch) * test::epsilon<T>();
  {
    Tape tape({}, Recording::off);
    const auto found = layer(tape, Var<Complex<T>, 4>::constant(x), c.offsets);
    CHECK(test::max_difference(found.value, expected.out) <= bound * test::max_abs(x));
  }
  for (const bool shared : {false, true}) {  // shared: the gradient of x has a part from elsewhere already
    fill(c.store.gradients(), T(0));
    Tape tape;
    const auto in = tape.variable<Complex<T>, 4>(x);
    const auto found = layer(tape, in, c.offsets);
    if (shared) {
      in.claim_grad();
      fill(in.grad(), Complex<T>(1));
    }
    found.claim_grad();
    copy(found.grad(), out_grad);
    tape.backward(std::vector<Var<T, 0>>{});
    Exec().fence();
    CHECK(test::max_difference(found.value, expected.out) <= bound * test::max_abs(x));
    auto x_grad = to_host(in.grad());
    if (shared)
      for (size_t i = 0; i < x_grad.size(); ++i) x_grad.data()[i] -= Complex<T>(1);
    CHECK(test::max_difference(x_grad, expected.x_grad) <= 2 * bound * test::max_abs(x));
    // Sums over all patches of such products, in another order.
    const auto gradients = to_host(c.store.gradients());
    const double patches =
        double(c.slices * c.echoes * c.rows * c.columns * c.offsets.size()) / double(c.patch * c.patch);
    T largest = 0, worst = 0;
    for (size_t i = 0; i < gradients.size(); ++i) {
      largest = std::max(largest, std::abs(expected.gradients(i)));
      worst = std::max(worst, std::abs(expected.gradients(i) - gradients(i)));
    }
    CHECK(worst <= bound * T(std::sqrt(patches)) * largest);
  }
}

TEST_CASE("patches are cut and put back by an operator and its adjoint", "[patches]") {
  // 4 divides 8 but not 6: zeros continue the plane.
  const PatchGrids grids{4, 2, 2, 8, 6, spread_offsets(4, 3, 1)};
  const auto x = test::normal<Complex<double>, 4>({4, 8, 6, 1}, 1);
  const auto w = test::normal<double, 2>({16, grids.lanes()}, 2);
  const auto v = zeros<double, 2>("v", {16, grids.lanes()});
  const auto y = zeros<Complex<double>, 4>("y", {4, 8, 6, 1}), zero = y;
  gather_patches<double>(Exec{}, grids, x, 1.0, v);
  const auto back = zeros<Complex<double>, 4>("back", {4, 8, 6, 1});
  add_patches<double>(Exec{}, grids, zeros<Complex<double>, 4>("zero", {4, 8, 6, 1}), 1.0, w,
                      Write::overwrite, back);
  Kokkos::fence();
  CHECK(std::abs(test::dot(v, w) - test::dot(x, back)) <= 1e-12 * double(v.size()));
  // Every pixel is in each grid once.
  add_patches<double>(Exec{}, grids, zero, 1.0 / 3, v, Write::overwrite, y);
  Kokkos::fence();
  CHECK(test::max_difference(y, x) <= 4 * test::epsilon<double>() * test::max_abs(x));
}

TEST_CASE("patch shrinkage with an orthonormal transform is soft thresholding", "[patches]") {
  ParameterStore<double> store;
  const PatchShrinkage<double> layer(store, "patches", 4, 1, false);
  store.freeze();
  layer.initialize(0.3);
  const auto x = test::normal<Complex<double>, 4>({1, 8, 8, 1}, 1);
  Tape tape({}, Recording::off);
  const auto y = to_host(layer(tape, Var<Complex<double>, 4>::constant(x), {{0, 0}}).value);
  // The definition: the cosine transform of every patch, magnitudes less the threshold, and back.
  const auto h = to_host(x);
  const auto cosine = [](size_t o, size_t i) {
    return std::sqrt((o == 0 ? 1.0 : 2.0) / 4) * std::cos(M_PI * double(o) * (2 * double(i) + 1) / 8);
  };
  double worst = 0;
  for (size_t py = 0; py < 8; py += 4)
    for (size_t pz = 0; pz < 8; pz += 4) {
      Complex<double> out[4][4] = {};
      for (size_t a = 0; a < 4; ++a)
        for (size_t b = 0; b < 4; ++b) {
          Complex<double> coefficient = 0;
          for (size_t i = 0; i < 4; ++i)
            for (size_t j = 0; j < 4; ++j)
              coefficient += cosine(a, i) * cosine(b, j) * h(0, py + i, pz + j, 0);
          const double size = Kokkos::abs(coefficient), t = (a + b == 0 ? 0.03 : 0.3) + 1e-6;
          coefficient *= std::max(0.0, size - t) / size;
          for (size_t i = 0; i < 4; ++i)
            for (size_t j = 0; j < 4; ++j) out[i][j] += cosine(a, i) * cosine(b, j) * coefficient;
        }
      for (size_t i = 0; i < 4; ++i)
        for (size_t j = 0; j < 4; ++j)
          worst = std::max(worst, Kokkos::abs(out[i][j] - y(0, py + i, pz + j, 0)));
    }
  CHECK(worst <= 64 * test::epsilon<double>() * test::max_abs(x));
}
