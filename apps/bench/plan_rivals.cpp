#include "plan_rivals.hpp"

#include <danaus/fft/plan.hpp>

namespace danaus::app {
namespace {

#if defined(KOKKOS_ENABLE_CUDA)
constexpr const char* library = "cuFFT";
#else
constexpr const char* library = "FFTW ESTIMATE";
#endif

/// Entry of point p of a vector: one vector after the other, or lanes innermost.
size_t entry(bool lanes_innermost, size_t points, size_t vector, size_t point) {
  return lanes_innermost ? (vector / tile_lanes * points + point) * tile_lanes + vector % tile_lanes
                         : vector * points + point;
}

fft::Geometry geometry_of(const std::vector<size_t>& n, size_t outer, bool lanes_innermost) {
  if (lanes_innermost) return {outer, n, tile_lanes};
  return {outer * tile_lanes, n, 1};
}

/// The plan of one layout as a rival. Number: float or Complex<float>, what the plan reads.
template <class Number, class Plan>
Rival rival_of(const Plan& plan, bool lanes_innermost, size_t output_size, const Values& input) {
  const size_t vectors = plan.geometry().outer * plan.geometry().inner, points = plan.geometry().points();
  HostTensor<Number, 1> values("in", vectors * points);
  for (size_t v = 0; v < vectors; ++v)
    for (size_t p = 0; p < points; ++p) {
      const auto x = input(v, p);
      auto& to = values(entry(lanes_innermost, points, v, p));
      if constexpr (is_complex_v<Number>)
        to = Number(x.real(), x.imag());
      else
        to = x.real();
    }
  const auto in = to_device<Number, 1>(values);
  const auto out = zeros<Complex<float>, 1>("out", {output_size});
  return {std::string(library) + (lanes_innermost ? ", lanes innermost" : ", contiguous"),
          [=] { plan(Exec{}, in, out); },
          [=] {
            Kokkos::fence("danaus::app::plan_rivals");
            const auto host = to_host(out);
            return Values([=](size_t vector, size_t point) {
              const auto x = host(entry(lanes_innermost, output_size / vectors, vector, point));
              return std::complex<float>(x.real(), x.imag());
            });
          }};
}

}  // namespace

std::vector<Rival> complex_plan_rivals(const std::vector<size_t>& n, size_t outer, const Values& input) {
  std::vector<Rival> rivals;
  for (const bool lanes_innermost : {false, true}) {
    const fft::ComplexPlan<float> plan(geometry_of(n, outer, lanes_innermost), fft::Direction::forward);
    rivals.push_back(rival_of<Complex<float>>(plan, lanes_innermost, plan.real_size(), input));
  }
  return rivals;
}

std::vector<Rival> real_plan_rivals(const std::vector<size_t>& n, size_t outer, const Values& input) {
  std::vector<Rival> rivals;
  for (const bool lanes_innermost : {false, true}) {
    const fft::RealForwardPlan<float> plan(geometry_of(n, outer, lanes_innermost));
    rivals.push_back(rival_of<float>(plan, lanes_innermost, plan.half_spectrum_size(), input));
  }
  return rivals;
}

void require_plans_agree(const std::vector<Rival>& plans, const Rival& other, size_t vectors, size_t points) {
  other.run();
  for (const auto& plan : plans) {
    plan.run();
    require_same(plan.name, vectors, points, other.output(), plan.output());
  }
}

}  // namespace danaus::app
