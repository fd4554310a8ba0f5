#pragma once

#include <danaus/core/tensor.hpp>
#include <danaus/io/hdf5_reader.hpp>

#include <string>
#include <vector>

namespace danaus::train {

/// Consecutive frames of one sample, from `first_frame` on.
struct Window {
  size_t sample, first_frame;
};

/// Trajectories that a model is trained on or scored with: `samples()` of them, each of `frames()` frames
/// `(x, y, channel)`. A static problem has two frames, input and target, with channels of their own.
/// One-dimensional problems have one point along y.
template <class T>
class SampleSource {
 public:
  virtual ~SampleSource() = default;

  virtual size_t samples() const = 0;
  virtual size_t frames() const = 0;
  /// (x, y, channel)
  virtual Shape<3> frame_shape(size_t frame) const = 0;
  /// Says which data these are: the digest of the file.
  virtual std::string digest() const = 0;

  /// Frames first_frame ... first_frame + count - 1 of every window, each `(batch, x, y, channel)`,
  /// contiguous. They belong to the source, may be written to, and are valid until the next load(). Nothing
  /// is allocated once the largest batch has been loaded.
  /// @throws std::out_of_range for a window that is not within the data
  virtual std::vector<Tensor<T, 4>> load(const Exec& space, const std::vector<Window>& windows,
                                         size_t count) = 0;
};

/// Reused memory for the frames of a batch.
template <class T>
class FrameBuffer {
 public:
  /// One tensor `(batch, x, y, channel)` per shape `(x, y, channel)`, uninitialised.
  std::vector<Tensor<T, 4>> frames(size_t batch, const std::vector<Shape<3>>& shapes);
  const Tensor<T, 1>& storage() const { return storage_; }

 private:
  Tensor<T, 1> storage_;
};

/// Trajectories in device memory, in the axes of the files: `(sample, x, y, frame, channel)`.
template <class T>
class MemorySource : public SampleSource<T> {
 public:
  MemorySource(const Tensor<T, 5>& data, const std::string& digest);

  size_t samples() const override { return data_.extent(0); }
  size_t frames() const override { return data_.extent(3); }
  Shape<3> frame_shape(size_t) const override { return {data_.extent(1), data_.extent(2), data_.extent(4)}; }
  std::string digest() const override { return digest_; }
  std::vector<Tensor<T, 4>> load(const Exec& space, const std::vector<Window>& windows,
                                 size_t count) override;

 private:
  Tensor<T, 5> data_;
  std::string digest_;
  FrameBuffer<T> buffer_;
  Tensor<size_t, 2> windows_;
  typename Tensor<size_t, 2>::HostMirror host_windows_;
};

/// A static problem in device memory: input and target, `(sample, x, y, channel)` each.
template <class T>
class PairSource : public SampleSource<T> {
 public:
  /// @throws ShapeError unless both have the same number of samples
  PairSource(const Tensor<T, 4>& input, const Tensor<T, 4>& target, const std::string& digest);

  size_t samples() const override { return frames_[0].extent(0); }
  size_t frames() const override { return 2; }
  Shape<3> frame_shape(size_t frame) const override;
  std::string digest() const override { return digest_; }
  std::vector<Tensor<T, 4>> load(const Exec& space, const std::vector<Window>& windows,
                                 size_t count) override;

 private:
  Tensor<T, 4> frames_[2];
  std::string digest_;
  FrameBuffer<T> buffer_;
  Tensor<size_t, 2> windows_;
  typename Tensor<size_t, 2>::HostMirror host_windows_;
};

/// Trajectories that are read from their file as they are needed: data larger than memory. The dataset is
/// `(sample, x, y, frame)` or `(sample, x, y, frame, channel)`, of any real type.
/// @throws DataError if it is not
template <class T>
class StreamSource : public SampleSource<T> {
 public:
  StreamSource(const std::string& path, const std::string& dataset);

  size_t samples() const override { return shape_[0]; }
  size_t frames() const override { return shape_[3]; }
  Shape<3> frame_shape(size_t) const override { return {shape_[1], shape_[2], shape_[4]}; }
  std::string digest() const override;
  std::vector<Tensor<T, 4>> load(const Exec& space, const std::vector<Window>& windows,
                                 size_t count) override;

 private:
  io::Hdf5Reader reader_;
  std::string dataset_;
  bool has_channels_;
  Shape<5> shape_;
  FrameBuffer<T> buffer_;
  Tensor<T, 5> staging_;
  typename Tensor<T, 5>::HostMirror host_staging_;
  Tensor<size_t, 2> windows_;
  typename Tensor<size_t, 2>::HostMirror host_windows_;
};

/// frames[f, b, x, y, c] = data[windows[b, 0], x, y, windows[b, 1] + f, c]; frames holds them one after the
/// other.
template <class T>
void gather_windows(const Exec& space, const ConstTensor<T, 5>& data, const ConstTensor<size_t, 2>& windows,
                    size_t batch, size_t count, const Tensor<T, 1>& frames);
/// frame[b, x, y, c] = data[windows[b, 0], x, y, c]
template <class T>
void gather_samples(const Exec& space, const ConstTensor<T, 4>& data, const ConstTensor<size_t, 2>& windows,
                    const Tensor<T, 4>& frame);

}  // namespace danaus::train
