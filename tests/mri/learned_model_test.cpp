// Learned reconstruction models: where they start, what they are made of, their gradients.

#include <danaus/autograd/gradient_check.hpp>
#include <danaus/core/error.hpp>
#include <danaus/mri/models/learned_inverse.hpp>
#include <danaus/mri/models/msense.hpp>
#include <danaus/mri/models/separable.hpp>
#include <danaus/mri/models/tape_operations.hpp>
#include <danaus/mri/models/unet_reconstruction.hpp>
#include <danaus/mri/models/unrolled.hpp>

#include "scans.hpp"

#include <support/catch.hpp>

using namespace danaus;
using namespace danaus::mri;

namespace {

/// Central differences with step 1e-5: truncation about 1e-10, rounding about 1e-16 * |loss| / 1e-5, both
/// relative to gradients of size 0.1 to 10.
constexpr double bound = 1e-7;

LearnedModelConfig config_for(const std::string& model, size_t rows, size_t columns, size_t acquired_rows,
                              size_t acquired_columns, size_t echoes = 2) {
  LearnedModelConfig c;
  c.model = model;
  c.rows = rows, c.columns = columns, c.acquired_rows = acquired_rows, c.acquired_columns = acquired_columns;
  c.echoes = echoes;
  return c;
}

/// Random samples at some points of the acquired centre of a plane, smooth maps.
template <class R>
SliceBatch<R> random_batch(const LearnedModelConfig& c, size_t slices, size_t coils) {
  SliceBatch<R> batch;
  batch.slices = slices, batch.echoes = c.echoes;
  const size_t first_row = c.rows / 2 - c.acquired_rows / 2,
               first_column = c.columns / 2 - c.acquired_columns / 2;
  HostTensor<R, 3> mask("mask", slices, c.rows, c.columns);
  const Random random(5, stream::test);
  for (size_t s = 0; s < slices; ++s)
    for (size_t j = 0; j < c.acquired_rows; ++j)
      for (size_t k = 0; k < c.acquired_columns; ++k)
        mask(s, first_row + j, first_column + k) = random.uniform((s * 512 + j) * 512 + k) < .5 ? R(1) : R(0);
  const auto samples = to_host(test::normal<Complex<R>, 4>({slices * c.echoes, c.rows, c.columns, coils}, 1));
  const auto one = to_host(test::smooth_maps<R>(c.rows, c.columns, coils));
  HostTensor<Complex<R>, 5> maps("maps", slices, c.rows, c.columns, coils, 1);
  for (size_t i = 0; i < maps.size(); ++i) maps.data()[i] = one.data()[i % one.size()];
  // No coil sees the first two rows.
  for (size_t s = 0; s < slices; ++s)
    for (size_t i = 0; i < 2 * c.columns * coils; ++i) maps.data()[s * one.size() + i] = Complex<R>(0);
  for (size_t b = 0; b < samples.extent(0); ++b)
    for (size_t j = 0; j < c.rows; ++j)
      for (size_t k = 0; k < c.columns; ++k)
        for (size_t q = 0; q < coils; ++q) samples(b, j, k, q) *= mask(b / c.echoes, j, k);
  batch.samples = to_device<Complex<R>, 4>(samples);
  batch.maps = to_device<Complex<R>, 5>(maps);
  batch.mask = to_device<R, 3>(mask);
  batch.sense = std::make_shared<const SenseOperator<R>>(Exec{}, slices * c.echoes, batch.maps, batch.mask);
  batch.zero_filled = zeros<Complex<R>, 4>("zero-filled", batch.sense->image_shape());
  batch.sense->adjoint(Exec{}, batch.samples, batch.zero_filled);
  Kokkos::fence();
  return batch;
}

template <class R>
auto image_of(const LearnedModel<R>& model, const SliceBatch<R>& batch) {
  Tape tape({}, Recording::off);
  const auto image = to_host(model.reconstruct(tape, batch).value);
  return image;
}

void disturb(ParameterStore<double>& store) {
  auto host = to_host(store.values());
  const Random random(3, stream::test);
  for (const auto& p : store.parameters())
    for (size_t i = 0; i < p.reals(); ++i) host(p.offset + i) += 0.1 * random.normal(p.offset + i);
  // Clipping is the more curved, the smaller its threshold.
  for (const auto& p : store.parameters())
    if (p.name.ends_with("thresholds"))
      for (size_t i = 0; i < p.reals(); ++i) host(p.offset + i) = 0.5 + 0.1 * random.normal(p.offset + i);
  copy(store.values(), host);
}

template <class Forward, class... Inputs>
void check_operation(const Forward& forward, const Inputs&... inputs) {
  ParameterStore<double> none;
  none.freeze();
  const auto report = check_gradients(none, forward, inputs...);
  INFO(report.details);
  CHECK(report.worst < bound);
}

void check_model(LearnedModel<double>& model, const SliceBatch<double>& batch) {
  disturb(model.parameters());
  const auto report =
      check_gradients(model.parameters(), [&](Tape& tape) { return model.reconstruct(tape, batch); });
  INFO(report.details);
  CHECK(report.worst < bound);
}

}  // namespace

TEMPLATE_TEST_CASE("mSENSE and its control start at the zero-filled SENSE image", "[learned]", float,
                   double) {
  using R = TestType;
  const auto acquired = GENERATE(Shape<2>{24, 20}, Shape<2>{17, 9});
  auto c = config_for("msense", 24, 20, acquired[0], acquired[1]);
  const auto batch = random_batch<R>(c, 2, 3);
  const auto expected = to_host(batch.zero_filled);
  // Two stages of a transform of n points sum b + n / b products each, per axis: a few eps of the size.
  const double tolerance = 32 * test::epsilon<R>() * test::max_abs(expected);
  CHECK(test::max_difference(image_of<R>(Msense<R>(c), batch), expected) <= tolerance);
  c.density = "learned";
  CHECK(Msense<R>(c).parameters().count_reals() ==
        2 * (24 * (4 + 6) + 20 * (4 + 5)) + acquired[0] * acquired[1]);
  c.model = "separable";
  CHECK(test::max_difference(image_of<R>(SeparableWeights<R>(c), batch), expected) <= tolerance);
}

TEST_CASE("models have the documented numbers of parameters", "[learned]") {
  const auto plane = [](const std::string& model) { return config_for(model, 512, 160, 416, 80); };
  CHECK(Msense<float>(plane("msense")).parameters().count_reals() == 57472);
  CHECK(SeparableWeights<float>(plane("separable")).parameters().count_reals() == 4 * (512 + 160));
  const Unrolled<float> unrolled(plane("unrolled"), 0);
  CHECK(unrolled.parameters().count_reals() == 5 * 9877);
  CHECK(unrolled.parameters().count_reals() < 100000);
  auto c = plane("unrolled");
  c.tied = true;
  CHECK(Unrolled<float>(c, 0).parameters().count_reals() == 9877);
  CHECK(UNetReconstruction<float>(plane("unet"), 0).parameters().count_reals() == 7756418);
}

TEST_CASE("a density weight is the inverse of the share of points sampled", "[learned]") {
  HostTensor<double, 3> mask("mask", 1, 40, 36);
  // Every point of the left half, one in four of the right one.
  for (size_t j = 0; j < 40; ++j)
    for (size_t k = 0; k < 36; ++k) mask(0, j, k) = k < 18 || (j % 2 == 0 && k % 2 == 0) ? 1 : 0;
  const auto density = zeros<double, 3>("density", {1, 40, 36});
  density_weights<double>(Exec{}, to_device<double, 3>(mask), 3, 0.5, density);
  Kokkos::fence();
  const auto d = to_host(density);
  CHECK(d(0, 20, 8) == Approx(1).epsilon(1e-12));
  // Triangular weights of reach 3 see one in four exactly: 1, 2, 3, 4, 3, 2, 1 alternate to 8 and 8.
  CHECK(d(0, 20, 28) == Approx(2).epsilon(1e-12));
  CHECK(d(0, 21, 28) == 0);
}

/// A layer of inverse Fourier transforms of the last axis from 4 to 6 points, disturbed.
struct ShortTransform {
  ParameterStore<double> store;
  nn::AxisMonarch<double> layer;
  ShortTransform()
      : layer(store, "z", {.shape = monarch::MonarchShape::square(6, 2), .kept_inputs = {1, 2, 3, 4}}, 2) {
    store.freeze();
    centred_inverse_fourier_factors<double>(layer.transform().spec().shape, layer.left().value(),
                                            layer.right().value());
    disturb(store);
  }
};

TEST_CASE("transform and combination of coils: gradients", "[learned]") {
  ShortTransform z;
  const auto maps = test::normal<Complex<double>, 5>({2, 5, 6, 3, 2}, 11);
  const auto u = test::normal<Complex<double>, 4>({4, 5, 4, 3}, 12);
  const auto report = check_gradients(
      z.store,
      [&](Tape& t, const Var<Complex<double>, 4>& v) {
        return transform_and_combine<double>(t, z.layer, z.layer.pack(t), maps, v);
      },
      u);
  INFO(report.details);
  CHECK(report.worst < bound);
  Tape tape;
  const auto other = zeros<Complex<double>, 5>("maps", {3, 5, 6, 3, 2});
  CHECK_THROWS_AS(transform_and_combine<double>(tape, z.layer, z.layer.pack(tape), other,
                                                Var<Complex<double>, 4>::constant(u)),
                  ShapeError);
}

TEST_CASE("rows at a time give what all rows together give", "[learned]") {
  ShortTransform z;
  const size_t rows = 300, coils = 8;  // two whole steps of rows and a part, and the kernel for eight coils
  const auto maps = test::normal<Complex<double>, 5>({1, rows, 6, coils, 1}, 13);
  const auto u = test::normal<Complex<double>, 4>({2, rows, 4, coils}, 14);
  const auto g = test::normal<Complex<double>, 4>({2, rows, 6, 1}, 15);
  const Exec space;
  Tape tape;
  const auto packed = z.layer.pack(tape);
  const auto coil_images = uninitialized<Complex<double>, 4>("coils", {2, rows, 6, coils});
  const auto x = uninitialized<Complex<double>, 4>("x", shape_of(g));
  z.layer.apply(space, packed, u, coil_images);
  combine_coils<double>(space, maps, coil_images, Write::overwrite, x);
  const auto u_grad = uninitialized<Complex<double>, 4>("u_grad", shape_of(u));
  expand_coils<double>(space, maps, g, coil_images);
  z.layer.backward(space, packed, u, coil_images, tape.scratch(), Write::overwrite, u_grad);
  space.fence();
  const auto whole = to_host(z.store.gradients());
  fill(z.store.gradients(), 0.0);

  const auto input = tape.variable<Complex<double>, 4>(u);
  const auto found = transform_and_combine<double>(tape, z.layer, packed, maps, input);
  found.claim_grad();
  copy(found.grad(), g);
  tape.backward(std::vector<Var<double, 0>>{});
  space.fence();
  // Sums of 8 coils and 6 points; of 2 x 300 x 8 lanes in another order, of size 1 to 10 each.
  CHECK(test::max_difference(found.value, x) <= 50 * test::epsilon<double>() * test::max_abs(x));
  CHECK(test::max_difference(input.grad(), u_grad) <= 50 * test::epsilon<double>() * test::max_abs(u_grad));
  const auto parts = to_host(z.store.gradients());
  for (size_t i = 0; i < parts.extent(0); ++i)
    CHECK(std::abs(parts(i) - whole(i)) <= 4800 * 10 * 1e-16 * 100);
}

TEST_CASE("imaging operations: gradients", "[learned]") {
  const auto c = config_for("msense", 8, 6, 6, 4);
  const auto batch = random_batch<double>(c, 2, 3);
  const auto x = test::normal<Complex<double>, 4>({4, 8, 6, 1}, 2);
  const auto u = test::normal<Complex<double>, 4>({4, 8, 6, 3}, 3);
  using Image = Var<Complex<double>, 4>;
  check_operation([&](Tape& t, const Image& v) { return sense_adjoint<double>(t, batch.sense, v); }, u);
  check_operation([&](Tape& t, const Image& v) { return sense_forward<double>(t, batch.sense, v); }, x);
  check_operation([&](Tape& t, const Image& v) { return keep_support<double>(t, batch.maps, v); }, x);
  const auto band = std::make_shared<const BandLimit<double>>(shape_of(x), 5, 4);
  check_operation([&](Tape& t, const Image& v) { return limit_band<double>(t, band, v); }, x);
  check_operation([&](Tape& t, const Image& v) { return echo_channels<double>(t, v, 2); }, x);
  const auto other = test::normal<Complex<double>, 4>({4, 8, 6, 1}, 7);
  check_operation([&](Tape& t, const Image& v, const Image& w) { return extrapolate<double>(t, 0.4, v, w); },
                  x, other);
  const auto channels = test::normal<double, 4>({2, 8, 6, 4}, 4);
  check_operation(
      [&](Tape& t, const Image& v, const Var<double, 4>& w) { return add_channels<double>(t, v, w); }, x,
      channels);

  ParameterStore<double> store;
  const auto step = store.add<double, 1>("step", {1});
  const auto rows = store.add<Complex<double>, 1>("rows", {8}),
             columns = store.add<Complex<double>, 1>("columns", {6});
  const auto weights = store.add<double, 2>("weights", {6, 4});
  store.freeze();
  disturb(store);
  const auto exact = check_gradients(
      store,
      [&](Tape& t, const Image& v) {
        return separable_weights<double>(
            t, rows, columns, data_consistency<double>(t, batch.sense, batch.zero_filled, step, v));
      },
      x);
  INFO(exact.details);
  CHECK(exact.worst < bound);
  const auto density = test::normal<double, 3>({2, 6, 4}, 6);
  const auto weighted = check_gradients(store, [&](Tape& t) {
    return weighted_centre<double>(t, batch.samples, ConstTensor<double, 3>(density), &weights, 6, 4);
  });
  INFO(weighted.details);
  CHECK(weighted.worst < bound);
}

TEST_CASE("models: gradients of all parameters", "[learned]") {
  auto c = config_for("msense", 12, 8, 10, 6);
  const auto batch = random_batch<double>(c, 2, 2);
  for (const std::string density : {"none", "computed", "learned"}) {
    c.density = density;
    Msense<double> model(c);
    check_model(model, batch);
  }
  SeparableWeights<double> separable(c);
  check_model(separable, batch);
  for (const bool joint : {false, true}) {
    c.model = "unrolled", c.iterations = 2, c.patch = 4, c.grids = 2, c.channels = joint ? 0 : 8;
    c.joint = joint, c.tied = joint;
    Unrolled<double> unrolled(c, 1);
    check_model(unrolled, batch);
  }
  c.model = "unet", c.width = 2, c.poolings = 1;
  UNetReconstruction<double> unet(c, 1);
  check_model(unet, batch);
}

TEST_CASE("a residual U-Net adds to the zero-filled image, every echo by itself", "[learned]") {
  auto c = config_for("unet", 12, 8, 10, 6);
  c.width = 2, c.poolings = 1;
  const auto batch = random_batch<double>(c, 2, 2);
  const UNetReconstruction<double> plain(c, 1);
  c.residual = true;
  const auto x = image_of(plain, batch), y = image_of(UNetReconstruction<double>(c, 1), batch);
  auto sum = to_host(batch.zero_filled);
  for (size_t i = 0; i < sum.size(); ++i) sum.data()[i] += x.data()[i];
  CHECK(test::max_difference(y, sum) <= 4 * test::epsilon<double>() * test::max_abs(sum));
  // The second echo alone gives the image that it gives beside the first.
  c.residual = false, c.echoes = 1;
  auto second = batch;
  second.slices = 1, second.echoes = 1;
  second.zero_filled = Tensor<Complex<double>, 4>(batch.zero_filled.data() + batch.zero_filled.stride(0), 1,
                                                  c.rows, c.columns, 1);
  second.maps =
      ConstTensor<Complex<double>, 5>(batch.maps.data(), 1, c.rows, c.columns, batch.maps.extent(3), 1);
  const auto alone = image_of(UNetReconstruction<double>(c, 1), second);
  double worst = 0;
  for (size_t i = 0; i < alone.size(); ++i)
    worst = std::max(worst, std::abs(std::complex<double>(alone.data()[i] - x.data()[alone.size() + i])));
  CHECK(worst <= 4 * test::epsilon<double>() * test::max_abs(x));
}

TEST_CASE("unrolled without thresholds and convolution is accelerated gradient descent", "[learned]") {
  auto c = config_for("unrolled", 16, 12, 14, 10);
  c.iterations = 3, c.patch = 4, c.channels = 0;
  const auto batch = random_batch<double>(c, 1, 3);
  const auto image_without_thresholds = [&](bool band_limit) {
    c.band_limit = band_limit;
    Unrolled<double> model(c, 0);
    auto values = to_host(model.parameters().values());
    for (const auto& p : model.parameters().parameters())
      if (p.name.ends_with("thresholds"))
        for (size_t i = 0; i < p.reals(); ++i) values(p.offset + i) = 0;
    copy(model.parameters().values(), values);
    return image_of<double>(model, batch);
  };

  auto x = to_host(batch.zero_filled), before = to_host(batch.zero_filled);
  for (int k = 0; k < 3; ++k) {
    for (size_t i = 0; i < x.size(); ++i) {
      const auto last = x.data()[i];
      x.data()[i] += k / (k + 3.0) * (last - before.data()[i]);
      before.data()[i] = last;
    }
    const auto device = to_device<Complex<double>, 4>(x),
               normal = zeros<Complex<double>, 4>("n", shape_of(x));
    batch.sense->normal(Exec{}, device, normal);
    Kokkos::fence();
    const auto n = to_host(normal), b = to_host(batch.zero_filled);
    for (size_t i = 0; i < x.size(); ++i) x.data()[i] -= n.data()[i] - b.data()[i];
  }
  // No coil sees the first two rows, so they stay 0. A threshold of 1e-6 clips at most that of each of the 16
  // coefficients of a patch, three times.
  CHECK(test::max_difference(image_without_thresholds(false), x) <= 3 * 4 * 1e-6);

  const auto limited = to_device<Complex<double>, 4>(x);
  BandLimit<double>(shape_of(x), 14, 10)(Exec{}, limited, limited);
  Kokkos::fence();
  const auto expected = to_host(limited);
  for (size_t i = 0; i < 2 * c.columns; ++i)  // the rows without coils
    for (size_t e = 0; e < c.echoes; ++e) expected.data()[e * c.rows * c.columns + i] = Complex<double>(0);
  CHECK(test::max_difference(expected, x) > 0.01);
  CHECK(test::max_difference(image_without_thresholds(true), expected) <= 3 * 4 * 1e-6);
}

TEST_CASE("a configuration survives its map, and mistakes in options are named", "[learned]") {
  auto c = config_for("unrolled", 64, 40, 48, 32);
  c.joint = true, c.density = "computed", c.block_y = 4;
  const auto map = c.to_map();
  CHECK(LearnedModelConfig::from_map(map).to_map() == map);
  auto older = map;
  older.erase("band-limit");
  CHECK_FALSE(LearnedModelConfig::from_map(older).band_limit);
  auto broken = map;
  broken.erase("rows");
  CHECK_THROWS_AS(LearnedModelConfig::from_map(broken), DataError);
  c.model = "msens";
  CHECK_THROWS_WITH(create_learned_model(c, 0), Catch::Contains("msense"));
  c.model = "msense", c.block_y = 5;
  CHECK_THROWS_WITH(create_learned_model(c, 0), Catch::Contains("block-y") && Catch::Contains("64"));
  c.model = "unrolled", c.grids = 20;
  CHECK_THROWS_WITH(create_learned_model(c, 0), Catch::Contains("grids"));
  c.grids = 4, c.channels = 5;
  CHECK_THROWS_WITH(create_learned_model(c, 0), Catch::Contains("channels"));
}
