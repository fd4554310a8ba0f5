#pragma once

#include <danaus/core/tensor.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace danaus::pde {

struct DataOptions {
  /// The axes of /u (of /input and /output, ...) as the file's own tools list them, "t,y,x,sample"; empty: as
  /// documented, or reversed in MATLAB files.
  std::string axes;
  /// Points per axis of what is read: every k-th of the file's. 0 reads all.
  size_t resolution = 0;
  /// Files whose samples need more are streamed.
  double memory_budget_bytes = 4.0 * 1024 * 1024 * 1024;
};

/// What a file of samples holds.
struct DataDescription {
  std::string path;
  std::string layout;      ///< "navier-stokes", "darcy", "burgers", "pdebench", "pdebench-groups", "own"
  std::string problem;     ///< the file's attribute, else the layout
  bool is_static = false;  ///< one field in (frame 0), one out (frame 1), not a time series
  size_t samples = 0, frames = 0;
  size_t points_x = 0, points_y = 1;  ///< as read
  size_t file_points_x = 0, file_points_y = 1;
  size_t input_channels = 1;  ///< of frame 0 if static, else as output_channels
  size_t output_channels = 1;
  std::vector<double> times;  ///< of the frames, where the file says
  std::map<std::string, std::string> attributes;
  std::string digest;  ///< XXH3-128 of the file (ours: the one of its block)

  size_t channels(size_t frame) const { return is_static && frame == 0 ? input_channels : output_channels; }
};

/// Samples of a partial differential equation from any file whose layout is known:
///
///     Navier-Stokes  /u (sample, x, y, t), /a (sample, x, y); also the published .mat files (v5, and v7.3,
///     which has
///                    its axes reversed)
///     Burgers        /a, /u (sample, x)
///     Darcy          /coeff, /sol (sample, x, y)
///     one's own      /u (sample, x[, y], t, channel) or /input, /output (sample, x[, y], channel)
///     PDEBench       tensor (sample, t, x); density, pressure, Vx[, Vy] (sample, t, x[, y]); nu, tensor
///     (Darcy); groups
///                    0000, 0001, ... with data (t, x[, y], channel)
///
/// Rank, type and extents are checked on opening, values when they are read. A file that fits the budget is
/// held in memory, a larger one is read sample by sample.
///
/// @throws MissingInputError; DataError naming file and array, what was expected and what was found
class DataSet {
 public:
  explicit DataSet(const std::string& path, const DataOptions& options = {});
  ~DataSet();
  DataSet(DataSet&&) noexcept;

  const DataDescription& description() const { return description_; }
  bool is_streamed() const { return memory_.size() == 0; }

  /// The frame of each of the samples, (sample, x, y, channel), into `out`.
  void read_frame(const std::vector<size_t>& samples, size_t frame, const HostTensor<float, 4>& out) const;

  /// All frames [first, first + count) of one sample, (frame, x, y, channel).
  void read_sample(size_t sample, size_t first_frame, size_t frame_count, float* out) const;

  /// What is held in memory, (sample, frame, x, y, channel), on the device: on a CPU the set's own memory.
  Tensor<float, 1> on_device() const;
  /// Where a frame begins in there.
  size_t offset(size_t sample, size_t frame) const { return sample * sample_size() + frame_offset(frame); }

  /// @throws DataError unless every one of the frames is there, "expected at least N frames (why), found M"
  void require_frames(size_t count, const std::string& why) const;

 private:
  struct Source;

  void load();
  void read_checked(size_t sample, size_t first_frame, size_t frame_count, float* out) const;
  size_t frame_size(size_t frame) const;
  size_t sample_size() const;
  size_t frame_offset(size_t frame) const;

  DataDescription description_;
  std::unique_ptr<Source> source_;
  HostTensor<float, 1> memory_;
};

}  // namespace danaus::pde
