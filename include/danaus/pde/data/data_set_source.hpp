#pragma once

#include <danaus/pde/data/data_set.hpp>
#include <danaus/train/sample_source.hpp>

#include <memory>

namespace danaus::pde {

/// Some of the samples of a DataSet, for training or scoring; sample i of the source is samples[i] of the
/// file. Data that the set holds in memory are kept on the device, larger ones are read from the disk batch
/// by batch.
class DataSetSource : public train::SampleSource<float> {
 public:
  DataSetSource(std::shared_ptr<const DataSet> data, const std::vector<size_t>& samples);

  size_t samples() const override { return samples_.size(); }
  size_t frames() const override { return data_->description().frames; }
  Shape<3> frame_shape(size_t frame) const override;
  std::string digest() const override { return data_->description().digest; }
  std::vector<Tensor<float, 4>> load(const Exec& space, const std::vector<train::Window>& windows,
                                     size_t count) override;

 private:
  std::shared_ptr<const DataSet> data_;
  std::vector<size_t> samples_;
  Tensor<float, 1> resident_;  // all samples of the file, (sample, frame, x, y, channel); empty if streamed
  train::FrameBuffer<float> buffer_;
  Tensor<size_t, 1> offsets_;
  HostTensor<size_t, 1> host_offsets_;
  HostTensor<float, 1> staging_;
};

/// frame[b, i] = data[offsets[b] + skip + i]
void gather_frames(const Exec& space, const ConstTensor<float, 1>& data,
                   const ConstTensor<size_t, 1>& offsets, size_t batch, size_t skip,
                   const Tensor<float, 2>& frame);

}  // namespace danaus::pde
