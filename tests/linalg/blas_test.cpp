#include <danaus/linalg/blas.hpp>

#include <support/catch.hpp>

using namespace danaus::linalg;

TEST_CASE("a core type is proposed only where the CPU has wider vectors than OpenBLAS uses", "[linalg]") {
  CHECK(better_blas_core("Prescott", VectorSet::avx512) == "SkylakeX");
  CHECK(better_blas_core("Haswell", VectorSet::avx512) == "SkylakeX");
  CHECK(better_blas_core("Zen", VectorSet::avx512) == "SkylakeX");
  CHECK(better_blas_core("Prescott", VectorSet::avx2) == "Haswell");
  CHECK(better_blas_core("Sandybridge", VectorSet::avx2) == "Haswell");
  // Nothing better than what it chose, nothing that the CPU cannot run, nothing where the name is not known.
  CHECK(better_blas_core("SkylakeX", VectorSet::avx512) == "");
  CHECK(better_blas_core("Cooperlake", VectorSet::avx512) == "");
  CHECK(better_blas_core("Haswell", VectorSet::avx2) == "");
  CHECK(better_blas_core("Prescott", VectorSet::sse) == "");
  CHECK(better_blas_core("armv8", VectorSet::sse) == "");
}

TEST_CASE("the warning names the core type that would be better", "[linalg]") {
  const auto info = blas_info();
  CHECK(info.better_core == better_blas_core(info.core, cpu_vector_set()));
  CHECK(info.warning.empty() == info.better_core.empty());
  if (!info.warning.empty())
    CHECK_THAT(info.warning, Catch::Matchers::EndsWith("OPENBLAS_CORETYPE=" + info.better_core));
}
