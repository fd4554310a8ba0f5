// Linear weights as Monarch matrices: the product is that of the classes in monarch/, layers do not tell the
// difference, gradients equal central differences.

#include <danaus/autograd/gradient_check.hpp>
#include <danaus/monarch/monarch_matrix.hpp>
#include <danaus/monarch/nblocks.hpp>
#include <danaus/nn/lifting.hpp>
#include <danaus/nn/operator_layer.hpp>
#include <danaus/nn/projection.hpp>

#include <support/catch.hpp>
#include <support/random.hpp>

#include "randomize.hpp"

using namespace danaus;
using namespace danaus::nn;

namespace {

/// As in the layers' contract: truncation about 1e-10, rounding about 1e-11 of some thousand normal numbers.
constexpr double bound = 1e-7;

template <class T>
HostTensor<T, 3> host_normal(const Shape<3>& shape, std::uint64_t stream) {
  return to_host(test::normal<T, 3>(shape, stream));
}

template <class T>
Tensor<T, 2> product(const MonarchWeightsShape& shape, const HostTensor<T, 3>& left,
                     const HostTensor<T, 3>& right) {
  const auto weights = zeros<T, 2>("weights", {shape.inputs, shape.outputs});
  multiply_out<T>(Exec{}, shape, to_device<T, 3>(left), to_device<T, 3>(right), weights);
  return weights;
}

/// Largest difference to a matrix (output, input).
template <class T>
double difference_to_transpose(const Tensor<T, 2>& weights, const HostTensor<T, 2>& dense) {
  const auto host = to_host(weights);
  REQUIRE(Shape<2>{host.extent(1), host.extent(0)} == shape_of(dense));
  double worst = 0;
  for (size_t i = 0; i < host.extent(0); ++i)
    for (size_t o = 0; o < host.extent(1); ++o)
      worst = std::max(worst, std::abs(double(host(i, o)) - double(dense(o, i))));
  return worst;
}

}  // namespace

TEMPLATE_TEST_CASE("Monarch weights of nblocks are the authors' layer", "[nn]", float, double) {
  using T = TestType;
  const auto [inputs, outputs, nblocks] = GENERATE(Shape<3>{8, 8, 4}, Shape<3>{12, 20, 4}, Shape<3>{20, 7, 3},
                                                   Shape<3>{5, 9, 2}, Shape<3>{3, 4, 5}, Shape<3>{1, 1, 1});
  const auto shape = MonarchWeightsShape::from_nblocks(inputs, outputs, nblocks);
  const auto reference_shape = monarch::NblocksShape::make(outputs, inputs, nblocks);
  CHECK(shape.parameters() == reference_shape.parameters());
  const auto left = host_normal<T>(shape.left(), 1), right = host_normal<T>(shape.right(), 2);
  const monarch::NblocksMatrix<T> reference(reference_shape, left, right);
  // Sums of at most rank + 1 <= 4 products of normal numbers, below 16 each.
  CHECK(difference_to_transpose<T>(product<T>(shape, left, right), reference.dense()) <=
        64 * test::epsilon<T>());
}

TEMPLATE_TEST_CASE("Monarch weights of a block size are the class M^(b,n)", "[nn]", float, double) {
  using T = TestType;
  const auto [inputs, outputs, block] =
      GENERATE(Shape<3>{16, 16, 4}, Shape<3>{16, 16, 2}, Shape<3>{12, 20, 4}, Shape<3>{6, 6, 6});
  const auto shape = MonarchWeightsShape::from_block(inputs, outputs, block);
  const auto left = host_normal<T>(shape.left(), 1), right = host_normal<T>(shape.right(), 2);
  const monarch::MonarchMatrix<T> reference(left, right);
  CHECK(shape.parameters() == left.size() + right.size());
  CHECK(difference_to_transpose<T>(product<T>(shape, left, right), reference.dense()) <=
        16 * test::epsilon<T>());  // one product of two normal numbers
}

TEMPLATE_TEST_CASE("the gradient of the factors is the adjoint of their product", "[nn]", float, double) {
  using T = TestType;
  const auto shape =
      GENERATE(MonarchWeightsShape::from_nblocks(10, 13, 4), MonarchWeightsShape::from_block(10, 13, 4));
  const Exec space;
  const auto left = test::normal<T, 3>(shape.left(), 1), right = test::normal<T, 3>(shape.right(), 2),
             left_change = test::normal<T, 3>(shape.left(), 3),
             right_change = test::normal<T, 3>(shape.right(), 4);
  const auto weights_grad = test::normal<T, 2>({shape.inputs, shape.outputs}, 5);
  auto left_grad = zeros<T, 3>("g", shape.left()), right_grad = zeros<T, 3>("g", shape.right());
  multiply_out_backward<T>(space, shape, left, right, weights_grad, left_grad, right_grad);
  // The product is linear in each factor: <dL R, G> = <dL, left_grad>, <L dR, G> = <dR, right_grad>.
  auto change = zeros<T, 2>("change", {shape.inputs, shape.outputs});
  // Some 400 products of three normal numbers.
  const double tolerance = 4 * 20 * 16 * test::epsilon<T>();
  multiply_out<T>(space, shape, left_change, right, change);
  CHECK(std::abs(test::dot(change, weights_grad) - test::dot(left_change, left_grad)) <= tolerance);
  multiply_out<T>(space, shape, left, right_change, change);
  CHECK(std::abs(test::dot(change, weights_grad) - test::dot(right_change, right_grad)) <= tolerance);
  // It is added to what is there.
  const auto left_once = to_host(left_grad);
  multiply_out_backward<T>(space, shape, left, right, weights_grad, left_grad, right_grad);
  const auto left_twice = to_host(left_grad);
  for (size_t e = 0; e < left_once.size(); ++e) CHECK(left_twice.data()[e] == 2 * left_once.data()[e]);
}

TEST_CASE("layers with Monarch weights: gradients", "[nn]") {
  const bool by_block = GENERATE(false, true);
  const auto shape = [&](size_t inputs, size_t outputs) {
    return by_block ? MonarchWeightsShape::from_block(inputs, outputs, 2)
                    : MonarchWeightsShape::from_nblocks(inputs, outputs, 2);
  };
  ParameterStore<double> store;
  SECTION("lifting") {
    const Lifting<double> layer(store, "lifting", 1, 1, 6, 2, shape(3, 6));
    randomize(store);
    const auto a = test::normal<double, 4>({2, 4, 6, 1}, 1);
    const auto report = check_gradients(
        store, [&](Tape& tape, const Var<double, 4>& x) { return layer(tape, {x}); }, a);
    INFO(report.details);
    CHECK(report.worst < bound);
  }
  SECTION("operator layer, twice in a row") {
    SpectralShape s{};
    s.nx = 8, s.ny = 8, s.modes = 2, s.channels = 4, s.block_x = 2, s.block_y = 2;
    const auto basis = std::make_shared<const SpectralBasis<double>>(s);
    const OperatorLayer<double> layer(store, "layer", basis, Activation::gelu, shape(4, 4));
    randomize(store);
    const auto a = test::normal<double, 4>({2, 8, 8, 4}, 1);
    const auto report = check_gradients(
        store,
        [&](Tape& tape, const Var<double, 4>& x) {
          const auto packed = basis->pack(tape);
          return layer(tape, layer(tape, x, packed), packed);
        },
        a);
    INFO(report.details);
    CHECK(report.worst < bound);
  }
  SECTION("projection") {
    const Projection<double> layer(store, "projection", 5, 11, 2, 1, Activation::gelu, shape(5, 11));
    randomize(store);
    const auto a = test::normal<double, 4>({2, 5, 6, 5}, 1);
    const auto report = check_gradients(
        store, [&](Tape& tape, const Var<double, 4>& x) { return layer(tape, x); }, a);
    INFO(report.details);
    CHECK(report.worst < bound);
  }
}

TEST_CASE("sizes of Monarch weights that do not fit are named", "[nn]") {
  CHECK_THROWS_AS(MonarchWeightsShape::from_nblocks(0, 4, 2), ShapeError);
  CHECK_THROWS_AS(MonarchWeightsShape::from_block(4, 4, 0), ShapeError);
  ParameterStore<double> store;
  CHECK_THROWS_WITH(LinearWeights<double>(store, "w", 4, 6, MonarchWeightsShape::from_nblocks(4, 8, 2)),
                    "LinearWeights: 'w' maps 4 to 6 channels, its Monarch shape 4 to 8");
  const auto shape = MonarchWeightsShape::from_nblocks(4, 6, 2);
  const auto left = zeros<double, 3>("left", shape.left()), right = zeros<double, 3>("right", {2, 2, 3});
  CHECK_THROWS_WITH(multiply_out<double>(Exec{}, shape, left, right, zeros<double, 2>("w", {4, 6})),
                    "multiply_out: right: expected shape (2, 2, 2), found (2, 2, 3)");
}
