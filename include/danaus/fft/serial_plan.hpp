#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/core/tensor.hpp>

#include <memory>
#include <string>
#include <vector>

namespace danaus::fft {

enum class Direction { forward, backward };

/// How a plan is found. `estimate` chooses by rule: the same plan, and so the same bits, in every run; stored
/// wisdom (load_wisdom) is used where it has an entry. `measure` times candidates: for making wisdom files
/// only.
enum class Planning { estimate, measure };

/// One axis of a transform or of a batch: its extent and its strides in entries of the input's and output's
/// type.
struct PlanAxis {
  size_t n;
  size_t in_stride, out_stride;
};

/// One FFTW plan in host memory, run by the calling thread: what loops over samples or lines call inside
/// their own parallel region. Many threads may run one plan at a time; planning locks FFTW's planner. For
/// device tensors and whole batches see fft/plan.hpp.
///
/// Nothing is normalised. With W = exp(-2 pi i / n):
///   complex forward   X_k = sum_j x_j W^{jk};  backward  x_j = sum_k X_k W^{-jk}
///   real forward      X_k for k = 0 .. n/2 (halved axis: the last one)
///   real backward     x_j = sum_k c_k Re(X_k W^{-jk}), c_k = half_weight(k, n); may destroy its input
///   sine (DST-I)      y_k = 2 sum_j x_j sin(pi (j+1)(k+1) / (n+1)): its own inverse up to 2 (n+1)
///   cosine (DCT-I)    y_k = x_0 + (-1)^k x_{n-1} + 2 sum_{0<j<n-1} x_j cos(pi j k / (n-1)), n >= 2: its own
///                     inverse up to 2 (n-1)
///
/// FFTW: Frigo and Johnson 2005, doi:10.1109/JPROC.2004.840301.
template <class R>
class SerialPlan {
 public:
  using Axes = std::vector<PlanAxis>;

  static SerialPlan complex(const Axes& transform, const Axes& batch, Direction direction, bool in_place,
                            Planning planning = Planning::estimate);
  /// The axes' n are the real array's; the spectrum's last one is n/2 + 1 and shows in the strides only.
  static SerialPlan real_forward(const Axes& transform, const Axes& batch,
                                 Planning planning = Planning::estimate);
  static SerialPlan real_backward(const Axes& transform, const Axes& batch,
                                  Planning planning = Planning::estimate);
  static SerialPlan sine(const Axes& transform, const Axes& batch, bool in_place,
                         Planning planning = Planning::estimate);
  static SerialPlan cosine(const Axes& transform, const Axes& batch, bool in_place,
                           Planning planning = Planning::estimate);

  /// `in` and `out` are equal if and only if the plan was made in place.
  /// Pointers that are not 16-byte aligned work, more slowly and possibly with other rounding.
  void operator()(const Complex<R>* in, Complex<R>* out) const { run(const_cast<Complex<R>*>(in), out); }
  void operator()(const R* in, Complex<R>* out) const { run(const_cast<R*>(in), out); }
  void operator()(Complex<R>* in, R* out) const { run(in, out); }
  void operator()(const R* in, R* out) const { run(const_cast<R*>(in), out); }

 private:
  struct Impl;
  SerialPlan() = default;
  void run(void* in, void* out) const;

  std::shared_ptr<const Impl> impl_;
};

/// Reads plans that were stored by save_wisdom, for both precisions (FILE and FILE.float).
/// @throws MissingInputError, DataError
void load_wisdom(const std::string& file);
/// @throws IoError
void save_wisdom(const std::string& file);

}  // namespace danaus::fft
