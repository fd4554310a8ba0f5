#include "fftw_rival.hpp"

#include <danaus/core/error.hpp>

#include <fftw3.h>

namespace danaus::app {
namespace {

using HostSpace = Kokkos::DefaultHostExecutionSpace;

/// Strides of a row-major array of n with `inner` floats per entry.
std::vector<size_t> strides(const std::vector<size_t>& n, size_t inner) {
  std::vector<size_t> result(n.size());
  for (size_t axis = n.size(); axis-- > 0; inner *= n[axis]) result[axis] = inner;
  return result;
}

size_t product(const std::vector<size_t>& n) {
  size_t points = 1;
  for (size_t extent : n) points *= extent;
  return points;
}

/// The halved last axis of a real transform's spectrum.
std::vector<size_t> half(std::vector<size_t> n) {
  n.back() = n.back() / 2 + 1;
  return n;
}

/// Floats that a layout spans.
size_t extent_of(const ArrayLayout& layout, const std::vector<size_t>& n, size_t outer, size_t lanes) {
  std::vector<size_t> last = n;
  for (auto& index : last) --index;
  return layout.at(outer - 1, lanes - 1, last) + layout.imaginary + 1;
}

}  // namespace

ArrayLayout ArrayLayout::contiguous(const std::vector<size_t>& n, size_t lanes, bool is_complex) {
  const size_t reals = is_complex ? 2 : 1, points = product(n);
  return {strides(n, reals), reals * points, reals * points * lanes, is_complex ? size_t(1) : 0};
}

ArrayLayout ArrayLayout::lanes_innermost(const std::vector<size_t>& n, size_t lanes, bool is_complex) {
  const size_t reals = is_complex ? 2 : 1;
  return {strides(n, reals * lanes), reals, reals * lanes * product(n), is_complex ? size_t(1) : 0};
}

ArrayLayout ArrayLayout::split(const std::vector<size_t>& n, size_t lanes) {
  if (n.size() == 1) return {{2 * lanes}, 1, 2 * lanes * n[0], lanes};
  return {{2 * n[1] * lanes, lanes}, 1, 2 * lanes * product(n), n[1] * lanes};
}

FftwRival::FftwRival(const std::string& name, FftwKind kind, FftwEffort effort, const std::vector<size_t>& n,
                     size_t outer, size_t lanes, const ArrayLayout& in_layout, const ArrayLayout& out_layout)
    : name_(name), kind_(kind), in_layout_(in_layout), out_layout_(out_layout) {
  const size_t threads = size_t(HostSpace().concurrency());
  chunks_ = outer % threads == 0 ? threads : outer;
  outer_per_chunk_ = outer / chunks_;
  const auto in_n = kind == FftwKind::real_backward ? half(n) : n;
  const auto out_n = kind == FftwKind::real_forward ? half(n) : n;
  in = HostTensor<float, 1>("in", extent_of(in_layout, in_n, outer, lanes));
  out = HostTensor<float, 1>("out", extent_of(out_layout, out_n, outer, lanes));

  std::vector<fftwf_iodim64> axes, batch;
  for (size_t axis = 0; axis < n.size(); ++axis)
    axes.push_back({ptrdiff_t(n[axis]), ptrdiff_t(in_layout.axes[axis]), ptrdiff_t(out_layout.axes[axis])});
  batch.push_back(
      {ptrdiff_t(outer_per_chunk_), ptrdiff_t(in_layout.outer_stride), ptrdiff_t(out_layout.outer_stride)});
  batch.push_back({ptrdiff_t(lanes), ptrdiff_t(in_layout.lane_stride), ptrdiff_t(out_layout.lane_stride)});
  const unsigned flags = effort == FftwEffort::patient ? FFTW_PATIENT : FFTW_MEASURE;
  const int rank = int(axes.size()), batch_rank = int(batch.size());
  float *i = in.data(), *ii = in.data() + in_layout.imaginary, *o = out.data(),
        *oi = out.data() + out_layout.imaginary;
  fftwf_plan plan = nullptr;
  if (kind == FftwKind::complex_forward)
    plan = fftwf_plan_guru64_split_dft(rank, axes.data(), batch_rank, batch.data(), i, ii, o, oi, flags);
  else if (kind == FftwKind::real_forward)
    plan = fftwf_plan_guru64_split_dft_r2c(rank, axes.data(), batch_rank, batch.data(), i, o, oi, flags);
  else
    plan = fftwf_plan_guru64_split_dft_c2r(rank, axes.data(), batch_rank, batch.data(), i, ii, o, flags);
  if (!plan) throw InternalError("FFTW has no plan for " + name);
  plan_ = std::shared_ptr<void>(plan, [](void* p) { fftwf_destroy_plan(fftwf_plan(p)); });
}

void FftwRival::run() const {
  const auto run_chunk = [this](size_t chunk) {
    const auto plan = fftwf_plan(plan_.get());
    const size_t first = chunk * outer_per_chunk_;
    float *i = in.data() + first * in_layout_.outer_stride,
          *o = out.data() + first * out_layout_.outer_stride;
    float *ii = i + in_layout_.imaginary, *oi = o + out_layout_.imaginary;
    if (kind_ == FftwKind::complex_forward)
      fftwf_execute_split_dft(plan, i, ii, o, oi);
    else if (kind_ == FftwKind::real_forward)
      fftwf_execute_split_dft_r2c(plan, i, o, oi);
    else
      fftwf_execute_split_dft_c2r(plan, i, ii, o);
  };
  if (chunks_ == 1) return run_chunk(0);
  Kokkos::parallel_for("danaus::app::FftwRival", Kokkos::RangePolicy<HostSpace>(0, chunks_).set_chunk_size(1),
                       run_chunk);
}

std::complex<float> FftwRival::output(size_t o, size_t lane, const std::vector<size_t>& index) const {
  const float* at = out.data() + out_layout_.at(o, lane, index);
  return {at[0], out_layout_.imaginary ? at[out_layout_.imaginary] : 0.0f};
}

void FftwRival::set_input(size_t o, size_t lane, const std::vector<size_t>& index,
                          std::complex<float> value) const {
  float* at = in.data() + in_layout_.at(o, lane, index);
  at[0] = value.real();
  if (in_layout_.imaginary) at[in_layout_.imaginary] = value.imag();
}

}  // namespace danaus::app
