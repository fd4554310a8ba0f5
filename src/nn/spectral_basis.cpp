#include <danaus/nn/spectral_basis.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/fft/half_spectrum.hpp>
#include <danaus/monarch/fourier.hpp>

namespace danaus::nn {

using monarch::Fourier;
using monarch::Lanes;
using monarch::MonarchShape;
using monarch::Numbers;

namespace {

constexpr const char* direction_names[] = {"forward_y", "forward_x", "inverse_x", "inverse_y"};

/// Grid rows along y: (batch x, y, channels of one group).
template <class T, class View>
Lanes<T> grid_lanes(const View& v, size_t group, size_t groups) {
  const size_t ny = v.extent(2), channels = v.extent(3), part = channels / groups;
  return {v.data() + group * part,  1, v.extent(0) * v.extent(1), part, 0,
          ptrdiff_t(ny * channels), 1, ptrdiff_t(channels),       0};
}

/// Half-transformed values along ky: (batch x, plane, ky, channels of one group). To a real transform they
/// are 2 * modes rows, for the planes lie one behind the other.
template <class T, class View>
Lanes<T> ky_lanes(const View& s, size_t group, size_t groups) {
  const size_t modes = s.extent(3), channels = s.extent(4), part = channels / groups;
  return {s.data() + group * part,
          1,
          s.extent(0) * s.extent(1),
          part,
          0,
          ptrdiff_t(2 * modes * channels),
          1,
          ptrdiff_t(channels),
          ptrdiff_t(modes * channels)};
}

/// The same along x or kx: the lanes are (ky, channel), contiguous unless the channels are in groups.
template <class T, class View>
Lanes<T> x_lanes(const View& s, size_t group, size_t groups) {
  const size_t batch = s.extent(0), rows = s.extent(1), modes = s.extent(3), channels = s.extent(4);
  const ptrdiff_t row = ptrdiff_t(2 * modes * channels), sample = ptrdiff_t(rows) * row;
  if (groups == 1) return {s.data(), 1, batch, modes * channels, 0, sample, 1, row, row / 2};
  const size_t part = channels / groups;
  return {s.data() + group * part, batch, modes, part, sample, ptrdiff_t(channels), 1, row, row / 2};
}

void require(const SpectralShape& s) {
  const auto fail = [](const std::string& message) { throw UsageError(message); };
  if (s.modes == 0 || 2 * s.modes > s.nx || s.modes > fft::half_size(s.ny))
    fail("modes " + std::to_string(s.modes) + " do not fit a grid of " + std::to_string(s.nx) + " x " +
         std::to_string(s.ny) + " points; at most " +
         std::to_string(std::min(s.nx / 2, fft::half_size(s.ny))));
  for (const auto& [n, block] : {std::pair{s.nx, s.block_x}, std::pair{s.ny, s.block_y}})
    if (block == 0 || n % block != 0)
      fail("block " + std::to_string(block) + " does not divide the " + std::to_string(n) +
           " points of an axis");
  if (s.groups == 0 || s.channels % s.groups != 0)
    fail(std::to_string(s.groups) + " groups do not divide width " + std::to_string(s.channels));
}

}  // namespace

template <class T>
void SpectralBasis<T>::make_plans() {
  require(shape_);
  const auto [nx, ny, m] = std::array{shape_.nx, shape_.ny, shape_.modes};
  std::vector<size_t> low, both;
  std::vector<double> inverse_weights;
  for (size_t k = 0; k < m; ++k) {
    low.push_back(k);
    inverse_weights.push_back(double(fft::half_weight(k, ny)) / double(ny));
  }
  for (size_t k = 0; k < m; ++k) both.push_back(k);
  for (size_t k = nx - m; k < nx; ++k) both.push_back(k);

  const auto sx = MonarchShape::square(nx, shape_.block_x), sy = MonarchShape::square(ny, shape_.block_y);
  if (learned_) {
    plan_[forward_y] = monarch::AxisTransform<T>({.shape = sy, .input = Numbers::real, .kept_outputs = low});
    plan_[inverse_y] = monarch::AxisTransform<T>(
        {.shape = sy, .output = Numbers::real, .kept_inputs = low, .input_weights = inverse_weights});
  } else {
    const auto folded = monarch::folded_real_fourier(ny, m);
    auto inverse = monarch::transposed(folded);
    for (auto& block : inverse.first)
      for (size_t e = 0; e < block.entries.size(); ++e)
        block.entries[e].scale *= inverse_weights[size_t(block.inputs[e / block.outputs.size()]) % m];
    plan_[forward_y] = monarch::AxisTransform<T>(folded);
    plan_[inverse_y] = monarch::AxisTransform<T>(inverse);
  }
  plan_[forward_x] = monarch::AxisTransform<T>({.shape = sx, .kept_outputs = both});
  plan_[inverse_x] = monarch::AxisTransform<T>(
      {.shape = sx, .kept_inputs = both, .input_weights = std::vector<double>(2 * m, 1.0 / double(nx))});
}

template <class T>
void SpectralBasis<T>::set_fourier(int direction, const Tensor<Complex<T>, 3>& left,
                                   const Tensor<Complex<T>, 3>& right) const {
  const bool forward = direction == forward_y || direction == forward_x;
  monarch::fourier_factors<T>(plan_[direction].spec().shape, forward ? Fourier::forward : Fourier::inverse,
                              left, right);
}

template <class T>
SpectralBasis<T>::SpectralBasis(const SpectralShape& shape) : shape_(shape), learned_(false) {
  make_plans();
  fixed_.groups.resize(1);
  shape_.groups = 1;
  for (int d : {forward_y, inverse_y}) {
    fixed_.groups[0][d] = zeros<T, 1>("danaus::nn::SpectralBasis", {plan_[d].packed_size()});
    plan_[d].pack_constant(Exec{}, fixed_.groups[0][d]);
  }
  for (int d : {forward_x, inverse_x}) {
    const auto& s = plan_[d].spec().shape;
    const auto left = zeros<Complex<T>, 3>("left", s.left()),
               right = zeros<Complex<T>, 3>("right", s.right());
    set_fourier(d, left, right);
    fixed_.groups[0][d] = zeros<T, 1>("danaus::nn::SpectralBasis", {plan_[d].packed_size()});
    plan_[d].pack(Exec{}, reinterpret_cast<const T*>(left.data()), reinterpret_cast<const T*>(right.data()),
                  fixed_.groups[0][d]);
  }
  Kokkos::fence("danaus::nn::SpectralBasis");
}

template <class T>
SpectralBasis<T>::SpectralBasis(ParameterStore<T>& store, const std::string& name, const SpectralShape& shape)
    : shape_(shape), learned_(true) {
  make_plans();
  factors_.resize(shape.groups);
  for (size_t g = 0; g < shape.groups; ++g)
    for (int d = 0; d < 4; ++d) {
      const auto& s = plan_[d].spec().shape;
      const std::string path =
          name + "/" + direction_names[d] + (shape.groups > 1 ? "/group_" + std::to_string(g) : "");
      factors_[g][d].left =
          store.template add<Complex<T>, 3>(path + "/left", s.left(), ParameterGroup::transform);
      factors_[g][d].right =
          store.template add<Complex<T>, 3>(path + "/right", s.right(), ParameterGroup::transform);
    }
}

template <class T>
void SpectralBasis<T>::initialize() const {
  for (const auto& group : factors_)
    for (int d = 0; d < 4; ++d) set_fourier(d, group[d].left.value(), group[d].right.value());
}

template <class T>
typename SpectralBasis<T>::Packed SpectralBasis<T>::pack(Tape& tape) const {
  if (!learned_) return fixed_;
  Packed packed;
  packed.groups.resize(factors_.size());
  for (size_t g = 0; g < factors_.size(); ++g)
    for (int d = 0; d < 4; ++d) {
      packed.groups[g][d] = tape.saved<T, 1>({plan_[d].packed_size()});
      plan_[d].pack(tape.space(), reinterpret_cast<const T*>(factors_[g][d].left.value().data()),
                    reinterpret_cast<const T*>(factors_[g][d].right.value().data()), packed.groups[g][d]);
    }
  return packed;
}

template <class T>
void SpectralBasis<T>::forward_along_y(const Exec& space, const Packed& packed, const Tensor<T, 4>& v,
                                       const Tensor<T, 5>& inner) const {
  const size_t groups = shape_.groups;
  for (size_t g = 0; g < groups; ++g)
    plan_[forward_y].apply(space, packed.groups[g][forward_y], grid_lanes<const T>(v, g, groups),
                           Write::overwrite, ky_lanes<T>(inner, g, groups));
}

template <class T>
void SpectralBasis<T>::forward(const Exec& space, const Packed& packed, const Tensor<T, 4>& v,
                               Workspace& scratch, const Tensor<T, 5>& spectrum) const {
  const auto mark = scratch.mark();
  const auto inner = scratch.take<T, 5>(inner_shape(v.extent(0)));
  forward_along_y(space, packed, v, inner);
  const size_t groups = shape_.groups;
  for (size_t g = 0; g < groups; ++g)
    plan_[forward_x].apply(space, packed.groups[g][forward_x], x_lanes<const T>(inner, g, groups),
                           Write::overwrite, x_lanes<T>(spectrum, g, groups));
  scratch.release(mark);
}

template <class T>
void SpectralBasis<T>::backward(const Exec& space, const Packed& packed, Direction direction, size_t group,
                                const Lanes<const T>& x, const Lanes<const T>& y_grad, Workspace& scratch,
                                Write write, const Lanes<T>& x_grad) const {
  const auto& factors = packed.groups[group][direction];
  if (!learned_) {
    plan_[direction].adjoint(space, factors, y_grad, write, x_grad);
    return;
  }
  const auto& parameters = factors_[group][direction];
  plan_[direction].backward(space, factors, x, y_grad, scratch, write, x_grad,
                            reinterpret_cast<T*>(parameters.left.grad().data()),
                            reinterpret_cast<T*>(parameters.right.grad().data()));
}

template <class T>
void SpectralBasis<T>::forward_backward(const Exec& space, const Packed& packed, const Tensor<T, 4>& v,
                                        const Tensor<T, 5>& spectrum_grad, Workspace& scratch, Write write,
                                        const Tensor<T, 4>& v_grad) const {
  const auto mark = scratch.mark();
  const auto inner_grad = scratch.take<T, 5>(inner_shape(v_grad.extent(0)));
  // The gradient of learned factors needs the values between the axes: cheaper to compute again than to keep.
  const auto inner = learned_ ? scratch.take<T, 5>(shape_of(inner_grad)) : inner_grad;
  if (learned_) forward_along_y(space, packed, v, inner);
  const size_t groups = shape_.groups;
  for (size_t g = 0; g < groups; ++g) {
    backward(space, packed, forward_x, g, x_lanes<const T>(inner, g, groups),
             x_lanes<const T>(spectrum_grad, g, groups), scratch, Write::overwrite,
             x_lanes<T>(inner_grad, g, groups));
    backward(space, packed, forward_y, g, grid_lanes<const T>(v, g, groups),
             ky_lanes<const T>(inner_grad, g, groups), scratch, write, grid_lanes<T>(v_grad, g, groups));
  }
  scratch.release(mark);
}

template <class T>
void SpectralBasis<T>::inverse(const Exec& space, const Packed& packed, const Tensor<T, 5>& spectrum,
                               Workspace& scratch, const Tensor<T, 4>& v) const {
  const auto mark = scratch.mark();
  const auto inner = scratch.take<T, 5>(inner_shape(v.extent(0)));
  const size_t groups = shape_.groups;
  for (size_t g = 0; g < groups; ++g) {
    plan_[inverse_x].apply(space, packed.groups[g][inverse_x], x_lanes<const T>(spectrum, g, groups),
                           Write::overwrite, x_lanes<T>(inner, g, groups));
    plan_[inverse_y].apply(space, packed.groups[g][inverse_y], ky_lanes<const T>(inner, g, groups),
                           Write::overwrite, grid_lanes<T>(v, g, groups));
  }
  scratch.release(mark);
}

template <class T>
void SpectralBasis<T>::inverse_backward(const Exec& space, const Packed& packed, const Tensor<T, 5>& spectrum,
                                        const Tensor<T, 4>& v_grad, Workspace& scratch,
                                        const Tensor<T, 5>& spectrum_grad) const {
  const auto mark = scratch.mark();
  const auto inner_grad = scratch.take<T, 5>(inner_shape(v_grad.extent(0)));
  const auto inner = learned_ ? scratch.take<T, 5>(shape_of(inner_grad)) : inner_grad;  // as above
  const size_t groups = shape_.groups;
  for (size_t g = 0; g < groups; ++g) {
    if (learned_)
      plan_[inverse_x].apply(space, packed.groups[g][inverse_x], x_lanes<const T>(spectrum, g, groups),
                             Write::overwrite, x_lanes<T>(inner, g, groups));
    backward(space, packed, inverse_y, g, ky_lanes<const T>(inner, g, groups),
             grid_lanes<const T>(v_grad, g, groups), scratch, Write::overwrite,
             ky_lanes<T>(inner_grad, g, groups));
    backward(space, packed, inverse_x, g, x_lanes<const T>(spectrum, g, groups),
             x_lanes<const T>(inner_grad, g, groups), scratch, Write::overwrite,
             x_lanes<T>(spectrum_grad, g, groups));
  }
  scratch.release(mark);
}

#define DANAUS_INSTANTIATE(T) template class SpectralBasis<T>;
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::nn
