#include <Kokkos_Macros.hpp>

#if !defined(KOKKOS_ENABLE_CUDA)

#include <nn/convolution_onednn.hpp>

#include <danaus/linalg/for_each_item.hpp>
#include <nn/pass_gradient.hpp>

#include <algorithm>

#if defined(_OPENMP)
#include <omp.h>
#endif

namespace danaus::nn {

namespace {

using dnnl::memory;

/// Rows are cut into strips of about so many points, which is work enough for one call; more for a gradient,
/// where each strip has an array of its own to be summed. A sample, or a gradient, has at most so many
/// pieces, which is how many threads have work.
constexpr size_t points_of_strip = 64, points_of_gradient = 128, most_pieces = 16;

size_t strips_of(size_t points, size_t rows, size_t points_each) {
  return std::clamp<size_t>(points / points_each, 1, std::min(rows, most_pieces));
}

/// oneDNN with one thread where this lives; how OpenMP counts threads is a setting of the calling thread.
class SerialOneDnn {
 public:
#if defined(_OPENMP)
  SerialOneDnn() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~SerialOneDnn() { omp_set_num_threads(before_); }
#else
  SerialOneDnn() = default;
#endif
  SerialOneDnn(const SerialOneDnn&) = delete;
  SerialOneDnn& operator=(const SerialOneDnn&) = delete;

 private:
  int before_ = 1;
};

template <class Work>
auto translate_errors(const Work& work) {
  try {
    return work();
  } catch (const dnnl::error& error) {
    throw InternalError(std::string("convolution: oneDNN: ") + error.what() + " (status " +
                        std::to_string(int(error.status)) + ")");
  }
}

memory::desc image(size_t samples, size_t channels, size_t rows, size_t columns) {
  return {{long(samples), long(channels), long(rows), long(columns)},
          memory::data_type::f32,
          memory::format_tag::nhwc};
}

memory::desc weights_of(const ConvolutionShape& s, memory::format_tag tag) {
  return {{long(s.out_channels), long(s.in_channels), long(s.kernel_x), long(s.kernel_y)},
          memory::data_type::f32,
          tag};
}

float* take_floats(Workspace& scratch, size_t bytes) {
  return scratch.take<float, 1>({(bytes + sizeof(float) - 1) / sizeof(float)}).data();
}

/// oneDNN's memory knows no const.
memory view(const memory::desc& desc, const dnnl::engine& engine, const float* data) {
  return memory(desc, engine, const_cast<float*>(data));
}

}  // namespace

void sum_arrays(const Exec& space, float* arrays, size_t size, size_t count) {
  constexpr size_t chunk = 2048;  // stays in the innermost cache
  Kokkos::parallel_for(
      "danaus::nn::sum_arrays", Kokkos::RangePolicy<Exec>(space, 0, (size + chunk - 1) / chunk),
      KOKKOS_LAMBDA(size_t item) {
        const size_t begin = item * chunk, end = begin + chunk < size ? begin + chunk : size;
        float* __restrict sum = arrays;
        for (size_t n = 1; n < count; ++n) {
          const float* __restrict next = arrays + n * size;
          for (size_t q = begin; q < end; ++q) sum[q] += next[q];
        }
      });
}

OneDnnConvolution::OneDnnConvolution(const ConvolutionShape& shape)
    : shape_(shape), engine_(dnnl::engine::kind::cpu, 0) {
  translate_errors([&] {
    forward_ = make_pass(Direction::forward);
    adjoint_ = make_pass(Direction::adjoint);
    gradient_ = make_pass(Direction::gradient);
  });
}

/// Rows [begin, end) of y and the rows of x that they read.
OneDnnConvolution::Strip OneDnnConvolution::strip_of_output(size_t begin, size_t end) const {
  const long first = long(begin * shape_.stride) - long(shape_.padding_x);
  const long last = long((end - 1) * shape_.stride + shape_.kernel_x) - long(shape_.padding_x);
  const long in_begin = std::max(first, 0l), in_end = std::min(last, long(shape_.in_x));
  return {1, size_t(in_begin), size_t(in_end), begin, end, size_t(in_begin - first), size_t(last - in_end)};
}

/// Rows [begin, end) of x and the rows of y that read them. `begin` is a multiple of the stride, so that the
/// padding is not negative (the kernel is at least as long as the stride).
OneDnnConvolution::Strip OneDnnConvolution::strip_of_input(size_t begin, size_t end) const {
  const size_t s = shape_.stride, below = begin + shape_.padding_x + 1;
  const size_t out_begin = below > shape_.kernel_x ? (below - shape_.kernel_x + s - 1) / s : 0;
  const size_t out_end = std::min((end - 1 + shape_.padding_x) / s + 1, shape_.out_x());
  const size_t before = begin + shape_.padding_x - out_begin * s;
  const size_t covered = (out_end - out_begin - 1) * s + shape_.kernel_x, rows = before + end - begin;
  return {1, begin, end, out_begin, out_end, before, covered > rows ? covered - rows : 0};
}

OneDnnConvolution::Pass OneDnnConvolution::make_pass(Direction direction) const {
  Pass pass{direction, {}, {}, {}};
  const size_t batch = shape_.batch, out_x = shape_.out_x(),
               groups = std::max<size_t>(shape_.in_x / shape_.stride, 1);
  switch (direction) {
    case Direction::forward: {
      const size_t strips = strips_of(out_x * shape_.out_y(), out_x, points_of_strip);
      for (size_t b = 0; b < batch; ++b)
        for (size_t n = 0; n < strips; ++n)
          add_piece(b, strip_of_output(out_x * n / strips, out_x * (n + 1) / strips), pass);
      break;
    }
    case Direction::adjoint: {
      const size_t strips = strips_of(shape_.in_x * shape_.in_y, groups, points_of_strip);
      for (size_t b = 0; b < batch; ++b)
        for (size_t n = 0; n < strips; ++n)
          add_piece(
              b,
              strip_of_input(shape_.stride * (groups * n / strips),
                             n + 1 < strips ? shape_.stride * (groups * (n + 1) / strips) : shape_.in_x),
              pass);
      break;
    }
    case Direction::gradient: {
      // Each piece has a gradient of its own to be summed: few pieces, of several samples where there are.
      const size_t ranges = std::min(batch, most_pieces);
      const size_t strips =
          std::min(strips_of(out_x * shape_.out_y(), out_x, points_of_gradient), most_pieces / ranges);
      for (size_t r = 0; r < ranges; ++r)
        for (size_t n = 0; n < strips; ++n) {
          const size_t first = batch * r / ranges;
          auto strip = strip_of_output(out_x * n / strips, out_x * (n + 1) / strips);
          strip.samples = batch * (r + 1) / ranges - first;
          // Several samples are one block of memory only when their rows are whole.
          if (strips == 1)
            strip.in_begin = 0, strip.in_end = shape_.in_x, strip.padding_before = shape_.padding_x;
          add_piece(first, strip, pass);
        }
      break;
    }
  }
  return pass;
}

void OneDnnConvolution::add_piece(size_t sample, const Strip& strip, Pass& pass) const {
  const auto same_form = [&](const Kernel& kernel) {
    const Strip& form = kernel.form;
    return form.samples == strip.samples && form.in_end - form.in_begin == strip.in_end - strip.in_begin &&
           form.out_end - form.out_begin == strip.out_end - strip.out_begin &&
           form.padding_before == strip.padding_before && form.padding_after == strip.padding_after;
  };
  const auto found = std::find_if(pass.kernels.begin(), pass.kernels.end(), same_form);
  const size_t kernel = size_t(found - pass.kernels.begin());
  if (found == pass.kernels.end()) {
    pass.kernels.push_back(make_kernel(pass.direction, strip));
    pass.kernels.back().layout = find_layout(pass.kernels.back().weights, pass);
  }
  pass.pieces.push_back({kernel, (sample * shape_.in_x + strip.in_begin) * shape_.in_y * shape_.in_channels,
                         (sample * shape_.out_x() + strip.out_begin) * shape_.out_y() * shape_.out_channels});
}

OneDnnConvolution::Kernel OneDnnConvolution::make_kernel(Direction direction, const Strip& strip) const {
  const SerialOneDnn serial;
  const auto& s = shape_;
  Kernel kernel;
  kernel.form = strip;
  kernel.x = image(strip.samples, s.in_channels, strip.in_end - strip.in_begin, s.in_y);
  kernel.y = image(strip.samples, s.out_channels, strip.out_end - strip.out_begin, s.out_y());
  const auto any = weights_of(s, memory::format_tag::any);
  const memory::dims stride{long(s.stride), long(s.stride)};
  const memory::dims before{long(strip.padding_before), long(s.padding_y)};
  const memory::dims after{long(strip.padding_after), long(s.padding_y)};
  const auto direct = dnnl::algorithm::convolution_direct;
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);

  const dnnl::convolution_forward::primitive_desc forward(
      {dnnl::prop_kind::forward_training, direct, kernel.x, any, kernel.y, stride, before, after}, attributes,
      engine_);
  switch (direction) {
    case Direction::forward:
      kernel.primitive = dnnl::convolution_forward(forward);
      kernel.weights = forward.weights_desc();
      kernel.scratchpad = forward.scratchpad_desc();
      break;
    case Direction::adjoint: {
      const dnnl::convolution_backward_data::primitive_desc adjoint(
          {direct, kernel.x, any, kernel.y, stride, before, after}, attributes, engine_, forward);
      kernel.primitive = dnnl::convolution_backward_data(adjoint);
      kernel.weights = adjoint.weights_desc();
      kernel.scratchpad = adjoint.scratchpad_desc();
      break;
    }
    case Direction::gradient: {
      const dnnl::convolution_backward_weights::primitive_desc gradient(
          {direct, kernel.x, any, kernel.y, stride, before, after}, attributes, engine_, forward);
      kernel.primitive = dnnl::convolution_backward_weights(gradient);
      kernel.weights = gradient.diff_weights_desc();
      kernel.scratchpad = gradient.scratchpad_desc();
      break;
    }
  }
  return kernel;
}

/// Not under SerialOneDnn: a reordering sums nothing and may have all threads.
size_t OneDnnConvolution::find_layout(const memory::desc& weights, Pass& pass) const {
  auto& layouts = pass.layouts;
  const auto found = std::find_if(layouts.begin(), layouts.end(),
                                  [&](const Layout& layout) { return layout.weights == weights; });
  const size_t index = size_t(found - layouts.begin());
  if (found == layouts.end()) {
    const auto ours = weights_of(shape_, memory::format_tag::ohwi);
    const bool from_ours = pass.direction != Direction::gradient;
    const dnnl::reorder::primitive_desc reorder(engine_, from_ours ? ours : weights, engine_,
                                                from_ours ? weights : ours);
    layouts.push_back({weights, dnnl::reorder(reorder)});
  }
  return index;
}

std::vector<const float*> OneDnnConvolution::convert(const Pass& pass, const ConstTensor<float, 4>& weights,
                                                     Workspace& scratch) const {
  std::vector<const float*> converted;
  dnnl::stream stream(engine_);
  for (const auto& layout : pass.layouts) {
    float* target = take_floats(scratch, layout.weights.get_size());
    auto from = view(weights_of(shape_, memory::format_tag::ohwi), engine_, weights.data());
    auto to = view(layout.weights, engine_, target);
    layout.convert.execute(stream, from, to);
    converted.push_back(target);
  }
  stream.wait();
  return converted;
}

void OneDnnConvolution::run(const Pass& pass, const float* x, const float* y,
                            const std::vector<const float*>& weights, Workspace& scratch) const {
  std::vector<float*> scratchpads;
  for (const auto& piece : pass.pieces)
    scratchpads.push_back(take_floats(scratch, pass.kernels[piece.kernel].scratchpad.get_size()));
  linalg::for_each_item(pass.pieces.size(), [&](size_t n) {
    const SerialOneDnn serial;
    const Piece& piece = pass.pieces[n];
    const Kernel& kernel = pass.kernels[piece.kernel];
    const auto x_memory = view(kernel.x, engine_, x + piece.x_offset);
    const auto y_memory = view(kernel.y, engine_, y + piece.y_offset);
    const auto weights_memory = view(kernel.weights, engine_, weights[n]);
    const auto scratchpad = view(kernel.scratchpad, engine_, scratchpads[n]);
    dnnl::stream stream(engine_);
    switch (pass.direction) {
      case Direction::forward:
        kernel.primitive.execute(stream, {{DNNL_ARG_SRC, x_memory},
                                          {DNNL_ARG_WEIGHTS, weights_memory},
                                          {DNNL_ARG_DST, y_memory},
                                          {DNNL_ARG_SCRATCHPAD, scratchpad}});
        break;
      case Direction::adjoint:
        kernel.primitive.execute(stream, {{DNNL_ARG_DIFF_SRC, x_memory},
                                          {DNNL_ARG_WEIGHTS, weights_memory},
                                          {DNNL_ARG_DIFF_DST, y_memory},
                                          {DNNL_ARG_SCRATCHPAD, scratchpad}});
        break;
      case Direction::gradient:
        kernel.primitive.execute(stream, {{DNNL_ARG_SRC, x_memory},
                                          {DNNL_ARG_DIFF_WEIGHTS, weights_memory},
                                          {DNNL_ARG_DIFF_DST, y_memory},
                                          {DNNL_ARG_SCRATCHPAD, scratchpad}});
        break;
    }
    stream.wait();
  });
}

void OneDnnConvolution::forward(const Exec& space, const ConstTensor<float, 4>& weights,
                                const ConstTensor<float, 4>& x, Workspace& scratch,
                                const Tensor<float, 4>& y) const {
  space.fence("danaus::nn::OneDnnConvolution::forward");
  const auto mark = scratch.mark();
  translate_errors([&] {
    const auto converted = convert(forward_, weights, scratch);
    std::vector<const float*> of_piece;
    for (const auto& piece : forward_.pieces)
      of_piece.push_back(converted[forward_.kernels[piece.kernel].layout]);
    run(forward_, x.data(), y.data(), of_piece, scratch);
  });
  scratch.release(mark);
}

void OneDnnConvolution::adjoint(const Exec& space, const ConstTensor<float, 4>& weights,
                                const ConstTensor<float, 4>& y_grad, Workspace& scratch, Write write,
                                const Tensor<float, 4>& x_grad) const {
  space.fence("danaus::nn::OneDnnConvolution::adjoint");
  const auto mark = scratch.mark();
  const auto target = write == Write::overwrite ? x_grad : scratch.take<float, 4>(shape_of(x_grad));
  translate_errors([&] {
    const auto converted = convert(adjoint_, weights, scratch);
    std::vector<const float*> of_piece;
    for (const auto& piece : adjoint_.pieces)
      of_piece.push_back(converted[adjoint_.kernels[piece.kernel].layout]);
    run(adjoint_, target.data(), y_grad.data(), of_piece, scratch);
  });
  if (write == Write::accumulate) pass_gradient<float>(space, target.data(), Write::accumulate, x_grad);
  scratch.release(mark);
}

void OneDnnConvolution::gradient(const Exec& space, const ConstTensor<float, 4>& x,
                                 const ConstTensor<float, 4>& y_grad, Workspace& scratch,
                                 const Tensor<float, 4>& weights_grad) const {
  space.fence("danaus::nn::OneDnnConvolution::gradient");
  const auto mark = scratch.mark();
  const auto& pass = gradient_;
  const auto size_of_layout = [&](size_t layout) {
    return (pass.layouts[layout].weights.get_size() + sizeof(float) - 1) / sizeof(float);
  };
  // The gradients of all pieces, those of one layout together.
  std::vector<size_t> count(pass.layouts.size(), 0);
  for (const auto& piece : pass.pieces) ++count[pass.kernels[piece.kernel].layout];
  std::vector<float*> sums, next;
  for (size_t layout = 0; layout < pass.layouts.size(); ++layout)
    sums.push_back(scratch.take<float, 1>({count[layout] * size_of_layout(layout)}).data());
  next = sums;
  std::vector<const float*> of_piece;
  for (const auto& piece : pass.pieces) {
    const size_t layout = pass.kernels[piece.kernel].layout;
    of_piece.push_back(next[layout]);
    next[layout] += size_of_layout(layout);
  }
  const auto in_our_layout = scratch.take<float, 4>(shape_of(weights_grad));
  translate_errors([&] {
    run(pass, x.data(), y_grad.data(), of_piece, scratch);
    dnnl::stream stream(engine_);
    for (size_t layout = 0; layout < pass.layouts.size(); ++layout) {
      sum_arrays(space, sums[layout], size_of_layout(layout), count[layout]);
      space.fence("danaus::nn::OneDnnConvolution::gradient");
      auto from = view(pass.layouts[layout].weights, engine_, sums[layout]);
      auto to = view(weights_of(shape_, memory::format_tag::ohwi), engine_, in_our_layout.data());
      pass.layouts[layout].convert.execute(stream, from, to);
      stream.wait();
      pass_gradient<float>(space, in_our_layout.data(), Write::accumulate, weights_grad);
    }
  });
  scratch.release(mark);
}

}  // namespace danaus::nn

#endif
