#include "monarch_side.hpp"
#include "plan_rivals.hpp"
#include "transform_cases.hpp"

namespace danaus::app {
namespace {

using Index = std::vector<size_t>;

/// The point's index along each axis of an array of extents n.
Index unflattened(size_t point, const Index& n) {
  Index index(n.size());
  for (size_t axis = n.size(); axis-- > 0; point /= n[axis]) index[axis] = point % n[axis];
  return index;
}

size_t points_of(const Index& n) {
  size_t points = 1;
  for (size_t extent : n) points *= extent;
  return points;
}

/// FFTW in the layouts that suit it; the last one is ours.
std::vector<Rival> fftw_rivals(const BenchContext& context, const Index& n, size_t outer,
                               const Values& input) {
  std::vector<Rival> rivals;
  const struct {
    const char* name;
    ArrayLayout layout;
  } layouts[] = {{"contiguous", ArrayLayout::contiguous(n, tile_lanes, true)},
                 {"lanes innermost", ArrayLayout::lanes_innermost(n, tile_lanes, true)},
                 {"lanes innermost, split", ArrayLayout::split(n, tile_lanes)}};
  for (const auto& [name, layout] : layouts) {
    const FftwRival fft(context.fftw_name() + ", " + name, FftwKind::complex_forward, context.effort, n,
                        outer, tile_lanes, layout, layout);
    for (size_t v = 0; v < outer * tile_lanes; ++v)
      for (size_t p = 0; p < points_of(n); ++p)
        fft.set_input(v / tile_lanes, v % tile_lanes, unflattened(p, n), input(v, p));
    const Values values = [fft, n](size_t vector, size_t point) {
      return fft.output(vector / tile_lanes, vector % tile_lanes, unflattened(point, n));
    };
    rivals.push_back({fft.name(), [fft] { fft.run(); }, in_place_output(values)});
  }
  return rivals;
}

/// FFTW, or cuFFT on a GPU; the last one has the layout nearest to ours.
std::vector<Rival> complex_rivals(const BenchContext& context, const Index& n, size_t outer,
                                  const Values& input) {
  const auto plans = complex_plan_rivals(n, outer, input);
  const auto rivals = is_gpu ? plans : fftw_rivals(context, n, outer, input);
  require_plans_agree(plans, rivals.back(), outer * tile_lanes, points_of(n));
  return rivals;
}

/// Checks all rivals; times the fastest, and the last one, in turn with ours.
void compare(const BenchContext& context, Case what, size_t vectors, size_t points,
             const std::vector<Rival>& rivals, const std::function<void()>& ours, const Values& output,
             Json& results) {
  std::vector<Contestant> contestants;
  for (const auto& rival : rivals) {
    rival.run();
    require_same(rival.name, vectors, points, output, rival.output());
    contestants.push_back({rival.run});
  }
  const auto &best = rivals[fastest(contestants)], &last = rivals.back();
  const auto samples = time_in_turn({{ours}, {best.run}, {last.run}}, context.timing);
  what.rival = best.name;
  results.push_back(compared_row(what, paired(samples[0], samples[1]), context.roofs));
  what.rival = last.name.substr(0, last.name.find(',')) + " in our layout", what.goal = {};
  results.push_back(compared_row(what, paired(samples[0], samples[2]), context.roofs));
}

/// Complex planes (sample, x, plane, y, 32 channels): along y, then along x, as an operator layer has them.
/// `group` channels at a time: what the first pass writes is still in the cache when the second reads it.
class PlaneTransform {
 public:
  PlaneTransform(size_t n, size_t block, size_t group, size_t samples)
      : n_(n),
        group_(group),
        samples_(samples),
        at_once_(samples_at_once(samples)),
        fourier_(n, block, TransformKind::complex) {
    row_ = 2 * n * tile_lanes;
    // A row of the middle array is a little longer than it needs to be: rows a multiple of 4 KiB apart would
    // share their places in the cache.
    middle_row_ = 2 * n * group + 32;
    HostTensor<float, 1> values("in", samples * n * row_);
    for (size_t q = 0; q < values.size(); ++q) values.data()[q] = test_value(n + 1, q);
    in_ = to_device<float, 1>(values);
    middle_ = zeros<float, 1>("middle", {at_once_ * n * middle_row_});
    out_ = zeros<float, 1>("out", {samples * n * row_});
  }

  void run() const {
    const auto grid = [&](const Tensor<float, 1>& x, size_t sample, size_t channel) {
      return Rows{x.data() + sample * n_ * row_ + channel, row_, tile_lanes};
    };
    const Rows middle{middle_.data(), middle_row_, group_};
    for (size_t s = 0; s < samples_; s += at_once_)
      for (size_t channel = 0; channel < tile_lanes; channel += group_) {
        fourier_.transform.apply(Exec{}, fourier_.packed, along_y(grid(in_, s, channel)), Write::overwrite,
                                 along_y(middle));
        fourier_.transform.apply(Exec{}, fourier_.packed, along_x(middle), Write::overwrite,
                                 along_x(grid(out_, s, channel)));
      }
  }
  double flops() const { return 2 * fourier_.transform.flops() * double(samples_ * n_ * tile_lanes); }
  double bytes() const { return double(sizeof(float)) * double(in_.size() + out_.size()); }
  Values input() const { return values_of(in_); }
  Values output() const {
    Kokkos::fence("danaus::app::PlaneTransform");
    return values_of(out_);
  }

 private:
  /// (x, plane, y, channel): the stride of x and the number of channels that lie side by side.
  struct Rows {
    float* data;
    size_t row, channels;
  };
  monarch::Lanes<float> along_y(const Rows& rows) const {
    return {.data = rows.data,
            .outer = at_once_,
            .runs = n_,
            .run_length = group_,
            .outer_stride = ptrdiff_t(n_ * rows.row),
            .run_stride = ptrdiff_t(rows.row),
            .row_stride = ptrdiff_t(rows.channels),
            .plane_stride = ptrdiff_t(n_ * rows.channels)};
  }
  monarch::Lanes<float> along_x(const Rows& rows) const {
    return {.data = rows.data,
            .outer = at_once_,
            .runs = n_,
            .run_length = group_,
            .outer_stride = ptrdiff_t(n_ * rows.row),
            .run_stride = ptrdiff_t(rows.channels),
            .row_stride = ptrdiff_t(rows.row),
            .plane_stride = ptrdiff_t(n_ * rows.channels)};
  }
  Values values_of(const Tensor<float, 1>& x) const {
    const auto host = to_host(x);
    const auto layout = ArrayLayout::split({n_, n_}, tile_lanes);
    return [host, layout, n = n_](size_t vector, size_t point) {
      const size_t at = layout.at(vector / tile_lanes, vector % tile_lanes, {point / n, point % n});
      return std::complex<float>(host(at), host(at + layout.imaginary));
    };
  }

  size_t n_, group_, samples_, at_once_, row_, middle_row_;
  FourierTransform fourier_;
  Tensor<float, 1> in_, middle_, out_;
};

}  // namespace

void bench_complex_1d(const BenchContext& context, size_t n, Json& results) {
  const size_t tiles = tiles_for(n);
  const LaneTransform ours = tuned_lane_transform(n, TransformKind::complex, tiles);
  ours.run();
  const auto rivals = complex_rivals(context, {n}, tiles, ours.input());
  Case what{.name = "complex 1-D, lane layout",
            .size = "n = " + std::to_string(n) + ", " + std::to_string(ours.vectors()) + " vectors",
            .flops = ours.flops(),
            .bytes = ours.bytes()};
  if (n == 64) what.goal = 1.0;
  if (n == 256) what.goal = 0.7;
  if (n == 1024) what.goal = 0.4;
  if (is_gpu) what.goal = {};
  compare(
      context, what, ours.vectors(), n, rivals, [&] { ours.run(); }, ours.output(), results);
}

void bench_complex_2d(const BenchContext& context, size_t n, Json& results) {
  const size_t samples = context.is_quick ? 2 : 12;
  std::vector<PlaneTransform> transforms;
  std::vector<Contestant> contestants;
  for (const size_t block : candidate_blocks(n))
    for (const size_t group : {tile_lanes / 2, tile_lanes}) transforms.emplace_back(n, block, group, samples);
  for (const auto& transform : transforms) contestants.push_back({[&] { transform.run(); }});
  const auto& ours = transforms[fastest(contestants)];
  ours.run();
  const auto rivals = complex_rivals(context, {n, n}, samples, ours.input());
  Case what{.name = "complex 2-D",
            .size = std::to_string(n) + "^2, " + std::to_string(samples * tile_lanes) + " planes",
            .flops = ours.flops(),
            .bytes = ours.bytes()};
  if (n == 64 && !is_gpu) what.goal = 0.9;
  compare(
      context, what, samples * tile_lanes, n * n, rivals, [&] { ours.run(); }, ours.output(), results);
}

}  // namespace danaus::app
