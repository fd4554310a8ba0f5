#include <danaus/mri/data/synthetic_scan.hpp>

#include <danaus/core/error.hpp>
#include <danaus/core/random.hpp>
#include <danaus/linalg/hermitian.hpp>
#include <danaus/mri/data/coil_array.hpp>
#include <danaus/mri/data/qdess.hpp>
#include <danaus/mri/masks/mask.hpp>
#include <danaus/mri/operators/sense_operator.hpp>

#include <algorithm>
#include <cmath>

namespace danaus::mri {

namespace {

constexpr int coil_degree = 3, phase_degree = 2;
constexpr double mask_accelerations[] = {2, 3, 4, 6, 8};

double largest_radius(const Phantom& phantom, const SyntheticScanOptions& o) {
  double axis = 0;
  for (const auto& s : phantom.shapes) axis = std::max({axis, s.a_y, s.a_z});
  const double u = (double(o.rows) / 2 + 5) / phantom.field_y,
               v = (double(o.columns) / 2 + 5) / phantom.field_z;
  return axis * std::hypot(u, v) + 1;
}

/// The signal that `signal_to_noise` refers to.
double reference_signal(const SyntheticScanOptions& o) {
  return o.phantom == "knee" ? 100 * qdess_signal({.80, 1.25, .032}).first : 1;
}

Phantom make_phantom(const SyntheticScanOptions& o) {
  if (o.phantom == "knee") return knee(o.seed);
  if (o.phantom == "shepp-logan") return shepp_logan();
  throw UsageError("phantom \"" + o.phantom + "\": unknown; expected knee or shepp-logan");
}

void require_sizes(const SyntheticScanOptions& o) {
  if (o.rows < 8 || o.columns < 8 || o.padded_rows < o.rows || o.padded_columns < o.columns)
    throw UsageError(
        "synthetic scan: expected at least 8 x 8 acquired samples and a padded plane that holds them, "
        "found " +
        std::to_string(o.rows) + "x" + std::to_string(o.columns) + " in " + std::to_string(o.padded_rows) +
        "x" + std::to_string(o.padded_columns));
  if (o.slices == 0 || o.coils == 0)
    throw UsageError("synthetic scan: expected at least one slice and one coil");
}

}  // namespace

SyntheticScan::SyntheticScan(const SyntheticScanOptions& o) : options_(o) {
  require_sizes(o);
  phantom_ = make_phantom(o);
  spectrum_ = std::make_shared<const EllipseSpectrum>(largest_radius(phantom_, o));
  std::vector<Complex<double>> covariance(o.coils * o.coils);
  for (size_t i = 0; i < o.coils; ++i)
    for (size_t j = 0; j < o.coils; ++j) {
      const size_t apart = std::min((i + o.coils - j) % o.coils, (j + o.coils - i) % o.coils);
      covariance[i * o.coils + j] = std::pow(o.noise_correlation, double(apart));
    }
  noise_factor_ = linalg::cholesky<double>(o.coils, covariance);
  noise_covariance_ = covariance;
  // Unitary transforms keep the noise of a sample; only rows x columns of the padded plane carry any.
  const double kept = std::sqrt(double(o.rows * o.columns) / double(o.padded_rows * o.padded_columns));
  noise_level_ = o.signal_to_noise > 0 ? reference_signal(o) / o.signal_to_noise / kept : 0;
  for (auto& c : noise_covariance_) c *= noise_level_ * noise_level_;
}

SyntheticSlice SyntheticScan::slice(size_t index) const {
  const auto& o = options_;
  const double along = o.slices > 1 ? double(index) / double(o.slices - 1) : .5;
  const double x = phantom_.first_x + along * (phantom_.last_x - phantom_.first_x);
  const auto shapes = phantom_.slice(x);
  const auto coils = coil_array(o.coils, x, phantom_.field_y, phantom_.field_z);
  const HalfFrequencies phase = smooth_phase(o.seed, 2 * along - 1);

  SyntheticSlice slice;
  const size_t plane = o.padded_rows * o.padded_columns;
  slice.kspace.resize(plane * 2 * o.coils);
  slice.maps.resize(plane * o.coils);
  slice.tissues.resize(plane);
  const auto sample = [&](size_t row, size_t column, size_t echo, size_t coil) -> Complex<float>& {
    return slice.kspace[((row * o.padded_columns + column) * 2 + echo) * o.coils + coil];
  };

  // The object's spectrum at the half frequencies that the coils reach.
  const int reach = coil_degree + phase_degree;
  HalfGrid grid;
  grid.first_p = -2 * int(o.rows / 2) - reach, grid.first_q = -2 * int(o.columns / 2) - reach;
  grid.rows = 2 * o.rows + size_t(2 * reach), grid.columns = 2 * o.columns + size_t(2 * reach);
  const Random draws(o.seed, stream::anatomy + (2 << 8));
  grid.offset[1] = {2 * draws.uniform(0) - 1, 2 * draws.uniform(1) - 1};
  const auto spectra = phantom_spectrum(phantom_, shapes, grid, *spectrum_);

  const double unit = std::sqrt(double(o.padded_rows * o.padded_columns));
  const size_t first_row = o.padded_rows / 2 - o.rows / 2,
               first_column = o.padded_columns / 2 - o.columns / 2;
  for (size_t c = 0; c < o.coils; ++c) {
    const HalfFrequencies modulation = product(coils[c], phase);
    const size_t terms = modulation.terms();
    for (size_t e = 0; e < 2; ++e)
      for (size_t p = 0; p < o.rows; ++p)
        for (size_t q = 0; q < o.columns; ++q) {
          // Multiplying by exp(2 pi i s y / (2 field)) moves the spectrum up by s half frequencies.
          Complex<double> sum = 0;
          for (size_t s = 0; s < terms; ++s) {
            const Complex<double>* weights = &modulation.c[s * terms];
            const Complex<double>* row =
                &spectra[e][(2 * p + terms - 1 - s) * grid.columns + 2 * q + terms - 1];
            for (size_t t = 0; t < terms; ++t) sum += weights[t] * row[-std::ptrdiff_t(t)];
          }
          sample(first_row + p, first_column + q, e, c) =
              Complex<float>(float(unit * sum.real()), float(unit * sum.imag()));
        }
  }

  if (noise_level_ > 0) {
    const Random noise(o.seed, stream::coil_noise + (std::uint64_t(index) << 8));
    std::vector<Complex<double>> white(o.coils);
    std::uint64_t draw = 0;
    for (size_t p = 0; p < o.rows; ++p)
      for (size_t q = 0; q < o.columns; ++q)
        for (size_t e = 0; e < 2; ++e) {
          for (auto& w : white) {
            const auto [re, im] = noise.normal_pair(draw++);
            w = Complex<double>(re * std::sqrt(.5), im * std::sqrt(.5));
          }
          for (size_t c = 0; c < o.coils; ++c) {
            Complex<double> sum = 0;
            for (size_t d = 0; d <= c; ++d) sum += noise_factor_[c * o.coils + d] * white[d];
            sample(first_row + p, first_column + q, e, c) +=
                Complex<float>(float(noise_level_ * sum.real()), float(noise_level_ * sum.imag()));
          }
        }
  }

  // Maps: the polynomials over their root sum of squares, inside the body and a margin.
  auto body = shapes;
  body.resize(std::min<size_t>(1, body.size()));
  for (auto& b : body) b.a_y += 4, b.a_z += 4;
  std::vector<Complex<double>> values(o.coils);
  for (size_t j = 0; j < o.padded_rows; ++j)
    for (size_t k = 0; k < o.padded_columns; ++k) {
      const double y = (double(j) - double(o.padded_rows / 2)) / double(o.padded_rows);
      const double z = (double(k) - double(o.padded_columns / 2)) / double(o.padded_columns);
      slice.tissues[j * o.padded_columns + k] =
          std::uint8_t(Phantom::tissue_at(shapes, y * phantom_.field_y, z * phantom_.field_z));
      if (Phantom::tissue_at(body, y * phantom_.field_y, z * phantom_.field_z) == 0) continue;
      double power = 0;
      for (size_t c = 0; c < o.coils; ++c) {
        values[c] = coils[c].at(y, z);
        power += values[c].real() * values[c].real() + values[c].imag() * values[c].imag();
      }
      const double scale = 1 / std::sqrt(power);
      for (size_t c = 0; c < o.coils; ++c)
        slice.maps[(j * o.padded_columns + k) * o.coils + c] =
            Complex<float>(float(scale * values[c].real()), float(scale * values[c].imag()));
    }
  return slice;
}

namespace {

/// The SENSE image of all samples, (y, z, echo).
std::vector<Complex<float>> target_of(const SyntheticSlice& s, const SyntheticScanOptions& o) {
  const size_t rows = o.padded_rows, columns = o.padded_columns, coils = o.coils;
  HostTensor<Complex<float>, 4> kspace("kspace", 2, rows, columns, coils);
  for (size_t e = 0; e < 2; ++e)
    for (size_t j = 0; j < rows; ++j)
      for (size_t k = 0; k < columns; ++k)
        for (size_t c = 0; c < coils; ++c)
          kspace(e, j, k, c) = s.kspace[((j * columns + k) * 2 + e) * coils + c];
  HostTensor<Complex<float>, 5> maps("maps", 1, rows, columns, coils, 1);
  std::copy_n(s.maps.data(), s.maps.size(), maps.data());
  const auto all = zeros<float, 3>("weights", {1, rows, columns});
  fill(all, 1.0f);
  const Exec space;
  const SenseOperator<float> sense(space, 2, to_device<Complex<float>, 5>(maps), all);
  const auto image = uninitialized<Complex<float>, 4>("image", sense.image_shape());
  sense.adjoint(space, to_device<Complex<float>, 4>(kspace), image);
  space.fence();
  const auto host = to_host(image);
  std::vector<Complex<float>> target(2 * rows * columns);
  for (size_t e = 0; e < 2; ++e)
    for (size_t p = 0; p < rows * columns; ++p) target[2 * p + e] = host.data()[e * rows * columns + p];
  return target;
}

void write_masks(io::Hdf5Writer& writer, const SyntheticScanOptions& o) {
  for (double r : mask_accelerations) {
    MaskOptions options;
    options.rows = o.rows, options.columns = o.columns, options.acceleration = r, options.seed = o.seed;
    options.calibration = std::min({o.calibration, o.rows / 3, o.columns / 3});
    const Mask mask = make_mask(options);
    char name[64];
    std::snprintf(name, sizeof name, "/masks/poisson_%.1fx", r);
    writer.write(name, {mask.rows, mask.columns}, mask.samples);
    writer.attribute(name, "acquired_shape",
                     std::vector<std::int64_t>{std::int64_t(o.rows), std::int64_t(o.columns)});
    writer.attribute(name, "acceleration", mask.acceleration());
    writer.attribute(name, "calibration", std::int64_t(options.calibration));
  }
}

}  // namespace

void write_synthetic_scan(const std::filesystem::path& path, const io::FileHeader& header,
                          const SyntheticScanOptions& o, const std::function<void(size_t)>& progress) {
  const SyntheticScan scan(o);
  io::Hdf5Writer writer(path);
  writer.header(header);
  writer.attribute("/", "phantom", o.phantom);
  writer.attribute("/", "note", std::string("synthetic: scores on it are not scores on clinical data"));
  writer.attribute("/", "acquired_shape",
                   std::vector<std::int64_t>{std::int64_t(o.rows), std::int64_t(o.columns)});
  writer.attribute("/", "signal_to_noise", o.signal_to_noise);
  writer.attribute(
      "/", "voxel_size_mm",
      std::vector<double>{
          (scan.phantom().last_x - scan.phantom().first_x) / double(std::max<size_t>(1, o.slices - 1)),
          scan.phantom().field_y / double(o.padded_rows), scan.phantom().field_z / double(o.padded_columns)});
  const size_t rows = o.padded_rows, columns = o.padded_columns;
  writer.create<Complex<float>>("/kspace", {o.slices, rows, columns, 2, o.coils});
  writer.create<Complex<float>>("/maps", {o.slices, rows, columns, o.coils, 1});
  writer.create<Complex<float>>("/target", {o.slices, rows, columns, 2, 1});
  writer.create<std::uint8_t>("/tissues", {o.slices, rows, columns});
  writer.attribute("/tissues", "names", scan.phantom().tissues);
  writer.attribute("/tissues", "t2_seconds", scan.phantom().t2);
  if (o.signal_to_noise > 0) writer.write("/noise_covariance", {o.coils, o.coils}, scan.noise_covariance());
  write_masks(writer, o);

  using Host = Kokkos::DefaultHostExecutionSpace;
  const size_t together = std::max<size_t>(1, size_t(Host().concurrency()));
  for (size_t first = 0; first < o.slices; first += together) {
    const size_t count = std::min(together, o.slices - first);
    std::vector<SyntheticSlice> slices(count);
    Kokkos::parallel_for("danaus::mri::write_synthetic_scan", Kokkos::RangePolicy<Host>(0, count),
                         [&](size_t i) { slices[i] = scan.slice(first + i); });
    Host().fence();
    for (size_t i = 0; i < count; ++i) {
      writer.write_rows("/kspace", first + i, 1, slices[i].kspace.data());
      writer.write_rows("/maps", first + i, 1, slices[i].maps.data());
      writer.write_rows("/target", first + i, 1, target_of(slices[i], o).data());
      writer.write_rows("/tissues", first + i, 1, slices[i].tissues.data());
    }
    if (progress) progress(first + count);
  }
  writer.commit();
}

size_t synthetic_scan_file_bytes(const SyntheticScanOptions& o) {
  const size_t plane = o.padded_rows * o.padded_columns;
  return o.slices * plane * (sizeof(Complex<float>) * (2 * o.coils + o.coils + 2) + 1);
}

size_t synthetic_scan_memory_bytes(const SyntheticScanOptions& o) {
  const size_t plane = o.padded_rows * o.padded_columns;
  const size_t grid = (2 * o.rows + 10) * (2 * o.columns + 10);
  const size_t threads = size_t(Kokkos::DefaultHostExecutionSpace().concurrency());
  const size_t slice = plane * sizeof(Complex<float>) * 3 * o.coils + 2 * grid * sizeof(Complex<double>);
  return threads * slice + plane * sizeof(Complex<float>) * 8 * o.coils;
}

}  // namespace danaus::mri
