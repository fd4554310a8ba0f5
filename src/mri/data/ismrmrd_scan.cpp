#include <danaus/core/error.hpp>
#include <danaus/mri/operators/coil_transform.hpp>
#include <mri/data/ismrmrd_lines.hpp>
#include <mri/data/readout_inverse.hpp>
#include <mri/data/scan_files.hpp>

#include <algorithm>
#include <cstdio>

namespace danaus::mri::detail {

namespace {

using Value = Complex<float>;

constexpr size_t block_bytes = size_t(8) << 20;  // of readouts, and of lines, at a time
constexpr size_t largest_acceleration = 64;      // a header can claim any matrix, and a counter any slice

/// Cartesian readouts put into place; the file is read for what is asked. Two-dimensional scans: plane
/// (readout, step 1), the image cut to the reconstructed size along the readout; a slice's own readouts are
/// read with it. Volumes: the readout is inverse-transformed into slices, of which the middle ones are kept,
/// without the readout's oversampling; plane (step 1, step 2). Every readout is a part of every slice: a
/// window of slices is held, and the file is read through once for each.
class IsmrmrdScan : public Scan {
 public:
  IsmrmrdScan(const std::filesystem::path& path, size_t window_bytes)
      : reader_(path), header_(parse_ismrmrd_header(reader_.xml(), path.string())) {
    auto& d = description_;
    d.path = path.string();
    d.layout = "ismrmrd";
    if (header_.trajectory.find("cartesian") == std::string::npos)
      throw DataError(d.path + ": expected a Cartesian trajectory, found " + header_.trajectory +
                      "; non-Cartesian data are out of scope");
    const bool is_volume = header_.encoded[2] > 1;
    lines_ = find_lines(reader_, header_, d.path);
    describe(is_volume);
    if (is_volume) {
      inverse_.emplace(readout(), d.coils);
      window_ = SliceWindow(d.slices, slice_size(), window_bytes);
    }
    find_geometry(d, is_volume, lines_.places);
  }

  HostTensor<Value, 4> read_kspace(size_t slice) const override {
    const auto& d = description_;
    HostTensor<Value, 4> kspace("kspace", d.echoes, d.rows, d.columns, d.coils);
    if (inverse_) {
      const auto load = [&](size_t first, size_t count, Value* to) { load_volume(first, count, to); };
      std::copy_n(window_.slice(slice, load), kspace.size(), kspace.data());
    } else {
      const auto before = [](const IsmrmrdLine& line, size_t s) { return line.slice < s; };
      const auto begin = lines_.lines.begin(), end = lines_.lines.end();
      const auto first = std::lower_bound(begin, end, slice, before);
      const auto last = std::lower_bound(first, end, slice + 1, before);
      for_blocks(size_t(first - begin), size_t(last - begin), [&](size_t l, size_t count, Value* block) {
        for (size_t i = 0; i < count; ++i)
          for (size_t x = 0; x < d.rows; ++x)
            for (size_t c = 0; c < d.coils; ++c)
              kspace(lines_.lines[l + i].echo, x, lines_.lines[l + i].y, c) =
                  block[(i * d.coils + c) * d.rows + x];
      });
    }
    require_finite_slice(kspace.data(), kspace.size(), d.path + ":/dataset/data", slice);
    return kspace;
  }

  HostTensor<Value, 4> read_maps(size_t slice) const override {
    const auto& d = description_;
    if (d.map_count == 0) return Scan::read_maps(slice);
    HostTensor<Value, 4> maps("maps", d.rows, d.columns, 1, 1);
    fill(maps, Value(1));
    return maps;
  }

  /// A volume's window and, while that is filled, readouts as HDF5 and as we hold them, and their lines.
  size_t held_bytes() const override {
    return inverse_ ? window_.held_bytes() + 3 * std::min(block_bytes, lines_.samples * sizeof(Value)) : 0;
  }

  std::optional<std::vector<Complex<double>>> noise_covariance() const override {
    std::vector<Value> samples;  // (sample, coil)
    read_in_batches(lines_.noise, [&](const io::IsmrmrdAcquisition& a, size_t) {
      if (a.channels != description_.coils) return;
      for (size_t i = 0; i < a.samples; ++i)
        for (size_t c = 0; c < a.channels; ++c) samples.push_back(a.data[c * a.samples + i]);
    });
    if (samples.empty()) return std::nullopt;
    return mri::noise_covariance(description_.coils, samples);
  }

 private:
  size_t readout() const { return header_.encoded[0]; }
  size_t slice_size() const {
    const auto& d = description_;
    return d.echoes * d.rows * d.columns * d.coils;
  }

  void describe(bool is_volume) {
    auto& d = description_;
    const auto& n = header_.encoded;
    const auto& wanted = header_.reconstructed;
    d.echoes = lines_.echoes, d.coils = lines_.coils;
    d.slices = is_volume ? std::min(n[0], wanted[0]) : lines_.slices;
    d.rows = is_volume ? n[1] : n[0], d.columns = is_volume ? n[2] : n[1];
    d.acquired_rows = d.rows, d.acquired_columns = d.columns;
    d.image_rows = std::min(d.rows, is_volume ? wanted[1] : wanted[0]);
    d.image_columns = std::min(d.columns, is_volume ? wanted[2] : wanted[1]);
    d.map_count = d.coils == 1 ? 1 : 0;
    d.has_flat_axes = !is_volume;
    for (size_t i = 0; i < 3; ++i) d.voxel_mm[i] = header_.field_mm[i] / double(wanted[i]);
    d.has_voxel_size = true;
    if (!is_volume) std::rotate(d.voxel_mm.begin(), d.voxel_mm.begin() + 2, d.voxel_mm.end());
    // In double: what a damaged header claims may overflow.
    const double size = double(is_volume ? n[0] : d.slices) * double(d.echoes) * double(d.rows) *
                        double(d.columns) * double(d.coils);
    if (size > double(largest_acceleration) * double(lines_.samples)) {
      char text[200];
      std::snprintf(text, sizeof text,
                    ": header and counters describe %.3g samples, of which the file has %zu; expected at "
                    "least one in %zu",
                    size, lines_.samples, largest_acceleration);
      throw DataError(d.path + text);
    }
  }

  /// Calls work(acquisition, index into `numbers`) for readouts by their numbers.
  template <class Work>
  void read_in_batches(const std::vector<size_t>& numbers, const Work& work) const {
    const size_t together = std::max<size_t>(1, block_bytes / (lines_.largest_readout * sizeof(Value)));
    for (size_t first = 0; first < numbers.size(); first += together) {
      const auto begin = numbers.begin() + std::ptrdiff_t(first);
      const std::vector<size_t> batch(begin,
                                      begin + std::ptrdiff_t(std::min(together, numbers.size() - first)));
      const auto readouts = reader_.read(batch);
      for (size_t i = 0; i < readouts.size(); ++i) work(readouts[i], first + i);
    }
  }

  /// Calls work(line, count, samples (line, coil, x)) for the lines [first, last), some at a time; zero where
  /// nothing was sampled.
  template <class Work>
  void for_blocks(size_t first, size_t last, const Work& work) const {
    const size_t line_size = description_.coils * readout();
    const size_t together = std::max<size_t>(1, block_bytes / (line_size * sizeof(Value)));
    std::vector<Value> block;
    for (size_t l = first; l < last; l += together) {
      const size_t count = std::min(together, last - l);
      block.assign(count * line_size, Value(0));
      std::vector<size_t> numbers, owners;
      for (size_t i = 0; i < count; ++i)
        for (size_t r = lines_.lines[l + i].first; r < lines_.lines[l + i].last; ++r)
          numbers.push_back(lines_.readouts[r]), owners.push_back(i);
      read_in_batches(numbers, [&](const io::IsmrmrdAcquisition& a, size_t i) {
        place(a, &block[owners[i] * line_size]);
      });
      work(l, count, block.data());
    }
  }

  /// To (coil, x).
  void place(const io::IsmrmrdAcquisition& a, Value* line) const {
    const size_t coils = description_.coils;
    const auto span = image_span(a, coils, readout(), description_.path);
    for (size_t c = 0; c < coils; ++c)
      for (size_t i = span.first; i < span.last; ++i)
        line[c * readout() + span.x + i - span.first] =
            a.data[c * a.samples + (span.is_reversed ? a.samples - 1 - i : i)];
  }

  void load_volume(size_t first, size_t count, Value* samples) const {
    using Host = Kokkos::DefaultHostExecutionSpace;
    const auto& d = description_;
    const size_t n = readout(), coils = d.coils, first_x = n / 2 - d.slices / 2 + first;
    std::fill_n(samples, count * slice_size(), Value(0));
    for_blocks(0, lines_.lines.size(), [&](size_t l, size_t height, Value* block) {
      Kokkos::parallel_for(
          "danaus::mri::IsmrmrdScan (volume)", Kokkos::RangePolicy<Host>(0, height), [&](size_t i) {
            const auto& at = lines_.lines[l + i];
            Value* line = &block[i * coils * n];
            (*inverse_)(line);
            for (size_t s = 0; s < count; ++s) {
              const size_t x = first_x + s;
              const Value turn = inverse_->phase(x);
              Value* to = &samples[(((s * d.echoes + at.echo) * d.rows + at.y) * d.columns + at.z) * coils];
              for (size_t c = 0; c < coils; ++c) to[c] = turn * line[c * n + x];
            }
          });
      Host().fence("danaus::mri::IsmrmrdScan");
    });
  }

  io::IsmrmrdReader reader_;
  IsmrmrdHeader header_;
  IsmrmrdLines lines_;
  std::optional<ReadoutInverse> inverse_;  // of volumes
  mutable SliceWindow window_;             // (slice, echo, row, column, coil)
};

}  // namespace

std::shared_ptr<const Scan> open_ismrmrd(const std::filesystem::path& path, size_t window_bytes) {
  return std::make_shared<IsmrmrdScan>(path, window_bytes);
}

}  // namespace danaus::mri::detail
