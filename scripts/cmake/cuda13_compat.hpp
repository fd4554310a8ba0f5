#pragma once

// Force-included in front of every CUDA translation unit, ours and Kokkos's.
//
// CUDA 13 dropped the overloads that Kokkos 4.5 calls: a device ordinal became a cudaMemLocation, and graph
// edges carry data. These are the old signatures on top of the new functions.

#if defined(__CUDACC__)

#include <cuda_runtime_api.h>

#if CUDART_VERSION >= 13000

namespace danaus_cuda13 {
inline cudaMemLocation location_of(int device) {
  cudaMemLocation location = {};
  location.type = device == cudaCpuDeviceId ? cudaMemLocationTypeHost : cudaMemLocationTypeDevice;
  location.id = device == cudaCpuDeviceId ? 0 : device;
  return location;
}
}  // namespace danaus_cuda13

inline cudaError_t cudaMemAdvise(const void* pointer, size_t bytes, cudaMemoryAdvise advice, int device) {
  return cudaMemAdvise(pointer, bytes, advice, danaus_cuda13::location_of(device));
}

inline cudaError_t cudaMemPrefetchAsync(const void* pointer, size_t bytes, int device,
                                        cudaStream_t stream = nullptr) {
  return cudaMemPrefetchAsync(pointer, bytes, danaus_cuda13::location_of(device), 0, stream);
}

inline cudaError_t cudaGraphAddDependencies(cudaGraph_t graph, const cudaGraphNode_t* from,
                                            const cudaGraphNode_t* to, size_t count) {
  return cudaGraphAddDependencies(graph, from, to, nullptr, count);
}

#endif
#endif
