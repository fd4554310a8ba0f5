#pragma once

#include "bench_context.hpp"

#include <danaus/monarch/axis_transform.hpp>

namespace danaus::app {

/// Which numbers a fixed Fourier transform of n points takes and gives.
enum class TransformKind {
  complex,       ///< n complex to n complex
  real_forward,  ///< n real to n/2 + 1 complex
  real_inverse,  ///< n/2 + 1 complex to n real, with 1/n
};

/// The DFT as a Monarch transform with its factors packed.
struct FourierTransform {
  FourierTransform(size_t n, size_t block, TransformKind kind);

  monarch::AxisTransform<float> transform;
  Tensor<float, 1> packed;
};

/// Block sizes that a fixed transform of n points may choose from: divisors in [sqrt(n)/2, 2 sqrt(n)].
/// @throws UsageError if there are none, naming the next padding that has one
std::vector<size_t> candidate_blocks(size_t n);

/// Our side of a one-dimensional case, in the lane layout: (tile, row, plane, 32 lanes), planes apart.
class LaneTransform {
 public:
  LaneTransform(size_t n, size_t block, TransformKind kind, size_t tiles);

  void run() const;
  double flops() const { return fourier_.transform.flops() * double(vectors()); }
  double bytes() const { return double(sizeof(float)) * double(in_.size() + out_.size()); }
  size_t vectors() const { return tiles_ * tile_lanes; }
  /// Input and output by vector and row, copied to the host.
  Values input() const;
  Values output() const;

 private:
  FourierTransform fourier_;
  size_t tiles_;
  Tensor<float, 4> in_, out_;
};

/// Tiles of vectors of n points: about 1 MiB of input and output for each thread, or 1 GiB on a GPU.
size_t tiles_for(size_t n);

/// Samples of a two-dimensional case in one call: on a CPU one, so that the second pass finds in the cache
/// what the first wrote; on a GPU all, to fill it.
inline size_t samples_at_once(size_t samples) { return is_gpu ? samples : 1; }

/// The fastest block of a fixed transform: it is tuned, as FFTW's plan is.
LaneTransform tuned_lane_transform(size_t n, TransformKind kind, size_t tiles);

}  // namespace danaus::app
