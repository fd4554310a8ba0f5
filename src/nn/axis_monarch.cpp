#include <danaus/nn/axis_monarch.hpp>

#include <danaus/core/instantiate.hpp>

namespace danaus::nn {

namespace {

/// Lanes along an axis of (batch, x, y, channel), interleaved complex.
template <class T, class View>
monarch::Lanes<T> lanes_along(const View& x, int axis) {
  size_t before = 1, after = 1;
  for (int a = 0; a < axis; ++a) before *= x.extent(a);
  for (int a = axis + 1; a < 4; ++a) after *= x.extent(a);
  const Tensor<typename View::value_type, 3> flat(x.data(), before, x.extent(axis), after);
  return monarch::complex_lanes<T>(flat);
}

}  // namespace

template <class T>
AxisMonarch<T>::AxisMonarch(ParameterStore<T>& store, const std::string& name,
                            const monarch::TransformSpec& spec, int axis)
    : transform_(spec),
      left_(store.template add<Complex<T>, 3>(name + "/left", spec.shape.left(), ParameterGroup::transform)),
      right_(
          store.template add<Complex<T>, 3>(name + "/right", spec.shape.right(), ParameterGroup::transform)),
      axis_(axis) {}

template <class T>
Tensor<T, 1> AxisMonarch<T>::pack(Tape& tape) const {
  const auto packed = tape.saved<T, 1>({transform_.packed_size()});
  transform_.pack(tape.space(), reinterpret_cast<const T*>(left_.value().data()),
                  reinterpret_cast<const T*>(right_.value().data()), packed,
                  tape.is_recording() ? monarch::PackedFor::all : monarch::PackedFor::apply_only);
  return packed;
}

template <class T>
Var<Complex<T>, 4> AxisMonarch<T>::operator()(Tape& tape, const Var<Complex<T>, 4>& x,
                                              const Tensor<T, 1>& packed) const {
  auto shape = shape_of(x.value);
  if (shape[size_t(axis_)] != transform_.inputs())
    throw ShapeError("AxisMonarch: expected " + std::to_string(transform_.inputs()) + " entries along axis " +
                     std::to_string(axis_) + ", found shape " + to_string(shape));
  shape[size_t(axis_)] = transform_.outputs();
  const auto out = tape.output<Complex<T>, 4>(shape);
  apply(tape.space(), packed, x.value, out.value);
  Workspace& scratch = tape.scratch();
  tape.record("danaus::nn::AxisMonarch", out, [layer = *this, x, out, packed, &scratch](const Exec& space) {
    const Write write = x.is_tracked() ? x.claim_grad() : Write::overwrite;
    layer.backward(space, packed, x.value, out.grad(), scratch, write,
                   x.is_tracked() ? x.grad() : Tensor<Complex<T>, 4>());
  });
  return out;
}

template <class T>
void AxisMonarch<T>::apply(const Exec& space, const Tensor<T, 1>& packed, const ConstTensor<Complex<T>, 4>& x,
                           const Tensor<Complex<T>, 4>& y) const {
  transform_.apply(space, packed, lanes_along<const T>(x, axis_), Write::overwrite, lanes_along<T>(y, axis_));
}

template <class T>
void AxisMonarch<T>::backward(const Exec& space, const Tensor<T, 1>& packed,
                              const ConstTensor<Complex<T>, 4>& x, const ConstTensor<Complex<T>, 4>& y_grad,
                              Workspace& scratch, Write write, const Tensor<Complex<T>, 4>& x_grad) const {
  transform_.backward(space, packed, lanes_along<const T>(x, axis_), lanes_along<const T>(y_grad, axis_),
                      scratch, write, x_grad.data() ? lanes_along<T>(x_grad, axis_) : monarch::Lanes<T>{},
                      reinterpret_cast<T*>(left_.grad().data()), reinterpret_cast<T*>(right_.grad().data()));
}

#define DANAUS_INSTANTIATE(T) template class AxisMonarch<T>;
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::nn
