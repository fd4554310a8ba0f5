#pragma once

#include <danaus/core/complex.hpp>
#include <danaus/core/tensor.hpp>

#include <complex>
#include <memory>
#include <string>
#include <vector>

namespace danaus::app {

/// Where a batch of vectors or planes lies in memory, in floats. Vector v = o * lanes + lane begins at
/// o * outer + lane * lane_stride; its imaginary parts lie `imaginary` behind the real ones (0: real
/// numbers).
struct ArrayLayout {
  std::vector<size_t> axes;  ///< stride of each transformed axis
  size_t lane_stride = 0, outer_stride = 0, imaginary = 0;

  /// Each vector contiguous, real and imaginary parts interleaved (or real).
  static ArrayLayout contiguous(const std::vector<size_t>& n, size_t lanes, bool is_complex);
  /// Lanes innermost, interleaved (or real): (outer, n.., lane).
  static ArrayLayout lanes_innermost(const std::vector<size_t>& n, size_t lanes, bool is_complex);
  /// Lanes innermost, planes apart in front of the last axis (2-D), or of the lanes (1-D): as ours.
  static ArrayLayout split(const std::vector<size_t>& n, size_t lanes);

  size_t at(size_t outer, size_t lane, const std::vector<size_t>& index) const {
    size_t offset = outer * outer_stride + lane * lane_stride;
    for (size_t axis = 0; axis < axes.size(); ++axis) offset += index[axis] * axes[axis];
    return offset;
  }
};

enum class FftwKind { complex_forward, real_forward, real_backward };
enum class FftwEffort { measure, patient };

/// One batched single-precision FFTW transform, out of place, over any layout, on all threads of the host:
/// the outer index is shared out, each part runs one plan.
///
/// FFTW's split interface takes every layout here: interleaved numbers are planes one float apart, and FFTW's
/// own interleaved interface maps to the same problem.
class FftwRival {
 public:
  /// @param n  extents; of real transforms the real array's, the last one halved in the spectrum
  FftwRival(const std::string& name, FftwKind kind, FftwEffort effort, const std::vector<size_t>& n,
            size_t outer, size_t lanes, const ArrayLayout& in, const ArrayLayout& out);

  const std::string& name() const { return name_; }
  void run() const;

  /// Buffers made by this class; planning has overwritten them. May be set to others of the same size.
  HostTensor<float, 1> in, out;
  const ArrayLayout& in_layout() const { return in_layout_; }
  const ArrayLayout& out_layout() const { return out_layout_; }
  std::complex<float> output(size_t o, size_t lane, const std::vector<size_t>& index) const;
  void set_input(size_t o, size_t lane, const std::vector<size_t>& index, std::complex<float> value) const;

 private:
  std::string name_;
  FftwKind kind_;
  size_t chunks_, outer_per_chunk_;
  ArrayLayout in_layout_, out_layout_;
  std::shared_ptr<void> plan_;
};

}  // namespace danaus::app
