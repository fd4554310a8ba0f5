#include "monarch_side.hpp"
#include "real_rivals.hpp"
#include "transform_cases.hpp"

#include <danaus/fft/half_spectrum.hpp>
#include <danaus/nn/spectral_basis.hpp>

namespace danaus::app {
namespace {

/// What of our side a comparison needs.
struct Ours {
  std::function<void()> run;
  std::function<Values()> output;
  double flops, bytes;
};

Values spectrum_values(const Tensor<float, 5>& spectrum) {
  const auto host = to_host(spectrum);
  return [host](size_t vector, size_t point) {
    const size_t s = vector / tile_lanes, c = vector % tile_lanes, ky = host.extent(3);
    return std::complex<float>(host(s, point / ky, 0, point % ky, c), host(s, point / ky, 1, point % ky, c));
  };
}

double transform_flops(const RealPlanes& planes, size_t block) {
  const monarch::AxisTransform<float> y(monarch::folded_real_fourier(planes.n, planes.ky.size())),
      x({.shape = monarch::MonarchShape::square(planes.n, block), .kept_outputs = planes.kx});
  return double(planes.vectors()) * (double(planes.n) * y.flops() + double(planes.ky.size()) * x.flops());
}

double least_bytes(const RealPlanes& planes) {
  return sizeof(float) * double(planes.vectors()) * double(planes.n * planes.n + 2 * planes.points());
}

/// Kept modes [-m, m) x [0, m): the forward half of an operator layer, `at_once` samples in one call.
Ours pruned(const RealPlanes& planes, size_t block, size_t at_once, const Tensor<float, 4>& v) {
  const size_t n = planes.n, modes = planes.ky.size();
  const auto basis = std::make_shared<nn::SpectralBasis<float>>(nn::SpectralShape{
      .nx = n, .ny = n, .modes = modes, .channels = tile_lanes, .block_x = block, .block_y = block});
  Tape tape;
  const auto packed = basis->pack(tape);
  const auto scratch = std::make_shared<Workspace>();
  const auto spectrum = zeros<float, 5>("spectrum", {planes.samples, 2 * modes, 2, modes, tile_lanes});
  const auto run = [=, samples = planes.samples] {
    for (size_t s = 0; s < samples; s += at_once)
      basis->forward(Exec{}, packed,
                     Tensor<float, 4>(v.data() + s * n * n * tile_lanes, at_once, n, n, tile_lanes), *scratch,
                     Tensor<float, 5>(spectrum.data() + s * 4 * modes * modes * tile_lanes, at_once,
                                      2 * modes, 2, modes, tile_lanes));
  };
  return {run, [=] { return spectrum_values(spectrum); }, transform_flops(planes, block),
          least_bytes(planes)};
}

/// All of the half spectrum, along y with the real and then the imaginary parts of all ky as rows, `group`
/// channels at a time, so that the second pass finds in the cache what the first wrote.
Ours full(const RealPlanes& planes, size_t block, size_t group, const Tensor<float, 4>& v) {
  const size_t n = planes.n, half = planes.ky.size();
  const monarch::AxisTransform<float> along_y(monarch::folded_real_fourier(n, half));
  const auto packed_y = zeros<float, 1>("packed", {along_y.packed_size()});
  along_y.pack_constant(Exec{}, packed_y);
  const FourierTransform along_x(n, block, TransformKind::complex);
  const size_t at_once = samples_at_once(planes.samples);
  const auto inner = zeros<float, 1>("inner", {at_once * n * 2 * half * group});
  const auto spectrum = zeros<float, 5>("spectrum", {planes.samples, n, 2, half, tile_lanes});
  const auto run_group = [=](size_t sample, size_t channel) {
    const monarch::Lanes<float> grid_rows{.data = v.data() + sample * n * n * tile_lanes + channel,
                                          .outer = at_once,
                                          .runs = n,
                                          .run_length = group,
                                          .outer_stride = ptrdiff_t(n * n * tile_lanes),
                                          .run_stride = ptrdiff_t(n * tile_lanes),
                                          .row_stride = ptrdiff_t(tile_lanes)};
    const monarch::Lanes<float> inner_rows{.data = inner.data(),
                                           .outer = at_once,
                                           .runs = n,
                                           .run_length = group,
                                           .outer_stride = ptrdiff_t(n * 2 * half * group),
                                           .run_stride = ptrdiff_t(2 * half * group),
                                           .row_stride = ptrdiff_t(group)};
    const auto columns = [&](float* data, size_t channels) {
      return monarch::Lanes<float>{.data = data,
                                   .outer = at_once,
                                   .runs = half,
                                   .run_length = group,
                                   .outer_stride = ptrdiff_t(n * 2 * half * channels),
                                   .run_stride = ptrdiff_t(channels),
                                   .row_stride = ptrdiff_t(2 * half * channels),
                                   .plane_stride = ptrdiff_t(half * channels)};
    };
    along_y.apply(Exec{}, packed_y, grid_rows, Write::overwrite, inner_rows);
    along_x.transform.apply(
        Exec{}, along_x.packed, columns(inner.data(), group), Write::overwrite,
        columns(spectrum.data() + sample * n * 2 * half * tile_lanes + channel, tile_lanes));
  };
  const auto run = [run_group, group, at_once, samples = planes.samples] {
    for (size_t sample = 0; sample < samples; sample += at_once)
      for (size_t channel = 0; channel < tile_lanes; channel += group) run_group(sample, channel);
  };
  return {run, [=] { return spectrum_values(spectrum); }, transform_flops(planes, block),
          least_bytes(planes)};
}

/// The fastest of our candidates, then each kind of rival in its fastest layout.
void compare(const BenchContext& context, const std::string& name, const RealPlanes& planes,
             const std::vector<Ours>& candidates,
             const std::vector<std::pair<std::vector<Rival>, std::optional<double>>>& kinds, Json& results) {
  std::vector<Contestant> contestants;
  for (const auto& candidate : candidates) contestants.push_back({candidate.run});
  const Ours& ours = candidates[fastest(contestants)];
  ours.run();
  const auto output = ours.output();

  std::vector<Contestant> finalists{{ours.run}};
  std::vector<Case> cases;
  for (const auto& [rivals, goal] : kinds) {
    std::vector<Contestant> layouts;
    for (const auto& rival : rivals) {
      rival.run();
      require_same(rival.name, planes.vectors(), planes.points(), output, rival.output());
      layouts.push_back({rival.run});
    }
    const auto& best = rivals[fastest(layouts)];
    finalists.push_back({best.run});
    cases.push_back({.name = name,
                     .size = std::to_string(planes.n) + "^2, " + std::to_string(planes.vectors()) + " planes",
                     .rival = best.name,
                     .goal = planes.n == 64 ? goal : std::nullopt,
                     .flops = ours.flops,
                     .bytes = ours.bytes});
  }
  const auto samples = time_in_turn(finalists, context.timing);
  for (size_t c = 0; c < cases.size(); ++c)
    results.push_back(compared_row(cases[c], paired(samples[0], samples[c + 1]), context.roofs));
}

}  // namespace

void bench_real_2d(const BenchContext& context, size_t n, size_t modes, Json& results) {
  RealPlanes all{.n = n, .samples = size_t(context.is_quick ? 4 : 20), .kx = {}, .ky = {}};
  for (size_t k = 0; k < n; ++k) all.kx.push_back(k);
  for (size_t k = 0; k < fft::half_size(n); ++k) all.ky.push_back(k);
  RealPlanes kept{.n = n, .samples = all.samples, .kx = {}, .ky = {}};
  for (size_t k = 0; k < modes; ++k) kept.kx.push_back(k), kept.ky.push_back(k);
  for (size_t k = n - modes; k < n; ++k) kept.kx.push_back(k);

  HostTensor<float, 4> values("v", all.samples, n, n, tile_lanes);
  for (size_t q = 0; q < values.size(); ++q) values.data()[q] = test_value(n + 2, q);
  const auto v = to_device<float, 4>(values);
  const Values input = [values, n](size_t vector, size_t p) {
    return std::complex<float>(values(vector / tile_lanes, p / n, p % n, vector % tile_lanes));
  };
  std::vector<Ours> full_candidates, pruned_candidates;
  for (const size_t block : candidate_blocks(n)) {
    for (const size_t group : {tile_lanes / 2, tile_lanes})
      full_candidates.push_back(full(all, block, group, v));
    for (const size_t at_once : {size_t(1), all.samples})
      pruned_candidates.push_back(pruned(kept, block, at_once, v));
  }
  const auto in_our_layout = [](const std::vector<Rival>& rivals) {
    Rival last = rivals.back();
    last.name = last.name.substr(0, last.name.find(',')) + " in our layout";
    return std::vector<Rival>{last};
  };
  using Kinds = std::vector<std::pair<std::vector<Rival>, std::optional<double>>>;
  const auto if_published = [&](double goal) {
    return modes == 12 && !is_gpu ? std::optional(goal) : std::nullopt;
  };
  const auto r2c = real_to_complex_rivals(context, all, input);
  Kinds full_kinds{{r2c, is_gpu ? std::nullopt : std::optional(2.3)}, {in_our_layout(r2c), {}}};
  const auto r2c_kept = real_to_complex_rivals(context, kept, input);
  Kinds pruned_kinds{{r2c_kept, if_published(4.5)}, {in_our_layout(r2c_kept), {}}};
  if (!is_gpu) {
    full_kinds.push_back({two_in_one_rivals(context, all, input), {}});
    pruned_kinds.push_back({two_in_one_rivals(context, kept, input), if_published(1.5)});
    pruned_kinds.push_back({dense_dft_rivals(kept, input), {}});
  }
  compare(context, "real 2-D, full half spectrum", all, full_candidates, full_kinds, results);
  compare(context, "real 2-D, pruned to " + std::to_string(modes) + " modes", kept, pruned_candidates,
          pruned_kinds, results);
}

}  // namespace danaus::app
