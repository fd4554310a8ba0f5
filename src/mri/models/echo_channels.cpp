#include <danaus/core/instantiate.hpp>
#include <danaus/mri/models/tape_operations.hpp>
#include <mri/models/scale_or_add.hpp>

namespace danaus::mri {

/// c = the parts of x, or added to c.
template <class R>
void write_channels(const Exec& space, const ConstTensor<Complex<R>, 4>& x, Write write,
                    const Tensor<R, 4>& c) {
  const int columns = int(x.extent(2)), channels = int(c.extent(3)), echoes = channels / 2;
  Kokkos::parallel_for(
      "danaus::mri::write_channels", over_rows(space, x.extent(0), x.extent(1)), KOKKOS_LAMBDA(int b, int j) {
        const Complex<R>* from = &x(b, j, 0, 0);
        R* to = &c(b / echoes, j, 0, 2 * (b % echoes));
        for (int k = 0; k < columns; ++k, to += channels) {
          danaus::store(write, from[k].real(), to[0]);
          danaus::store(write, from[k].imag(), to[1]);
        }
      });
}

/// x = base + the numbers of c, or added to x; base may be empty.
template <class R>
void read_channels(const Exec& space, const ConstTensor<Complex<R>, 4>& base, const ConstTensor<R, 4>& c,
                   Write write, const Tensor<Complex<R>, 4>& x) {
  const int columns = int(x.extent(2)), channels = int(c.extent(3)), echoes = channels / 2;
  const bool has_base = base.size() > 0;
  Kokkos::parallel_for(
      "danaus::mri::read_channels", over_rows(space, x.extent(0), x.extent(1)), KOKKOS_LAMBDA(int b, int j) {
        const R* from = &c(b / echoes, j, 0, 2 * (b % echoes));
        const Complex<R>* start = has_base ? &base(b, j, 0, 0) : nullptr;
        Complex<R>* to = &x(b, j, 0, 0);
        for (int k = 0; k < columns; ++k, from += channels)
          danaus::store(write, Complex<R>(from[0], from[1]) + (has_base ? start[k] : Complex<R>(0)), to[k]);
      });
}

template <class R>
Var<R, 4> echo_channels(Tape& tape, const Var<Complex<R>, 4>& x, size_t echoes) {
  const auto s = shape_of(x.value);
  require_shape("mri::echo_channels: x", x.value, {s[0] / echoes * echoes, s[1], s[2], 1});
  const auto c = tape.output<R, 4>({s[0] / echoes, s[1], s[2], 2 * echoes});
  write_channels<R>(tape.space(), x.value, Write::overwrite, c.value);
  tape.record("danaus::mri::echo_channels", c, [=](const Exec& space) {
    if (!x.is_tracked()) return;
    const Write write = x.claim_grad();
    read_channels<R>(space, ConstTensor<Complex<R>, 4>(), c.grad(), write, x.grad());
  });
  return c;
}

template <class R>
Var<Complex<R>, 4> add_channels(Tape& tape, const Var<Complex<R>, 4>& x, const Var<R, 4>& c) {
  const auto s = shape_of(x.value);
  const size_t slices = c.value.extent(0);
  require_shape("mri::add_channels: channels", c.value, {slices, s[1], s[2], 2 * s[0] / slices});
  const auto y = tape.output<Complex<R>, 4>(s);
  read_channels<R>(tape.space(), x.value, c.value, Write::overwrite, y.value);
  tape.record("danaus::mri::add_channels", y, [=](const Exec& space) {
    if (c.is_tracked()) {
      const Write write = c.claim_grad();
      write_channels<R>(space, y.grad(), write, c.grad());
    }
    if (x.is_tracked()) {
      const Write write = x.claim_grad();
      scale_or_add<R>(space, R(1), y.grad(), write, x.grad());
    }
  });
  return y;
}

#define DANAUS_INSTANTIATE(R)                                                    \
  template Var<R, 4> echo_channels<R>(Tape&, const Var<Complex<R>, 4>&, size_t); \
  template Var<Complex<R>, 4> add_channels<R>(Tape&, const Var<Complex<R>, 4>&, const Var<R, 4>&);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::mri
