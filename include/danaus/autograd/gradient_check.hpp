#pragma once

#include <danaus/autograd/parameter_store.hpp>
#include <danaus/autograd/tape.hpp>
#include <danaus/core/random.hpp>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <tuple>

namespace danaus {

/// What check_gradients() found.
struct GradientReport {
  double worst = 0;     ///< largest difference, relative to the largest gradient entry of the same tensor
  std::string details;  ///< the worst entries: tensor, entry, recorded gradient, central difference
};

struct GradientCheckOptions {
  double step = 1e-5;      ///< of the central differences; their error is about step^2 + 1e-16 / step
  size_t entries = 64;     ///< real numbers checked per tensor, drawn without repetition
  std::uint64_t seed = 1;  ///< of the drawn entries and of the loss's weights
};

namespace detail {

/// Weights of the loss L = sum_i w_i y_i over the real numbers y_i of a result: normal numbers.
inline void fill_test_weights(const Exec& space, std::uint64_t seed, const Tensor<double, 1>& weights) {
  const Random random(seed, stream::test);
  Kokkos::parallel_for(
      "danaus::detail::fill_test_weights", over_entries(space, weights),
      KOKKOS_LAMBDA(size_t i) { weights(i) = random.normal(i); });
}

/// The real numbers behind a contiguous tensor.
template <class View>
auto as_reals(const View& view) {
  using T = typename View::non_const_value_type;
  using R = real_t<T>;
  return Tensor<R, 1>(reinterpret_cast<R*>(view.data()), view.size() * (sizeof(T) / sizeof(R)));
}

struct CheckedTensor {
  std::string name;
  Tensor<double, 1> values;      ///< perturbed in place
  std::vector<double> gradient;  ///< as recorded
};

template <class View>
std::vector<double> copy_reals(const View& view) {
  const auto host = to_host(as_reals(view));
  return {host.data(), host.data() + host.size()};
}

inline void set_real(const Tensor<double, 1>& values, size_t entry, double value) {
  fill(Kokkos::subview(values, entry), value);
}

/// Compares one tensor's recorded gradient with central differences of `loss`.
template <class Loss>
void compare(const GradientCheckOptions& options, const CheckedTensor& tensor, const Loss& loss,
             GradientReport& report) {
  const size_t size = tensor.values.size(), count = std::min(size, options.entries);
  const Random random(options.seed, stream::test + (1 << 8));
  std::vector<size_t> entries(size);
  for (size_t i = 0; i < size; ++i) entries[i] = i;
  for (size_t i = 0; i < count; ++i) std::swap(entries[i], entries[i + random.integer(i, size - i)]);

  const auto original = copy_reals(tensor.values);
  double scale = 1e-300;
  for (double g : tensor.gradient) scale = std::max(scale, std::abs(g));
  std::ostringstream text;
  for (size_t n = 0; n < count; ++n) {
    const size_t i = entries[n];
    set_real(tensor.values, i, original[i] + options.step);
    const double above = loss();
    set_real(tensor.values, i, original[i] - options.step);
    const double below = loss();
    set_real(tensor.values, i, original[i]);
    const double difference = (above - below) / (2 * options.step);
    // A gradient of zero everywhere would have no scale of its own.
    const double error = std::abs(difference - tensor.gradient[i]) / std::max(scale, std::abs(difference));
    if (!(error <= report.worst)) {
      report.worst = std::isnan(error) ? INFINITY : error;
      text << tensor.name << " [real " << i << "]: recorded " << tensor.gradient[i] << ", central difference "
           << difference << "\n";
    }
  }
  report.details += text.str();
}

}  // namespace detail

/// Compares the gradients of an operation or layer with central differences, in double precision.
///
///     auto report = check_gradients(store, [&](Tape& tape, const auto& x) { return layer(tape, x); }, x);
///     INFO(report.details); CHECK(report.worst < 1e-7);
///
/// The loss is a fixed random real-linear functional of the result, which may have any shape and be complex.
/// Checked are all inputs and all learned parameters of the store, and two contracts: gradients of inputs are
/// added to when something wrote them before (claim_grad), gradients of parameters always. A breach shows as
/// a large `worst`. The values of inputs and parameters are perturbed and restored; gradients in the store
/// are overwritten.
///
/// @param store    the parameters, frozen; an empty frozen store for an operation without any
/// @param forward  (Tape&, const Var<T, R>&...) -> Var<S, Q>, a pure function of parameters and inputs
/// @param inputs   Tensor<double, R> or Tensor<Complex<double>, R>
template <class Forward, class... Inputs>
GradientReport check_gradients(ParameterStore<double>& store, const Forward& forward,
                               const GradientCheckOptions& options, const Inputs&... inputs) {
  const Exec space;
  Tape tape(space);

  // The loss at the present values, without recording.
  const auto loss_of = [&](const auto& y) {
    const auto values = detail::as_reals(y.value);
    Tensor<double, 1> weights("weights", values.size());
    detail::fill_test_weights(space, options.seed, weights);
    space.fence();
    const auto w = detail::copy_reals(weights), v = detail::copy_reals(values);
    double sum = 0;
    for (size_t i = 0; i < w.size(); ++i) sum += w[i] * v[i];
    return sum;
  };
  const auto loss = [&] {
    tape.reset();
    tape.set_recording(Recording::off);
    return loss_of(
        forward(tape, Var<typename Inputs::non_const_value_type, int(Inputs::rank())>::constant(inputs)...));
  };

  // One recorded pass; every gradient starts from `prefill` when that is not 0.
  const auto recorded = [&](double prefill) {
    tape.reset();
    tape.set_recording(Recording::on);
    auto vars =
        std::make_tuple(tape.variable<typename Inputs::non_const_value_type, int(Inputs::rank())>(inputs)...);
    fill(store.gradients(), prefill);
    if (prefill != 0)
      std::apply(
          [&](const auto&... x) { ((x.claim_grad(), fill(detail::as_reals(x.grad()), prefill)), ...); },
          vars);
    const auto y = std::apply([&](const auto&... x) { return forward(tape, x...); }, vars);
    // A last operation whose gradient is the loss's weights.
    const auto total = tape.output<double, 0>({});
    tape.record("danaus::check_gradients", total, [y, options](const Exec& on) {
      if (!y.is_tracked()) return;
      y.claim_grad();
      detail::fill_test_weights(on, options.seed, detail::as_reals(y.grad()));
    });
    tape.backward(total);
    space.fence();

    std::vector<detail::CheckedTensor> result;
    int index = 0;
    std::apply(
        [&](const auto&... x) {
          ((result.push_back({"input " + std::to_string(index++), detail::as_reals(x.value),
                              x.has_grad() ? detail::copy_reals(x.grad())
                                           : std::vector<double>(detail::as_reals(x.value).size(), 0.0)})),
           ...);
        },
        vars);
    for (const auto& p : store.parameters()) {
      if (p.group == ParameterGroup::state) continue;
      const auto range = std::make_pair(p.offset, p.offset + p.reals());
      result.push_back({p.name, Kokkos::subview(store.values(), range),
                        detail::copy_reals(Kokkos::subview(store.gradients(), range))});
    }
    return result;
  };

  GradientReport report;
  const auto gradients = recorded(0), accumulated = recorded(1);
  for (size_t t = 0; t < gradients.size(); ++t) {
    detail::compare(options, gradients[t], loss, report);
    // Adding to 1 rounds once: more than a few eps of the larger term is a lost or overwritten gradient.
    for (size_t i = 0; i < gradients[t].gradient.size(); ++i) {
      const double g = gradients[t].gradient[i], error = std::abs(accumulated[t].gradient[i] - (g + 1));
      if (error > 1e-9 * (1 + std::abs(g))) {
        report.worst = std::max(report.worst, error);
        report.details += gradients[t].name + " [real " + std::to_string(i) + "]: was not added to\n";
        break;
      }
    }
  }
  return report;
}

template <class Forward, class... Inputs>
GradientReport check_gradients(ParameterStore<double>& store, const Forward& forward,
                               const Inputs&... inputs) {
  return check_gradients(store, forward, GradientCheckOptions{}, inputs...);
}

}  // namespace danaus
