#include <fft/plan_backend.hpp>

#if !defined(KOKKOS_ENABLE_CUDA)

#include <algorithm>

namespace danaus::fft::detail {

namespace {

// Lanes of one piece: enough for full vectors and whole cache lines, few enough to stay in the cache.
constexpr size_t block_lanes = 128;
// Up to this many entries per outer index, one multi-dimensional plan each. The number of outer indices must
// not decide: a sample's bits would depend on the size of its batch.
constexpr size_t small_transform = size_t(1) << 16;

template <class R>
SerialPlan<R> make(Transform transform, const std::vector<PlanAxis>& axes, const std::vector<PlanAxis>& batch,
                   bool in_place, Planning planning) {
  switch (transform) {
    case Transform::real_forward:
      return SerialPlan<R>::real_forward(axes, batch, planning);
    case Transform::real_backward:
      return SerialPlan<R>::real_backward(axes, batch, planning);
    case Transform::complex_forward:
      return SerialPlan<R>::complex(axes, batch, Direction::forward, in_place, planning);
    default:
      return SerialPlan<R>::complex(axes, batch, Direction::backward, in_place, planning);
  }
}

}  // namespace

template <class R>
PlanBackend<R>::PlanBackend(const Geometry& geometry, Transform transform, bool in_place, Planning planning) {
  const size_t rank = geometry.n.size();
  if (rank > 1 && geometry.points() * geometry.inner <= small_transform) {
    add_whole_pass(geometry, transform, in_place, planning);
    return;
  }
  // The halved axis goes first forward and last backward, so that all others are complex on the half
  // spectrum.
  if (transform == Transform::real_backward) {
    for (size_t axis = 0; axis + 1 < rank; ++axis)
      add_axis_pass(geometry, true, axis, Transform::complex_backward, Where::in_input, true, planning);
    add_axis_pass(geometry, true, rank - 1, transform, Where::input_to_output, false, planning);
    return;
  }
  const bool real = transform == Transform::real_forward;
  add_axis_pass(geometry, real, rank - 1, transform, Where::input_to_output, in_place, planning);
  for (size_t axis = rank - 1; axis-- > 0;)
    add_axis_pass(geometry, real, axis, real ? Transform::complex_forward : transform, Where::in_output, true,
                  planning);
}

template <class R>
void PlanBackend<R>::add_whole_pass(const Geometry& geometry, Transform transform, bool in_place,
                                    Planning planning) {
  const size_t rank = geometry.n.size();
  std::vector<PlanAxis> axes(rank);
  size_t in_stride = geometry.inner, out_stride = geometry.inner;
  for (size_t axis = rank; axis-- > 0;) {
    const size_t n = geometry.n[axis];
    const bool last = axis + 1 == rank;
    axes[axis] = {n, in_stride, out_stride};
    in_stride *= last && transform == Transform::real_backward ? half_size(n) : n;
    out_stride *= last && transform == Transform::real_forward ? half_size(n) : n;
  }
  const auto plan = make<R>(transform, axes, {{geometry.inner, 1, 1}}, in_place, planning);
  passes_.push_back({Where::input_to_output, transform, geometry.outer, 1, geometry.inner, in_stride,
                     out_stride, plan, plan});
}

template <class R>
void PlanBackend<R>::add_axis_pass(const Geometry& geometry, bool half_spectrum, size_t axis,
                                   Transform transform, Where where, bool in_place, Planning planning) {
  const size_t n = geometry.n[axis], rank = geometry.n.size();
  size_t outer = geometry.outer, inner = geometry.inner;
  for (size_t a = 0; a < axis; ++a) outer *= geometry.n[a];
  for (size_t a = axis + 1; a < rank; ++a)
    inner *= half_spectrum && a + 1 == rank ? half_size(geometry.n[a]) : geometry.n[a];
  const size_t lanes = std::min(inner, block_lanes), blocks = (inner + lanes - 1) / lanes;
  const size_t rest = inner - (blocks - 1) * lanes;
  const std::vector<PlanAxis> axes{{n, inner, inner}};
  const auto full = make<R>(transform, axes, {{lanes, 1, 1}}, in_place, planning);
  const auto last = rest == lanes ? full : make<R>(transform, axes, {{rest, 1, 1}}, in_place, planning);
  passes_.push_back({where, transform, outer, blocks, lanes,
                     inner * (transform == Transform::real_backward ? half_size(n) : n),
                     inner * (transform == Transform::real_forward ? half_size(n) : n), full, last});
}

template <class R>
void PlanBackend<R>::run(const Exec& space, void* in, void* out) const {
  // FFTW reads and writes through raw pointers: what was enqueued before must be done.
  space.fence("danaus::fft::Plan");
  for (const Pass& pass : passes_)
    run_pass(pass, pass.where == Where::in_output ? out : in, pass.where == Where::in_input ? in : out);
}

template <class R>
void PlanBackend<R>::run_pass(const Pass& pass, void* in, void* out) const {
  const auto piece = [&pass, in, out](size_t i) {
    const size_t o = i / pass.blocks, block = i % pass.blocks;
    const size_t read = o * pass.in_step + block * pass.lanes, write = o * pass.out_step + block * pass.lanes;
    const SerialPlan<R>& plan = block + 1 == pass.blocks ? pass.last : pass.full;
    switch (pass.kind) {
      case Transform::real_forward:
        return plan(static_cast<const R*>(in) + read, static_cast<Complex<R>*>(out) + write);
      case Transform::real_backward:
        return plan(static_cast<Complex<R>*>(in) + read, static_cast<R*>(out) + write);
      default:
        return plan(static_cast<const Complex<R>*>(in) + read, static_cast<Complex<R>*>(out) + write);
    }
  };
  const size_t pieces = pass.outer * pass.blocks;
  if (pieces == 1) return piece(0);
  using Host = Kokkos::DefaultHostExecutionSpace;
  Kokkos::parallel_for("danaus::fft::Plan", Kokkos::RangePolicy<Host>(0, pieces), piece);
  Host().fence("danaus::fft::Plan");
}

template class PlanBackend<float>;
template class PlanBackend<double>;

}  // namespace danaus::fft::detail

#endif
