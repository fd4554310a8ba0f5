#include "blas_core.hpp"

#include <danaus/linalg/blas.hpp>

#include <sys/auxv.h>
#include <unistd.h>

#include <cstdlib>

namespace danaus::app {

void choose_blas_core(char** argv) {
  constexpr const char* variable = "OPENBLAS_CORETYPE";
  if (std::getenv(variable)) return;
  const auto info = linalg::blas_info();
  // Started as an argument of the dynamic loader, /proc/self/exe is the loader.
  if (info.better_core.empty() || getauxval(AT_BASE) == 0) return;
  if (setenv(variable, info.better_core.c_str(), 1) != 0) return;
  execv("/proc/self/exe", argv);
  unsetenv(variable);  // it has not come about: say what is true
}

}  // namespace danaus::app
