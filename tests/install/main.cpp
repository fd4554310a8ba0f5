// Uses an installed Danaus as a stranger would: numbers on the device, in memory that a workspace hands out.

#include <danaus/core/random.hpp>
#include <danaus/core/workspace.hpp>

#include <Kokkos_Core.hpp>

#include <cmath>
#include <cstdio>

namespace {

double mean_of_uniforms(int count) {
  danaus::Workspace workspace;
  const auto numbers = workspace.take<double, 1>({danaus::size_t(count)});
  const danaus::Random random(7, danaus::stream::test);
  Kokkos::parallel_for(
      "consumer::fill", Kokkos::RangePolicy<danaus::Exec>(0, count),
      KOKKOS_LAMBDA(int i) { numbers(i) = random.uniform(i); });
  const auto host = danaus::to_host(numbers);
  double sum = 0;
  for (int i = 0; i < count; ++i) sum += host(i);
  return sum / count;
}

}  // namespace

int main(int argc, char** argv) {
  Kokkos::ScopeGuard kokkos(argc, argv);
  const int count = 100000;
  const double mean = mean_of_uniforms(count);
  // Five standard deviations of the mean of uniform numbers.
  const double tolerance = 5 / std::sqrt(12.0 * count);
  std::printf("mean of %d uniform numbers: %.6f\n", count, mean);
  return std::abs(mean - 0.5) < tolerance ? 0 : 1;
}
