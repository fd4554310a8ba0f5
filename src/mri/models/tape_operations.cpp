#include <danaus/mri/models/tape_operations.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/mri/solvers/item_arithmetic.hpp>
#include <mri/models/scale_or_add.hpp>

namespace danaus::mri {

namespace {

/// Runs write(target), which overwrites, so that the gradient is overwritten or added to.
template <class R, class Function>
void write_gradient(const Exec& space, Workspace& scratch, const Var<Complex<R>, 4>& x,
                    const Function& write) {
  if (x.claim_grad() == Write::overwrite) return write(x.grad());
  const auto mark = scratch.mark();
  const auto part = scratch.take<Complex<R>, 4>(shape_of(x.value));
  write(part);
  combine<R>(space, R(1), part, R(1), x.grad(), x.grad());
  scratch.release(mark);
}

}  // namespace

template <class R>
Var<Complex<R>, 4> sense_adjoint(Tape& tape, std::shared_ptr<const SenseOperator<R>> a,
                                 const Var<Complex<R>, 4>& y) {
  const auto x = tape.output<Complex<R>, 4>(a->image_shape());
  a->adjoint(tape.space(), y.value, x.value);
  Workspace& scratch = tape.scratch();
  tape.record("danaus::mri::sense_adjoint", x, [=, &scratch](const Exec& space) {
    if (!y.is_tracked()) return;
    write_gradient<R>(space, scratch, y,
                      [&](const Tensor<Complex<R>, 4>& to) { a->forward(space, x.grad(), to); });
  });
  return x;
}

template <class R>
Var<Complex<R>, 4> sense_forward(Tape& tape, std::shared_ptr<const SenseOperator<R>> a,
                                 const Var<Complex<R>, 4>& x) {
  const auto y = tape.output<Complex<R>, 4>(a->kspace_shape());
  a->forward(tape.space(), x.value, y.value);
  Workspace& scratch = tape.scratch();
  tape.record("danaus::mri::sense_forward", y, [=, &scratch](const Exec& space) {
    if (!x.is_tracked()) return;
    write_gradient<R>(space, scratch, x,
                      [&](const Tensor<Complex<R>, 4>& to) { a->adjoint(space, y.grad(), to); });
  });
  return y;
}

/// z = x - step r, or added to z.
template <class R>
void subtract_scaled(const Exec& space, const Tensor<R, 1>& step, const ConstTensor<Complex<R>, 4>& x,
                     const ConstTensor<Complex<R>, 4>& r, Write write, const Tensor<Complex<R>, 4>& z) {
  const Complex<R>*from = x.data(), *residual = r.data();
  Complex<R>* to = z.data();
  Kokkos::parallel_for(
      "danaus::mri::subtract_scaled", over_entries(space, z),
      KOKKOS_LAMBDA(size_t i) { danaus::store(write, from[i] - step(0) * residual[i], to[i]); });
}

/// r = r - b, z = x - step r.
template <class R>
void step_along(const Exec& space, const Tensor<R, 1>& step, const ConstTensor<Complex<R>, 4>& x,
                const ConstTensor<Complex<R>, 4>& b, const Tensor<Complex<R>, 4>& r,
                const Tensor<Complex<R>, 4>& z) {
  const Complex<R>*from = x.data(), *wanted = b.data();
  Complex<R>*residual = r.data(), *to = z.data();
  Kokkos::parallel_for(
      "danaus::mri::step_along", over_entries(space, z), KOKKOS_LAMBDA(size_t i) {
        const Complex<R> value = residual[i] - wanted[i];
        residual[i] = value;
        to[i] = from[i] - step(0) * value;
      });
}

/// step_grad -= Re <r, g>, rows in order.
template <class R>
void add_step_gradient(const Exec& space, const ConstTensor<Complex<R>, 4>& r,
                       const ConstTensor<Complex<R>, 4>& g, const Tensor<double, 1>& rows,
                       const Tensor<R, 1>& step_grad) {
  const size_t count = rows.extent(0), size = r.size() / count;
  const Complex<R>*a = r.data(), *b = g.data();
  Kokkos::parallel_for(
      "danaus::mri::add_step_gradient (rows)", Kokkos::RangePolicy<Exec>(space, 0, count),
      KOKKOS_LAMBDA(size_t row) {
        double sum = 0;
        for (size_t i = row * size; i < (row + 1) * size; ++i)
          sum += double(a[i].real()) * double(b[i].real()) + double(a[i].imag()) * double(b[i].imag());
        rows(row) = sum;
      });
  Kokkos::parallel_for(
      "danaus::mri::add_step_gradient", Kokkos::RangePolicy<Exec>(space, 0, 1), KOKKOS_LAMBDA(size_t) {
        double sum = 0;
        for (size_t row = 0; row < count; ++row) sum += rows(row);
        step_grad(0) -= R(sum);
      });
}

template <class R>
Var<Complex<R>, 4> data_consistency(Tape& tape, std::shared_ptr<const SenseOperator<R>> a,
                                    const Tensor<Complex<R>, 4>& b, const Parameter<R, 1>& step,
                                    const Var<Complex<R>, 4>& x) {
  require_shape("mri::data_consistency: x", x.value, shape_of(b));
  const auto z = tape.output<Complex<R>, 4>(shape_of(b));
  const auto residual = tape.saved<Complex<R>, 4>(shape_of(b));
  a->normal(tape.space(), x.value, residual);
  step_along<R>(tape.space(), step.value(), x.value, b, residual, z.value);
  Workspace& scratch = tape.scratch();
  tape.record("danaus::mri::data_consistency", z, [=, &scratch](const Exec& space) {
    const auto mark = scratch.mark();
    const auto rows = scratch.take<double, 1>({residual.extent(0) * residual.extent(1)});
    add_step_gradient<R>(space, residual, z.grad(), rows, step.grad());
    if (x.is_tracked()) {
      const auto normal = scratch.take<Complex<R>, 4>(shape_of(residual));
      a->normal(space, z.grad(), normal);
      const Write write = x.claim_grad();
      subtract_scaled<R>(space, step.value(), z.grad(), normal, write, x.grad());
    }
    scratch.release(mark);
  });
  return z;
}

template <class R>
Var<Complex<R>, 4> extrapolate(Tape& tape, R beta, const Var<Complex<R>, 4>& x,
                               const Var<Complex<R>, 4>& before) {
  require_shape("mri::extrapolate: before", before.value, shape_of(x.value));
  const auto w = tape.output<Complex<R>, 4>(shape_of(x.value));
  combine<R>(tape.space(), 1 + beta, x.value, -beta, before.value, w.value);
  tape.record("danaus::mri::extrapolate", w, [=](const Exec& space) {
    if (x.is_tracked()) {
      const Write write = x.claim_grad();
      scale_or_add<R>(space, 1 + beta, w.grad(), write, x.grad());
    }
    if (before.is_tracked()) {
      const Write write = before.claim_grad();
      scale_or_add<R>(space, -beta, w.grad(), write, before.grad());
    }
  });
  return w;
}

template <class R>
void weigh_centre(const Exec& space, const ConstTensor<Complex<R>, 4>& y, const ConstTensor<R, 3>& w,
                  const ConstTensor<R, 2>& learned, const Tensor<Complex<R>, 4>& out) {
  const int rows = int(out.extent(1)), columns = int(out.extent(2)), coils = int(out.extent(3));
  const int first_row = int(y.extent(1) / 2 - out.extent(1) / 2),
            first_column = int(y.extent(2) / 2 - out.extent(2) / 2);
  const bool learns = learned.size() > 0;
  const int per_weight = int(out.extent(0) / w.extent(0));
  Kokkos::parallel_for(
      "danaus::mri::weigh_centre", over_rows(space, out.extent(0), size_t(rows)),
      KOKKOS_LAMBDA(int b, int j) {
        for (int k = 0; k < columns; ++k) {
          const R factor = w(b / per_weight, j, k) * (learns ? learned(j, k) : R(1));
          const Complex<R>* from = &y(b, first_row + j, first_column + k, 0);
          Complex<R>* to = &out(b, j, k, 0);
          for (int c = 0; c < coils; ++c) to[c] = factor * from[c];
        }
      });
}

/// learned_grad(j, k) += sum over items and coils of w Re(conj(y) g), in index order.
template <class R>
void weigh_centre_gradient(const Exec& space, const ConstTensor<Complex<R>, 4>& y, const ConstTensor<R, 3>& w,
                           const ConstTensor<Complex<R>, 4>& g, const Tensor<R, 2>& learned_grad) {
  const int items = int(g.extent(0)), columns = int(g.extent(2)), coils = int(g.extent(3));
  const int first_row = int(y.extent(1) / 2 - g.extent(1) / 2),
            first_column = int(y.extent(2) / 2 - g.extent(2) / 2);
  const int per_weight = int(g.extent(0) / w.extent(0));
  Kokkos::parallel_for(
      "danaus::mri::weigh_centre_gradient", over_rows(space, g.extent(1), size_t(columns)),
      KOKKOS_LAMBDA(int j, int k) {
        R total = 0;
        for (int b = 0; b < items; ++b) {
          const Complex<R>* from = &y(b, first_row + j, first_column + k, 0);
          const Complex<R>* to = &g(b, j, k, 0);
          R sum = 0;
          for (int c = 0; c < coils; ++c)
            sum += from[c].real() * to[c].real() + from[c].imag() * to[c].imag();
          total += w(b / per_weight, j, k) * sum;
        }
        learned_grad(j, k) += total;
      });
}

template <class R>
Var<Complex<R>, 4> weighted_centre(Tape& tape, const ConstTensor<Complex<R>, 4>& y,
                                   const ConstTensor<R, 3>& w, const Parameter<R, 2>* learned, size_t rows,
                                   size_t columns) {
  require_shape("mri::weighted_centre: w", w, {w.extent(0), rows, columns});
  const auto out = tape.output<Complex<R>, 4>({y.extent(0), rows, columns, y.extent(3)});
  weigh_centre<R>(tape.space(), y, w, learned ? ConstTensor<R, 2>(learned->value()) : ConstTensor<R, 2>(),
                  out.value);
  if (!learned) return Var<Complex<R>, 4>::constant(out.value);
  tape.record("danaus::mri::weighted_centre", out, [=, learned = *learned](const Exec& space) {
    weigh_centre_gradient<R>(space, y, w, out.grad(), learned.grad());
  });
  return out;
}

template <class R>
void multiply_separable(const Exec& space, const ConstTensor<Complex<R>, 1>& row_weights,
                        const ConstTensor<Complex<R>, 1>& column_weights, bool conjugated,
                        const ConstTensor<Complex<R>, 4>& u, Write write, const Tensor<Complex<R>, 4>& v) {
  const int columns = int(u.extent(2)), channels = int(u.extent(3));
  Kokkos::parallel_for(
      "danaus::mri::multiply_separable", over_rows(space, u.extent(0), u.extent(1)),
      KOKKOS_LAMBDA(int b, int j) {
        for (int k = 0; k < columns; ++k) {
          Complex<R> factor = row_weights(j) * column_weights(k);
          if (conjugated) factor = conjugate(factor);
          for (int c = 0; c < channels; ++c) danaus::store(write, factor * u(b, j, k, c), v(b, j, k, c));
        }
      });
}

/// grad(i) += sum conj(other(..) u) g over all entries with index i along `axis`, in index order.
template <class R>
void separable_gradient(const Exec& space, int axis, const ConstTensor<Complex<R>, 1>& other,
                        const ConstTensor<Complex<R>, 4>& u, const ConstTensor<Complex<R>, 4>& g,
                        const Tensor<Complex<R>, 1>& grad) {
  const int items = int(u.extent(0)), channels = int(u.extent(3)), inner = int(other.extent(0));
  Kokkos::parallel_for(
      "danaus::mri::separable_gradient", Kokkos::RangePolicy<Exec>(space, 0, grad.extent(0)),
      KOKKOS_LAMBDA(int i) {
        Complex<R> total = 0;
        for (int b = 0; b < items; ++b)
          for (int o = 0; o < inner; ++o) {
            const int j = axis == 1 ? i : o, k = axis == 1 ? o : i;
            Complex<R> sum = 0;
            for (int c = 0; c < channels; ++c) sum += conjugate(u(b, j, k, c)) * g(b, j, k, c);
            total += conjugate(other(o)) * sum;
          }
        grad(i) += total;
      });
}

template <class R>
Var<Complex<R>, 4> separable_weights(Tape& tape, const Parameter<Complex<R>, 1>& row_weights,
                                     const Parameter<Complex<R>, 1>& column_weights,
                                     const Var<Complex<R>, 4>& u) {
  require_shape("mri::separable_weights: u", u.value,
                {u.value.extent(0), row_weights.shape()[0], column_weights.shape()[0], u.value.extent(3)});
  const auto v = tape.output<Complex<R>, 4>(shape_of(u.value));
  multiply_separable<R>(tape.space(), row_weights.value(), column_weights.value(), false, u.value,
                        Write::overwrite, v.value);
  tape.record("danaus::mri::separable_weights", v, [=](const Exec& space) {
    separable_gradient<R>(space, 1, column_weights.value(), u.value, v.grad(), row_weights.grad());
    separable_gradient<R>(space, 2, row_weights.value(), u.value, v.grad(), column_weights.grad());
    if (!u.is_tracked()) return;
    const Write write = u.claim_grad();
    multiply_separable<R>(space, row_weights.value(), column_weights.value(), true, v.grad(), write,
                          u.grad());
  });
  return v;
}

template <class R>
void clear_outside(const Exec& space, const ConstTensor<Complex<R>, 5>& maps,
                   const ConstTensor<Complex<R>, 4>& x, Write write, const Tensor<Complex<R>, 4>& y) {
  const int columns = int(x.extent(2)), sets = int(x.extent(3)), inner = int(maps.extent(3) * maps.extent(4));
  const int per_slice = int(x.extent(0) / maps.extent(0));
  Kokkos::parallel_for(
      "danaus::mri::clear_outside", over_rows(space, maps.extent(0), x.extent(1)),
      KOKKOS_LAMBDA(int slice, int j) {
        for (int k = 0; k < columns; ++k) {
          const Complex<R>* map = &maps(slice, j, k, 0, 0);
          bool inside = false;
          for (int c = 0; c < inner && !inside; ++c) inside = map[c].real() != 0 || map[c].imag() != 0;
          for (int b = slice * per_slice; b < (slice + 1) * per_slice; ++b)
            for (int m = 0; m < sets; ++m)
              danaus::store(write, inside ? x(b, j, k, m) : Complex<R>(0), y(b, j, k, m));
        }
      });
}

template <class R>
Var<Complex<R>, 4> keep_support(Tape& tape, const ConstTensor<Complex<R>, 5>& maps,
                                const Var<Complex<R>, 4>& x) {
  const auto y = tape.output<Complex<R>, 4>(shape_of(x.value));
  clear_outside<R>(tape.space(), maps, x.value, Write::overwrite, y.value);
  tape.record("danaus::mri::keep_support", y, [=](const Exec& space) {
    if (!x.is_tracked()) return;
    const Write write = x.claim_grad();
    clear_outside<R>(space, maps, y.grad(), write, x.grad());
  });
  return y;
}

template <class R>
Var<Complex<R>, 4> limit_band(Tape& tape, std::shared_ptr<const BandLimit<R>> band,
                              const Var<Complex<R>, 4>& x) {
  if (band->is_identity()) return x;
  const auto y = tape.output<Complex<R>, 4>(shape_of(x.value));
  (*band)(tape.space(), x.value, y.value);
  Workspace& scratch = tape.scratch();
  tape.record("danaus::mri::limit_band", y, [=, &scratch](const Exec& space) {
    if (!x.is_tracked()) return;
    write_gradient<R>(space, scratch, x,
                      [&](const Tensor<Complex<R>, 4>& to) { (*band)(space, y.grad(), to); });
  });
  return y;
}

#define DANAUS_INSTANTIATE(R)                                                                              \
  template Var<Complex<R>, 4> sense_adjoint<R>(Tape&, std::shared_ptr<const SenseOperator<R>>,             \
                                               const Var<Complex<R>, 4>&);                                 \
  template Var<Complex<R>, 4> sense_forward<R>(Tape&, std::shared_ptr<const SenseOperator<R>>,             \
                                               const Var<Complex<R>, 4>&);                                 \
  template Var<Complex<R>, 4> data_consistency<R>(Tape&, std::shared_ptr<const SenseOperator<R>>,          \
                                                  const Tensor<Complex<R>, 4>&, const Parameter<R, 1>&,    \
                                                  const Var<Complex<R>, 4>&);                              \
  template Var<Complex<R>, 4> extrapolate<R>(Tape&, R, const Var<Complex<R>, 4>&,                          \
                                             const Var<Complex<R>, 4>&);                                   \
  template Var<Complex<R>, 4> weighted_centre<R>(Tape&, const ConstTensor<Complex<R>, 4>&,                 \
                                                 const ConstTensor<R, 3>&, const Parameter<R, 2>*, size_t, \
                                                 size_t);                                                  \
  template Var<Complex<R>, 4> separable_weights<R>(                                                        \
      Tape&, const Parameter<Complex<R>, 1>&, const Parameter<Complex<R>, 1>&, const Var<Complex<R>, 4>&); \
  template Var<Complex<R>, 4> keep_support<R>(Tape&, const ConstTensor<Complex<R>, 5>&,                    \
                                              const Var<Complex<R>, 4>&);                                  \
  template Var<Complex<R>, 4> limit_band<R>(Tape&, std::shared_ptr<const BandLimit<R>>,                    \
                                            const Var<Complex<R>, 4>&);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::mri
