// Uses an installed Danaus as a stranger would: random numbers on the device, in memory that a workspace
// hands out, their Fourier transform, and a convolution.

#include <danaus/core/random.hpp>
#include <danaus/core/workspace.hpp>
#include <danaus/fft/plan.hpp>
#include <danaus/nn/convolution_plan.hpp>

#include <Kokkos_Core.hpp>

#include <cmath>
#include <cstdio>

void fill(const danaus::Exec& space, danaus::Tensor<double, 1> numbers) {
  const danaus::Random random(7, danaus::stream::test);
  Kokkos::parallel_for(
      "consumer::fill", Kokkos::RangePolicy<danaus::Exec>(space, 0, numbers.size()),
      KOKKOS_LAMBDA(danaus::size_t i) { numbers(i) = random.uniform(i); });
}

bool mode_zero_is_the_sum() {
  const danaus::size_t count = 1000;
  const danaus::Exec space;
  danaus::Workspace workspace;
  const auto numbers = workspace.take<double, 1>({count});
  const auto spectrum = workspace.take<danaus::Complex<double>, 1>({count / 2 + 1});
  fill(space, numbers);
  const auto before = danaus::to_host(numbers);
  danaus::fft::RealForwardPlan<double>({1, {count}, 1})(space, numbers, spectrum);

  double sum = 0;
  for (danaus::size_t i = 0; i < count; ++i) sum += before(i);
  const double mode_zero = danaus::to_host(spectrum)(0).real();
  std::printf("sum of %zu numbers: %.12f, mode 0: %.12f\n", count, sum, mode_zero);
  // Two orders of summation of numbers in [0, 1): count rounding errors of at most sum * 2^-53 each.
  return std::abs(mode_zero - sum) < count * sum * 1.2e-16 && sum > 0.4 * count && sum < 0.6 * count;
}

bool convolution_counts_neighbours() {
  const danaus::nn::ConvolutionPlan<float> plan({1, 3, 4, 1, 1});  // batch, points, channels; 3 x 3 kernel
  const auto ones = [](const danaus::Shape<4>& shape) {
    const auto tensor = danaus::zeros<float, 4>("ones", shape);
    danaus::fill(tensor, 1.0f);
    return tensor;
  };
  const auto y = danaus::zeros<float, 4>("y", plan.shape().output());
  danaus::Workspace workspace;
  plan.forward({}, ones(plan.shape().weights()), ones(plan.shape().input()), workspace, y);
  const auto count = danaus::to_host(y);
  std::printf("points around a corner, a side and the middle: %g %g %g\n", double(count(0, 0, 0, 0)),
              double(count(0, 0, 1, 0)), double(count(0, 1, 1, 0)));
  return count(0, 0, 0, 0) == 4 && count(0, 0, 1, 0) == 6 && count(0, 1, 1, 0) == 9;
}

int main(int argc, char** argv) {
  Kokkos::ScopeGuard kokkos(argc, argv);
  return mode_zero_is_the_sum() && convolution_counts_neighbours() ? 0 : 1;
}
