#include "bench_context.hpp"
#include "eager_layer.hpp"
#include "verbs.hpp"

#include <danaus/nn/operator_layer.hpp>

namespace danaus::app {
namespace {

/// One operator layer with parameters, input, and a tape for each use.
struct LayerUnderTest {
  LayerUnderTest(const LayerSize& size, bool is_learned, const HostTensor<float, 4>& input) {
    const size_t block = monarch::default_block(size.points);
    const nn::SpectralShape shape{.nx = size.points,
                                  .ny = size.points,
                                  .modes = size.modes,
                                  .channels = size.channels,
                                  .block_x = block,
                                  .block_y = block};
    basis = is_learned ? std::make_shared<nn::SpectralBasis<float>>(store, "basis", shape)
                       : std::make_shared<nn::SpectralBasis<float>>(shape);
    layer = std::make_shared<nn::OperatorLayer<float>>(store, "layer", basis, nn::Activation::gelu);
    store.freeze();
    HostTensor<float, 1> values("values", store.values().size());
    for (size_t q = 0; q < values.size(); ++q) values(q) = 0.1f * test_value(1, q);
    copy(store.values(), values);
    basis->initialize();
    v = to_device<float, 4>(input);
  }

  /// One forward pass; what it returns lives until the tape's next reset.
  Var<float, 4> forward(Tape& tape) const {
    tape.reset();
    const auto x = tape.is_recording() ? tape.variable<float, 4>(v) : Var<float, 4>::constant(v);
    return (*layer)(tape, x, basis->pack(tape));
  }
  /// Forward, and the gradient that the next layer would have written.
  void prepare_backward(Tape& tape) const {
    const auto out = forward(tape);
    out.claim_grad();
    fill(tape.space(), out.grad(), 1.0f);
  }
  static void backward(Tape& tape) { tape.backward(std::vector<Var<float, 0>>{}); }

  ParameterStore<float> store;
  std::shared_ptr<nn::SpectralBasis<float>> basis;
  std::shared_ptr<nn::OperatorLayer<float>> layer;
  Tensor<float, 4> v;
};

double layer_flops(const LayerSize& s) {
  const auto shape = monarch::MonarchShape::square(s.points, monarch::default_block(s.points));
  std::vector<size_t> low, both;
  for (size_t k = 0; k < s.modes; ++k) low.push_back(k), both.push_back(k);
  for (size_t k = s.points - s.modes; k < s.points; ++k) both.push_back(k);
  const monarch::AxisTransform<float> y(
      {.shape = shape, .input = monarch::Numbers::real, .kept_outputs = low}),
      x({.shape = shape, .kept_outputs = both});
  const double planes = double(s.batch * s.channels), c = double(s.channels);
  const double transforms = 2 * planes * (double(s.points) * y.flops() + double(s.modes) * x.flops());
  const double mixing = planes * 8 * c * 2 * double(s.modes * s.modes);
  return transforms + mixing + planes * 2 * c * double(s.points * s.points);
}

std::string size_text(const LayerSize& s) {
  return std::to_string(s.points) + "^2, batch " + std::to_string(s.batch) + ", width " +
         std::to_string(s.channels) + ", modes " + std::to_string(s.modes);
}

/// (batch, x, y, channel)
HostTensor<float, 4> layer_input(const LayerSize& s) {
  HostTensor<float, 4> input("input", s.batch, s.points, s.points, s.channels);
  for (size_t q = 0; q < input.size(); ++q) input.data()[q] = test_value(2, q);
  return input;
}

/// The input in the rival's layout.
void copy_input(const HostTensor<float, 4>& input, const EagerLayer& eager) {
  for (size_t b = 0; b < input.extent(0); ++b)
    for (size_t x = 0; x < input.extent(1); ++x)
      for (size_t y = 0; y < input.extent(2); ++y)
        for (size_t c = 0; c < input.extent(3); ++c) eager.in(b, c, x, y) = input(b, x, y, c);
}

void bench_forward(const BenchContext& context, const std::string& model, const LayerSize& size,
                   const LayerUnderTest& ours, const HostTensor<float, 4>& input, Json& results) {
  Tape tape({}, Recording::off);
  if (is_gpu) {  // the rival is the CPU's
    const auto samples = time_in_turn({{[&] { ours.forward(tape); }}}, context.timing);
    results.push_back(timed_row("operator layer forward, " + model, size_text(size), samples[0]));
    return;
  }
  EagerLayer eager(size, context.effort, to_host(ours.layer->spectral_weights().value()),
                   to_host(ours.layer->weights().dense().value()), to_host(ours.layer->bias().value()));
  copy_input(input, eager);
  eager.run();
  const auto out = to_host(ours.forward(tape).value);
  const std::string rival = "unfused: " + context.fftw_name() + " r2c, c2r; OpenBLAS; passes";
  require_same(
      rival, size.batch * size.channels, size.points * size.points,
      [&](size_t plane, size_t p) {
        return std::complex<float>(
            out(plane / size.channels, p / size.points, p % size.points, plane % size.channels));
      },
      [&](size_t plane, size_t p) {
        return std::complex<float>(
            eager.out(plane / size.channels, plane % size.channels, p / size.points, p % size.points));
      });
  const auto samples = time_in_turn({{[&] { ours.forward(tape); }}, {[&] { eager.run(); }}}, context.timing);
  results.push_back(compared_row({.name = "operator layer forward, " + model,
                                  .size = size_text(size),
                                  .rival = rival,
                                  .goal = 4.5,
                                  .flops = layer_flops(size),
                                  .bytes = 2.0 * sizeof(float) * double(input.size())},
                                 paired(samples[0], samples[1]), context.roofs));
}

void bench_backward(const BenchContext& context, const std::string& model, const LayerSize& size,
                    const LayerUnderTest& ours, Json& results) {
  Tape tape;
  const auto samples = time_in_turn(
      {{.run = [&] { LayerUnderTest::backward(tape); }, .prepare = [&] { ours.prepare_backward(tape); }},
       {[&] { ours.forward(tape); }}},
      context.timing);
  Json row = compared_row({.name = "operator layer backward against forward, " + model,
                           .size = size_text(size),
                           .rival = "its forward pass",
                           .goal = 2.5},
                          paired(samples[0], samples[1]), context.roofs);
  invert_ratio(row);
  results.push_back(row);
}

void bench_threads(const BenchContext& context, const std::string& model, const LayerSize& size,
                   const LayerUnderTest& ours, Json& results) {
#if defined(KOKKOS_ENABLE_OPENMP) && !defined(KOKKOS_ENABLE_CUDA)
  const int threads = Exec{}.concurrency();
  if (threads == 1) return;
  Tape all, one(Exec(1));
  const auto pass = [&](Tape& tape) {
    return Contestant{.run = [&ours, &tape] {
      ours.prepare_backward(tape);
      LayerUnderTest::backward(tape);
    }};
  };
  const auto samples = time_in_turn({pass(all), pass(one)}, context.timing);
  results.push_back(compared_row({.name = "operator layer forward and backward, " + std::to_string(threads) +
                                          " threads against 1, " + model,
                                  .size = size_text(size),
                                  .rival = "itself, 1 thread",
                                  .goal = 0.9 * threads},
                                 paired(samples[0], samples[1]), context.roofs));
#else
  (void)context, (void)model, (void)size, (void)ours, (void)results;
#endif
}

std::vector<size_t> widths_from(const Options& options) {
  std::vector<size_t> widths;
  for (const auto& text : options.list("width")) {
    check_value(integer_option("width", "", 1, 4096, ""), text, "--width");
    widths.push_back(size_t(std::stoul(text)));
  }
  return widths;
}

Outcome run_layer(const Options& options) {
  BenchContext context = context_of(options);
  const auto models = options.list("model");
  for (const auto& model : models)
    check_value(choice_option("model", "", {"fno", "monarch-no"}, ""), model, "--model");
  const auto widths = widths_from(options);
  if (!is_gpu) {
    context.announce("measuring the roofs");
    context.roofs = measure_roofs(context.timing);
  }
  Json results = Json::array();
  for (const size_t width : widths) {
    const LayerSize size{.points = options.size("resolution"),
                         .batch = options.size("batch"),
                         .channels = width,
                         .modes = options.size("modes")};
    const auto input = layer_input(size);
    for (const auto& model : models) {
      context.announce(model + ", width " + std::to_string(width));
      const LayerUnderTest ours(size, model == "monarch-no", input);
      bench_forward(context, model, size, ours, input, results);
      bench_backward(context, model, size, ours, results);
      bench_threads(context, model, size, ours, results);
    }
  }
  return outcome_of(is_gpu ? machine_json() : machine_json(context.roofs), results);
}

}  // namespace

Verb bench_layer_verb() {
  Verb verb;
  verb.name = "layer";
  verb.summary = "times an operator layer against an unfused sequence of FFTW and BLAS (on a GPU: alone)";
  verb.options = {
      text_option("model", "fno,monarch-no", "layers with fixed or learned transforms, comma-separated"),
      text_option("width", "20,32", "channels, comma-separated"),
      integer_option("resolution", "64", 4, 8192, "points per axis"),
      integer_option("batch", "20", 1, 1e6, "samples"),
      integer_option("modes", "12", 1, 4096, "kept modes per axis"),
      integer_option("rounds", "", 3, 100000, "samples of each contestant").note("21; 7 if quick"),
      toggle_option("quick", "false", "fewer rounds, plans that FFTW measures only"),
      common_option("threads"),
      common_option("json"),
      common_option("quiet"),
      common_option("help")};
  verb.examples = {"danaus-bench layer", "danaus-bench layer --width 32 --threads 2 --json > layer.json"};
  verb.run = run_layer;
  return verb;
}

}  // namespace danaus::app
