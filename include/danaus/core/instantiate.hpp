#pragma once

/// Explicit instantiation of a template for every scalar or every real type of the library.
#define DANAUS_FOR_EACH_REAL(MACRO) MACRO(float) MACRO(double)
#define DANAUS_FOR_EACH_SCALAR(MACRO) \
  MACRO(float) MACRO(double) MACRO(Kokkos::complex<float>) MACRO(Kokkos::complex<double>)
