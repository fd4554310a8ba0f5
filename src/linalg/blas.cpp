#include <danaus/linalg/blas.hpp>

#include <cblas.h>

namespace danaus::linalg {

namespace {

/// The newest core type of OpenBLAS that this CPU can run, empty where there is nothing better than SSE.
std::string best_core() {
#if defined(__x86_64__) && defined(__GNUC__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
    return "SkylakeX";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "Haswell";
#endif
  return "";
}

bool is_old(const std::string& core) {
  for (const char* old : {"Prescott", "Core2", "Katmai", "Coppermine", "Northwood", "Banias", "Generic",
                          "Unknown", "Nehalem", "Penryn", "Atom", "Opteron", "Barcelona"})
    if (core.rfind(old, 0) == 0) return true;
  return false;
}

}  // namespace

BlasInfo blas_info() {
  BlasInfo info;
  info.library = openblas_get_config();
  info.core = openblas_get_corename();
  info.threads = openblas_get_num_threads();
  const std::string best = best_core();
  if (!best.empty() && is_old(info.core))
    info.warning = "OpenBLAS takes this CPU for a " + info.core +
                   " and runs far below its speed; start the program with OPENBLAS_CORETYPE=" + best;
  return info;
}

void set_blas_threads(int threads) { openblas_set_num_threads(threads); }

}  // namespace danaus::linalg
