#include "version.hpp"

#include "build_info.hpp"

#include <danaus/core/tensor.hpp>
#include <danaus/io/hdf5.hpp>
#include <danaus/linalg/blas.hpp>

#include <fftw3.h>

namespace danaus::app {
namespace {

std::string compiler() {
#if defined(__clang__)
  return "Clang " __clang_version__;
#elif defined(__GNUC__)
  return "GCC " __VERSION__;
#else
  return "unknown";
#endif
}

std::string kokkos_version() {
  return std::to_string(KOKKOS_VERSION_MAJOR) + "." + std::to_string(KOKKOS_VERSION_MINOR) + "." +
         std::to_string(KOKKOS_VERSION_PATCH);
}

}  // namespace

std::string version() { return DANAUS_VERSION; }
std::string commit() { return DANAUS_COMMIT; }
std::string created_by() { return "danaus " + version() + " (" + commit() + ")"; }

Json version_json(const std::string& program) {
  Json json = {{"program", program}, {"version", version()}, {"commit", commit()}};
  json["compiler"] = compiler();
  json["build_type"] = DANAUS_BUILD_TYPE;
  json["kokkos"] = {{"version", kokkos_version()}, {"backend", Exec::name()}};
#ifdef KOKKOS_ENABLE_CUDA
  json["fft"] = "cuFFT, " + std::string(fftw_version);
#else
  json["fft"] = std::string(fftw_version);
#endif
  const auto blas = linalg::blas_info();
  json["blas"] = blas.library;
  json["blas_core"] = blas.core;
  if (!blas.warning.empty()) json["blas_warning"] = blas.warning;
  json["hdf5"] = io::hdf5_library_version();
  return json;
}

std::string version_text(const std::string& program) {
  const Json json = version_json(program);
  const auto text = [&](const char* key) { return json[key].get<std::string>(); };
  return program + " " + version() + " (" + commit() + ")\ncompiler  " + text("compiler") + ", " +
         text("build_type") + "\nKokkos    " + json["kokkos"]["version"].get<std::string>() + ", " +
         json["kokkos"]["backend"].get<std::string>() + "\nFFT       " + text("fft") + "\nBLAS      " +
         text("blas") + ", runs as " + text("blas_core") + "\nHDF5      " + text("hdf5") + "\n";
}

}  // namespace danaus::app
