#include <danaus/train/sample_source.hpp>

#include <danaus/core/instantiate.hpp>

#include <stdexcept>

namespace danaus::train {

namespace {

void require_windows(const std::vector<Window>& windows, size_t count, size_t samples, size_t frames) {
  if (windows.empty()) throw std::out_of_range("SampleSource::load: no windows");
  for (const Window& w : windows)
    if (w.sample >= samples || count > frames || w.first_frame > frames - count)
      throw std::out_of_range("SampleSource::load: sample " + std::to_string(w.sample) + ", frames " +
                              std::to_string(w.first_frame) + " + " + std::to_string(count) + " of " +
                              std::to_string(samples) + " samples with " + std::to_string(frames) +
                              " frames");
}

/// Brings the windows to the device; grows, never shrinks.
void upload(const Exec& space, const std::vector<Window>& windows, Tensor<size_t, 2>& device,
            Tensor<size_t, 2>::HostMirror& host) {
  if (device.extent(0) < windows.size()) {
    device = zeros<size_t, 2>("danaus::train::windows", {windows.size(), 2});
    host = Kokkos::create_mirror_view(device);
  }
  for (size_t b = 0; b < windows.size(); ++b) {
    host(b, 0) = windows[b].sample;
    host(b, 1) = windows[b].first_frame;
  }
  copy(space, device, host);
}

}  // namespace

template <class T>
void gather_windows(const Exec& space, const ConstTensor<T, 5>& data, const ConstTensor<size_t, 2>& windows,
                    size_t batch, size_t count, const Tensor<T, 1>& frames) {
  const size_t points_y = data.extent(2), channels = data.extent(4);
  const size_t points = data.extent(1) * points_y, frame_size = batch * points * channels;
  // One index per point: it reads consecutive frames and writes one entry into each of them.
  Kokkos::parallel_for(
      "danaus::train::gather_windows", Kokkos::RangePolicy<Exec>(space, 0, batch * points),
      KOKKOS_LAMBDA(size_t i) {
        const size_t b = i / points, x = i % points / points_y, y = i % points_y;
        for (size_t f = 0; f < count; ++f)
          for (size_t c = 0; c < channels; ++c)
            frames(f * frame_size + i * channels + c) = data(windows(b, 0), x, y, windows(b, 1) + f, c);
      });
}

template <class T>
void gather_samples(const Exec& space, const ConstTensor<T, 4>& data, const ConstTensor<size_t, 2>& windows,
                    const Tensor<T, 4>& frame) {
  const size_t sample_size = data.size() / data.extent(0);
  const T* from = data.data();
  T* to = frame.data();
  Kokkos::parallel_for(
      "danaus::train::gather_samples", over_entries(space, frame),
      KOKKOS_LAMBDA(size_t i) { to[i] = from[windows(i / sample_size, 0) * sample_size + i % sample_size]; });
}

template <class T>
std::vector<Tensor<T, 4>> FrameBuffer<T>::frames(size_t batch, const std::vector<Shape<3>>& shapes) {
  size_t size = 0;
  for (const auto& shape : shapes) size += batch * size_of(shape);
  if (storage_.size() < size) {
    storage_ = {};  // give the old one back first
    storage_ = uninitialized<T, 1>("danaus::train::FrameBuffer", {size});
  }
  std::vector<Tensor<T, 4>> frames;
  size_t offset = 0;
  for (const auto& [x, y, channels] : shapes) {
    frames.emplace_back(storage_.data() + offset, batch, x, y, channels);
    offset += frames.back().size();
  }
  return frames;
}

template <class T>
MemorySource<T>::MemorySource(const Tensor<T, 5>& data, const std::string& digest)
    : data_(data), digest_(digest) {}

template <class T>
std::vector<Tensor<T, 4>> MemorySource<T>::load(const Exec& space, const std::vector<Window>& windows,
                                                size_t count) {
  require_windows(windows, count, samples(), frames());
  upload(space, windows, windows_, host_windows_);
  auto frames = buffer_.frames(windows.size(), std::vector<Shape<3>>(count, frame_shape(0)));
  gather_windows<T>(space, data_, windows_, windows.size(), count, buffer_.storage());
  return frames;
}

template <class T>
PairSource<T>::PairSource(const Tensor<T, 4>& input, const Tensor<T, 4>& target, const std::string& digest)
    : frames_{input, target}, digest_(digest) {
  if (input.extent(0) != target.extent(0))
    throw ShapeError("PairSource: input " + to_string(shape_of(input)) + " and target " +
                     to_string(shape_of(target)) + " have different numbers of samples");
}

template <class T>
Shape<3> PairSource<T>::frame_shape(size_t frame) const {
  const auto& f = frames_[frame];
  return {f.extent(1), f.extent(2), f.extent(3)};
}

template <class T>
std::vector<Tensor<T, 4>> PairSource<T>::load(const Exec& space, const std::vector<Window>& windows,
                                              size_t count) {
  require_windows(windows, count, samples(), 2);
  upload(space, windows, windows_, host_windows_);
  const size_t first = windows[0].first_frame;
  for (const Window& w : windows)
    if (w.first_frame != first)
      throw std::out_of_range("PairSource::load: windows start at different frames");
  std::vector<Shape<3>> shapes;
  for (size_t f = first; f < first + count; ++f) shapes.push_back(frame_shape(f));
  auto frames = buffer_.frames(windows.size(), shapes);
  for (size_t f = 0; f < count; ++f) gather_samples<T>(space, frames_[first + f], windows_, frames[f]);
  return frames;
}

template <class T>
StreamSource<T>::StreamSource(const std::string& path, const std::string& dataset)
    : reader_(path), dataset_(dataset) {
  const io::ArrayInfo info = reader_.info(dataset);
  if ((info.rank() != 4 && info.rank() != 5) || io::is_complex(info.type) ||
      info.type == io::ScalarType::other)
    reader_.fail(dataset,
                 "expected real numbers (sample, x, y, frame) or (sample, x, y, frame, channel), found " +
                     io::describe(info));
  has_channels_ = info.rank() == 5;
  shape_[4] = 1;
  std::copy(info.shape.begin(), info.shape.end(), shape_.begin());
}

template <class T>
std::string StreamSource<T>::digest() const {
  return io::to_string(reader_.digest());
}

template <class T>
std::vector<Tensor<T, 4>> StreamSource<T>::load(const Exec& space, const std::vector<Window>& windows,
                                                size_t count) {
  require_windows(windows, count, samples(), frames());
  const auto [n, points_x, points_y, all_frames, channels] = shape_;
  const size_t batch = windows.size(), sample_size = points_x * points_y * count * channels;
  if (staging_.size() < batch * sample_size) {
    staging_ =
        uninitialized<T, 5>("danaus::train::StreamSource", {batch, points_x, points_y, count, channels});
    host_staging_ = Kokkos::create_mirror_view(staging_);
  }
  // On a GPU the copy of the last batch may still be under way; on a CPU its gather.
  space.fence("danaus::train::StreamSource");
  for (size_t b = 0; b < batch; ++b) {
    io::Extents first{windows[b].sample, 0, 0, windows[b].first_frame}, extent{1, points_x, points_y, count};
    if (has_channels_) {
      first.push_back(0);
      extent.push_back(channels);
    }
    reader_.read_slab<T>(dataset_, first, extent, host_staging_.data() + b * sample_size);
  }
  copy(space, staging_, host_staging_);

  // The staged samples are themselves data with one window each, at frame 0.
  std::vector<Window> staged;
  for (size_t b = 0; b < batch; ++b) staged.push_back({b, 0});
  upload(space, staged, windows_, host_windows_);
  auto frames = buffer_.frames(batch, std::vector<Shape<3>>(count, frame_shape(0)));
  gather_windows<T>(space, Tensor<T, 5>(staging_.data(), batch, points_x, points_y, count, channels),
                    windows_, batch, count, buffer_.storage());
  return frames;
}

#define DANAUS_INSTANTIATE(T)                                                                           \
  template void gather_windows<T>(const Exec&, const ConstTensor<T, 5>&, const ConstTensor<size_t, 2>&, \
                                  size_t, size_t, const Tensor<T, 1>&);                                 \
  template void gather_samples<T>(const Exec&, const ConstTensor<T, 4>&, const ConstTensor<size_t, 2>&, \
                                  const Tensor<T, 4>&);                                                 \
  template class FrameBuffer<T>;                                                                        \
  template class MemorySource<T>;                                                                       \
  template class PairSource<T>;                                                                         \
  template class StreamSource<T>;
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::train
