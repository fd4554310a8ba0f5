#pragma once

// Convolutions in float by oneDNN, in the layout of our tensors (nhwc).
//
// oneDNN's own threads would cut a sum over points by their number. Here a primitive belongs to one thread,
// and the work is cut by the shape alone: samples and strips of rows, a strip being a convolution of its own
// with the rows that it reads and the padding that is left of them.

#include <danaus/nn/convolution_plan.hpp>

#include <oneapi/dnnl/dnnl.hpp>

#include <vector>

namespace danaus::nn {

class OneDnnConvolution {
 public:
  /// @throws InternalError if oneDNN cannot run it
  explicit OneDnnConvolution(const ConvolutionShape& shape);

  void forward(const Exec& space, const ConstTensor<float, 4>& weights, const ConstTensor<float, 4>& x,
               Workspace& scratch, const Tensor<float, 4>& y) const;
  void adjoint(const Exec& space, const ConstTensor<float, 4>& weights, const ConstTensor<float, 4>& y_grad,
               Workspace& scratch, Write write, const Tensor<float, 4>& x_grad) const;
  void gradient(const Exec& space, const ConstTensor<float, 4>& x, const ConstTensor<float, 4>& y_grad,
                Workspace& scratch, const Tensor<float, 4>& weights_grad) const;

 private:
  enum class Direction { forward, adjoint, gradient };

  /// Rows of some samples: those of x, those of y, and the padding between them.
  struct Strip {
    size_t samples, in_begin, in_end, out_begin, out_end, padding_before, padding_after;
  };
  /// What strips of the same form share.
  struct Kernel {
    Strip form;
    dnnl::primitive primitive;
    dnnl::memory::desc x, y, weights, scratchpad;
    size_t layout = 0;  ///< of the weights, among those of the pass
  };
  /// A layout of the weights that oneDNN wants; `convert` goes from ours to it, for gradients from it to
  /// ours.
  struct Layout {
    dnnl::memory::desc weights;
    dnnl::reorder convert;
  };
  struct Piece {
    size_t kernel, x_offset, y_offset;
  };
  struct Pass {
    Direction direction;
    std::vector<Kernel> kernels;
    std::vector<Layout> layouts;
    std::vector<Piece> pieces;
  };

  Strip strip_of_output(size_t begin, size_t end) const;
  Strip strip_of_input(size_t begin, size_t end) const;
  Pass make_pass(Direction direction) const;
  void add_piece(size_t sample, const Strip& strip, Pass& pass) const;
  Kernel make_kernel(Direction direction, const Strip& strip) const;
  size_t find_layout(const dnnl::memory::desc& weights, Pass& pass) const;

  /// The weights in each layout of the pass.
  std::vector<const float*> convert(const Pass& pass, const ConstTensor<float, 4>& weights,
                                    Workspace& scratch) const;
  /// @param weights  each piece's, or where its gradient goes
  void run(const Pass& pass, const float* x, const float* y, const std::vector<const float*>& weights,
           Workspace& scratch) const;

  ConvolutionShape shape_;
  dnnl::engine engine_;
  Pass forward_, adjoint_, gradient_;
};

/// The first of `count` arrays becomes their sum, added in order.
void sum_arrays(const Exec& space, float* arrays, size_t size, size_t count);

}  // namespace danaus::nn
