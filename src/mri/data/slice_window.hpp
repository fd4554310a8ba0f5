#pragma once

#include <danaus/core/complex.hpp>

#include <algorithm>
#include <vector>

namespace danaus::mri::detail {

/// Most that a volume holds of slices that lie along its file's readouts.
constexpr size_t default_window_bytes = size_t(256) << 20;

/// Slices of which one costs as much to get as many: some at a time are held, as many as fit into
/// `window_bytes`, at least one.
class SliceWindow {
 public:
  SliceWindow() = default;
  /// @param slice_size  samples of a slice
  SliceWindow(size_t slices, size_t slice_size, size_t window_bytes)
      : slices_(slices),
        slice_size_(slice_size),
        count_(std::clamp<size_t>(window_bytes / (slice_size * sizeof(Complex<float>)), 1, slices)) {}

  /// Most that is held.
  size_t held_bytes() const { return count_ * slice_size_ * sizeof(Complex<float>); }

  /// Valid until the next call.
  /// @param load  load(first, count, samples) gets slices [first, first + count)
  template <class Load>
  const Complex<float>* slice(size_t index, const Load& load) {
    if (!is_loaded_ || index < first_ || index >= first_ + count_) {
      // Slices are asked for in order, or one in the middle and then all: windows at fixed places.
      first_ = std::min(index / count_ * count_, slices_ - count_);
      samples_.resize(count_ * slice_size_);
      is_loaded_ = false;
      load(first_, count_, samples_.data());
      is_loaded_ = true;
    }
    return &samples_[(index - first_) * slice_size_];
  }

 private:
  size_t slices_ = 0, slice_size_ = 0;
  size_t count_ = 0;  // held at a time
  size_t first_ = 0;  // of those held
  bool is_loaded_ = false;
  std::vector<Complex<float>> samples_;  // (slice, ...)
};

}  // namespace danaus::mri::detail
