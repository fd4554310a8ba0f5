#include <fft/plan_backend.hpp>

#if defined(KOKKOS_ENABLE_CUDA)

#include <danaus/core/error.hpp>

namespace danaus::fft::detail {

namespace {

void require(cufftResult result, const char* call) {
  if (result != CUFFT_SUCCESS)
    throw InternalError(std::string("fft: ") + call + " failed with cuFFT error " +
                        std::to_string(int(result)));
}

template <class R>
cufftType type_of(Transform transform) {
  constexpr bool single = std::is_same_v<R, float>;
  switch (transform) {
    case Transform::real_forward:
      return single ? CUFFT_R2C : CUFFT_D2Z;
    case Transform::real_backward:
      return single ? CUFFT_C2R : CUFFT_Z2D;
    default:
      return single ? CUFFT_C2C : CUFFT_Z2Z;
  }
}

cufftResult execute(cufftHandle plan, Transform transform, float*, void* in, void* out) {
  auto* complex_in = static_cast<cufftComplex*>(in);
  auto* complex_out = static_cast<cufftComplex*>(out);
  switch (transform) {
    case Transform::real_forward:
      return cufftExecR2C(plan, static_cast<float*>(in), complex_out);
    case Transform::real_backward:
      return cufftExecC2R(plan, complex_in, static_cast<float*>(out));
    case Transform::complex_forward:
      return cufftExecC2C(plan, complex_in, complex_out, CUFFT_FORWARD);
    default:
      return cufftExecC2C(plan, complex_in, complex_out, CUFFT_INVERSE);
  }
}

cufftResult execute(cufftHandle plan, Transform transform, double*, void* in, void* out) {
  auto* complex_in = static_cast<cufftDoubleComplex*>(in);
  auto* complex_out = static_cast<cufftDoubleComplex*>(out);
  switch (transform) {
    case Transform::real_forward:
      return cufftExecD2Z(plan, static_cast<double*>(in), complex_out);
    case Transform::real_backward:
      return cufftExecZ2D(plan, complex_in, static_cast<double*>(out));
    case Transform::complex_forward:
      return cufftExecZ2Z(plan, complex_in, complex_out, CUFFT_FORWARD);
    default:
      return cufftExecZ2Z(plan, complex_in, complex_out, CUFFT_INVERSE);
  }
}

}  // namespace

template <class R>
PlanBackend<R>::PlanBackend(const Geometry& geometry, Transform transform, bool, Planning)
    : transform_(transform) {
  const int rank = int(geometry.n.size());
  std::vector<int> n(geometry.n.begin(), geometry.n.end()), in_extent = n, out_extent = n;
  if (transform == Transform::real_backward) in_extent.back() = int(half_size(geometry.n.back()));
  if (transform == Transform::real_forward) out_extent.back() = int(half_size(geometry.n.back()));
  size_t in_points = 1, out_points = 1;
  for (int axis = 0; axis < rank; ++axis) {
    in_points *= in_extent[axis];
    out_points *= out_extent[axis];
  }
  const bool inner = geometry.inner > 1;
  launches_ = inner ? geometry.outer : 1;
  const size_t in_size = transform == Transform::real_forward ? sizeof(R) : sizeof(Complex<R>);
  const size_t out_size = transform == Transform::real_backward ? sizeof(R) : sizeof(Complex<R>);
  in_step_ = in_points * geometry.inner * in_size;
  out_step_ = out_points * geometry.inner * out_size;
  const int stride = int(geometry.inner);
  require(cufftPlanMany(&plan_, rank, n.data(), in_extent.data(), stride, inner ? 1 : int(in_points),
                        out_extent.data(), stride, inner ? 1 : int(out_points), type_of<R>(transform),
                        int(inner ? geometry.inner : geometry.outer)),
          "cufftPlanMany");
}

template <class R>
PlanBackend<R>::~PlanBackend() {
  cufftDestroy(plan_);
}

template <class R>
void PlanBackend<R>::run(const Exec& space, void* in, void* out) const {
  require(cufftSetStream(plan_, space.cuda_stream()), "cufftSetStream");
  for (size_t launch = 0; launch < launches_; ++launch)
    require(execute(plan_, transform_, static_cast<R*>(nullptr), static_cast<char*>(in) + launch * in_step_,
                    static_cast<char*>(out) + launch * out_step_),
            "cufftExec");
}

template class PlanBackend<float>;
template class PlanBackend<double>;

}  // namespace danaus::fft::detail

#endif
