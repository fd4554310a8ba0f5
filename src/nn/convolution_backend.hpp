#pragma once

// What runs the convolutions of this build.

#include <nn/convolution_direct.hpp>

#if defined(DANAUS_HAS_CUDNN)
#include <nn/convolution_cudnn.hpp>
#elif !defined(KOKKOS_ENABLE_CUDA)
#include <nn/convolution_onednn.hpp>
#endif

namespace danaus::nn {

#if defined(DANAUS_HAS_CUDNN)
template <class T>
using ConvolutionBackend = CudnnConvolution<T>;
#elif defined(KOKKOS_ENABLE_CUDA)
template <class T>
using ConvolutionBackend = DirectConvolution<T>;
#else
template <class T>
using ConvolutionBackend =
    std::conditional_t<std::is_same_v<T, float>, OneDnnConvolution, DirectConvolution<T> >;
#endif

}  // namespace danaus::nn
