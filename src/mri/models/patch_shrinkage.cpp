#include <danaus/mri/models/patch_shrinkage.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/core/partial_sums.hpp>
#if !defined(KOKKOS_ENABLE_CUDA)
#include <mri/models/patch_shrinkage_host.hpp>
#include <mri/models/scale_or_add.hpp>
#endif

#include <cmath>

namespace danaus::mri {

namespace {

monarch::TransformSpec patch_spec(size_t patch) {
  monarch::TransformSpec spec;
  spec.shape = monarch::MonarchShape::square(patch * patch, patch);
  spec.order = monarch::InputOrder::natural;
  spec.input = spec.output = spec.factors = monarch::Numbers::real;
  return spec;
}

template <class T, class View>
monarch::Lanes<T> lanes_of(const View& v) {
  const Tensor<typename View::value_type, 3> flat(v.data(), 1, v.extent(0), v.extent(1));
  return monarch::real_lanes<T>(flat);
}

constexpr double smallest_threshold = 1e-6;

}  // namespace

/// t(e, r) = |raw(e, r)| + smallest.
template <class R>
void thresholds_of(const Exec& space, const ConstTensor<R, 2>& raw, const Tensor<R, 2>& t) {
  const R* from = raw.data();
  R* to = t.data();
  Kokkos::parallel_for(
      "danaus::mri::thresholds_of", over_entries(space, t),
      KOKKOS_LAMBDA(size_t i) { to[i] = Kokkos::abs(from[i]) + R(smallest_threshold); });
}

/// raw_grad += sign(raw) sum of parts of t's gradient, with sign 1 at 0.
template <class R>
void add_threshold_gradients(const Exec& space, const ConstTensor<R, 2>& raw, const ConstTensor<R, 2>& parts,
                             const Tensor<R, 2>& raw_grad) {
  const R* value = raw.data();
  R* to = raw_grad.data();
  sum_parts<R>(
      space, parts.data(), parts.extent(0), parts.extent(1),
      KOKKOS_LAMBDA(size_t i, R sum) { to[i] += value[i] < 0 ? -sum : sum; });
}

template <class R>
PatchShrinkage<R>::PatchShrinkage(ParameterStore<R>& store, const std::string& name, size_t patch,
                                  size_t echoes, bool joint)
    : patch_(patch),
      echoes_(echoes),
      joint_(joint),
      transform_(patch_spec(patch)),
      left_(store.template add<R, 3>(name + "/left", transform_.spec().shape.left(),
                                     ParameterGroup::transform)),
      right_(store.template add<R, 3>(name + "/right", transform_.spec().shape.right(),
                                      ParameterGroup::transform)),
      thresholds_(store.template add<R, 2>(name + "/thresholds", {echoes, patch * patch})) {}

template <class R>
void PatchShrinkage<R>::initialize(R threshold) const {
  // C x C' = (C kron C) x: the right factor is C along z in every row of the patch, the left one along y.
  const auto left = Kokkos::create_mirror_view(left_.value()),
             right = Kokkos::create_mirror_view(right_.value());
  const auto p = double(patch_);
  for (size_t block = 0; block < patch_; ++block)
    for (size_t o = 0; o < patch_; ++o)
      for (size_t i = 0; i < patch_; ++i) {
        const double angle = 3.14159265358979323846 * double(o) * (2 * double(i) + 1) / (2 * p);
        const R entry = R(std::sqrt((o == 0 ? 1 : 2) / p) * std::cos(angle));
        left(block, o, i) = right(block, o, i) = entry;
      }
  copy(left_.value(), left);
  copy(right_.value(), right);
  const auto thresholds = Kokkos::create_mirror_view(thresholds_.value());
  for (size_t e = 0; e < echoes_; ++e)
    for (size_t r = 0; r < patch_ * patch_; ++r) thresholds(e, r) = r == 0 ? threshold / 10 : threshold;
  copy(thresholds_.value(), thresholds);
}

template <class R>
struct PatchShrinkage<R>::Saved {
  PatchGrids grids;
  Tensor<R, 1> packed;
  Tensor<R, 2> thresholds;
  Tensor<R, 2> coefficients;  ///< on a GPU; a CPU computes them again
  R scale;
};

template <class R>
Var<Complex<R>, 4> PatchShrinkage<R>::operator()(Tape& tape, const Var<Complex<R>, 4>& x,
                                                 const std::vector<PatchGrids::Offset>& offsets) const {
  const auto shape = shape_of(x.value);
  if (shape[0] % echoes_ != 0)
    throw ShapeError("mri::PatchShrinkage: expected a multiple of " + std::to_string(echoes_) +
                     " items, found " + std::to_string(shape[0]));
  Saved saved{{patch_, shape[0] / echoes_, echoes_, shape[1], shape[2], offsets},
              tape.saved<R, 1>({transform_.packed_size()}),
              tape.saved<R, 2>({echoes_, patch_ * patch_}),
              {},
              R(1 / double(offsets.size()))};
  const auto out = tape.output<Complex<R>, 4>(shape);
  Workspace& scratch = tape.scratch();
  const Exec& space = tape.space();
  transform_.pack(space, left_.value().data(), right_.value().data(), saved.packed);
  thresholds_of<R>(space, thresholds_.value(), saved.thresholds);
#if !defined(KOKKOS_ENABLE_CUDA)
  host::shrink_patches<R>(space, transform_, saved.packed, saved.grids, joint_, saved.thresholds, x.value,
                          out.value);
#else
  const Shape<2> lanes{patch_ * patch_, saved.grids.lanes()};
  saved.coefficients = tape.saved<R, 2>(lanes);
  const auto mark = scratch.mark();
  const auto v = scratch.take<R, 2>(lanes), d = scratch.take<R, 2>(lanes);
  gather_patches<R>(space, saved.grids, x.value, R(1), v);
  transform_.apply(space, saved.packed, lanes_of<const R>(v), Write::overwrite,
                   lanes_of<R>(saved.coefficients));
  clip_coefficients<R>(space, saved.grids, joint_, saved.thresholds, saved.coefficients, d);
  transform_.adjoint(space, saved.packed, lanes_of<const R>(d), Write::overwrite, lanes_of<R>(v));
  add_patches<R>(space, saved.grids, x.value, -saved.scale, v, Write::overwrite, out.value);
  scratch.release(mark);
#endif

  tape.record("danaus::mri::PatchShrinkage", out, [layer = *this, saved, x, out, &scratch](const Exec& on) {
    layer.backward(on, saved, x, out, scratch);
  });
  return out;
}

template <class R>
void PatchShrinkage<R>::backward(const Exec& space, const Saved& s, const Var<Complex<R>, 4>& x,
                                 const Var<Complex<R>, 4>& out, Workspace& scratch) const {
  const auto mark = scratch.mark();
#if !defined(KOKKOS_ENABLE_CUDA)
  const GridView view(s.grids);
  const size_t strips = size_t(host::Strips{view}.count());
  const host::ShrinkageParts<R> parts{scratch.take<R, 2>({strips, transform_.factor_gradient_size()}),
                                      scratch.take<R, 2>({strips, s.thresholds.size()})};
  Tensor<Complex<R>, 4> x_grad;
  ConstTensor<Complex<R>, 4> passed = out.grad();
  if (x.is_tracked()) {
    const Write write = x.claim_grad();
    x_grad = x.grad();
    if (write == Write::accumulate) {
      scale_or_add<R>(space, R(1), out.grad(), write, x_grad);
      passed = x_grad;
    }
  }
  host::shrink_patches_backward<R>(space, transform_, s.packed, s.grids, joint_, s.thresholds, x.value,
                                   out.grad(), passed, x_grad, parts);
  transform_.add_factor_gradients(space, parts.factors.data(), strips, left_.grad().data(),
                                  right_.grad().data());
  add_threshold_gradients<R>(space, thresholds_.value(), parts.thresholds, thresholds_.grad());
#else
  const auto shape = shape_of(s.coefficients);
  const auto v = scratch.take<R, 2>(shape), d = scratch.take<R, 2>(shape), g = scratch.take<R, 2>(shape);
  const auto t_grad = scratch.take<R, 2>({1, s.thresholds.size()});
  const Tensor<R, 2> t_grad_of_echoes(t_grad.data(), s.thresholds.extent(0), s.thresholds.extent(1));
  fill(space, t_grad, R(0));
  // out = x + scatter(M^T d): with u = the gathered gradient, d has gradient M u, and the factors of M that
  // of <d, M u>.
  gather_patches<R>(space, s.grids, out.grad(), -s.scale, v);
  clip_coefficients<R>(space, s.grids, joint_, s.thresholds, s.coefficients, d);
  transform_.apply(space, s.packed, lanes_of<const R>(v), Write::overwrite, lanes_of<R>(g));
  transform_.backward(space, s.packed, lanes_of<const R>(v), lanes_of<const R>(d), scratch, Write::overwrite,
                      {}, left_.grad().data(), right_.grad().data());
  clip_coefficients_backward<R>(space, s.grids, joint_, s.thresholds, s.coefficients, g, d, t_grad_of_echoes);
  add_threshold_gradients<R>(space, thresholds_.value(), t_grad, thresholds_.grad());
  // c = M v.
  gather_patches<R>(space, s.grids, x.value, R(1), v);
  const bool wanted = x.is_tracked();
  transform_.backward(space, s.packed, lanes_of<const R>(v), lanes_of<const R>(d), scratch, Write::overwrite,
                      wanted ? lanes_of<R>(g) : monarch::Lanes<R>{}, left_.grad().data(),
                      right_.grad().data());
  if (wanted) {
    const Write write = x.claim_grad();
    add_patches<R>(space, s.grids, out.grad(), R(1), g, write, x.grad());
  }
#endif
  scratch.release(mark);
}

#define DANAUS_INSTANTIATE(R) template class PatchShrinkage<R>;
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::mri
