#include <danaus/mri/models/learned_inverse.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/mri/operators/sense_operator.hpp>

#include <algorithm>

namespace danaus::mri {

namespace {

/// Rows whose coil images exist together: on a CPU little memory (1.3 MB for eight coils of 160 columns), and
/// work for many threads.
#if defined(KOKKOS_ENABLE_CUDA)
constexpr size_t rows_together = size_t(1) << 30;
#else
constexpr size_t rows_together = 128;
#endif

/// Rows first .. first + count of an item of (batch, y, z, channel), as a batch of one.
template <class View>
View rows_of(const View& v, size_t item, size_t first, size_t count) {
  const size_t row = v.extent(2) * v.extent(3);
  return View(v.data() + (item * v.extent(1) + first) * row, 1, count, v.extent(2), v.extent(3));
}

template <class R>
ConstTensor<Complex<R>, 5> map_rows(const ConstTensor<Complex<R>, 5>& maps, size_t slice, size_t first,
                                    size_t count) {
  const size_t row = maps.extent(2) * maps.extent(3) * maps.extent(4);
  return ConstTensor<Complex<R>, 5>(maps.data() + (slice * maps.extent(1) + first) * row, 1, count,
                                    maps.extent(2), maps.extent(3), maps.extent(4));
}

/// Lanes along the rows of the centre of (batch, ky, kz, coil).
template <class R>
monarch::Lanes<const R> centre_lanes(const ConstTensor<Complex<R>, 4>& samples, size_t rows, size_t columns) {
  const size_t first_row = samples.extent(1) / 2 - rows / 2,
               first_column = samples.extent(2) / 2 - columns / 2, coils = samples.extent(3),
               row = samples.extent(2) * coils;
  return {.data = reinterpret_cast<const R*>(samples.data() + first_row * row + first_column * coils),
          .runs = samples.extent(0),
          .run_length = columns * coils,
          .run_stride = ptrdiff_t(2 * samples.extent(1) * row),
          .lane_stride = 2,
          .row_stride = ptrdiff_t(2 * row),
          .plane_stride = 1};
}

/// work(item, first row, rows) until all are done.
template <class Work>
void for_some_rows(size_t items, size_t rows, const Work& work) {
  for (size_t b = 0; b < items; ++b)
    for (size_t first = 0; first < rows; first += rows_together)
      work(b, first, std::min(rows_together, rows - first));
}

}  // namespace

template <class R>
Var<Complex<R>, 4> transform_centre(Tape& tape, const nn::AxisMonarch<R>& along_y, const Tensor<R, 1>& packed,
                                    const ConstTensor<Complex<R>, 4>& samples, size_t columns) {
  const auto& transform = along_y.transform();
  const size_t rows = transform.inputs(), items = samples.extent(0), coils = samples.extent(3);
  if (rows > samples.extent(1) || columns > samples.extent(2))
    throw ShapeError("mri::transform_centre: a centre of " + to_string(Shape<2>{rows, columns}) +
                     " of samples of shape " + to_string(shape_of(samples)));
  const auto out = tape.output<Complex<R>, 4>({items, transform.outputs(), columns, coils});
  const auto lanes_of = [=](const Tensor<Complex<R>, 4>& y) {
    return monarch::complex_lanes<R>(Tensor<Complex<R>, 3>(y.data(), items, y.extent(1), columns * coils));
  };
  transform.apply(tape.space(), packed, centre_lanes<R>(samples, rows, columns), Write::overwrite,
                  lanes_of(out.value));
  Workspace& scratch = tape.scratch();
  tape.record("danaus::mri::transform_centre", out, [=, layer = along_y, &scratch](const Exec& space) {
    layer.transform().backward(space, packed, centre_lanes<R>(samples, rows, columns),
                               monarch::Lanes<const R>(lanes_of(out.grad())), scratch, Write::overwrite, {},
                               reinterpret_cast<R*>(layer.left().grad().data()),
                               reinterpret_cast<R*>(layer.right().grad().data()));
  });
  return out;
}

template <class R>
Var<Complex<R>, 4> transform_and_combine(Tape& tape, const nn::AxisMonarch<R>& along_z,
                                         const Tensor<R, 1>& packed, const ConstTensor<Complex<R>, 5>& maps,
                                         const Var<Complex<R>, 4>& u) {
  const size_t items = u.value.extent(0), rows = u.value.extent(1), columns = along_z.transform().outputs(),
               coils = u.value.extent(3);
  require_shape("mri::transform_and_combine: u", u.value, {items, rows, along_z.transform().inputs(), coils});
  require_shape("mri::transform_and_combine: maps", maps,
                {maps.extent(0), rows, columns, coils, maps.extent(4)});
  if (maps.extent(0) == 0 || items % maps.extent(0) != 0)
    throw ShapeError("mri::transform_and_combine: " + std::to_string(items) + " items for maps of " +
                     std::to_string(maps.extent(0)) + " slices");
  const size_t per_slice = items / maps.extent(0);
  const Shape<4> some{1, std::min(rows, rows_together), columns, coils};
  const auto x = tape.output<Complex<R>, 4>({items, rows, columns, maps.extent(4)});
  Workspace& scratch = tape.scratch();
  {
    const auto mark = scratch.mark();
    const auto coil_images = scratch.take<Complex<R>, 4>(some);
    for_some_rows(items, rows, [&](size_t b, size_t first, size_t count) {
      const auto images = rows_of(coil_images, 0, 0, count);
      along_z.apply(tape.space(), packed, rows_of(u.value, b, first, count), images);
      combine_coils<R>(tape.space(), map_rows<R>(maps, b / per_slice, first, count), images, Write::overwrite,
                       rows_of(x.value, b, first, count));
    });
    scratch.release(mark);
  }
  tape.record("danaus::mri::transform_and_combine", x, [=, &scratch](const Exec& space) {
    const auto mark = scratch.mark();
    const auto coil_grads = scratch.take<Complex<R>, 4>(some);
    const Write write = u.is_tracked() ? u.claim_grad() : Write::overwrite;
    for_some_rows(items, rows, [&](size_t b, size_t first, size_t count) {
      const auto grads = rows_of(coil_grads, 0, 0, count);
      expand_coils<R>(space, map_rows<R>(maps, b / per_slice, first, count),
                      rows_of(x.grad(), b, first, count), grads);
      along_z.backward(space, packed, rows_of(u.value, b, first, count), grads, scratch, write,
                       u.is_tracked() ? rows_of(u.grad(), b, first, count) : Tensor<Complex<R>, 4>());
    });
    scratch.release(mark);
  });
  return x;
}

#define DANAUS_INSTANTIATE(R)                                                                            \
  template Var<Complex<R>, 4> transform_centre<R>(Tape&, const nn::AxisMonarch<R>&, const Tensor<R, 1>&, \
                                                  const ConstTensor<Complex<R>, 4>&, size_t);            \
  template Var<Complex<R>, 4> transform_and_combine<R>(                                                  \
      Tape&, const nn::AxisMonarch<R>&, const Tensor<R, 1>&, const ConstTensor<Complex<R>, 5>&,          \
      const Var<Complex<R>, 4>&);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::mri
