#include <danaus/core/instantiate.hpp>
#include <danaus/fft/half_spectrum.hpp>
#include <pde/solvers/navier_stokes_stepper.hpp>

#include <algorithm>
#include <cmath>

namespace danaus::pde {

namespace {

size_t rows_per_pass(size_t n, size_t entry) {
  const size_t fitting = size_t(24) * 1024 / (2 * n * entry);
  return std::clamp<size_t>(fitting / 2 * 2, 2, n + n % 2);
}

}  // namespace

template <class R>
StepperTables<R>::StepperTables(size_t n, double forcing)
    : grid(n),
      forcing(forcing),
      rows(rows_per_pass(n, sizeof(Complex<R>))),
      columns_back(fft::SerialPlan<R>::complex({{n, grid.half, grid.half}}, {{grid.half, 1, 1}},
                                               fft::Direction::backward, true)),
      rows_back(fft::SerialPlan<R>::complex({{n, 1, 1}}, {{rows, n, n}}, fft::Direction::backward, true)),
      rows_forward(
          fft::SerialPlan<R>::complex({{n, 1, 1}}, {{rows / 2, n, n}}, fft::Direction::forward, true)),
      columns_forward(fft::SerialPlan<R>::complex({{n, grid.kept, grid.kept}}, {{grid.kept, 1, 1}},
                                                  fft::Direction::forward, true)),
      to_grid(fft::SerialPlan<R>::real_backward({{n, grid.half, n}, {n, 1, 1}}, {})),
      to_spectrum(fft::SerialPlan<R>::real_forward({{n, n, grid.half}, {n, 1, 1}}, {})) {
  velocity_x.resize(grid.size());
  velocity_y.resize(grid.size());
  gradient_x.resize(n);
  gradient_y.resize(grid.half);
  for (size_t i = 0; i < n; ++i) gradient_x[i] = R(2 * M_PI * double(fft::derivative_wavenumber(i, n)));
  for (size_t j = 0; j < grid.half; ++j)
    gradient_y[j] = R(2 * M_PI * double(fft::derivative_wavenumber(j, n)));
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < grid.half; ++j) {
      const double kx = double(fft::wavenumber(i, n)), ky = double(j), k2 = kx * kx + ky * ky;
      const double inverse = k2 > 0 ? 1 / (2 * M_PI * k2) : 1;
      velocity_x[i * grid.half + j] = R(double(fft::derivative_wavenumber(j, n)) * inverse);
      velocity_y[i * grid.half + j] = R(-double(fft::derivative_wavenumber(i, n)) * inverse);
    }
}

template <class R>
typename NavierStokesStepper<R>::Buffer NavierStokesStepper<R>::allocate(size_t size) {
  // A line more than asked: buffers that start at the same place of a page would evict one another.
  Buffer buffer(static_cast<C*>(::operator new[]((size + 8) * sizeof(C), std::align_val_t(64))));
  std::fill_n(buffer.get(), size, C(0, 0));
  return buffer;
}

template <class R>
NavierStokesStepper<R>::NavierStokesStepper(const StepperTables<R>& tables) : t_(tables) {
  const ModeGrid& g = t_.grid;
  for (Buffer* buffer : {&state_, &saved_[0], &saved_[1], &saved_[2], &u_, &v_, &wx_, &wy_})
    *buffer = allocate(g.size());
  for (Buffer& buffer : n_) buffer = allocate(g.n * g.kept);
  row_uv_ = allocate(t_.rows * g.n);
  row_grad_ = allocate(t_.rows * g.n);
  row_adv_ = allocate(t_.rows / 2 * g.n);
}

template <class R>
void NavierStokesStepper<R>::set(const R* w) {
  const size_t n = t_.grid.n;
  t_.to_spectrum(w, state_.get());
  const R scale = R(1) / R(n * n);
  for (size_t i = 0; i < t_.grid.size(); ++i) state_[i] *= scale;
}

template <class R>
void NavierStokesStepper<R>::get(size_t stride, size_t out_step, R* out) {
  const size_t n = t_.grid.n;
  std::copy_n(state_.get(), t_.grid.size(), u_.get());
  R* w = reinterpret_cast<R*>(v_.get());
  t_.to_grid(u_.get(), w);
  for (size_t i = 0; i < n; i += stride)
    for (size_t j = 0; j < n; j += stride, out += out_step) *out = w[i * n + j];
}

/// result = transform of (f - u.grad w), w^ given mode by mode by `stage`.
template <class R>
template <class Stage>
void NavierStokesStepper<R>::advection(const Stage& stage, C* result) {
  const ModeGrid& g = t_.grid;
  // Local pointers to plain numbers: the compiler need not fear that a store changes a table.
  R* __restrict u = reinterpret_cast<R*>(u_.get());
  R* __restrict v = reinterpret_cast<R*>(v_.get());
  R* __restrict wx = reinterpret_cast<R*>(wx_.get());
  R* __restrict wy = reinterpret_cast<R*>(wy_.get());
  const R* __restrict gradient_y = t_.gradient_y.data();
  for (size_t i = 0; i < g.n; ++i) {
    const R gradient_x = t_.gradient_x[i];
    const R* __restrict a = t_.velocity_x.data() + i * g.half;
    const R* __restrict b = t_.velocity_y.data() + i * g.half;
    const size_t row = i * g.half;
    const auto write = [&](size_t j, R re, R im) {
      const size_t at = 2 * (row + j);
      u[at] = -a[j] * im;
      u[at + 1] = a[j] * re;
      v[at] = -b[j] * im;
      v[at + 1] = b[j] * re;
      wx[at] = -gradient_x * im;
      wx[at + 1] = gradient_x * re;
      wy[at] = -gradient_y[j] * im;
      wy[at + 1] = gradient_y[j] * re;
    };
    for (size_t j = 0; j < g.kept; ++j)
      stage.kept(row + j, i * g.kept + j, [&](R re, R im) { write(j, re, im); });
    for (size_t j = g.kept; j < g.half; ++j) stage.dropped(row + j, [&](R re, R im) { write(j, re, im); });
  }
  for (C* field : {u_.get(), v_.get(), wx_.get(), wy_.get()}) t_.columns_back(field, field);
  rows_pass(result);
  t_.columns_forward(result, result);
  for (size_t i = 0; i < g.n; ++i)
    if (!g.keeps_row(i)) std::fill_n(result + i * g.kept, g.kept, C(0, 0));
  // f^ at (1, 1): a (cos + sin) = Re of a (1 - i) exp(..), halved over the pair.
  result[g.kept + 1] += C(R(t_.forcing / 2), R(-t_.forcing / 2));
}

/// u, v, w_x, w_y (x, ky) to -u.grad w / n^2 (x, ky < kept). Two real rows travel in one complex one.
template <class R>
void NavierStokesStepper<R>::rows_pass(C* result) {
  const ModeGrid& g = t_.grid;
  const size_t n = g.n, last = (n - 1) / 2;
  const auto pack = [n, last, &g](const C* first, const C* second, C* row) {
    const R* __restrict a = reinterpret_cast<const R*>(first);
    const R* __restrict b = reinterpret_cast<const R*>(second);
    R* __restrict z = reinterpret_cast<R*>(row);
    // The spectra of real fields: imaginary parts of self-conjugate entries are rounding errors.
    z[0] = a[0];
    z[1] = b[0];
    for (size_t k = 1; k <= last; ++k) {
      z[2 * k] = a[2 * k] - b[2 * k + 1];
      z[2 * k + 1] = a[2 * k + 1] + b[2 * k];
    }
    for (size_t k = 1; k <= last; ++k) {
      z[2 * (n - k)] = a[2 * k] + b[2 * k + 1];
      z[2 * (n - k) + 1] = b[2 * k] - a[2 * k + 1];
    }
    if (n % 2 == 0) {
      z[n] = a[2 * (g.half - 1)];
      z[n + 1] = b[2 * (g.half - 1)];
    }
  };
  const R scale = R(-0.5) / R(n * n);
  for (size_t first = 0; first < n; first += t_.rows) {
    const size_t rows = std::min(t_.rows, n - first);
    for (size_t r = 0; r < rows; ++r) {
      const size_t at = (first + r) * g.half;
      pack(u_.get() + at, v_.get() + at, row_uv_.get() + r * n);
      pack(wx_.get() + at, wy_.get() + at, row_grad_.get() + r * n);
    }
    t_.rows_back(row_uv_.get(), row_uv_.get());
    t_.rows_back(row_grad_.get(), row_grad_.get());
    for (size_t r = 0; r < rows; r += 2) {
      const bool pair = r + 1 < rows;
      const R* __restrict a = reinterpret_cast<const R*>(row_uv_.get() + r * n);
      const R* __restrict b = reinterpret_cast<const R*>(row_grad_.get() + r * n);
      R* __restrict f = reinterpret_cast<R*>(row_adv_.get() + r / 2 * n);
      if (pair)
        for (size_t y = 0; y < n; ++y) {
          f[2 * y] = a[2 * y] * b[2 * y] + a[2 * y + 1] * b[2 * y + 1];
          f[2 * y + 1] = a[2 * (y + n)] * b[2 * (y + n)] + a[2 * (y + n) + 1] * b[2 * (y + n) + 1];
        }
      else
        for (size_t y = 0; y < n; ++y) {
          f[2 * y] = a[2 * y] * b[2 * y] + a[2 * y + 1] * b[2 * y + 1];
          f[2 * y + 1] = 0;
        }
    }
    t_.rows_forward(row_adv_.get(), row_adv_.get());
    for (size_t r = 0; r < rows; r += 2) {
      const R* __restrict f = reinterpret_cast<const R*>(row_adv_.get() + r / 2 * n);
      R* __restrict even = reinterpret_cast<R*>(result + (first + r) * g.kept);
      R* __restrict odd = even + 2 * g.kept;
      const bool pair = r + 1 < rows;
      for (size_t k = 0; k < g.kept; ++k) {
        const size_t m = k == 0 ? 0 : n - k;
        const R re = f[2 * k], im = f[2 * k + 1], mirror_re = f[2 * m], mirror_im = f[2 * m + 1];
        even[2 * k] = scale * (re + mirror_re);
        even[2 * k + 1] = scale * (im - mirror_im);
        if (pair) {
          odd[2 * k] = scale * (im + mirror_im);
          odd[2 * k + 1] = scale * (mirror_re - re);
        }
      }
    }
  }
}

namespace {

/// The stages of one step, mode by mode: `at` counts all modes, `k` the kept ones. Dropped modes only decay.
template <class R>
struct AtState {
  const R* w;
  template <class Write>
  void kept(size_t at, size_t, Write write) const {
    write(w[2 * at], w[2 * at + 1]);
  }
  template <class Write>
  void dropped(size_t at, Write write) const {
    write(w[2 * at], w[2 * at + 1]);
  }
};

/// a = e w + q N: the first two midpoint stages.
template <class R>
struct AtMidpoint {
  const R *w, *n, *decay, *gain;
  template <class Write>
  void kept(size_t at, size_t k, Write write) const {
    write(decay[at] * w[2 * at] + gain[at] * n[2 * k], decay[at] * w[2 * at + 1] + gain[at] * n[2 * k + 1]);
  }
  template <class Write>
  void dropped(size_t at, Write write) const {
    write(decay[at] * w[2 * at], decay[at] * w[2 * at + 1]);
  }
};

/// c = e a + q (2 N_b - N_w) with a = e w + q N_w.
template <class R>
struct AtEnd {
  const R *w, *n, *n_b, *decay, *gain;
  template <class Write>
  void kept(size_t at, size_t k, Write write) const {
    const R e = decay[at], q = gain[at];
    const auto part = [&](size_t c) {
      return e * (e * w[2 * at + c] + q * n[2 * k + c]) + q * (2 * n_b[2 * k + c] - n[2 * k + c]);
    };
    write(part(0), part(1));
  }
  template <class Write>
  void dropped(size_t at, Write write) const {
    const R e = decay[at] * decay[at];
    write(e * w[2 * at], e * w[2 * at + 1]);
  }
};

}  // namespace

template <class R>
void NavierStokesStepper<R>::etdrk4(const StepTable<R>& table) {
  const ModeGrid& g = t_.grid;
  R* w = reinterpret_cast<R*>(state_.get());
  const R* n[4];
  for (int stage = 0; stage < 4; ++stage) n[stage] = reinterpret_cast<const R*>(n_[stage].get());
  const R *decay = table.decay.data(), *gain = table.half_gain.data();
  advection(AtState<R>{w}, n_[0].get());
  advection(AtMidpoint<R>{w, n[0], decay, gain}, n_[1].get());
  advection(AtMidpoint<R>{w, n[1], decay, gain}, n_[2].get());
  advection(AtEnd<R>{w, n[0], n[2], decay, gain}, n_[3].get());
  const R *first = table.first.data(), *middle = table.middle.data(), *last = table.last.data();
  for (size_t i = 0; i < g.n; ++i) {
    const size_t row = i * g.half, kept_row = i * g.kept;
    for (size_t j = 0; j < g.kept; ++j) {
      const size_t at = row + j, k = kept_row + j;
      const R e = decay[at] * decay[at];
      for (size_t c = 0; c < 2; ++c)
        w[2 * at + c] = e * w[2 * at + c] + first[at] * n[0][2 * k + c] +
                        middle[at] * (n[1][2 * k + c] + n[2][2 * k + c]) + last[at] * n[3][2 * k + c];
    }
    for (size_t j = g.kept; j < g.half; ++j) state_[row + j] *= decay[row + j] * decay[row + j];
  }
}

template <class R>
void NavierStokesStepper<R>::crank_nicolson(const StepTable<R>& table) {
  const ModeGrid& g = t_.grid;
  advection(AtState<R>{reinterpret_cast<const R*>(state_.get())}, n_[0].get());
  for (size_t i = 0; i < g.n; ++i) {
    const size_t row = i * g.half;
    for (size_t j = 0; j < g.kept; ++j)
      state_[row + j] = table.decay[row + j] * state_[row + j] + table.first[row + j] * n_[0][i * g.kept + j];
    for (size_t j = g.kept; j < g.half; ++j) state_[row + j] *= table.decay[row + j];
  }
}

template <class R>
bool NavierStokesStepper<R>::finite() const {
  return std::isfinite(state_[1].real()) && std::isfinite(state_[1].imag());
}

template <class R>
double NavierStokesStepper<R>::norm() const {
  const ModeGrid& g = t_.grid;
  double sum = 0;
  for (size_t i = 0; i < g.n; ++i)
    for (size_t j = 0; j < g.half; ++j) {
      const C w = state_[i * g.half + j];
      sum += fft::half_weight(j, g.n) *
             (double(w.real()) * double(w.real()) + double(w.imag()) * double(w.imag()));
    }
  return std::sqrt(sum);
}

template <class R>
double NavierStokesStepper<R>::distance(int slot) const {
  const ModeGrid& g = t_.grid;
  double sum = 0;
  for (size_t i = 0; i < g.n; ++i)
    for (size_t j = 0; j < g.half; ++j) {
      const C d = state_[i * g.half + j] - saved_[slot][i * g.half + j];
      sum += fft::half_weight(j, g.n) *
             (double(d.real()) * double(d.real()) + double(d.imag()) * double(d.imag()));
    }
  return std::sqrt(sum);
}

template <class R>
void NavierStokesStepper<R>::save(int slot) {
  std::copy_n(state_.get(), t_.grid.size(), saved_[slot].get());
}

template <class R>
void NavierStokesStepper<R>::restore(int slot) {
  std::copy_n(saved_[slot].get(), t_.grid.size(), state_.get());
}

#define DANAUS_INSTANTIATE(R)       \
  template struct StepperTables<R>; \
  template class NavierStokesStepper<R>;
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::pde
