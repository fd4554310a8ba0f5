#include <danaus/core/instantiate.hpp>
#include <pde/solvers/navier_stokes_lockstep.hpp>

namespace danaus::pde {

namespace {

template <class R>
ConstTensor<R, 1> on_device(const std::vector<R>& values) {
  const Kokkos::View<const R*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>> host(
      values.data(), values.size());
  const auto device = uninitialized<R, 1>("danaus::pde::DeviceTables", {values.size()});
  copy(device, host);
  return device;
}

template <class View>
Indices<2> over_two(const Exec& space, const View& view) {
  return Indices<2>(space, {0, 0}, {view.extent(0), view.extent(1)});
}

}  // namespace

/// Mode `at` of the stage at which the advection is wanted: 0 the state, 1 and 2 the midpoints, 3 the end.
template <class R>
KOKKOS_INLINE_FUNCTION Complex<R> stage_mode(int stage, const DeviceTables<R>& t, Complex<R> w,
                                             const Tensor<Complex<R>, 3>& n, size_t s, size_t at) {
  if (stage == 0) return w;
  const R e = t.decay(at), q = t.half_gain(at);
  if (stage < 3) return e * w + q * n(stage - 1, s, at);
  return e * (e * w + q * n(0, s, at)) + q * (R(2) * n(2, s, at) - n(0, s, at));
}

template <class R>
void lockstep_spectra(const Exec& space, int stage, size_t half, DeviceTables<R> t,
                      ConstTensor<Complex<R>, 2> state, Tensor<Complex<R>, 3> n,
                      Tensor<Complex<R>, 3> spectra) {
  Kokkos::parallel_for(
      "danaus::pde::lockstep_spectra", over_two(space, state), KOKKOS_LAMBDA(size_t s, size_t at) {
        const Complex<R> w = stage_mode<R>(stage, t, state(s, at), n, s, at), iw(-w.imag(), w.real());
        spectra(0, s, at) = t.velocity_x(at) * iw;
        spectra(1, s, at) = t.velocity_y(at) * iw;
        spectra(2, s, at) = t.gradient_x(at / half) * iw;
        spectra(3, s, at) = t.gradient_y(at % half) * iw;
      });
}

template <class R>
void lockstep_product(const Exec& space, ConstTensor<R, 3> fields, Tensor<R, 2> product) {
  Kokkos::parallel_for(
      "danaus::pde::lockstep_product", over_two(space, product), KOKKOS_LAMBDA(size_t s, size_t i) {
        product(s, i) = fields(0, s, i) * fields(2, s, i) + fields(1, s, i) * fields(3, s, i);
      });
}

template <class R>
void lockstep_dealias(const Exec& space, int stage, ModeGrid grid, R forcing,
                      ConstTensor<Complex<R>, 2> product, Tensor<Complex<R>, 3> n) {
  Kokkos::parallel_for(
      "danaus::pde::lockstep_dealias", over_two(space, product), KOKKOS_LAMBDA(size_t s, size_t at) {
        const size_t i = at / grid.half, j = at % grid.half;
        Complex<R> value(0, 0);
        if (j <= grid.cutoff && (i <= grid.cutoff || grid.n - i <= grid.cutoff))
          value = product(s, at) * (R(-1) / (R(grid.n) * R(grid.n)));
        if (i == 1 && j == 1) value += Complex<R>(forcing / 2, -forcing / 2);
        n(stage, s, at) = value;
      });
}

template <class R>
void lockstep_update(const Exec& space, bool exponential, size_t number, DeviceTables<R> t,
                     ConstTensor<Complex<R>, 3> n, Tensor<Complex<R>, 2> state, Tensor<size_t, 1> failed) {
  Kokkos::parallel_for(
      "danaus::pde::lockstep_update", over_two(space, state), KOKKOS_LAMBDA(size_t s, size_t at) {
        Complex<R> w = state(s, at);
        const R e = t.decay(at);
        if (exponential)
          w = e * e * w + t.first(at) * n(0, s, at) + t.middle(at) * (n(1, s, at) + n(2, s, at)) +
              t.last(at) * n(3, s, at);
        else
          w = e * w + t.first(at) * n(0, s, at);
        state(s, at) = w;
        if (at == 1 && failed(s) == 0 && !(Kokkos::isfinite(w.real()) && Kokkos::isfinite(w.imag())))
          failed(s) = number;
      });
}

template <class R>
void lockstep_scale(const Exec& space, R factor, Tensor<Complex<R>, 2> state) {
  Kokkos::parallel_for(
      "danaus::pde::lockstep_scale", over_two(space, state),
      KOKKOS_LAMBDA(size_t s, size_t at) { state(s, at) *= factor; });
}

template <class R>
void lockstep_record(const Exec& space, size_t n, size_t stride, size_t frame, ConstTensor<R, 2> w,
                     Tensor<R, 4> frames) {
  Kokkos::parallel_for(
      "danaus::pde::lockstep_record",
      Indices<3>(space, {0, 0, 0}, {frames.extent(0), frames.extent(1), frames.extent(2)}),
      KOKKOS_LAMBDA(size_t s, size_t i, size_t j) {
        frames(s, i, j, frame) = w(s, i * stride * n + j * stride);
      });
}

template <class R>
LockstepFlow<R>::LockstepFlow(const Exec& space, const StepperTables<R>& tables, const StepTable<R>& step,
                              NavierStokesScheme scheme, size_t samples)
    : space_(space),
      grid_(tables.grid),
      forcing_(R(tables.forcing)),
      scheme_(scheme),
      tables_{on_device(step.decay),        on_device(step.half_gain),    on_device(step.first),
              on_device(step.middle),       on_device(step.last),         on_device(tables.velocity_x),
              on_device(tables.velocity_y), on_device(tables.gradient_x), on_device(tables.gradient_y)},
      forward_({samples, {grid_.n, grid_.n}, 1}),
      backward_({samples, {grid_.n, grid_.n}, 1}),
      backward_four_({4 * samples, {grid_.n, grid_.n}, 1}),
      state_("danaus::pde::LockstepFlow", samples, grid_.size()),
      scratch_("danaus::pde::LockstepFlow", samples, grid_.size()),
      advected_("danaus::pde::LockstepFlow", scheme == NavierStokesScheme::etdrk4 ? 4 : 1, samples,
                grid_.size()),
      spectra_("danaus::pde::LockstepFlow", 4, samples, grid_.size()),
      fields_("danaus::pde::LockstepFlow", 4, samples, grid_.n * grid_.n),
      product_("danaus::pde::LockstepFlow", samples, grid_.n * grid_.n),
      failed_("danaus::pde::LockstepFlow", samples) {}

template <class R>
void LockstepFlow<R>::set(ConstTensor<R, 3> w) {
  forward_(space_, w, state_);
  lockstep_scale<R>(space_, R(1) / (R(grid_.n) * R(grid_.n)), state_);
}

template <class R>
void LockstepFlow<R>::get(size_t stride, size_t frame, Tensor<R, 4> frames) {
  copy(space_, scratch_, state_);
  backward_(space_, scratch_, product_);
  lockstep_record<R>(space_, grid_.n, stride, frame, product_, frames);
  space_.fence("danaus::pde::LockstepFlow");
}

template <class R>
void LockstepFlow<R>::advection(int stage) {
  lockstep_spectra<R>(space_, stage, grid_.half, tables_, state_, advected_, spectra_);
  backward_four_(space_, spectra_, fields_);
  lockstep_product<R>(space_, fields_, product_);
  forward_(space_, product_, scratch_);
  lockstep_dealias<R>(space_, stage, grid_, forcing_, scratch_, advected_);
}

template <class R>
void LockstepFlow<R>::step(size_t number) {
  const bool exponential = scheme_ == NavierStokesScheme::etdrk4;
  for (int stage = 0; stage < (exponential ? 4 : 1); ++stage) advection(stage);
  lockstep_update<R>(space_, exponential, number, tables_, advected_, state_, failed_);
}

template <class R>
std::pair<size_t, size_t> LockstepFlow<R>::first_failure() const {
  const auto failed = to_host(failed_);
  for (size_t s = 0; s < failed.size(); ++s)
    if (failed(s) > 0) return {s, failed(s)};
  return {0, 0};
}

template class LockstepFlow<float>;
template class LockstepFlow<double>;

}  // namespace danaus::pde
