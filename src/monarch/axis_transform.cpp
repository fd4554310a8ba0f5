#include <danaus/monarch/axis_transform.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/core/partial_sums.hpp>

#include <array>
#include <map>

#include "axis_transform_device.hpp"
#include "dense_matrix.hpp"
#include "stage_packing.hpp"
#include "stage_table.hpp"
#if !defined(KOKKOS_ENABLE_CUDA)
#include "axis_grouped_host.hpp"
#include "dense_axis_host.hpp"
#endif

namespace danaus::monarch {

namespace {

/// All indices when none are named, and their weights.
std::vector<size_t> all_or(const char* what, const std::vector<size_t>& kept, std::vector<double>& weights,
                           size_t n) {
  std::vector<size_t> result = kept;
  if (kept.empty())
    for (size_t i = 0; i < n; ++i) result.push_back(i);
  for (size_t i : result)
    if (i >= n)
      throw ShapeError(std::string("AxisTransform: kept ") + what + " " + std::to_string(i) + " of " +
                       std::to_string(n));
  if (weights.empty()) weights.assign(result.size(), 1.0);
  if (weights.size() != result.size())
    throw ShapeError(std::string("AxisTransform: ") + std::to_string(weights.size()) + " weights for " +
                     std::to_string(result.size()) + " " + what + "s");
  return result;
}

template <class T>
void require_lanes(const char* what, const Lanes<T>& l, const Lanes<T>& other) {
  if (l.outer != other.outer || l.runs != other.runs || l.run_length != other.run_length)
    throw ShapeError(std::string("AxisTransform: ") + what + ": lanes (outer, runs, run length) differ: " +
                     to_string(Shape<3>{l.outer, l.runs, l.run_length}) + " and " +
                     to_string(Shape<3>{other.outer, other.runs, other.run_length}));
}

}  // namespace

template <class T>
AxisTransform<T>::AxisTransform(const TransformSpec& spec) : spec_(spec) {
  const auto& s = spec_.shape;
  if (spec_.factors == Numbers::real && (spec_.input != Numbers::real || spec_.output != Numbers::real))
    throw ShapeError("AxisTransform: real factors take and give real numbers; apply them to both planes");
  const auto inputs = all_or("input", spec_.kept_inputs, spec_.input_weights, s.columns());
  const auto outputs = all_or("output", spec_.kept_outputs, spec_.output_weights, s.rows());

  // Kept inputs by right block k, kept outputs by left block j; empty blocks drop out of both stages.
  std::map<size_t, std::vector<std::array<size_t, 2>>> columns_of, rows_of;  // (position, index inside)
  for (size_t p = 0; p < inputs.size(); ++p) {
    const bool strided = spec_.order == InputOrder::strided;
    const size_t k = strided ? inputs[p] % s.right_blocks : inputs[p] / s.right_columns;
    const size_t i = strided ? inputs[p] / s.right_blocks : inputs[p] % s.right_columns;
    columns_of[k].push_back({p, i});
  }
  for (size_t p = 0; p < outputs.size(); ++p)
    rows_of[outputs[p] % s.left_blocks].push_back({p, outputs[p] / s.left_blocks});

  const auto middle_row = [&](size_t j, size_t k) { return int(j * s.right_blocks + k); };
  std::vector<StageBlock> first, second;
  for (const auto& [k, columns] : columns_of) {
    StageBlock b;
    for (const auto& [j, rows] : rows_of) b.outputs.push_back(middle_row(j, k));
    for (const auto& [position, i] : columns) {
      b.inputs.push_back(int(position));
      for (const auto& [j, rows] : rows_of)
        b.entries.push_back(
            {int((k * s.left_blocks + j) * s.right_columns + i), spec_.input_weights[position]});
    }
    first.push_back(std::move(b));
  }
  for (const auto& [j, rows] : rows_of) {
    StageBlock b;
    for (const auto& [position, l] : rows) b.outputs.push_back(int(position));
    for (const auto& [k, columns] : columns_of) {
      b.inputs.push_back(middle_row(j, k));
      for (const auto& [position, l] : rows)
        b.entries.push_back(
            {int((j * s.left_rows + l) * s.right_blocks + k), spec_.output_weights[position]});
    }
    second.push_back(std::move(b));
  }

  make_tables(std::move(first), std::move(second), inputs.size(), s.left_blocks * s.right_blocks,
              outputs.size());
}

template <class T>
AxisTransform<T>::AxisTransform(const ConstantStages& stages) {
  spec_.input = spec_.output = spec_.factors = Numbers::real;
  const auto require_rows = [](const std::vector<StageBlock>& blocks, size_t inputs, size_t outputs) {
    for (const auto& b : blocks) {
      for (int row : b.inputs)
        if (row < 0 || size_t(row) >= inputs)
          throw ShapeError("AxisTransform: input row " + std::to_string(row) + " of " +
                           std::to_string(inputs));
      for (int row : b.outputs)
        if (row < 0 || size_t(row) >= outputs)
          throw ShapeError("AxisTransform: output row " + std::to_string(row) + " of " +
                           std::to_string(outputs));
      if (b.entries.size() != b.inputs.size() * b.outputs.size())
        throw ShapeError("AxisTransform: " + std::to_string(b.entries.size()) + " entries in a block of " +
                         std::to_string(b.outputs.size()) + " x " + std::to_string(b.inputs.size()));
    }
  };
  require_rows(stages.first, stages.input_rows, stages.middle_rows);
  require_rows(stages.second, stages.middle_rows, stages.output_rows);
  make_tables(stages.first, stages.second, stages.input_rows, stages.middle_rows, stages.output_rows);
}

template <class T>
void AxisTransform<T>::make_tables(std::vector<StageBlock> first, std::vector<StageBlock> second,
                                   size_t inputs, size_t middle, size_t outputs) {
  forward_[0] = make_table(first, inputs, middle);
  forward_[1] = make_table(second, middle, outputs);
  paths_ = make_paths(first, second, middle);
  const auto adjoint =
      transposed(ConstantStages{std::move(first), std::move(second), inputs, middle, outputs});
  adjoint_[0] = make_table(adjoint.first, outputs, middle);
  adjoint_[1] = make_table(adjoint.second, middle, inputs);
  is_dense_ = is_cheaper_dense();
}

/// One side real, and few enough entries. A multiply-add of the dense product takes about two thirds of the
/// time of one in two stages, and the gradient needs nothing of what is between them.
template <class T>
bool AxisTransform<T>::is_cheaper_dense() const {
#if defined(KOKKOS_ENABLE_CUDA)
  return false;
#else
  if (spec_.factors != Numbers::complex || spec_.input == spec_.output) return false;
  return double(dense_size()) <= 1.5 * (products_of(forward_[0], spec_.input, spec_.factors) +
                                        products_of(forward_[1], spec_.output, spec_.factors));
#endif
}

template <class T>
void AxisTransform<T>::pack(const Exec& space, const T* left, const T* right, const Tensor<T, 1>& packed,
                            PackedFor use) const {
  require_shape("AxisTransform::pack: packed", packed, {packed_size()});
  T* to = packed.data();
  const auto stage = [](const StageTable& table, const T* factor, T sign, T* matrix) {
    return StageToPack<T>{table.entries, table.source, table.scale, factor, sign, matrix};
  };
  const int stages = use == PackedFor::all ? 4 : 2;
  pack_stages<T>(
      space,
      {stage(forward_[0], right, T(1), to), stage(forward_[1], left, T(1), to + matrix_size(forward_[0])),
       stage(adjoint_[0], left, T(-1), to + adjoint_offset(0)),
       stage(adjoint_[1], right, T(-1), to + adjoint_offset(1))},
      stages, spec_.factors == Numbers::complex);
  if (is_dense_)
    pack_dense_matrix<T>(space, forward_[0], forward_[1], forward_stages(to), paths_, to + dense_offset(),
                         to + dense_offset() + dense_size());
}

template <class T>
void AxisTransform<T>::pack_constant(const Exec& space, const Tensor<T, 1>& packed) const {
  Tensor<T, 1> one("danaus::monarch::AxisTransform::pack_constant", 1);
  fill(space, one, T(1));
  pack(space, one.data(), one.data(), packed);
  space.fence("danaus::monarch::AxisTransform::pack_constant");  // `one` ends here
}

namespace {

template <class T>
TwoStages<T> two_stages(const StageTable& first, const StageTable& second, const T* first_matrix,
                        const T* second_matrix, Numbers input, Numbers factors, Numbers output) {
  return {view_of(first, first_matrix),
          view_of(second, second_matrix),
          first.input_rows,
          first.output_rows,
          second.output_rows,
          input == Numbers::complex,
          factors == Numbers::complex,
          output == Numbers::complex,
          products_of(first, input, factors) + products_of(second, output, factors)};
}

template <class T>
void run(const Exec& space, const TwoStages<T>& s, const Lanes<const T>& x, Write write, const Lanes<T>& y) {
#if defined(KOKKOS_ENABLE_CUDA)
  device::apply(space, s, x, write, y);
#else
  if constexpr (host::has_groups<T>)
    if (!s.factors_complex && host::are_grouped(x) && host::are_grouped(y))
      return host::apply_grouped(space, s, x, write, y);
  with_numbers(s, [&]<bool input, bool factors, bool output>() {
    host::apply<input, factors, output>(space, s, x, write, y);
  });
#endif
}

#if !defined(KOKKOS_ENABLE_CUDA)
template <class T>
void run_backward(const Exec& space, const TwoStages<T>& f, const TwoStages<T>& a, int entries_first,
                  int entries, const Lanes<const T>& x, const Lanes<const T>& dy, Write write,
                  const Lanes<T>& dx, const Tensor<T, 3>& partial) {
  with_numbers(f, [&]<bool input, bool factors, bool output>() {
    host::backward<input, factors, output>(space, f, a, entries_first, entries, x, dy, write, dx, partial);
  });
}
#endif

}  // namespace

template <class T>
TwoStages<T> AxisTransform<T>::forward_stages(const T* packed) const {
  return two_stages<T>(forward_[0], forward_[1], packed, packed + matrix_size(forward_[0]), spec_.input,
                       spec_.factors, spec_.output);
}

template <class T>
TwoStages<T> AxisTransform<T>::adjoint_stages(const T* packed) const {
  return two_stages<T>(adjoint_[0], adjoint_[1], packed + adjoint_offset(0), packed + adjoint_offset(1),
                       spec_.output, spec_.factors, spec_.input);
}

template <class T>
void AxisTransform<T>::apply(const Exec& space, const Tensor<T, 1>& packed, const Lanes<const T>& x,
                             Write write, const Lanes<T>& y) const {
  require_lanes("apply", x, Lanes<const T>(y));
#if !defined(KOKKOS_ENABLE_CUDA)
  if (is_dense_)
    return host::apply_dense(space, host::dense_shape(forward_stages(packed.data())),
                             packed.data() + dense_offset(), x, write, y);
#endif
  run(space, forward_stages(packed.data()), x, write, y);
}

template <class T>
void AxisTransform<T>::adjoint(const Exec& space, const Tensor<T, 1>& packed, const Lanes<const T>& y_grad,
                               Write write, const Lanes<T>& x_grad) const {
  require_lanes("adjoint", y_grad, Lanes<const T>(x_grad));
#if !defined(KOKKOS_ENABLE_CUDA)
  if (is_dense_)
    return host::apply_dense(space, host::dense_shape(adjoint_stages(packed.data())),
                             packed.data() + dense_offset() + dense_size(), y_grad, write, x_grad);
#endif
  run(space, adjoint_stages(packed.data()), y_grad, write, x_grad);
}

/// Where the gradient of an entry of the packed matrices goes: a factor's entry, with the entry's weight.
template <class T>
struct FactorGradient {
  int entries_first, numbers;
  Kokkos::Array<Tensor<int, 1>, 2> source;
  Kokkos::Array<Tensor<double, 1>, 2> scale;
  Kokkos::Array<T*, 2> gradient;

  KOKKOS_FUNCTION void operator()(size_t at, T sum) const {
    int entry = int(at) / numbers;
    const size_t stage = entry < entries_first ? 0 : 1;
    if (stage == 1) entry -= entries_first;
    gradient[stage][numbers * source[stage](entry) + int(at) % numbers] += T(scale[stage](entry)) * sum;
  }
};

template <class T>
void AxisTransform<T>::add_factor_gradients(const Exec& space, const T* parts, size_t count, T* left_grad,
                                            T* right_grad) const {
  const FactorGradient<T> add{forward_[0].entries,
                              spec_.factors == Numbers::complex ? 2 : 1,
                              {forward_[0].source, forward_[1].source},
                              {forward_[0].scale, forward_[1].scale},
                              {right_grad, left_grad}};
  sum_parts<T>(space, parts, count, factor_gradient_size(), add);
}

template <class T>
void AxisTransform<T>::backward(const Exec& space, const Tensor<T, 1>& packed, const Lanes<const T>& x,
                                const Lanes<const T>& y_grad, Workspace& scratch, Write write,
                                const Lanes<T>& x_grad, T* left_grad, T* right_grad) const {
#if defined(KOKKOS_ENABLE_CUDA)
  backward_portable(space, packed, x, y_grad, scratch, write, x_grad, left_grad, right_grad);
#else
  require_lanes("backward: y_grad", x, y_grad);
  if (x_grad.data) require_lanes("backward: x_grad", x, Lanes<const T>(x_grad));
  const auto forward = forward_stages(packed.data()), adjoint = adjoint_stages(packed.data());
  const int entries = forward_[0].entries + forward_[1].entries;
  const auto mark = scratch.mark();
  if (x_grad.data && is_dense_) {
    const auto partial = scratch.take<T, 2>({size_t(gradient_chunks), dense_size()});
    const auto dense = scratch.take<T, 1>({dense_size()});
    host::backward_dense(space, host::dense_shape(forward), packed.data() + dense_offset() + dense_size(), x,
                         y_grad, write, x_grad, partial);
    sum_dense_parts<T>(space, partial, dense);
    chain_to_factors<T>(space, forward_[0], forward_[1], forward, paths_, dense, left_grad, right_grad);
    scratch.release(mark);
    return;
  }
  const auto partial = scratch.take<T, 3>(partial_shape(host::backward_chunks(x)));
  run_backward(space, forward, adjoint, forward_[0].entries, entries, x, y_grad, write, x_grad, partial);
  add_factor_gradients(space, partial.data(), partial.extent(0), left_grad, right_grad);
  scratch.release(mark);
#endif
}

#if !defined(KOKKOS_ENABLE_CUDA)
template <class T>
void AxisTransform<T>::apply_rows(const T* packed, size_t lanes, const T* x, ptrdiff_t x_stride,
                                  MiddleRows keep, T* middle, T* y, ptrdiff_t y_stride) const {
  host::run_rows(forward_stages(packed), lanes, x, x_stride, keep, middle, y, y_stride);
}

template <class T>
void AxisTransform<T>::adjoint_rows(const T* packed, size_t lanes, const T* y_grad, ptrdiff_t y_stride,
                                    T* middle, T* x_grad, ptrdiff_t x_stride) const {
  host::run_rows(adjoint_stages(packed), lanes, y_grad, y_stride, MiddleRows::passing, middle, x_grad,
                 x_stride);
}

template <class T>
void AxisTransform<T>::backward_rows(const T* packed, size_t lanes, const T* x, ptrdiff_t x_stride,
                                     const T* middle, const T* y_grad, ptrdiff_t y_stride, T* middle_grad,
                                     T* x_grad, ptrdiff_t x_grad_stride, T* sums) const {
  host::backward_rows<T>(forward_stages(packed), adjoint_stages(packed), forward_[0].entries, lanes,
                         {x, x_stride, 0}, middle, {y_grad, y_stride, 0}, middle_grad,
                         {x_grad, x_grad_stride, 0}, sums);
}

template <class T>
size_t AxisTransform<T>::middle_rows_size(MiddleRows keep, size_t lanes) const {
  return size_t(forward_[0].output_rows) * (keep == MiddleRows::passing ? 2 * size_t(simd::width<T>) : lanes);
}
#endif

template <class T>
void AxisTransform<T>::apply_portable(const Exec& space, const Tensor<T, 1>& packed, const Lanes<const T>& x,
                                      Write write, const Lanes<T>& y) const {
  require_lanes("apply_portable", x, Lanes<const T>(y));
  device::apply(space, forward_stages(packed.data()), x, write, y);
}

template <class T>
void AxisTransform<T>::backward_portable(const Exec& space, const Tensor<T, 1>& packed,
                                         const Lanes<const T>& x, const Lanes<const T>& y_grad,
                                         Workspace& scratch, Write write, const Lanes<T>& x_grad,
                                         T* left_grad, T* right_grad) const {
  require_lanes("backward_portable: y_grad", x, y_grad);
  if (x_grad.data) require_lanes("backward_portable: x_grad", x, Lanes<const T>(x_grad));
  const auto forward = forward_stages(packed.data()), adjoint = adjoint_stages(packed.data());
  const auto mark = scratch.mark();
  const auto partial = scratch.take<T, 3>(partial_shape(gradient_chunks));
  device::backward(space, forward, adjoint, forward_[0].entries, x, y_grad, write, x_grad, partial);
  add_factor_gradients(space, partial.data(), partial.extent(0), left_grad, right_grad);
  scratch.release(mark);
}

template <class T>
Shape<3> AxisTransform<T>::partial_shape(int chunks) const {
  return {size_t(chunks), size_t(forward_[0].entries + forward_[1].entries),
          size_t(spec_.factors == Numbers::complex ? 2 : 1)};
}

template <class T>
double AxisTransform<T>::flops() const {
  return 2 * (products_of(forward_[0], spec_.input, spec_.factors) +
              products_of(forward_[1], spec_.output, spec_.factors));
}

#define DANAUS_INSTANTIATE(T) template class AxisTransform<T>;
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
