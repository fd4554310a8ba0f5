#include <danaus/nn/rearrange.hpp>

#include <danaus/core/instantiate.hpp>

#include "channel_lanes.hpp"

namespace danaus::nn {

template <class T>
struct CopyChannels {
  const T* from;
  T* to;
  Write write;

  template <int L>
  KOKKOS_FUNCTION void lanes(size_t c) const {
    for (int l = 0; l < L; ++l) store(write, from[c + l], to[c + l]);
  }
};

/// `count` channels of every point: from[point, from_first + c] -> to[point, to_first + c].
template <class T>
void copy_channels(const Exec& space, const ConstTensor<T, 4>& from, size_t from_first, size_t count,
                   Write write, const Tensor<T, 4>& to, size_t to_first) {
  const size_t from_channels = from.extent(3), to_channels = to.extent(3), blocks = channel_blocks(count);
  const size_t points = to.extent(0) * to.extent(1) * to.extent(2);
  Kokkos::parallel_for(
      "danaus::nn::copy_channels", Kokkos::RangePolicy<Exec>(space, 0, points * blocks),
      KOKKOS_LAMBDA(size_t item) {
        const size_t p = item / blocks;
        const CopyChannels<T> body{from.data() + p * from_channels + from_first,
                                   to.data() + p * to_channels + to_first, write};
        for_block(body, item % blocks, count);
      });
}

template <class T>
void copy_middle(const Exec& space, const ConstTensor<T, 4>& from, Write write, const Tensor<T, 4>& to) {
  const long channels = long(to.extent(3)), rows = long(to.extent(1)), columns = long(to.extent(2));
  const long from_rows = long(from.extent(1)), from_columns = long(from.extent(2));
  // Of a larger grid: where the smaller one begins in it; of a smaller one: minus that.
  const long first_row = from_rows >= rows ? (from_rows - rows) / 2 : -((rows - from_rows) / 2);
  const long first_column =
      from_columns >= columns ? (from_columns - columns) / 2 : -((columns - from_columns) / 2);
  Kokkos::parallel_for(
      "danaus::nn::copy_middle", over_entries(space, to), KOKKOS_LAMBDA(size_t q) {
        const long p = long(q) / channels, c = long(q) % channels, j = p % columns + first_column;
        const long i = p / columns % rows + first_row, b = p / columns / rows;
        const bool inside = i >= 0 && i < from_rows && j >= 0 && j < from_columns;
        store(write, inside ? from(b, i, j, c) : T(0), to.data()[q]);
      });
}

template <class T>
Var<T, 4> concatenate(Tape& tape, const Var<T, 4>& a, const Var<T, 4>& b) {
  const auto shape = shape_of(a.value);
  const size_t first = shape[3], second = b.value.extent(3);
  require_shape("concatenate", b.value, {shape[0], shape[1], shape[2], second});
  auto y = tape.output<T, 4>({shape[0], shape[1], shape[2], first + second});
  copy_channels<T>(tape.space(), a.value, 0, first, Write::overwrite, y.value, 0);
  copy_channels<T>(tape.space(), b.value, 0, second, Write::overwrite, y.value, first);
  tape.record("danaus::nn::concatenate", y, [a, b, y, first, second](const Exec& space) {
    if (a.is_tracked()) {
      const Write write = a.claim_grad();
      copy_channels<T>(space, y.grad(), 0, first, write, a.grad(), 0);
    }
    if (b.is_tracked()) {
      const Write write = b.claim_grad();
      copy_channels<T>(space, y.grad(), first, second, write, b.grad(), 0);
    }
  });
  return y;
}

template <class T>
Var<T, 4> pad_or_crop(Tape& tape, const Var<T, 4>& x, size_t points_x, size_t points_y) {
  const auto shape = shape_of(x.value);
  if (shape[1] == points_x && shape[2] == points_y) return x;
  auto y = tape.output<T, 4>({shape[0], points_x, points_y, shape[3]});
  copy_middle<T>(tape.space(), x.value, Write::overwrite, y.value);
  tape.record("danaus::nn::pad_or_crop", y, [x, y](const Exec& space) {
    if (!x.is_tracked()) return;
    const Write write = x.claim_grad();
    copy_middle<T>(space, y.grad(), write, x.grad());
  });
  return y;
}

#define DANAUS_INSTANTIATE(T)                                                   \
  template Var<T, 4> concatenate<T>(Tape&, const Var<T, 4>&, const Var<T, 4>&); \
  template Var<T, 4> pad_or_crop<T>(Tape&, const Var<T, 4>&, size_t, size_t);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::nn
