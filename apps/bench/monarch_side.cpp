#include "monarch_side.hpp"

#include <danaus/core/random.hpp>
#include <danaus/fft/half_spectrum.hpp>
#include <danaus/monarch/fourier.hpp>

namespace danaus::app {
namespace {

using monarch::Numbers;

monarch::TransformSpec spec_of(size_t n, size_t block, TransformKind kind) {
  monarch::TransformSpec spec{.shape = monarch::MonarchShape::square(n, block)};
  std::vector<size_t> half;
  std::vector<double> weights;
  for (size_t k = 0; k < fft::half_size(n); ++k) {
    half.push_back(k);
    weights.push_back(double(fft::half_weight(k, n)) / double(n));
  }
  if (kind == TransformKind::real_forward) spec.input = Numbers::real, spec.kept_outputs = half;
  if (kind == TransformKind::real_inverse)
    spec.output = Numbers::real, spec.kept_inputs = half, spec.input_weights = weights;
  return spec;
}

monarch::Lanes<float> tile_lanes_of(const Tensor<float, 4>& x) {
  const ptrdiff_t planes = ptrdiff_t(x.extent(2)), lanes = ptrdiff_t(x.extent(3));
  return {.data = x.data(),
          .runs = x.extent(0),
          .run_length = x.extent(3),
          .run_stride = ptrdiff_t(x.extent(1)) * planes * lanes,
          .row_stride = planes * lanes,
          .plane_stride = lanes};
}

Values values_of(const Tensor<float, 4>& x) {
  const auto host = to_host(x);
  return [host](size_t vector, size_t row) {
    const size_t tile = vector / tile_lanes, lane = vector % tile_lanes;
    return std::complex<float>(host(tile, row, 0, lane),
                               host.extent(2) == 2 ? host(tile, row, 1, lane) : 0.0f);
  };
}

}  // namespace

BenchContext context_of(const Options& options) {
  BenchContext context;
  context.is_quick = options.toggle("quick"), context.is_quiet = options.toggle("quiet");
  context.effort = context.is_quick ? FftwEffort::measure : FftwEffort::patient;
  context.timing.rounds = options.has("rounds") ? options.size("rounds") : context.is_quick ? 7 : 21;
  return context;
}

void BenchContext::announce(const std::string& what) const {
  if (!is_quiet) std::fprintf(stderr, "%s\n", what.c_str());
}

float test_value(size_t stream_of_case, size_t index) {
  return float(Random(stream_of_case, stream::test).normal(index));
}

FourierTransform::FourierTransform(size_t n, size_t block, TransformKind kind)
    : transform(spec_of(n, block, kind)), packed("danaus::app::packed", transform.packed_size()) {
  const auto& shape = transform.spec().shape;
  const auto left = zeros<Complex<float>, 3>("left", shape.left()),
             right = zeros<Complex<float>, 3>("right", shape.right());
  monarch::fourier_factors<float>(
      shape, kind == TransformKind::real_inverse ? monarch::Fourier::inverse : monarch::Fourier::forward,
      left, right);
  transform.pack(Exec{}, reinterpret_cast<const float*>(left.data()),
                 reinterpret_cast<const float*>(right.data()), packed);
  Kokkos::fence("danaus::app::FourierTransform");
}

std::vector<size_t> candidate_blocks(size_t n) {
  monarch::default_block(n);  // throws where there is none
  std::vector<size_t> blocks;
  for (size_t block = 1; block <= n; ++block)
    if (n % block == 0 && 4 * block * block >= n && block * block <= 4 * n) blocks.push_back(block);
  return blocks;
}

LaneTransform::LaneTransform(size_t n, size_t block, TransformKind kind, size_t tiles)
    : fourier_(n, block, kind), tiles_(tiles) {
  const auto& spec = fourier_.transform.spec();
  const auto planes = [](Numbers numbers) { return size_t(numbers == Numbers::real ? 1 : 2); };
  HostTensor<float, 4> values("in", tiles, fourier_.transform.inputs(), planes(spec.input), tile_lanes);
  for (size_t q = 0; q < values.size(); ++q) values.data()[q] = test_value(n, q);
  in_ = to_device<float, 4>(values);
  out_ = zeros<float, 4>("out", {tiles, fourier_.transform.outputs(), planes(spec.output), tile_lanes});
}

void LaneTransform::run() const {
  fourier_.transform.apply(Exec{}, fourier_.packed, tile_lanes_of(in_), Write::overwrite,
                           tile_lanes_of(out_));
}

Values LaneTransform::input() const { return values_of(in_); }
Values LaneTransform::output() const {
  Kokkos::fence("danaus::app::LaneTransform");
  return values_of(out_);
}

size_t tiles_for(size_t n) {
  if (is_gpu) return (size_t(1) << 26) / (n * tile_lanes);
  return size_t(Exec{}.concurrency()) * std::max<size_t>(2, 65536 / (n * tile_lanes));
}

LaneTransform tuned_lane_transform(size_t n, TransformKind kind, size_t tiles) {
  std::vector<LaneTransform> transforms;
  std::vector<Contestant> contestants;
  for (const size_t block : candidate_blocks(n)) transforms.emplace_back(n, block, kind, tiles);
  for (const auto& transform : transforms) contestants.push_back({[&] { transform.run(); }});
  return transforms[fastest(contestants)];
}

}  // namespace danaus::app
