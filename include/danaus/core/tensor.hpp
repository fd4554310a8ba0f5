#pragma once

#include <danaus/core/error.hpp>

#include <Kokkos_Core.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace danaus {

using std::size_t;

/// The execution space of the build: OpenMP threads on a CPU, CUDA on a GPU.
using Exec = Kokkos::DefaultExecutionSpace;
using Memory = Exec::memory_space;

namespace detail {
template <class T, int R>
struct Pointer {
  using type = typename Pointer<T*, R - 1>::type;
};
template <class T>
struct Pointer<T, 0> {
  using type = T;
};
}  // namespace detail

/// A dense array of static rank R in device memory, row-major, channels innermost:
/// `(batch, x, y, channel)`. Copies share the data.
template <class T, int R>
using Tensor = Kokkos::View<typename detail::Pointer<T, R>::type, Kokkos::LayoutRight, Memory>;
template <class T, int R>
using ConstTensor = Tensor<const T, R>;
/// The same in host memory.
template <class T, int R>
using HostTensor = Kokkos::View<typename detail::Pointer<T, R>::type, Kokkos::LayoutRight, Kokkos::HostSpace>;

template <int R>
using Shape = std::array<size_t, R>;

/// Whether a result replaces the target or is added to it; gradients use both.
enum class Write { overwrite, accumulate };

template <class T>
KOKKOS_INLINE_FUNCTION void store(Write write, T value, T& target) {
  target = write == Write::overwrite ? value : target + value;
}

template <int R>
Kokkos::LayoutRight layout_of(const Shape<R>& shape) {
  Kokkos::LayoutRight layout;
  for (int axis = 0; axis < R; ++axis) layout.dimension[axis] = shape[axis];
  return layout;
}

template <class View>
auto shape_of(const View& view) {
  Shape<int(View::rank())> shape{};
  for (int axis = 0; axis < int(View::rank()); ++axis) shape[axis] = view.extent(axis);
  return shape;
}

template <size_t R>
size_t size_of(const std::array<size_t, R>& shape) {
  size_t size = 1;
  for (size_t extent : shape) size *= extent;
  return size;
}

template <size_t R>
std::string to_string(const std::array<size_t, R>& shape) {
  std::string text = "(";
  for (size_t axis = 0; axis < R; ++axis) text += (axis ? ", " : "") + std::to_string(shape[axis]);
  return text + ")";
}

/// @throws ShapeError "what: expected shape (..), found (..)" unless the view has the expected shape
template <class View>
void require_shape(const std::string& what, const View& view, const Shape<int(View::rank())>& expected) {
  if (shape_of(view) != expected)
    throw ShapeError(what + ": expected shape " + to_string(expected) + ", found " +
                     to_string(shape_of(view)));
}

/// New tensor, zero unless `Kokkos::WithoutInitializing` is asked for by uninitialized().
template <class T, int R>
Tensor<T, R> zeros(const std::string& label, const Shape<R>& shape) {
  return Tensor<T, R>(label, layout_of<R>(shape));
}
template <class T, int R>
Tensor<T, R> uninitialized(const std::string& label, const Shape<R>& shape) {
  return Tensor<T, R>(Kokkos::view_alloc(label, Kokkos::WithoutInitializing), layout_of<R>(shape));
}

/// Copies to the host (always a new allocation) and to the device.
template <class View>
auto to_host(const View& view) {
  using T = typename View::non_const_value_type;
  constexpr int R = int(View::rank());
  HostTensor<T, R> host(Kokkos::view_alloc(view.label(), Kokkos::WithoutInitializing),
                        layout_of<R>(shape_of(view)));
  Kokkos::deep_copy(host, view);
  return host;
}
template <class T, int R, class HostView>
Tensor<T, R> to_device(const HostView& host) {
  auto device = uninitialized<T, R>(host.label(), shape_of(host));
  Kokkos::deep_copy(device, host);
  return device;
}

/// One index per entry of a contiguous tensor.
template <class View>
Kokkos::RangePolicy<Exec> over_entries(const Exec& space, const View& view) {
  return Kokkos::RangePolicy<Exec>(space, 0, view.size());
}

/// All R-tuples of indices, the last one fastest: neighbouring threads of a GPU then read neighbouring
/// entries of a tensor, and a loop on a CPU runs along its rows.
template <int R>
using Indices = Kokkos::MDRangePolicy<Exec, Kokkos::Rank<R, Kokkos::Iterate::Right, Kokkos::Iterate::Right>>;

/// One pair of indices per item and row: the rest of a tensor (item, row, ...) is the kernel's own loop.
inline Indices<2> over_rows(const Exec& space, size_t items, size_t rows) {
  return {space, {0, 0}, {std::int64_t(items), std::int64_t(rows)}};
}

}  // namespace danaus
