#include <danaus/core/error.hpp>
#include <danaus/io/ismrmrd_file.hpp>
#include <danaus/mri/operators/centred_fft.hpp>
#include <danaus/mri/operators/coil_transform.hpp>
#include <mri/data/ismrmrd_geometry.hpp>
#include <mri/data/ismrmrd_header.hpp>
#include <mri/data/scan_files.hpp>

#include <algorithm>
#include <cstdio>

namespace danaus::mri::detail {

namespace {

constexpr size_t readouts_at_once = 512;
constexpr size_t largest_acceleration = 64;  // a header can claim any matrix, and a counter any slice

/// Flags by their number. Calibration lines that are not images too, navigators, feedback and dummies are
/// left out.
enum Flag { noise = 19, calibration = 20, calibration_and_image = 21, reversed = 22 };
constexpr int not_image[] = {23, 24, 26, 27, 28, 29, 30, 31};

bool is_image(const io::IsmrmrdAcquisition& a) {
  if (a.has_flag(noise) || (a.has_flag(calibration) && !a.has_flag(calibration_and_image))) return false;
  return std::none_of(std::begin(not_image), std::end(not_image), [&](int flag) { return a.has_flag(flag); });
}

/// Cartesian readouts put into place; held in memory. Two-dimensional scans: plane (readout, step 1), the
/// image cut to the reconstructed size along the readout. Volumes: the readout is inverse-transformed into
/// slices, of which the middle ones are kept; plane (step 1, step 2).
class IsmrmrdScan : public Scan {
 public:
  explicit IsmrmrdScan(const std::filesystem::path& path) {
    auto& d = description_;
    d.path = path.string();
    d.layout = "ismrmrd";
    const io::IsmrmrdReader reader(path);
    header_ = parse_ismrmrd_header(reader.xml(), d.path);
    if (header_.trajectory.find("cartesian") == std::string::npos)
      throw DataError(d.path + ": expected a Cartesian trajectory, found " + header_.trajectory +
                      "; non-Cartesian data are out of scope");
    is_volume_ = header_.encoded[2] > 1;
    count(reader);
    allocate();
    for (size_t first = 0; first < reader.size(); first += readouts_at_once)
      for (const auto& a : reader.read(first, std::min(readouts_at_once, reader.size() - first)))
        if (is_image(a))
          place(a), note_place(a);
        else if (a.has_flag(noise) && a.channels == description_.coils)
          keep_noise(a);
    if (is_volume_) transform_readout();
    find_geometry(description_, is_volume_, places_);
  }

  HostTensor<Complex<float>, 4> read_kspace(size_t slice) const override {
    const auto& d = description_;
    HostTensor<Complex<float>, 4> kspace("kspace", d.echoes, d.rows, d.columns, d.coils);
    const size_t size = kspace.size();
    std::copy_n(&samples_[slice * size], size, kspace.data());
    require_finite_slice(kspace.data(), size, d.path + ":/dataset/data", slice);
    return kspace;
  }

  HostTensor<Complex<float>, 4> read_maps(size_t slice) const override {
    const auto& d = description_;
    if (d.map_count == 0) return Scan::read_maps(slice);
    HostTensor<Complex<float>, 4> maps("maps", d.rows, d.columns, 1, 1);
    Kokkos::deep_copy(maps, Complex<float>(1));
    return maps;
  }

  size_t held_bytes() const override { return (samples_.size() + noise_.size()) * sizeof(Complex<float>); }

  std::optional<std::vector<Complex<double>>> noise_covariance() const override {
    if (noise_.empty()) return std::nullopt;
    return mri::noise_covariance(description_.coils, noise_);
  }

 private:
  void keep_noise(const io::IsmrmrdAcquisition& a) {
    for (size_t i = 0; i < a.samples; ++i)
      for (size_t c = 0; c < a.channels; ++c) noise_.push_back(a.data[c * a.samples + i]);
  }

  /// Channels, echoes and slices, from the readouts themselves.
  void count(const io::IsmrmrdReader& reader) {
    auto& d = description_;
    size_t channels = 0, slices = 0, echoes = 0, images = 0;
    for (size_t first = 0; first < reader.size(); first += readouts_at_once)
      for (const auto& a : reader.read(first, std::min(readouts_at_once, reader.size() - first))) {
        if (!is_image(a)) continue;
        if (images++ == 0) channels = a.channels;
        present_ += a.data.size();
        if (a.channels != channels)
          throw DataError(d.path + ": expected " + std::to_string(channels) +
                          " channels in every readout, found " + std::to_string(a.channels));
        if (a.repetition > 0 || a.phase > 0 || a.set > 0)
          throw DataError(d.path + ": several repetitions, phases or sets; series are out of scope");
        slices = std::max<size_t>(slices, a.slice + size_t(1));
        echoes = std::max<size_t>(echoes, a.contrast + size_t(1));
      }
    if (images == 0) throw DataError(d.path + ": no readouts of an image");
    if (is_volume_ && slices > 1) throw DataError(d.path + ": several slabs; expected one volume");
    d.coils = channels, d.echoes = echoes;
    d.slices = is_volume_ ? header_.encoded[0] : slices;
    places_.resize(slices);
  }

  void allocate() {
    auto& d = description_;
    const auto& n = header_.encoded;
    const auto& wanted = header_.reconstructed;
    d.rows = is_volume_ ? n[1] : n[0], d.columns = is_volume_ ? n[2] : n[1];
    d.acquired_rows = d.rows, d.acquired_columns = d.columns;
    d.image_rows = std::min(d.rows, is_volume_ ? wanted[1] : wanted[0]);
    d.image_columns = std::min(d.columns, is_volume_ ? wanted[2] : wanted[1]);
    d.map_count = d.coils == 1 ? 1 : 0;
    d.has_flat_axes = !is_volume_;
    for (size_t i = 0; i < 3; ++i) d.voxel_mm[i] = header_.field_mm[i] / double(wanted[i]);
    d.has_voxel_size = true;
    if (!is_volume_) std::rotate(d.voxel_mm.begin(), d.voxel_mm.begin() + 2, d.voxel_mm.end());
    // In double: what a damaged header claims may overflow.
    const double size =
        double(d.slices) * double(d.echoes) * double(d.rows) * double(d.columns) * double(d.coils);
    if (size > double(largest_acceleration) * double(present_)) {
      char text[200];
      std::snprintf(text, sizeof text,
                    ": header and counters describe %.3g samples, of which the file has %zu; expected at "
                    "least one in %zu",
                    size, present_, largest_acceleration);
      throw DataError(d.path + text);
    }
    samples_.resize(size_t(size));
  }

  void place(const io::IsmrmrdAcquisition& a) {
    const auto& d = description_;
    const auto& n = header_.encoded;
    const auto wrong = [&](const std::string& what) { throw DataError(d.path + ": a readout's " + what); };
    // Positions are relative to the centre of k-space.
    const auto shifted = [&](size_t index, std::optional<size_t> centre, size_t extent, const char* name) {
      const auto at =
          std::ptrdiff_t(index) + std::ptrdiff_t(extent / 2) - std::ptrdiff_t(centre.value_or(extent / 2));
      if (at < 0 || size_t(at) >= extent)
        wrong(std::string(name) + " " + std::to_string(index) + " lies outside the encoded matrix");
      return size_t(at);
    };
    const size_t y = shifted(a.step_1, header_.centre_1, n[1], "kspace_encode_step_1");
    const size_t z = is_volume_ ? shifted(a.step_2, header_.centre_2, n[2], "kspace_encode_step_2") : 0;
    const size_t used = a.samples - std::min<size_t>(a.samples, a.discard_post);
    for (size_t i = a.discard_pre; i < used; ++i) {
      const size_t along = a.has_flag(reversed) ? a.samples - 1 - i : i;
      const auto at = std::ptrdiff_t(n[0] / 2) + std::ptrdiff_t(i) - std::ptrdiff_t(a.center_sample);
      if (at < 0 || size_t(at) >= n[0]) wrong("samples reach outside the encoded matrix");
      const size_t x = size_t(at);
      for (size_t c = 0; c < d.coils; ++c) {
        const size_t slice = is_volume_ ? x : a.slice, row = is_volume_ ? y : x, column = is_volume_ ? z : y;
        samples_[(((slice * d.echoes + a.contrast) * d.rows + row) * d.columns + column) * d.coils + c] =
            a.data[c * a.samples + along];
      }
    }
  }

  /// Centred and unitary along x; then the middle slices, without the readout's oversampling.
  void transform_readout() {
    auto& d = description_;
    const size_t n = d.slices, inner = samples_.size() / n;
    const HostTensor<Complex<float>, 4> all(samples_.data(), 1, n, 1, inner);
    const auto device = to_device<Complex<float>, 4>(all);
    CentredFft<float>({1, n, 1, inner}).adjoint(Exec(), device, device);
    Exec().fence("danaus::mri::IsmrmrdScan");
    Kokkos::deep_copy(all, device);
    const size_t kept = std::min(n, header_.reconstructed[0]), first = n / 2 - kept / 2;
    std::copy_n(samples_.begin() + std::ptrdiff_t(first * inner), kept * inner, samples_.begin());
    samples_.resize(kept * inner);
    d.slices = kept;
  }

  /// The first readout of a slice says where the slice lies.
  void note_place(const io::IsmrmrdAcquisition& a) {
    auto& place = places_[a.slice];
    if (!place) place = SlicePlace{a.position, a.read_dir, a.phase_dir, a.slice_dir};
  }

  IsmrmrdHeader header_;
  std::vector<std::optional<SlicePlace>> places_;
  bool is_volume_ = false;
  size_t present_ = 0;                   // samples of the image in the file
  std::vector<Complex<float>> noise_;    // (sample, coil)
  std::vector<Complex<float>> samples_;  // (slice, echo, row, column, coil)
};

}  // namespace

std::shared_ptr<const Scan> open_ismrmrd(const std::filesystem::path& path) {
  return std::make_shared<IsmrmrdScan>(path);
}

}  // namespace danaus::mri::detail
