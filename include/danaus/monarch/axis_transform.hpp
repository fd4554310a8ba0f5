#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/core/workspace.hpp>
#include <danaus/monarch/monarch_shape.hpp>
#include <danaus/monarch/stage_blocks.hpp>

#include <vector>

namespace danaus::monarch {

/// What a transform reads and writes.
enum class Numbers {
  real,
  complex,
};

/// A Monarch matrix along one axis of a tensor, of which only some inputs and outputs exist.
///
///     y[o] = output_weights[o] sum_t M[kept_outputs[o], kept_inputs[t]] input_weights[t] x[t]
///
/// Truncated spectra (kept modes), half-spectrum weights and 1/n are thus part of the transform while the
/// learned factors stay of unit modulus. A real output is the real part of the sum.
struct TransformSpec {
  MonarchShape shape;
  InputOrder order = InputOrder::strided;
  Numbers input = Numbers::complex;
  Numbers output = Numbers::complex;
  Numbers factors = Numbers::complex;       ///< real factors take and give real numbers
  std::vector<size_t> kept_inputs = {};     ///< empty: all
  std::vector<size_t> kept_outputs = {};    ///< empty: all
  std::vector<double> input_weights = {};   ///< one for each kept input; empty: 1
  std::vector<double> output_weights = {};  ///< one for each kept output; empty: 1
};

/// How the entries along the transformed axis, and the independent vectors ("lanes") beside it, lie in
/// memory. Lane q of the vector with index o is at
///
///     data + o * outer_stride + (q / run_length) * run_stride + (q % run_length) * lane_stride
///          + row * row_stride (+ plane_stride for the imaginary part)
///
/// so channels-innermost tensors of any rank, split or interleaved complex, and groups of channels are all
/// read in place.
template <class T>
struct Lanes {
  T* data = nullptr;
  size_t outer = 1, runs = 1, run_length = 1;
  ptrdiff_t outer_stride = 0, run_stride = 0, lane_stride = 1, row_stride = 0, plane_stride = 0;

  KOKKOS_INLINE_FUNCTION size_t lanes() const { return runs * run_length; }
  /// Where row 0 of a lane lies.
  KOKKOS_INLINE_FUNCTION T* at(size_t o, size_t lane) const {
    return data + ptrdiff_t(o) * outer_stride + ptrdiff_t(lane / run_length) * run_stride +
           ptrdiff_t(lane % run_length) * lane_stride;
  }
  /// To Lanes<const T>. A template, because nvcc warns of a conversion to its own type.
  template <class U>
  requires(std::is_same_v<U, const T> && !std::is_const_v<T>) operator Lanes<U>() const {
    return {data, outer, runs, run_length, outer_stride, run_stride, lane_stride, row_stride, plane_stride};
  }
};

/// Lanes of a real tensor (before, row, after): the axis in the middle, all else batched.
template <class T, class View>
Lanes<T> real_lanes(const View& tensor) {
  const size_t rows = tensor.extent(1), after = tensor.extent(2);
  return {tensor.data(), 1, tensor.extent(0), after, 0, ptrdiff_t(rows * after), 1, ptrdiff_t(after), 0};
}
/// Lanes of an interleaved complex tensor (before, row, after).
template <class T, class View>
Lanes<T> complex_lanes(const View& tensor) {
  const size_t rows = tensor.extent(1), after = tensor.extent(2);
  return {reinterpret_cast<T*>(tensor.data()), 1, tensor.extent(0),     after, 0,
          ptrdiff_t(2 * rows * after),         2, ptrdiff_t(2 * after), 1};
}

/// What packed factors serve.
enum class PackedFor { apply_only, all };

/// What becomes of the values between the stages: they pass through a strip, or stay for backward_rows().
enum class MiddleRows { passing, kept };

/// One block-diagonal stage as index tables: block b gathers its inputs from rows `input_row`, multiplies by
/// its matrix, and scatters to rows `output_row`. All permutations and all pruning live here.
struct StageTable {
  Tensor<int, 1> input_begin, output_begin, matrix_begin;  ///< (block + 1) offsets into the lists below
  Tensor<int, 1> input_row, output_row;
  Tensor<int, 1> input_of, output_of;  ///< row that a matrix entry reads, row that it adds to
  Tensor<int, 1> source;               ///< factor entry behind each matrix entry, column by column
  Tensor<double, 1> scale;             ///< constant it is multiplied with
  int blocks = 0, entries = 0, input_rows = 0, output_rows = 0;
};

/// What kernels see of one direction; private to src/monarch.
template <class T>
struct TwoStages;

/// The plan of a transform: its index tables, made once. Stateless otherwise; share it between layers.
///
/// The factors are packed before use (pack(), a few microseconds), once after every change:
///
///     transform.pack(space, left, right, packed);             // packed: transform.packed_size() numbers
///     transform.apply(space, packed, x, Write::overwrite, y);
///     transform.adjoint(space, packed, y_grad, Write::accumulate, x_grad);
///     transform.backward(space, packed, x, y_grad, scratch, x_grad..., left_grad, right_grad);
///
/// The sums run in a fixed order: the same bits for any number of threads. On a CPU the two stages run in one
/// pass through a cache-resident buffer, vectorised over lanes, or as one product with their dense matrix
/// where one side is real and so few numbers of the other are kept that this is cheaper; on a GPU through
/// scratch memory of a team.
template <class T>
class AxisTransform {
 public:
  AxisTransform() = default;
  /// @throws ShapeError if the weights or kept indices do not fit the shape
  explicit AxisTransform(const TransformSpec& spec);
  /// A fixed real transform of two stages given block by block; pack_constant() packs it.
  /// @throws ShapeError if a row is out of range
  explicit AxisTransform(const ConstantStages& stages);

  const TransformSpec& spec() const { return spec_; }
  size_t inputs() const { return forward_[0].input_rows; }
  size_t outputs() const { return forward_[1].output_rows; }
  /// Numbers of T in the packed factors.
  size_t packed_size() const { return dense_offset() + (is_dense_ ? 2 * dense_size() : 0); }

  /// @param left, right  factors, contiguous (block, row, column): T if real, Complex<T> if complex
  /// @param use          apply_only: for apply(), in half the time
  void pack(const Exec& space, const T* left, const T* right, const Tensor<T, 1>& packed,
            PackedFor use = PackedFor::all) const;
  /// The same for ConstantStages, whose entries are in the plan.
  void pack_constant(const Exec& space, const Tensor<T, 1>& packed) const;

  /// y = A x, or y += A x. The tensors must not overlap.
  void apply(const Exec& space, const Tensor<T, 1>& packed, const Lanes<const T>& x, Write write,
             const Lanes<T>& y) const;
  /// x_grad = A* y_grad, or added to it.
  void adjoint(const Exec& space, const Tensor<T, 1>& packed, const Lanes<const T>& y_grad, Write write,
               const Lanes<T>& x_grad) const;
  /// adjoint(), left out where x_grad has no data, and the gradients of the factors, added to left_grad and
  /// right_grad. The inner values are computed again from x. `scratch` gives and gets back its memory.
  void backward(const Exec& space, const Tensor<T, 1>& packed, const Lanes<const T>& x,
                const Lanes<const T>& y_grad, Workspace& scratch, Write write, const Lanes<T>& x_grad,
                T* left_grad, T* right_grad) const;

#if !defined(KOKKOS_ENABLE_CUDA)
  /// apply() and adjoint() of real numbers by the calling thread, for kernels that go on with the result
  /// while it is in the cache: rows of `lanes` numbers side by side, whole packs of them. `middle` holds
  /// middle_rows_size() numbers.
  void apply_rows(const T* packed, size_t lanes, const T* x, ptrdiff_t x_stride, MiddleRows keep, T* middle,
                  T* y, ptrdiff_t y_stride) const;
  void adjoint_rows(const T* packed, size_t lanes, const T* y_grad, ptrdiff_t y_stride, T* middle, T* x_grad,
                    ptrdiff_t x_stride) const;
  /// backward() likewise, with the `middle` that apply_rows() kept and another one for its gradient. x_grad,
  /// which may be x, is left out where it is null; the gradient of the factors is added to the
  /// factor_gradient_size() numbers of `sums`, which add_factor_gradients() puts in their places.
  void backward_rows(const T* packed, size_t lanes, const T* x, ptrdiff_t x_stride, const T* middle,
                     const T* y_grad, ptrdiff_t y_stride, T* middle_grad, T* x_grad, ptrdiff_t x_grad_stride,
                     T* sums) const;
  size_t middle_rows_size(MiddleRows keep, size_t lanes) const;
#endif

  /// left_grad and right_grad += the sum of all parts, each factor_gradient_size() numbers, in order.
  void add_factor_gradients(const Exec& space, const T* parts, size_t count, T* left_grad,
                            T* right_grad) const;
  size_t factor_gradient_size() const { return matrix_size(forward_[0]) + matrix_size(forward_[1]); }

  /// apply() and backward() by the plain kernels that GPU builds run, in any build: what CPU builds test them
  /// with.
  void apply_portable(const Exec& space, const Tensor<T, 1>& packed, const Lanes<const T>& x, Write write,
                      const Lanes<T>& y) const;
  void backward_portable(const Exec& space, const Tensor<T, 1>& packed, const Lanes<const T>& x,
                         const Lanes<const T>& y_grad, Workspace& scratch, Write write,
                         const Lanes<T>& x_grad, T* left_grad, T* right_grad) const;

  /// Floating-point operations of apply() for one lane.
  double flops() const;

 private:
  void make_tables(std::vector<StageBlock> first, std::vector<StageBlock> second, size_t inputs,
                   size_t middle, size_t outputs);
  bool is_cheaper_dense() const;
  TwoStages<T> forward_stages(const T* packed) const;
  TwoStages<T> adjoint_stages(const T* packed) const;
  Shape<3> partial_shape(int chunks) const;
  size_t matrix_size(const StageTable& stage) const {
    return size_t(stage.entries) * (spec_.factors == Numbers::complex ? 2 : 1);
  }
  size_t adjoint_offset(int stage) const {
    return matrix_size(forward_[0]) + matrix_size(forward_[1]) + (stage ? matrix_size(adjoint_[0]) : 0);
  }
  /// Of the dense matrix and of its adjoint, behind the stages, if is_dense_: real numbers.
  size_t dense_size() const { return 2 * inputs() * outputs(); }
  size_t dense_offset() const { return adjoint_offset(1) + matrix_size(adjoint_[1]); }

  TransformSpec spec_;
  StageTable forward_[2], adjoint_[2];
  bool is_dense_ = false;  ///< one product with the dense matrix is cheaper than two stages
  Tensor<int, 2>
      paths_;  ///< of each middle row: first entry, stride and number in stage 0; first and number in 1
};

}  // namespace danaus::monarch
