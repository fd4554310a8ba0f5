#include <danaus/core/instantiate.hpp>
#include <danaus/mri/models/tape_operations.hpp>
#include <mri/models/scale_or_add.hpp>

namespace danaus::mri {

/// c = the parts of x, or added to c.
template <class R>
void write_channels(const Exec& space, const ConstTensor<Complex<R>, 4>& x, Write write,
                    const Tensor<R, 4>& c) {
  const int columns = int(x.extent(2)), echoes = int(c.extent(3) / 2);
  Kokkos::parallel_for(
      "danaus::mri::write_channels", over_rows(space, x.extent(0), x.extent(1)), KOKKOS_LAMBDA(int b, int j) {
        const int slice = b / echoes, first = 2 * (b % echoes);
        for (int k = 0; k < columns; ++k) {
          danaus::store(write, x(b, j, k, 0).real(), c(slice, j, k, first));
          danaus::store(write, x(b, j, k, 0).imag(), c(slice, j, k, first + 1));
        }
      });
}

/// x = base + the numbers of c, or added to x; base may be empty.
template <class R>
void read_channels(const Exec& space, const ConstTensor<Complex<R>, 4>& base, const ConstTensor<R, 4>& c,
                   Write write, const Tensor<Complex<R>, 4>& x) {
  const int columns = int(x.extent(2)), echoes = int(c.extent(3) / 2);
  const bool has_base = base.size() > 0;
  Kokkos::parallel_for(
      "danaus::mri::read_channels", over_rows(space, x.extent(0), x.extent(1)), KOKKOS_LAMBDA(int b, int j) {
        const int slice = b / echoes, first = 2 * (b % echoes);
        for (int k = 0; k < columns; ++k) {
          Complex<R> value(c(slice, j, k, first), c(slice, j, k, first + 1));
          if (has_base) value += base(b, j, k, 0);
          danaus::store(write, value, x(b, j, k, 0));
        }
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
