#include "plan_rivals.hpp"
#include "real_rivals.hpp"

namespace danaus::app {
namespace {

using HostSpace = Kokkos::DefaultHostExecutionSpace;

struct Layouts {
  const char* name;
  ArrayLayout in, out;
};

/// Z and what is computed from it, shared by the copies of a rival's functions.
struct TwoInOne {
  RealPlanes planes;
  FftwRival fft;
  bool has_lanes_innermost;
  HostTensor<float, 1> kept;  // (sample, .., {X_a, X_b}) with lanes where Z has them
};

constexpr size_t pairs = tile_lanes / 2;

size_t kept_index(const TwoInOne& t, size_t sample, size_t pair, size_t q, size_t k) {
  const size_t kx = t.planes.kx.size(), ky = t.planes.ky.size();
  return 4 * (t.has_lanes_innermost ? ((sample * kx + q) * ky + k) * pairs + pair
                                    : ((sample * pairs + pair) * kx + q) * ky + k);
}

/// The separation for `lanes` neighbouring pairs, from `pair` on.
void separate(const TwoInOne& t, size_t sample, size_t pair, size_t lanes) {
  const size_t n = t.planes.n;
  const auto& layout = t.fft.out_layout();
  for (size_t q = 0; q < t.planes.kx.size(); ++q)
    for (size_t k = 0; k < t.planes.ky.size(); ++k) {
      const size_t x = t.planes.kx[q], y = t.planes.ky[k];
      const float* z = t.fft.out.data() + layout.at(sample, pair, {x, y});
      const float* mirror = t.fft.out.data() + layout.at(sample, pair, {(n - x) % n, (n - y) % n});
      float* to = t.kept.data() + kept_index(t, sample, pair, q, k);
      const size_t lane_stride = layout.lane_stride, imaginary = layout.imaginary;
      for (size_t lane = 0; lane < lanes; ++lane) {
        const float re = z[lane * lane_stride], im = z[lane * lane_stride + imaginary];
        const float mirror_re = mirror[lane * lane_stride],
                    mirror_im = mirror[lane * lane_stride + imaginary];
        to[4 * lane + 0] = 0.5f * (re + mirror_re), to[4 * lane + 1] = 0.5f * (im - mirror_im);
        to[4 * lane + 2] = 0.5f * (im + mirror_im), to[4 * lane + 3] = 0.5f * (mirror_re - re);
      }
    }
}

void run(const TwoInOne& t) {
  t.fft.run();
  Kokkos::parallel_for("danaus::app::TwoInOne", Kokkos::RangePolicy<HostSpace>(0, t.planes.samples),
                       [&t](size_t sample) {
                         if (t.has_lanes_innermost) return separate(t, sample, 0, pairs);
                         for (size_t pair = 0; pair < pairs; ++pair) separate(t, sample, pair, 1);
                       });
}

/// FFTW's real-to-complex transform in the layouts that suit it; the last one is ours or the nearest to it.
std::vector<Rival> fftw_rivals(const BenchContext& context, const RealPlanes& planes, const Values& input) {
  const size_t n = planes.n;
  const std::vector<size_t> real{n, n}, half{n, n / 2 + 1};
  const Layouts layouts[] = {
      {"contiguous", ArrayLayout::contiguous(real, tile_lanes, false),
       ArrayLayout::contiguous(half, tile_lanes, true)},
      {"channels innermost", ArrayLayout::lanes_innermost(real, tile_lanes, false),
       ArrayLayout::lanes_innermost(half, tile_lanes, true)},
      {"channels innermost, split", ArrayLayout::lanes_innermost(real, tile_lanes, false),
       ArrayLayout::split(half, tile_lanes)}};
  std::vector<Rival> rivals;
  for (const auto& [name, in, out] : layouts) {
    const FftwRival fft(context.fftw_name() + " r2c, " + name, FftwKind::real_forward, context.effort, real,
                        planes.samples, tile_lanes, in, out);
    for (size_t vector = 0; vector < planes.vectors(); ++vector)
      for (size_t p = 0; p < n * n; ++p)
        fft.set_input(vector / tile_lanes, vector % tile_lanes, {p / n, p % n}, input(vector, p));
    const Values values = [fft, planes](size_t vector, size_t point) {
      const size_t modes = planes.ky.size();
      return fft.output(vector / tile_lanes, vector % tile_lanes,
                        {planes.kx[point / modes], planes.ky[point % modes]});
    };
    rivals.push_back({fft.name(), [fft] { fft.run(); }, in_place_output(values)});
  }
  return rivals;
}

/// The same by the library's plans.
std::vector<Rival> plan_rivals(const RealPlanes& planes, const Values& input) {
  std::vector<Rival> rivals = real_plan_rivals({planes.n, planes.n}, planes.samples, input);
  for (auto& rival : rivals) {
    rival.name.insert(rival.name.find(','), " r2c");
    rival.output = [all = rival.output, planes] {
      return Values([values = all(), planes](size_t vector, size_t point) {
        const size_t modes = planes.ky.size(), width = planes.n / 2 + 1;
        return values(vector, planes.kx[point / modes] * width + planes.ky[point % modes]);
      });
    };
  }
  return rivals;
}

}  // namespace

std::vector<Rival> real_to_complex_rivals(const BenchContext& context, const RealPlanes& planes,
                                          const Values& input) {
  const auto plans = plan_rivals(planes, input);
  const auto rivals = is_gpu ? plans : fftw_rivals(context, planes, input);
  require_plans_agree(plans, rivals.back(), planes.vectors(), planes.points());
  return rivals;
}

std::vector<Rival> two_in_one_rivals(const BenchContext& context, const RealPlanes& planes,
                                     const Values& input) {
  const size_t n = planes.n, points = n * n;
  const std::vector<size_t> extents{n, n};
  // The planes as they are: one behind the other, or channel by channel. Nothing has to be copied.
  const ArrayLayout behind{{n, 1}, 2 * points, 2 * points * pairs, points};
  const Layouts layouts[] = {{"contiguous", behind, ArrayLayout::contiguous(extents, pairs, true)},
                             {"channels innermost", ArrayLayout::lanes_innermost(extents, pairs, true),
                              ArrayLayout::lanes_innermost(extents, pairs, true)},
                             {"channels innermost, split", ArrayLayout::lanes_innermost(extents, pairs, true),
                              ArrayLayout::split(extents, pairs)}};
  std::vector<Rival> rivals;
  for (const auto& [name, in, out] : layouts) {
    const TwoInOne t{
        planes,
        FftwRival(context.fftw_name() + " two reals in one complex, " + name, FftwKind::complex_forward,
                  context.effort, extents, planes.samples, pairs, in, out),
        out.lane_stride < out.axes.back(),
        HostTensor<float, 1>("kept", 2 * planes.vectors() * planes.points())};
    for (size_t vector = 0; vector < planes.vectors(); vector += 2)
      for (size_t p = 0; p < points; ++p)
        t.fft.set_input(vector / tile_lanes, vector % tile_lanes / 2, {p / n, p % n},
                        {input(vector, p).real(), input(vector + 1, p).real()});
    const Values values = [t](size_t vector, size_t point) {
      const size_t modes = t.planes.ky.size();
      const float* at =
          t.kept.data() + 2 * (vector % 2) +
          kept_index(t, vector / tile_lanes, vector % tile_lanes / 2, point / modes, point % modes);
      return std::complex<float>(at[0], at[1]);
    };
    rivals.push_back({t.fft.name(), [t] { run(t); }, in_place_output(values)});
  }
  return rivals;
}

}  // namespace danaus::app
