#include <danaus/pde/data/data_set.hpp>

#include "layout.hpp"

#include <danaus/core/error.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>

namespace danaus::pde {
namespace {

/// The k for which every k-th of `points` gives `resolution`, the first point included: 64 -> 32, or 421 ->
/// 85 where both ends of an interval are grid points.
size_t stride_for(size_t points, size_t resolution) {
  if (resolution == 0 || resolution == points) return 1;
  std::string possible;
  for (size_t stride = 2; stride < points; ++stride) {
    if (points % stride != 0 && (points - 1) % stride != 0) continue;
    const size_t kept = (points + stride - 1) / stride;
    if (kept == resolution) return stride;
    if (kept >= 4) possible += ", " + std::to_string(kept);
  }
  throw UsageError("--resolution " + std::to_string(resolution) + ": the file has " + std::to_string(points) +
                   " points per axis; possible are " + std::to_string(points) + possible);
}

/// The documented order of the axes that the user has named.
std::vector<size_t> permutation_for(const std::string& found) {
  if (found.empty()) return {};
  std::string wanted;
  for (const char* axis : {"sample", "x", "y", "z", "t", "channel"})
    if (("," + found + ",").find("," + std::string(axis) + ",") != std::string::npos)
      wanted += (wanted.empty() ? "" : ",") + std::string(axis);
  return io::axis_permutation(wanted, found);
}

std::string spelled(const io::AttributeValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  char text[32] = "";
  if (const auto* real = std::get_if<double>(&value)) std::snprintf(text, sizeof text, "%.15g", *real);
  return text;
}

/// The root's attributes that are single values.
std::map<std::string, std::string> attributes_of(const io::ArraySource& file) {
  std::map<std::string, std::string> all;
  if (!file.hdf5() || !file.hdf5()->is_sealed()) return all;
  for (const auto& name : file.hdf5()->attributes())
    all[name] = spelled(file.hdf5()->attribute_value("/", name));
  return all;
}

std::string digest_of(const io::ArraySource& source) {
  if (source.hdf5() && source.hdf5()->is_sealed()) return io::to_string(source.hdf5()->digest());
  std::ifstream file(source.path(), std::ios::binary);
  io::Hasher hasher;
  std::vector<char> piece(1 << 20);
  while (file.read(piece.data(), std::streamsize(piece.size())) || file.gcount() > 0)
    hasher.update(piece.data(), size_t(file.gcount()));
  if (file.bad()) throw IoError(source.path().string() + ": cannot be read");
  return io::to_string(hasher.digest());
}

}  // namespace

/// The open file.
struct DataSet::Source {
  std::unique_ptr<io::ArraySource> file;
  Layout layout;
  size_t stride = 1;

  const std::vector<FieldArray>& fields(size_t frame) const {
    return layout.is_static && frame == 0 ? layout.input : layout.output;
  }

  /// Samples [sample, sample + samples), frames [frame, frame + frames), as (sample, frame, x, y, channel).
  void read(size_t sample, size_t samples, size_t frame, size_t frames, size_t channels, size_t points_x,
            size_t points_y, float* out) const {
    if (!layout.sample_arrays.empty() && samples > 1) {
      const size_t size = frames * points_x * points_y * channels;
      for (size_t s = 0; s < samples; ++s)
        read(sample + s, 1, frame, frames, channels, points_x, points_y, out + s * size);
      return;
    }
    size_t first_channel = 0;
    for (const FieldArray& field : fields(frame)) {
      const std::vector<float> slab = layout.sample_arrays.empty()
                                          ? file->read_slab<float>(field.name, sample, samples)
                                          : file->read<float>(layout.sample_arrays[sample]);
      // Distances in the slab; those of axes that the array lacks do not matter: their index is 0.
      size_t step_n = 0, step_t = 0, step_x = 0, step_y = 0, step_c = 0, distance = 1;
      for (size_t axis = field.axes.size(); axis-- > 0; distance *= field.shape[axis]) {
        const char letter = field.axes[axis];
        if (letter == 'n') step_n = distance;
        if (letter == 't') step_t = distance;
        if (letter == 'x') step_x = distance * stride;
        if (letter == 'y') step_y = distance * stride;
        if (letter == 'c') step_c = distance;
      }
      const size_t field_channels = field.extent('c'), first_frame = layout.is_static ? 0 : frame;
      float* target = out;
      for (size_t n = 0; n < samples; ++n)
        for (size_t t = first_frame; t < first_frame + frames; ++t)
          for (size_t x = 0; x < points_x; ++x)
            for (size_t y = 0; y < points_y; ++y, target += channels)
              for (size_t c = 0; c < field_channels; ++c)
                target[first_channel + c] =
                    slab[n * step_n + t * step_t + x * step_x + y * step_y + c * step_c];
      first_channel += field_channels;
    }
  }
};

DataSet::DataSet(const std::string& path, const DataOptions& options) : source_(std::make_unique<Source>()) {
  source_->file = std::make_unique<io::ArraySource>(path, permutation_for(options.axes));
  source_->layout = recognize_layout(*source_->file);
  const Layout& layout = source_->layout;
  const FieldArray& first = layout.output.front();

  DataDescription& d = description_;
  d.path = path;
  d.layout = layout.name;
  d.attributes = attributes_of(*source_->file);
  d.problem = d.attributes.contains("problem") ? d.attributes["problem"] : d.layout;
  d.digest = digest_of(*source_->file);
  d.is_static = layout.is_static;
  d.samples = layout.sample_arrays.empty() ? first.extent('n') : layout.sample_arrays.size();
  d.frames = layout.is_static ? 2 : first.extent('t');
  d.file_points_x = first.extent('x');
  d.file_points_y = first.extent('y');
  source_->stride = stride_for(d.file_points_x, options.resolution);
  d.points_x = (d.file_points_x + source_->stride - 1) / source_->stride;
  d.points_y = d.file_points_y == 1 ? 1 : (d.file_points_y + source_->stride - 1) / source_->stride;
  d.output_channels = 0;
  for (const auto& field : layout.output) d.output_channels += field.extent('c');
  d.input_channels = layout.is_static ? 0 : d.output_channels;
  for (const auto& field : layout.input) d.input_channels += field.extent('c');
  if (!layout.times.empty()) {
    d.times = source_->file->read<double>(layout.times);
    // PDEBench stores the ends of the intervals too.
    if (d.times.size() == d.frames + 1) d.times.pop_back();
    if (d.times.size() != d.frames) d.times.clear();
  }
  if (double(d.samples) * double(sample_size()) * sizeof(float) <= options.memory_budget_bytes) load();
}

DataSet::~DataSet() = default;
DataSet::DataSet(DataSet&&) noexcept = default;

size_t DataSet::frame_size(size_t frame) const {
  return description_.points_x * description_.points_y * description_.channels(frame);
}

size_t DataSet::frame_offset(size_t frame) const {
  if (!description_.is_static) return frame * frame_size(0);
  return frame == 0 ? 0 : frame_size(0);
}

size_t DataSet::sample_size() const {
  return description_.is_static ? frame_size(0) + frame_size(1) : description_.frames * frame_size(0);
}

void DataSet::read_checked(size_t sample, size_t first_frame, size_t frame_count, float* out) const {
  const auto& d = description_;
  if (d.is_static && frame_count > 1) {
    read_checked(sample, 0, 1, out);
    read_checked(sample, 1, 1, out + frame_size(0));
    return;
  }
  const size_t size = frame_size(first_frame) * frame_count;
  source_->read(sample, 1, first_frame, frame_count, d.channels(first_frame), d.points_x, d.points_y, out);
  const float* bad = std::find_if(out, out + size, [](float x) { return !std::isfinite(x); });
  if (bad != out + size)
    fail(*source_->file, source_->fields(first_frame).front().name,
         "expected finite values, found " + std::to_string(*bad) + " in sample " + std::to_string(sample) +
             ", frame " + std::to_string(first_frame + size_t(bad - out) / frame_size(first_frame)));
}

void DataSet::load() {
  const auto& d = description_;
  memory_ = HostTensor<float, 1>(Kokkos::view_alloc("danaus::pde::DataSet", Kokkos::WithoutInitializing),
                                 d.samples * sample_size());
  // Files with the sample axis innermost are read fastest in blocks of samples.
  constexpr size_t block_bytes = size_t(64) << 20;
  const size_t block = std::max<size_t>(1, block_bytes / (sample_size() * sizeof(float)));
  std::vector<float> values;
  for (size_t first = 0; first < d.samples; first += block) {
    const size_t count = std::min(block, d.samples - first);
    for (size_t part = 0; part < (d.is_static ? 2u : 1u); ++part) {
      const size_t frames = d.is_static ? 1 : d.frames, size = frames * frame_size(part);
      values.resize(count * size);
      source_->read(first, count, part, frames, d.channels(part), d.points_x, d.points_y, values.data());
      for (size_t s = 0; s < count; ++s)
        std::copy_n(&values[s * size], size, &memory_(offset(first + s, part)));
    }
  }
  const auto bad = std::find_if(memory_.data(), memory_.data() + memory_.size(),
                                [](float x) { return !std::isfinite(x); });
  if (bad != memory_.data() + memory_.size()) {
    const size_t index = size_t(bad - memory_.data()), within = index % sample_size();
    const size_t frame = d.is_static ? within >= frame_size(0) : within / frame_size(0);
    fail(*source_->file, source_->fields(frame).front().name,
         "expected finite values, found " + std::to_string(*bad) + " in sample " +
             std::to_string(index / sample_size()) + ", frame " + std::to_string(frame));
  }
  source_.reset();
}

Tensor<float, 1> DataSet::on_device() const { return Kokkos::create_mirror_view_and_copy(Memory(), memory_); }

void DataSet::read_sample(size_t sample, size_t first_frame, size_t frame_count, float* out) const {
  const auto& d = description_;
  if (sample >= d.samples || first_frame + frame_count > d.frames)
    throw InternalError("DataSet::read_sample: sample " + std::to_string(sample) + ", frames " +
                        std::to_string(first_frame) + " + " + std::to_string(frame_count) + " of " +
                        std::to_string(d.samples) + " samples, " + std::to_string(d.frames) + " frames");
  if (frame_count == 0) return;
  if (is_streamed()) return read_checked(sample, first_frame, frame_count, out);
  const size_t last = first_frame + frame_count - 1;
  std::copy_n(&memory_(offset(sample, first_frame)),
              frame_offset(last) + frame_size(last) - frame_offset(first_frame), out);
}

void DataSet::read_frame(const std::vector<size_t>& samples, size_t frame,
                         const HostTensor<float, 4>& out) const {
  const auto& d = description_;
  require_shape("DataSet::read_frame: out", out,
                {samples.size(), d.points_x, d.points_y, d.channels(std::min(frame, d.frames - 1))});
  for (size_t s = 0; s < samples.size(); ++s)
    read_sample(samples[s], frame, 1, out.data() + s * frame_size(frame));
}

void DataSet::require_frames(size_t count, const std::string& why) const {
  if (description_.frames >= count) return;
  throw DataError(description_.path + ": expected at least " + std::to_string(count) + " frames (" + why +
                  "), found " + std::to_string(description_.frames));
}

}  // namespace danaus::pde
