#pragma once

// One sample of Navier-Stokes in one thread: everything it touches in a step fits a core's second-level
// cache.

#include <danaus/core/complex.hpp>
#include <danaus/fft/serial_plan.hpp>
#include <pde/solvers/step_tables.hpp>

#include <memory>
#include <new>
#include <vector>

namespace danaus::pde {

/// Plans and tables that all threads share.
template <class R>
struct StepperTables {
  StepperTables(size_t n, double forcing);

  ModeGrid grid;
  double forcing;
  size_t rows;  // of one pass of row transforms, even: small enough for the first-level cache
  std::vector<R> velocity_x, velocity_y;  // u^ = i velocity_x w^, v^ = i velocity_y w^   (kx, ky)
  std::vector<R> gradient_x, gradient_y;  // w_x^ = i gradient_x w^ (kx), w_y^ = i gradient_y w^ (ky)
  fft::SerialPlan<R> columns_back, rows_back, rows_forward, columns_forward;
  fft::SerialPlan<R> to_grid, to_spectrum;
};

/// The state w^ (kx, ky), normalised so that w(x) = sum_k w^_k exp(2 pi i k.x), and one thread's workspace.
template <class R>
class NavierStokesStepper {
 public:
  using C = Complex<R>;

  explicit NavierStokesStepper(const StepperTables<R>& tables);

  /// From grid values w (n, n).
  void set(const R* w);
  /// To every stride-th grid value: out[(i * (n / stride) + j) * out_step].
  void get(size_t stride, size_t out_step, R* out);

  void etdrk4(const StepTable<R>& table);
  void crank_nicolson(const StepTable<R>& table);

  /// A mode that turns NaN as soon as any grid value does.
  bool finite() const;
  double norm() const;
  /// ‖w - saved slot‖
  double distance(int slot) const;
  void save(int slot);
  void restore(int slot);

 private:
  template <class Stage>
  void advection(const Stage& stage, C* result);
  void rows_pass(C* result);

  struct Free {
    void operator()(C* p) const { ::operator delete[](p, std::align_val_t(64)); }
  };
  using Buffer = std::unique_ptr<C[], Free>;
  static Buffer allocate(size_t size);

  const StepperTables<R>& t_;
  Buffer state_, saved_[3], n_[4], u_, v_, wx_, wy_, row_uv_, row_grad_, row_adv_;
};

}  // namespace danaus::pde
