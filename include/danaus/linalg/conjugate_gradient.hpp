#pragma once

#include <danaus/core/error.hpp>
#include <danaus/linalg/dot.hpp>

#include <cmath>
#include <cstdio>
#include <string>

namespace danaus::linalg {

struct ConjugateGradientOptions {
  double tolerance = 1e-10;  ///< on the true residual ‖b - A x‖ / ‖b‖
  int max_iterations = 1000;
};

struct ConjugateGradientReport {
  int iterations = 0;
  double relative_residual = 0;  ///< ‖b - A x‖ / ‖b‖, recomputed from x, not the recurrence's
};

namespace detail {

[[noreturn]] inline void not_converged(const std::string& what, const ConjugateGradientReport& report,
                                       double tolerance) {
  char text[200];
  std::snprintf(text, sizeof text,
                ": conjugate gradients stopped after %d iterations at relative residual %.3e"
                " (asked for %.3e)",
                report.iterations, report.relative_residual, tolerance);
  throw InternalError(what + text);
}

/// The iteration over any set of vector operations, so that a whole device and a single thread share it:
/// Vector `copy(x, y)` y = x, `dot`, `add_scaled`, `scale_and_add`, `subtract(b, q, r)` r = b - q.
template <class Operations, class Operator, class Preconditioner, class Vector, class ConstVector>
ConjugateGradientReport conjugate_gradient(const std::string& what, const Operations& on,
                                           const Operator& apply, const Preconditioner& precondition,
                                           ConstVector b, Vector x, Vector r, Vector z, Vector p, Vector q,
                                           const ConjugateGradientOptions& options) {
  ConjugateGradientReport report;
  const double b_norm = std::sqrt(on.dot(b, b));
  if (b_norm == 0) {
    on.set_zero(x);
    return report;
  }
  const auto true_residual = [&] {
    apply(x, q);
    on.subtract(b, q, r);
    return std::sqrt(on.dot(r, r)) / b_norm;
  };
  report.relative_residual = true_residual();
  // The recurrence's residual drifts from the true one: when it says "done", restart from the true one.
  while (report.relative_residual > options.tolerance && report.iterations < options.max_iterations) {
    precondition(r, z);
    on.copy(z, p);
    double rz = on.dot(r, z);
    while (report.iterations < options.max_iterations) {
      apply(p, q);
      const double curvature = on.dot(p, q);
      if (!(curvature > 0))
        not_converged(what + ": the operator is not positive definite", report, options.tolerance);
      const double step = rz / curvature;
      on.add_scaled(step, p, x);
      on.add_scaled(-step, q, r);
      ++report.iterations;
      if (std::sqrt(on.dot(r, r)) <= options.tolerance * b_norm) break;
      precondition(r, z);
      const double rz_next = on.dot(r, z);
      on.scale_and_add(z, rz_next / rz, p);
      rz = rz_next;
    }
    const double previous = report.relative_residual;
    report.relative_residual = true_residual();
    if (!(report.relative_residual < previous)) break;  // rounding: no further progress
  }
  if (!(report.relative_residual <= options.tolerance)) not_converged(what, report, options.tolerance);
  return report;
}

template <class R>
struct DeviceVectors {
  const Exec& space;
  using Const = ConstTensor<R, 1>;
  using Vector = Tensor<R, 1>;

  double dot(const Const& x, const Const& y) const { return linalg::dot<R>(space, x, y); }
  void add_scaled(double f, const Const& x, const Vector& y) const {
    linalg::add_scaled<R>(space, R(f), x, y);
  }
  void scale_and_add(const Const& x, double f, const Vector& y) const {
    linalg::scale_and_add<R>(space, x, R(f), y);
  }
  void copy(const Const& x, const Vector& y) const { danaus::copy(space, y, x); }
  void set_zero(const Vector& x) const { danaus::fill(space, x, R(0)); }
  void subtract(const Const& b, const Const& q, const Vector& r) const {
    danaus::copy(space, r, b);
    linalg::add_scaled<R>(space, R(-1), q, r);
  }
};

template <class R>
struct SerialVectors {
  size_t size;

  double dot(const R* x, const R* y) const { return serial_dot(x, y, size); }
  void add_scaled(double f, const R* x, R* y) const {
    for (size_t i = 0; i < size; ++i) y[i] += R(f) * x[i];
  }
  void scale_and_add(const R* x, double f, R* y) const {
    for (size_t i = 0; i < size; ++i) y[i] = x[i] + R(f) * y[i];
  }
  void copy(const R* x, R* y) const {
    for (size_t i = 0; i < size; ++i) y[i] = x[i];
  }
  void set_zero(R* x) const {
    for (size_t i = 0; i < size; ++i) x[i] = 0;
  }
  void subtract(const R* b, const R* q, R* r) const {
    for (size_t i = 0; i < size; ++i) r[i] = b[i] - q[i];
  }
};

}  // namespace detail

/// Solves A x = b for a symmetric positive definite A by preconditioned conjugate gradients
/// (Hestenes and Stiefel 1952, doi:10.6028/jres.049.044), matrix-free and with the same bits for any number
/// of threads, as long as `apply` and `precondition` have them.
///
/// @param what          named in the error
/// @param apply         apply(x, y): y = A x, on `space`
/// @param precondition  precondition(r, z): z = M r with M symmetric positive definite, near A^{-1}
/// @param x             first guess on entry, solution on return
/// @throws InternalError unless ‖b - A x‖ <= tolerance ‖b‖ at the end, with the residual reached
/// @throws ShapeError if the lengths differ
template <class R, class Operator, class Preconditioner>
ConjugateGradientReport conjugate_gradient(const std::string& what, const Exec& space, const Operator& apply,
                                           const Preconditioner& precondition, ConstTensor<R, 1> b,
                                           Tensor<R, 1> x, const ConjugateGradientOptions& options = {}) {
  require_shape("conjugate_gradient: x", x, {b.size()});
  const auto scratch = [&] { return uninitialized<R, 1>("danaus::linalg::conjugate_gradient", {b.size()}); };
  return detail::conjugate_gradient(what, detail::DeviceVectors<R>{space}, apply, precondition, b, x,
                                    scratch(), scratch(), scratch(), scratch(), options);
}

/// The same inside one thread, on host memory: for loops that run one problem per thread.
/// @param scratch  4 * size entries
template <class R, class Operator, class Preconditioner>
ConjugateGradientReport serial_conjugate_gradient(const std::string& what, const Operator& apply,
                                                  const Preconditioner& precondition, size_t size, const R* b,
                                                  R* x, R* scratch,
                                                  const ConjugateGradientOptions& options = {}) {
  return detail::conjugate_gradient(what, detail::SerialVectors<R>{size}, apply, precondition, b, x, scratch,
                                    scratch + size, scratch + 2 * size, scratch + 3 * size, options);
}

}  // namespace danaus::linalg
