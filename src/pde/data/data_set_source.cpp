#include <danaus/pde/data/data_set_source.hpp>

#include <stdexcept>

namespace danaus::pde {

DataSetSource::DataSetSource(std::shared_ptr<const DataSet> data, const std::vector<size_t>& samples)
    : data_(std::move(data)), samples_(samples) {
  for (size_t sample : samples_)
    if (sample >= data_->description().samples)
      throw std::out_of_range("DataSetSource: sample " + std::to_string(sample) + " of " +
                              std::to_string(data_->description().samples));
  // On a CPU this is the set's own memory, not a copy.
  if (!data_->is_streamed()) resident_ = data_->on_device();
}

Shape<3> DataSetSource::frame_shape(size_t frame) const {
  const auto& d = data_->description();
  return {d.points_x, d.points_y, d.channels(frame)};
}

std::vector<Tensor<float, 4>> DataSetSource::load(const Exec& space,
                                                  const std::vector<train::Window>& windows, size_t count) {
  for (const auto& window : windows)
    if (window.sample >= samples() || window.first_frame + count > frames())
      throw std::out_of_range("DataSetSource::load: sample " + std::to_string(window.sample) + ", frames " +
                              std::to_string(window.first_frame) + " + " + std::to_string(count) + " of " +
                              std::to_string(samples()) + " samples, " + std::to_string(frames()) +
                              " frames");
  const size_t batch = windows.size();
  if (batch == 0 || count == 0) return {};
  std::vector<Shape<3>> shapes;
  for (size_t f = 0; f < count; ++f) shapes.push_back(frame_shape(windows[0].first_frame + f));
  const auto result = buffer_.frames(batch, shapes);

  if (offsets_.extent(0) < batch) {
    offsets_ = Tensor<size_t, 1>("danaus::pde::DataSetSource::offsets", batch);
    host_offsets_ = HostTensor<size_t, 1>("danaus::pde::DataSetSource::host_offsets", batch);
  }
  for (size_t f = 0; f < count;) {
    // The frames of a series have one size and go in one kernel; a static problem's two differ.
    const size_t together = data_->description().is_static ? 1 : count;
    const size_t size = size_of(shapes[f]), numbers = batch * together * size;
    if (resident_.size() > 0) {
      for (size_t b = 0; b < batch; ++b)
        host_offsets_(b) = data_->offset(samples_[windows[b].sample], windows[b].first_frame + f);
      copy(space, offsets_, host_offsets_);
      for (size_t t = 0; t < together; ++t) {
        gather_frames(space, resident_, offsets_, batch, t * size,
                      Tensor<float, 2>(result[f + t].data(), batch, size));
      }
    } else {
      if (staging_.extent(0) < numbers)
        staging_ = HostTensor<float, 1>("danaus::pde::DataSetSource::staging", numbers);
      std::vector<float> sample(together * size);
      for (size_t b = 0; b < batch; ++b) {
        data_->read_sample(samples_[windows[b].sample], windows[b].first_frame + f, together, sample.data());
        for (size_t t = 0; t < together; ++t)
          std::copy_n(&sample[t * size], size, &staging_((t * batch + b) * size));
      }
      for (size_t t = 0; t < together; ++t)
        copy(space, Tensor<float, 1>(result[f + t].data(), batch * size),
             HostTensor<float, 1>(&staging_(t * batch * size), batch * size));
    }
    f += together;
  }
  // The staging memory is filled anew by the next load.
  space.fence("danaus::pde::DataSetSource::load");
  return result;
}

void gather_frames(const Exec& space, const ConstTensor<float, 1>& data,
                   const ConstTensor<size_t, 1>& offsets, size_t batch, size_t skip,
                   const Tensor<float, 2>& frame) {
  const size_t size = frame.extent(1);
  require_shape("gather_frames: frame", frame, {batch, size});
  Kokkos::parallel_for(
      "danaus::pde::gather_frames", Kokkos::RangePolicy<Exec>(space, 0, batch * size),
      KOKKOS_LAMBDA(size_t index) {
        const size_t b = index / size, i = index % size;
        frame(b, i) = data(offsets(b) + skip + i);
      });
}

}  // namespace danaus::pde
