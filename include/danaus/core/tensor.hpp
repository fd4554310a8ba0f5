#pragma once

#include <danaus/core/error.hpp>

#include <Kokkos_Core.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

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

namespace detail {
/// Compiled once, in src/core/tensor.cpp: Kokkos::deep_copy fills a translation unit with a dozen loops for
/// every shape it meets.
template <class Space, class T>
void fill_entries(const Exec& space, T* entries, size_t count, T value);
template <class To, class From>
void copy_bytes(const Exec& space, void* to, const void* from, size_t bytes);

template <class View>
void require_contiguous(const View& view) {
  if (!view.span_is_contiguous()) throw ShapeError(view.label() + ": is no contiguous tensor");
}
}  // namespace detail

/// Sets every entry of a contiguous tensor, in the order of the space's work.
/// @throws ShapeError if it is not contiguous
template <class View>
void fill(const Exec& space, const View& view, const typename View::value_type& value) {
  detail::require_contiguous(view);
  detail::fill_entries<typename View::memory_space>(space, view.data(), view.size(), value);
}
/// The same, after all work before it, and waits.
template <class View>
void fill(const View& view, const typename View::value_type& value) {
  const Exec space;
  Kokkos::fence("danaus: before a fill");
  fill(space, view, value);
  space.fence("danaus: after a fill");
}

/// Copies the entries of a contiguous tensor into another of the same shape, from and to any memory, in the
/// order of the space's work.
/// @throws ShapeError if the shapes differ or one is not contiguous
template <class Target, class Source>
void copy(const Exec& space, const Target& target, const Source& source) {
  using T = typename Target::value_type;
  static_assert(std::is_same_v<const T, const typename Source::value_type>, "copies do not convert");
  require_shape(target.label(), target, shape_of(source));
  detail::require_contiguous(target);
  detail::require_contiguous(source);
  detail::copy_bytes<typename Target::memory_space, typename Source::memory_space>(
      space, target.data(), source.data(), target.size() * sizeof(T));
}
/// The same, after all work before it, and waits.
template <class Target, class Source>
void copy(const Target& target, const Source& source) {
  const Exec space;
  Kokkos::fence("danaus: before a copy");
  copy(space, target, source);
  space.fence("danaus: after a copy");
}

/// New tensor with unspecified entries, or with zeros.
template <class T, int R>
Tensor<T, R> uninitialized(const std::string& label, const Shape<R>& shape) {
  return Tensor<T, R>(Kokkos::view_alloc(label, Kokkos::WithoutInitializing), layout_of<R>(shape));
}
template <class T, int R>
Tensor<T, R> zeros(const std::string& label, const Shape<R>& shape) {
  auto tensor = uninitialized<T, R>(label, shape);
  fill(tensor, T(0));
  return tensor;
}

/// Copies to the host (always a new allocation) and to the device.
template <class View>
auto to_host(const View& view) {
  using T = typename View::non_const_value_type;
  constexpr int R = int(View::rank());
  HostTensor<T, R> host(Kokkos::view_alloc(view.label(), Kokkos::WithoutInitializing),
                        layout_of<R>(shape_of(view)));
  copy(host, view);
  return host;
}
template <class T, int R, class HostView>
Tensor<T, R> to_device(const HostView& host) {
  auto device = uninitialized<T, R>(host.label(), shape_of(host));
  copy(device, host);
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
  const auto last = std::int64_t(rows);
#if defined(KOKKOS_ENABLE_CUDA)
  return {space, {0, 0}, {std::int64_t(items), last}};
#else
  // Left to itself, Kokkos deals out whole items, two at a time: a slice with two echoes ran on one thread.
  return {space, {0, 0}, {std::int64_t(items), last}, {1, std::clamp<std::int64_t>(last / 8, 1, 8)}};
#endif
}

}  // namespace danaus
