#include <danaus/pde/solvers/navier_stokes.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/instantiate.hpp>
#include <pde/solvers/navier_stokes_lockstep.hpp>
#include <pde/solvers/navier_stokes_stepper.hpp>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <limits>

namespace danaus::pde {

NavierStokesScheme navier_stokes_scheme(const std::string& name) {
  if (name == "etdrk4") return NavierStokesScheme::etdrk4;
  if (name == "crank-nicolson") return NavierStokesScheme::crank_nicolson;
  throw UsageError("scheme: expected etdrk4 or crank-nicolson, found '" + name + "'");
}

namespace {

// Steps per record interval: base * {1, 3/2, 2, 3, 4, ..}, up to base * 2^doublings.
constexpr size_t doublings = 10;

// What the stepper's slots hold.
constexpr int interval_start = 0, step_start = 1, whole_step = 2;

size_t steps_at(size_t base, size_t level) { return (level % 2 ? base * 3 / 2 : base) << (level / 2); }

void require(bool good, const char* what) {
  if (!good) throw UsageError(std::string("navier-stokes: ") + what);
}

std::string describe(const char* what, std::uint64_t sample, size_t step, double time) {
  char text[160];
  std::snprintf(text, sizeof text, "navier-stokes: %s in sample %llu at step %zu, t = %.6g", what,
                static_cast<unsigned long long>(sample), step, time);
  return text;
}

}  // namespace

template <class R>
struct NavierStokes<R>::Impl {
  explicit Impl(const NavierStokesOptions& o)
      : options((check(o), o)), base(base_steps(o)), tables(o.resolution, o.forcing) {
    if (adaptive())
      for (size_t level = 0; level <= 2 * doublings + 2; ++level)
        ladder.emplace_back(tables.grid, o.scheme, o.viscosity,
                            o.record_interval / double(steps_at(base, level)));
    else
      ladder.emplace_back(tables.grid, o.scheme, o.viscosity, o.record_interval / double(base));
  }

  static void check(const NavierStokesOptions& o) {
    require(o.viscosity > 0 && std::isfinite(o.viscosity), "viscosity must be above 0");
    require(o.resolution >= 4, "resolution must be at least 4");
    require(o.record_interval > 0 && std::isfinite(o.record_interval), "record-interval must be above 0");
    require(o.dt >= 0 && std::isfinite(o.dt), "dt must not be negative");
    require(o.tolerance >= 0 && std::isfinite(o.tolerance), "tolerance must not be negative");
  }

  static bool adaptive(const NavierStokesOptions& o) {
    return o.scheme == NavierStokesScheme::etdrk4 && o.tolerance > 0;
  }
  bool adaptive() const { return adaptive(options); }

  static size_t base_steps(const NavierStokesOptions& o) {
    const double dt = o.dt > 0 ? o.dt : o.scheme == NavierStokesScheme::etdrk4 ? 1.0 / 20 : 1e-4;
    const double steps = std::ceil(o.record_interval / dt * (1 - 1e-9));
    require(steps < 1e9, "dt is too small for the record interval");
    const size_t count = std::max<size_t>(1, size_t(steps));
    return adaptive(o) ? count + count % 2 : count;  // even: 3/2 of it is whole
  }

  struct Progress {
    size_t steps = 0, level = 0;
    double smallest_step = std::numeric_limits<double>::infinity(), error = 0;
  };

  void require_finite(const NavierStokesStepper<R>& stepper, const Progress& progress, std::uint64_t sample,
                      double time) const {
    if (!stepper.finite())
      throw InternalError(describe("the vorticity blew up", sample, progress.steps, time));
  }

  void advance(NavierStokesStepper<R>& stepper, size_t level, size_t count, Progress& progress,
               std::uint64_t sample, double time) const {
    const StepTable<R>& table = ladder[level];
    for (size_t step = 0; step < count; ++step) {
      if (options.scheme == NavierStokesScheme::etdrk4)
        stepper.etdrk4(table);
      else
        stepper.crank_nicolson(table);
      ++progress.steps;
      require_finite(stepper, progress, sample, time + double(step + 1) * table.step);
    }
    progress.smallest_step = std::min(progress.smallest_step, table.step);
  }

  /// One step from the state, kept as two halves; returns the estimated relative error of the whole one.
  double checked_step(NavierStokesStepper<R>& stepper, size_t level, Progress& progress) const {
    stepper.save(step_start);
    stepper.etdrk4(ladder[level]);
    stepper.save(whole_step);
    stepper.restore(step_start);
    stepper.etdrk4(ladder[level + 2]);
    stepper.etdrk4(ladder[level + 2]);
    progress.steps += 3;
    const double size = stepper.norm();
    return size == 0 ? 0 : stepper.distance(whole_step) / 15 / size;  // NaN stays NaN
  }

  /// One record interval, its first and last step checked: see the header.
  void checked_interval(NavierStokesStepper<R>& stepper, Progress& progress, std::uint64_t sample,
                        double time) const {
    const size_t top = 2 * doublings;
    stepper.save(interval_start);
    for (;;) {
      const size_t level = progress.level, count = steps_at(base, level);
      const double step = ladder[level].step;
      // Two ways of the same step differ by a fraction of eps, however short it is.
      const double bound = std::max(options.tolerance * step, double(std::numeric_limits<R>::epsilon()) / 3);
      double error = checked_step(stepper, level, progress);
      if (error <= bound) {
        for (size_t i = 0; i + 2 < count; ++i) stepper.etdrk4(ladder[level]);
        progress.steps += count - 2;
        const double at_end = checked_step(stepper, level, progress);
        if (!(at_end <= error)) error = at_end;  // a NaN too, which std::max would drop
      }
      // Written so that a NaN refines too.
      if (error <= bound) {
        require_finite(stepper, progress, sample, time + options.record_interval);
        progress.smallest_step = std::min(progress.smallest_step, step);
        progress.error += error * double(count);
        // Next interval: coarser if the predicted error keeps a factor of 3 to the tolerance.
        const double room = std::pow(bound / (3 * std::max(error, 1e-300)), 0.25);
        const size_t down = room > 1 ? size_t(std::min(2.0, std::floor(2 * std::log2(room)))) : 0;
        progress.level = level - std::min(level, down);
        return;
      }
      if (level == top) {
        require_finite(stepper, progress, sample, time);
        throw InternalError(describe("the tolerance is out of reach", sample, progress.steps, time));
      }
      const double levels =
          std::isfinite(error) ? std::ceil(2 * std::log2(std::pow(error / bound, 0.25))) : 4;
      progress.level = std::min(top, level + size_t(std::clamp(levels, 1.0, 8.0)));
      stepper.restore(interval_start);
    }
  }

  Progress run(NavierStokesStepper<R>& stepper, const R* initial, size_t stride, size_t frames, R* out,
               std::uint64_t sample) const {
    Progress progress;
    stepper.set(initial);
    require_finite(stepper, progress, sample, 0);
    for (size_t frame = 0; frame < frames; ++frame) {
      const double time = double(frame) * options.record_interval;
      if (adaptive())
        checked_interval(stepper, progress, sample, time);
      else
        advance(stepper, 0, base, progress, sample, time);
      stepper.get(stride, frames, out + frame);
    }
    return progress;
  }

  NavierStokesOptions options;
  size_t base;
  StepperTables<R> tables;
  std::vector<StepTable<R>> ladder;
};

template <class R>
NavierStokes<R>::NavierStokes(const NavierStokesOptions& options)
    : impl_(std::make_unique<const Impl>(options)) {}
template <class R>
NavierStokes<R>::~NavierStokes() = default;
template <class R>
NavierStokes<R>::NavierStokes(NavierStokes&&) noexcept = default;

template <class R>
const NavierStokesOptions& NavierStokes<R>::options() const {
  return impl_->options;
}

namespace {

template <class R>
size_t require_frames(const NavierStokesOptions& options, const ConstTensor<R, 3>& initial,
                      const Tensor<R, 4>& frames) {
  const size_t n = options.resolution, samples = initial.extent(0), m = frames.extent(1);
  require_shape("NavierStokes::solve: initial", initial, {samples, n, n});
  require_shape("NavierStokes::solve: frames", frames, {samples, m, m, options.frames});
  if (m == 0 || n % m != 0)
    throw ShapeError("NavierStokes::solve: frames of " + std::to_string(m) +
                     " points do not divide the grid of " + std::to_string(n));
  return n / m;
}

}  // namespace

template <class R>
NavierStokesReport NavierStokes<R>::solve(const Exec& space, ConstTensor<R, 3> initial, Tensor<R, 4> frames,
                                          std::uint64_t first) const {
#if defined(KOKKOS_ENABLE_CUDA)
  return solve_in_lockstep(space, initial, frames, first);
#else
  const size_t stride = require_frames<R>(impl_->options, initial, frames);
  const size_t samples = initial.extent(0), n = impl_->options.resolution, frame_count = frames.extent(3);
  const size_t frame_size = frames.extent(1) * frames.extent(2) * frame_count;
  space.fence("danaus::pde::NavierStokes");
  std::vector<typename Impl::Progress> progress(samples);
  std::vector<std::string> failures(samples);
  // Samples differ in cost: each thread takes the next one. Who computes a sample does not change its bits.
  std::atomic<size_t> next{0};
  const size_t workers = std::min<size_t>(samples, size_t(space.concurrency()));
  Kokkos::parallel_for("danaus::pde::NavierStokes", Kokkos::RangePolicy<Exec>(space, 0, workers),
                       [&](size_t) {
                         NavierStokesStepper<R> stepper(impl_->tables);
                         for (size_t s = next++; s < samples; s = next++) try {
                             progress[s] = impl_->run(stepper, initial.data() + s * n * n, stride,
                                                      frame_count, frames.data() + s * frame_size, first + s);
                           } catch (const std::exception& error) {
                             failures[s] = error.what();
                           }
                       });
  space.fence("danaus::pde::NavierStokes");
  for (const std::string& failure : failures)
    if (!failure.empty()) throw InternalError(failure);
  NavierStokesReport report;
  report.smallest_step = impl_->options.record_interval;
  for (const auto& p : progress) {
    report.steps = std::max(report.steps, p.steps);
    report.smallest_step = std::min(report.smallest_step, p.smallest_step);
    report.error_estimate = std::max(report.error_estimate, p.error);
  }
  return report;
#endif
}

template <class R>
NavierStokesReport NavierStokes<R>::solve_in_lockstep(const Exec& space, ConstTensor<R, 3> initial,
                                                      Tensor<R, 4> frames, std::uint64_t first) const {
  const size_t stride = require_frames<R>(impl_->options, initial, frames);
  NavierStokesReport report;
  report.smallest_step = impl_->ladder[0].step;
  report.steps = impl_->base * impl_->options.frames;
  if (initial.extent(0) == 0) return report;
  LockstepFlow<R> flow(space, impl_->tables, impl_->ladder[0], impl_->options.scheme, initial.extent(0));
  flow.set(initial);
  for (size_t frame = 0; frame < impl_->options.frames; ++frame) {
    for (size_t step = 0; step < impl_->base; ++step) flow.step(frame * impl_->base + step + 1);
    flow.get(stride, frame, frames);
    const auto [sample, step] = flow.first_failure();
    if (step > 0)
      throw InternalError(
          describe("the vorticity blew up", first + sample, step, double(step) * impl_->ladder[0].step));
  }
  return report;
}

template class NavierStokes<float>;
template class NavierStokes<double>;

}  // namespace danaus::pde
