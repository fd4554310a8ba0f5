#include <danaus/fft/serial_plan.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/instantiate.hpp>
#include <danaus/fft/half_spectrum.hpp>

#include <fftw3.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <mutex>

namespace danaus::fft {

namespace {

// FFTW's planner is one per process and not thread-safe.
std::mutex& planner() {
  static std::mutex mutex;
  return mutex;
}

enum class Kind { complex, real_forward, real_backward, sine, cosine };

template <class R>
struct Fftw;

#define DANAUS_FFTW(R, prefix)                                          \
  template <>                                                           \
  struct Fftw<R> {                                                      \
    using Plan = prefix##_plan;                                         \
    using Complex = prefix##_complex;                                   \
    using Dim = prefix##_iodim64;                                       \
    static constexpr auto complex = prefix##_plan_guru64_dft;           \
    static constexpr auto real_forward = prefix##_plan_guru64_dft_r2c;  \
    static constexpr auto real_backward = prefix##_plan_guru64_dft_c2r; \
    static constexpr auto real_real = prefix##_plan_guru64_r2r;         \
    static constexpr auto run_complex = prefix##_execute_dft;           \
    static constexpr auto run_real_forward = prefix##_execute_dft_r2c;  \
    static constexpr auto run_real_backward = prefix##_execute_dft_c2r; \
    static constexpr auto run_real_real = prefix##_execute_r2r;         \
    static constexpr auto destroy = prefix##_destroy_plan;              \
    static constexpr auto allocate = prefix##_malloc;                   \
    static constexpr auto release = prefix##_free;                      \
    static constexpr auto alignment = prefix##_alignment_of;            \
  };
DANAUS_FFTW(double, fftw)
DANAUS_FFTW(float, fftwf)
#undef DANAUS_FFTW

template <class R>
std::vector<typename Fftw<R>::Dim> to_dims(const std::vector<PlanAxis>& axes) {
  std::vector<typename Fftw<R>::Dim> dims;
  for (const PlanAxis& axis : axes)
    dims.push_back({std::ptrdiff_t(axis.n), std::ptrdiff_t(axis.in_stride), std::ptrdiff_t(axis.out_stride)});
  return dims;
}

/// Entries from the first to one past the last that the axes reach.
size_t reach(const std::vector<PlanAxis>& a, const std::vector<PlanAxis>& b, size_t PlanAxis::*stride) {
  size_t last = 0;
  for (const auto* axes : {&a, &b})
    for (const PlanAxis& axis : *axes) last += (axis.n - 1) * (axis.*stride);
  return last + 1;
}

}  // namespace

template <class R>
struct SerialPlan<R>::Impl {
  using Api = Fftw<R>;

  Impl(Kind kind, const Axes& transform, const Axes& batch, Direction direction, bool in_place,
       Planning planning)
      : kind_(kind) {
    for (const auto* axes : {&transform, &batch})
      for (const PlanAxis& axis : *axes)
        if (axis.n == 0) throw ShapeError("fft::SerialPlan: an axis has no points");
    const std::lock_guard lock(planner());
    // Twice a real's size fits every kind. The planner touches these only when it measures.
    const auto bytes = [&](size_t PlanAxis::*stride) {
      return reach(transform, batch, stride) * 2 * sizeof(R);
    };
    using Buffer = std::unique_ptr<void, decltype(Api::release)>;
    const Buffer first(Api::allocate(std::max(bytes(&PlanAxis::in_stride), bytes(&PlanAxis::out_stride))),
                       Api::release);
    const Buffer second(in_place ? nullptr : Api::allocate(bytes(&PlanAxis::out_stride)), Api::release);
    void* in = first.get();
    void* out = in_place ? in : second.get();
    if (!in || !out) throw InternalError("fft::SerialPlan: out of memory while planning");
    const unsigned effort = planning == Planning::measure ? FFTW_MEASURE : FFTW_ESTIMATE;
    for (int aligned = 0; aligned < 2; ++aligned)
      plan_[aligned] = make(transform, batch, direction, in, out, effort | (aligned ? 0u : FFTW_UNALIGNED));
    if (!plan_[0] || !plan_[1]) throw InternalError("fft::SerialPlan: FFTW found no plan");
  }
  ~Impl() {
    const std::lock_guard lock(planner());
    for (auto plan : plan_)
      if (plan) Api::destroy(plan);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  typename Api::Plan make(const Axes& transform, const Axes& batch, Direction direction, void* in, void* out,
                          unsigned flags) const {
    const auto dims = to_dims<R>(transform), loops = to_dims<R>(batch);
    const int rank = int(dims.size()), loop_rank = int(loops.size());
    auto* complex_in = static_cast<typename Api::Complex*>(in);
    auto* complex_out = static_cast<typename Api::Complex*>(out);
    switch (kind_) {
      case Kind::complex:
        return Api::complex(rank, dims.data(), loop_rank, loops.data(), complex_in, complex_out,
                            direction == Direction::forward ? FFTW_FORWARD : FFTW_BACKWARD, flags);
      case Kind::real_forward:
        return Api::real_forward(rank, dims.data(), loop_rank, loops.data(), static_cast<R*>(in), complex_out,
                                 flags);
      case Kind::real_backward:
        return Api::real_backward(rank, dims.data(), loop_rank, loops.data(), complex_in,
                                  static_cast<R*>(out), flags);
      case Kind::sine:
      case Kind::cosine: {
        const std::vector<fftw_r2r_kind> kinds(rank, kind_ == Kind::sine ? FFTW_RODFT00 : FFTW_REDFT00);
        return Api::real_real(rank, dims.data(), loop_rank, loops.data(), static_cast<R*>(in),
                              static_cast<R*>(out), kinds.data(), flags);
      }
    }
    return nullptr;
  }

  Kind kind_;
  std::array<typename Api::Plan, 2> plan_{};  // for any pointers; for aligned ones
};

template <class R>
void SerialPlan<R>::run(void* in, void* out) const {
  using Api = Fftw<R>;
  const bool aligned = Api::alignment(static_cast<R*>(in)) == 0 && Api::alignment(static_cast<R*>(out)) == 0;
  const auto plan = impl_->plan_[aligned];
  switch (impl_->kind_) {
    case Kind::complex:
      return Api::run_complex(plan, static_cast<typename Api::Complex*>(in),
                              static_cast<typename Api::Complex*>(out));
    case Kind::real_forward:
      return Api::run_real_forward(plan, static_cast<R*>(in), static_cast<typename Api::Complex*>(out));
    case Kind::real_backward:
      return Api::run_real_backward(plan, static_cast<typename Api::Complex*>(in), static_cast<R*>(out));
    case Kind::sine:
    case Kind::cosine:
      return Api::run_real_real(plan, static_cast<R*>(in), static_cast<R*>(out));
  }
}

#define DANAUS_MAKE(name, arguments, ...)                   \
  template <class R>                                        \
  SerialPlan<R> SerialPlan<R>::name arguments {             \
    SerialPlan plan;                                        \
    plan.impl_ = std::make_shared<const Impl>(__VA_ARGS__); \
    return plan;                                            \
  }
DANAUS_MAKE(complex,
            (const Axes& transform, const Axes& batch, Direction direction, bool in_place, Planning planning),
            Kind::complex, transform, batch, direction, in_place, planning)
DANAUS_MAKE(real_forward, (const Axes& transform, const Axes& batch, Planning planning), Kind::real_forward,
            transform, batch, Direction::forward, false, planning)
DANAUS_MAKE(real_backward, (const Axes& transform, const Axes& batch, Planning planning), Kind::real_backward,
            transform, batch, Direction::backward, false, planning)
DANAUS_MAKE(sine, (const Axes& transform, const Axes& batch, bool in_place, Planning planning), Kind::sine,
            transform, batch, Direction::forward, in_place, planning)
DANAUS_MAKE(cosine, (const Axes& transform, const Axes& batch, bool in_place, Planning planning),
            Kind::cosine, transform, batch, Direction::forward, in_place, planning)
#undef DANAUS_MAKE

void load_wisdom(const std::string& file) {
  const std::lock_guard lock(planner());
  for (const std::string& name : {file, file + ".float"})
    if (!std::filesystem::exists(name)) throw MissingInputError(name + ": no such wisdom file");
  if (!fftw_import_wisdom_from_filename(file.c_str()) ||
      !fftwf_import_wisdom_from_filename((file + ".float").c_str()))
    throw DataError(file + ": not FFTW wisdom of this FFTW version");
}

void save_wisdom(const std::string& file) {
  const std::lock_guard lock(planner());
  if (!fftw_export_wisdom_to_filename(file.c_str()) ||
      !fftwf_export_wisdom_to_filename((file + ".float").c_str()))
    throw IoError(file + ": cannot write FFTW wisdom");
}

template class SerialPlan<float>;
template class SerialPlan<double>;

}  // namespace danaus::fft
