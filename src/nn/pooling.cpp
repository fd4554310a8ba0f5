#include <danaus/nn/pooling.hpp>

#include <danaus/core/instantiate.hpp>

#include "channel_lanes.hpp"

namespace danaus::nn {

enum class Pooling { average, maximum };

/// The window of one output point. Rows and columns that are left out make windows of their own, of fewer
/// than 4 points, in the backward pass.
template <class T, Pooling pooling>
struct Pool {
  ConstTensor<T, 4> x, y_grad;
  Tensor<T, 4> y, x_grad;
  Write write;
  size_t b, i, j;

  KOKKOS_FUNCTION size_t entry(int k, int l, size_t c) const {
    return ((b * x.extent(1) + 2 * i + k) * x.extent(2) + 2 * j + l) * x.extent(3) + c;
  }

  /// Which of the 4 points is the largest.
  template <int L>
  KOKKOS_FUNCTION void find_largest(size_t c, T (&largest)[L], int (&which)[L]) const {
    for (int l = 0; l < L; ++l) largest[l] = x.data()[entry(0, 0, c) + l], which[l] = 0;
    for (int n = 1; n < 4; ++n) {
      const T* values = x.data() + entry(n / 2, n % 2, c);
      for (int l = 0; l < L; ++l)
        if (values[l] > largest[l]) largest[l] = values[l], which[l] = n;
    }
  }

  template <int L>
  KOKKOS_FUNCTION void forward(size_t c) const {
    T* results = y.data() + ((b * y.extent(1) + i) * y.extent(2) + j) * y.extent(3) + c;
    if constexpr (pooling == Pooling::average) {
      const T *v0 = x.data() + entry(0, 0, c), *v1 = x.data() + entry(0, 1, c);
      const T *v2 = x.data() + entry(1, 0, c), *v3 = x.data() + entry(1, 1, c);
      for (int l = 0; l < L; ++l) results[l] = T(0.25) * (v0[l] + v1[l] + v2[l] + v3[l]);
    } else {
      T largest[L];
      int which[L];
      find_largest<L>(c, largest, which);
      for (int l = 0; l < L; ++l) results[l] = largest[l];
    }
  }

  template <int L>
  KOKKOS_FUNCTION void backward(size_t c) const {
    const size_t rows = x.extent(1), columns = x.extent(2);
    if (2 * i + 1 >= rows || 2 * j + 1 >= columns) {  // left out
      for (int n = 0; n < 4; ++n)
        if (2 * i + n / 2 < rows && 2 * j + n % 2 < columns)
          for (int l = 0; l < L; ++l) store(write, T(0), x_grad.data()[entry(n / 2, n % 2, c) + l]);
      return;
    }
    const T* grads =
        y_grad.data() + ((b * y_grad.extent(1) + i) * y_grad.extent(2) + j) * y_grad.extent(3) + c;
    T largest[L];
    int which[L];
    if constexpr (pooling == Pooling::maximum) find_largest<L>(c, largest, which);
    for (int n = 0; n < 4; ++n) {
      T* results = x_grad.data() + entry(n / 2, n % 2, c);
      for (int l = 0; l < L; ++l) {
        const T share = pooling == Pooling::average ? T(0.25) * grads[l] : which[l] == n ? grads[l] : T(0);
        store(write, share, results[l]);
      }
    }
  }
};

template <class Body>
struct ForwardLanes {
  Body body;
  template <int L>
  KOKKOS_FUNCTION void lanes(size_t c) const {
    body.template forward<L>(c);
  }
};
template <class Body>
struct BackwardLanes {
  Body body;
  template <int L>
  KOKKOS_FUNCTION void lanes(size_t c) const {
    body.template backward<L>(c);
  }
};

/// Item -> window and block of channels.
template <class Lanes>
KOKKOS_FORCEINLINE_FUNCTION void run_window(Lanes lanes, size_t item, size_t rows, size_t columns,
                                            size_t blocks, size_t channels) {
  const size_t window = item / blocks;
  lanes.body.j = window % columns;
  lanes.body.i = window / columns % rows;
  lanes.body.b = window / columns / rows;
  for_block(lanes, item % blocks, channels);
}

template <class T, Pooling pooling>
void pool(const Exec& space, const ConstTensor<T, 4>& x, const Tensor<T, 4>& y) {
  const ForwardLanes<Pool<T, pooling>> lanes{{x, {}, y, {}, Write::overwrite, 0, 0, 0}};
  const size_t rows = y.extent(1), columns = y.extent(2), channels = y.extent(3);
  const size_t blocks = channel_blocks(channels);
  Kokkos::parallel_for(
      "danaus::nn::pool", Kokkos::RangePolicy<Exec>(space, 0, y.extent(0) * rows * columns * blocks),
      KOKKOS_LAMBDA(size_t item) { run_window(lanes, item, rows, columns, blocks, channels); });
}

template <class T, Pooling pooling>
void pool_backward(const Exec& space, const ConstTensor<T, 4>& x, const ConstTensor<T, 4>& y_grad,
                   Write write, const Tensor<T, 4>& x_grad) {
  const BackwardLanes<Pool<T, pooling>> lanes{{x, y_grad, {}, x_grad, write, 0, 0, 0}};
  const size_t rows = (x.extent(1) + 1) / 2, columns = (x.extent(2) + 1) / 2, channels = x.extent(3);
  const size_t blocks = channel_blocks(channels);
  Kokkos::parallel_for(
      "danaus::nn::pool_backward", Kokkos::RangePolicy<Exec>(space, 0, x.extent(0) * rows * columns * blocks),
      KOKKOS_LAMBDA(size_t item) { run_window(lanes, item, rows, columns, blocks, channels); });
}

template <class T, Pooling pooling>
Var<T, 4> record_pool(Tape& tape, const Var<T, 4>& x) {
  const auto shape = shape_of(x.value);
  if (shape[1] < 2 || shape[2] < 2)
    throw ShapeError("pooling: expected at least 2 x 2 points, found shape " + to_string(shape));
  auto y = tape.output<T, 4>({shape[0], shape[1] / 2, shape[2] / 2, shape[3]});
  pool<T, pooling>(tape.space(), x.value, y.value);
  tape.record("danaus::nn::pool", y, [x, y](const Exec& space) {
    if (!x.is_tracked()) return;
    const Write write = x.claim_grad();
    pool_backward<T, pooling>(space, x.value, y.grad(), write, x.grad());
  });
  return y;
}

template <class T>
Var<T, 4> average_pool(Tape& tape, const Var<T, 4>& x) {
  return record_pool<T, Pooling::average>(tape, x);
}
template <class T>
Var<T, 4> max_pool(Tape& tape, const Var<T, 4>& x) {
  return record_pool<T, Pooling::maximum>(tape, x);
}

#define DANAUS_INSTANTIATE(T)                                  \
  template Var<T, 4> average_pool<T>(Tape&, const Var<T, 4>&); \
  template Var<T, 4> max_pool<T>(Tape&, const Var<T, 4>&);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::nn
