#include <danaus/linalg/blas.hpp>

#include <cblas.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace danaus::linalg {

namespace {

template <size_t N>
bool begins_with_one_of(const std::string& core, const std::array<const char*, N>& names) {
  return std::any_of(names.begin(), names.end(), [&](const char* name) { return core.starts_with(name); });
}

// OpenBLAS' names of x86-64 cores whose kernels stop at SSE or AVX, and at AVX2.
constexpr std::array sse_cores{"Prescott", "Core2",     "Katmai",  "Coppermine",  "Northwood",  "Banias",
                               "Generic",  "Unknown",   "Nehalem", "Penryn",      "Dunnington", "Atom",
                               "Opteron",  "Barcelona", "Bobcat",  "Sandybridge", "Bulldozer"};
constexpr std::array avx2_cores{"Haswell", "Zen", "Excavator", "Steamroller", "Piledriver"};

}  // namespace

VectorSet cpu_vector_set() {
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
    return VectorSet::avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return VectorSet::avx2;
#endif
  return VectorSet::sse;
}

std::string better_blas_core(const std::string& core, VectorSet vectors) {
  const bool sse = begins_with_one_of(core, sse_cores), avx2 = begins_with_one_of(core, avx2_cores);
  if (vectors == VectorSet::avx512 && (sse || avx2)) return "SkylakeX";
  if (vectors == VectorSet::avx2 && sse) return "Haswell";
  return "";
}

BlasInfo blas_info() {
  BlasInfo info;
  info.library = openblas_get_config();
  info.core = openblas_get_corename();
  info.threads = openblas_get_num_threads();
  info.better_core = better_blas_core(info.core, cpu_vector_set());
  if (!info.better_core.empty()) {
    const char* chosen = std::getenv("OPENBLAS_CORETYPE");
    info.warning = "OpenBLAS " +
                   (chosen && *chosen ? "was told by OPENBLAS_CORETYPE to run as a "
                                      : std::string("takes this CPU for a ")) +
                   info.core +
                   " and runs below its speed; start the program with OPENBLAS_CORETYPE=" + info.better_core;
  }
  return info;
}

void set_blas_threads(int threads) { openblas_set_num_threads(threads); }

}  // namespace danaus::linalg
