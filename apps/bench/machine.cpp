#include "machine.hpp"

#include <common/version.hpp>

#include <danaus/core/simd.hpp>
#include <danaus/core/tensor.hpp>

#include <fftw3.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <utility>

namespace danaus::app {
namespace {

using HostSpace = Kokkos::DefaultHostExecutionSpace;
using HostRange = Kokkos::RangePolicy<HostSpace>;

constexpr size_t peak_iterations = 100000;

std::string cpu_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

/// Floats in each array of the triad: the three together four times the last-level cache.
size_t triad_size() {
  const long cache = sysconf(_SC_LEVEL3_CACHE_SIZE);
  const size_t bytes = std::clamp<size_t>(4 * size_t(std::max(cache, 0L)), size_t(96) << 20, size_t(1) << 30);
  return bytes / 3 / sizeof(float);
}

void triad(float* a, const float* b, const float* c, size_t begin, size_t end) {
  for (size_t i = begin; i < end; ++i) a[i] = b[i] + 3.0f * c[i];
}

/// A loop that every thread of the host runs a fixed part of.
template <class Part>
void on_every_thread(const char* label, size_t parts, const Part& part) {
  Kokkos::parallel_for(label, HostRange(0, parts).set_chunk_size(1), part);
}

}  // namespace

double multiply_adds(size_t iterations) {
  using simd::Pack;
  // Two to four units with a latency of four cycles need eight to sixteen sums in flight. Beside the sums,
  // the registers hold two operands.
#if defined(__AVX512F__) || defined(__aarch64__)
  constexpr int sums = 24;  // of 32 registers
#else
  constexpr int sums = 12;  // of 16
#endif
  Pack<float> sum[sums];
  for (int s = 0; s < sums; ++s) sum[s] = Pack<float>(float(s));
  Pack<float> factor(0.999f), addend(0.001f);
  // Every sum has an index known to the compiler, so that all stay in registers.
  const auto step = [&]<size_t... s>(std::index_sequence<s...>) {
    ((sum[s] = sum[s] * factor + addend), ...);
  };
  for (size_t i = 0; i < iterations; ++i) step(std::make_index_sequence<sums>());
  Pack<float> total = sum[0];
  for (int s = 1; s < sums; ++s) total = total + sum[s];
  volatile float sink = simd::sum<float>(total);  // or the compiler drops the loop
  (void)sink;
  return 2.0 * sums * simd::width<float> * double(iterations);
}

Contestant peak_contestant() {
  const size_t threads = size_t(HostSpace().concurrency());
  return {[threads] {
    on_every_thread("danaus::app::multiply_adds", threads, [](int) { multiply_adds(peak_iterations); });
  }};
}

double peak_contestant_flops() {
  return multiply_adds(1) * double(peak_iterations) * HostSpace().concurrency();
}

Roofs measure_roofs(const Timing& timing) {
  const size_t n = triad_size(), parts = size_t(HostSpace().concurrency());
  HostTensor<float, 1> a("a", n), b("b", n), c("c", n);
  const auto samples =
      time_in_turn({{[] { multiply_adds(peak_iterations); }},
                    peak_contestant(),
                    {[=] { triad(a.data(), b.data(), c.data(), 0, n); }},
                    {[=] {
                      on_every_thread("danaus::app::triad", parts, [=](int part) {
                        triad(a.data(), b.data(), c.data(), n * part / parts, n * (part + 1) / parts);
                      });
                    }}},
                   timing);
  const double bytes = 3.0 * sizeof(float) * double(n);
  // A roof is the best that was seen, not the median: what disturbs can only lower it.
  const auto rate = [&](double amount, size_t contestant) {
    return 1e-9 * amount / quantile(samples[contestant], 0.0);
  };
  return {rate(peak_contestant_flops() / double(parts), 0), rate(peak_contestant_flops(), 1), rate(bytes, 2),
          rate(bytes, 3)};
}

Json machine_json() {
  const Json version = version_json("danaus-bench");
  Json machine = {{"cpu", cpu_name()},
                  {"threads", Exec{}.concurrency()},
                  {"simd_floats", simd::width<float>},
                  {"kokkos", version["kokkos"]},
                  {"fft", std::string(fftwf_version)},
                  {"blas", version["blas"]},
                  {"blas_core", version["blas_core"]}};
#if defined(KOKKOS_ENABLE_CUDA)
  machine["gpu"] = std::string(Exec{}.cuda_device_prop().name);
#endif
  if (version.contains("blas_warning")) machine["blas_warning"] = version["blas_warning"];
  machine["version"] = version["version"];
  machine["commit"] = version["commit"];
  return machine;
}

Json machine_json(const Roofs& roofs) {
  Json machine = machine_json();
  machine["peak_gflops_one_thread"] = roofs.gflops_one_thread;
  machine["peak_gflops"] = roofs.gflops;
  machine["bandwidth_gigabytes_one_thread"] = roofs.gigabytes_one_thread;
  machine["bandwidth_gigabytes"] = roofs.gigabytes;
  return machine;
}

std::string machine_text(const Json& machine) {
  std::string text =
      machine["cpu"].get<std::string>() + ", " + std::to_string(machine["threads"].get<int>()) +
      " threads, vectors of " + std::to_string(machine["simd_floats"].get<int>()) + " floats; " +
      machine["fft"].get<std::string>() + "; OpenBLAS as " + machine["blas_core"].get<std::string>() + "\n";
  if (machine.contains("peak_gflops")) {
    char line[160];
    std::snprintf(line, sizeof line,
                  "measured roofs: %.0f GF/s (one thread %.0f), %.1f GB/s (one thread %.1f)\n",
                  machine["peak_gflops"].get<double>(), machine["peak_gflops_one_thread"].get<double>(),
                  machine["bandwidth_gigabytes"].get<double>(),
                  machine["bandwidth_gigabytes_one_thread"].get<double>());
    text += line;
  }
  if (machine.contains("blas_warning"))
    text += "warning: " + machine["blas_warning"].get<std::string>() + "\n";
  return text;
}

}  // namespace danaus::app
