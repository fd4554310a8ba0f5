#include "sense_rival.hpp"

#include <danaus/core/error.hpp>

#include <fftw3.h>

namespace danaus::app {
namespace {

using Host = Kokkos::DefaultHostExecutionSpace;
using Value = SenseRival::Value;
using Plane = SenseRival::Plane;

fftwf_complex* raw(Value* values) { return reinterpret_cast<fftwf_complex*>(values); }

std::shared_ptr<void> plan_of(size_t rows, size_t columns, int sign, FftwEffort effort, Value* buffer) {
  const unsigned flags = effort == FftwEffort::patient ? FFTW_PATIENT : FFTW_MEASURE;
  fftwf_plan plan = fftwf_plan_dft_2d(int(rows), int(columns), raw(buffer), raw(buffer), sign, flags);
  if (!plan) throw InternalError("FFTW has no plan for SENSE");
  return {plan, [](void* p) { fftwf_destroy_plan(fftwf_plan(p)); }};
}

/// work(i) for i < count, on all threads.
template <class Work>
void spread(size_t count, const Work& work) {
  Kokkos::parallel_for("danaus::app::SenseRival", Kokkos::RangePolicy<Host>(0, count), work);
  Host().fence();
}

Value times(Value a, Value b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

Value conjugate_times(Value a, Value b) {
  return {a.real() * b.real() + a.imag() * b.imag(), a.real() * b.imag() - a.imag() * b.real()};
}

constexpr size_t piece = 4096;  // points of a vector operation that one thread takes

double dot(const Plane& a, const Plane& b) {
  std::vector<double> parts((a.size() + piece - 1) / piece);
  spread(parts.size(), [&](size_t p) {
    double sum = 0;
    for (size_t i = p * piece; i < std::min(a.size(), (p + 1) * piece); ++i)
      sum += double(a[i].real()) * b[i].real() + double(a[i].imag()) * b[i].imag();
    parts[p] = sum;
  });
  double sum = 0;
  for (double part : parts) sum += part;
  return sum;
}

/// y = alpha x + beta y
void combine_vectors(float alpha, const Plane& x, float beta, Plane& y) {
  spread((x.size() + piece - 1) / piece, [&](size_t p) {
    for (size_t i = p * piece; i < std::min(x.size(), (p + 1) * piece); ++i)
      y[i] = alpha * x[i] + beta * y[i];
  });
}

}  // namespace

SenseRival::SenseRival(FftwEffort effort, size_t rows, size_t columns, size_t coils, const Plane& maps,
                       const Plane& weights)
    : rows_(rows),
      columns_(columns),
      coils_(coils),
      maps_(maps),
      weights_(weights),
      coil_images_(coils * rows * columns),
      forward_(plan_of(rows, columns, FFTW_FORWARD, effort, coil_images_.data())),
      backward_(plan_of(rows, columns, FFTW_BACKWARD, effort, coil_images_.data())) {}

void SenseRival::expand(const Plane& x, Value* u) const {
  spread(coils_ * rows_, [&](size_t i) {
    const Value* image = &x[i % rows_ * columns_];
    for (size_t k = 0; k < columns_; ++k) u[i * columns_ + k] = times(maps_[i * columns_ + k], image[k]);
  });
}

void SenseRival::combine(const Value* u, Plane& x) const {
  spread(rows_, [&](size_t j) {
    Value* image = &x[j * columns_];
    std::fill_n(image, columns_, Value(0));
    for (size_t c = 0; c < coils_; ++c) {
      const size_t at = (c * rows_ + j) * columns_;
      for (size_t k = 0; k < columns_; ++k) image[k] += conjugate_times(maps_[at + k], u[at + k]);
    }
  });
}

void SenseRival::transform(bool is_forward, Value* u) const {
  const auto plan = fftwf_plan((is_forward ? forward_ : backward_).get());
  spread(coils_, [&](size_t c) { fftwf_execute_dft(plan, raw(u + c * points()), raw(u + c * points())); });
}

void SenseRival::weigh(bool is_adjoint, const Value* in, Value* out) const {
  spread(coils_ * rows_, [&](size_t i) {
    const Value* w = &weights_[i % rows_ * columns_];
    for (size_t k = 0; k < columns_; ++k) {
      const Value value = in[i * columns_ + k];
      out[i * columns_ + k] = is_adjoint ? conjugate_times(w[k], value) : times(w[k], value);
    }
  });
}

void SenseRival::forward(const Plane& x, Plane& y) const {
  expand(x, y.data());
  transform(true, y.data());
  weigh(false, y.data(), y.data());
}

void SenseRival::adjoint(const Plane& y, Plane& x) const {
  weigh(true, y.data(), coil_images_.data());
  transform(false, coil_images_.data());
  combine(coil_images_.data(), x);
}

void SenseRival::normal(const Plane& x, Plane& z) const {
  Value* u = coil_images_.data();
  expand(x, u);
  transform(true, u);
  spread(coils_ * rows_, [&](size_t i) {
    const Value* w = &weights_[i % rows_ * columns_];
    for (size_t k = 0; k < columns_; ++k) u[i * columns_ + k] *= std::norm(w[k]);
  });
  transform(false, u);
  combine(u, z);
}

void SenseRival::cg_sense(const Plane& y, float lambda, size_t iterations, Plane& x) const {
  Plane r(points()), q(points());
  adjoint(y, r);
  Plane p = r;
  std::fill(x.begin(), x.end(), Value(0));
  double rr = dot(r, r);
  for (size_t i = 0; i < iterations && rr > 0; ++i) {
    normal(p, q);
    combine_vectors(lambda, p, 1, q);
    const double step = rr / dot(p, q);
    combine_vectors(float(step), p, 1, x);
    combine_vectors(float(-step), q, 1, r);
    const double next = dot(r, r);
    combine_vectors(1, r, float(next / rr), p);
    rr = next;
  }
}

}  // namespace danaus::app
