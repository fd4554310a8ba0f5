// One scan in the files of four programs reconstructs to one image.

#include <danaus/mri/data/cfl.hpp>
#include <danaus/mri/models/reconstruction.hpp>

#include <io/files.hpp>

#include <cmath>
#include <complex>

using namespace danaus;
using namespace danaus::mri;
using test::TemporaryFolder;

namespace {

constexpr size_t nx = 16, ny = 12, nz = 10, coils = 3, kept = 8, first = nx / 2 - kept / 2;
constexpr double pi = 3.14159265358979323846;
using Value = std::complex<double>;

const std::filesystem::path golden = std::filesystem::path(__FILE__).parent_path() / "golden";

/// As make_ismrmrd.cpp has it: three Gaussian blobs, each seen by each coil with another weight.
Value blobs(int coil, double kx, double ky, double kz) {
  const double centre[3][3] = {{-1.5, 1, .5}, {1, -2, 1}, {.5, 2.5, -2}}, width[3] = {1.2, .8, 1};
  Value sum = 0;
  for (int b = 0; b < 3; ++b) {
    const double u = kx / nx, v = ky / ny, w = kz / nz;
    const double decay = std::exp(-2 * std::pow(pi * width[b], 2) * (u * u + v * v + w * w));
    const double phase = -2 * pi * (u * centre[b][0] + v * centre[b][1] + w * centre[b][2]);
    const Value weight = std::polar(1 / (1. + std::abs(b - coil)), .7 * coil - .4 * b);
    sum += weight * decay * std::polar(1., phase);
  }
  return sum;
}

Value at_frequency(size_t c, size_t x, size_t y, size_t z) {
  return blobs(int(c), double(x) - nx / 2, double(y) - ny / 2, double(z) - nz / 2);
}

/// Inverse-transformed along the readout by definition: (x, ky, kz, coil) of all nx points.
std::vector<Value> hybrid() {
  std::vector<Value> values;
  for (size_t x = 0; x < nx; ++x)
    for (size_t y = 0; y < ny; ++y)
      for (size_t z = 0; z < nz; ++z)
        for (size_t c = 0; c < coils; ++c) {
          Value sum = 0;
          for (size_t k = 0; k < nx; ++k)
            sum += at_frequency(c, k, y, z) *
                   std::polar(1 / std::sqrt(double(nx)),
                              2 * pi * (double(k) - nx / 2) * (double(x) - nx / 2) / nx);
          values.push_back(sum);
        }
  return values;
}

size_t hybrid_index(size_t x, size_t y, size_t z, size_t c) { return ((x * ny + y) * nz + z) * coils + c; }

/// Smooth and of unit norm; the same in every slice.
Complex<float> map(size_t y, size_t z, size_t c) {
  const double angle = .1 * double(c) * double(y) - .07 * double(c * c) * double(z);
  return {float(std::cos(angle) / std::sqrt(double(coils))),
          float(std::sin(angle) / std::sqrt(double(coils)))};
}

void write_skm_tea(const std::filesystem::path& path, const std::vector<Value>& h) {
  std::vector<Complex<float>> k, maps;
  for (size_t x = first; x < first + kept; ++x)
    for (size_t y = 0; y < ny; ++y)
      for (size_t z = 0; z < nz; ++z)
        for (size_t c = 0; c < coils; ++c) {
          const Value value = h[hybrid_index(x, y, z, c)];
          k.emplace_back(float(value.real()), float(value.imag()));
          maps.push_back(map(y, z, c));
        }
  io::Hdf5Writer writer(path);
  writer.write("/kspace", {kept, ny, nz, 1, coils}, k);
  writer.write("/maps", {kept, ny, nz, coils, 1}, maps);
  writer.commit();
}

void write_fastmri(const std::filesystem::path& path, const std::vector<Value>& h) {
  std::vector<Complex<float>> k;
  for (size_t x = first; x < first + kept; ++x)
    for (size_t c = 0; c < coils; ++c)
      for (size_t y = 0; y < ny; ++y)
        for (size_t z = 0; z < nz; ++z) {
          const Value value = h[hybrid_index(x, y, z, c)];
          k.emplace_back(float(value.real()), float(value.imag()));
        }
  io::Hdf5Writer writer(path);
  writer.write("/kspace", {kept, coils, ny, nz}, k);
  writer.commit();
}

/// BART has no oversampling to remove: its readout is that of the kept slices.
void write_bart(const std::filesystem::path& base, const std::vector<Value>& h) {
  CflArray k;
  k.shape[CflArray::read] = kept, k.shape[CflArray::phase1] = ny, k.shape[CflArray::phase2] = nz;
  k.shape[CflArray::coil] = coils;
  k.data.resize(k.size());
  for (size_t r = 0; r < kept; ++r)
    for (size_t y = 0; y < ny; ++y)
      for (size_t z = 0; z < nz; ++z)
        for (size_t c = 0; c < coils; ++c) {
          Value sum = 0;
          for (size_t x = 0; x < kept; ++x)
            sum += h[hybrid_index(first + x, y, z, c)] *
                   std::polar(1 / std::sqrt(double(kept)),
                              -2 * pi * (double(r) - kept / 2) * (double(x) - kept / 2) / kept);
          k.data[r + y * k.stride(1) + z * k.stride(2) + c * k.stride(3)] =
              Complex<float>(float(sum.real()), float(sum.imag()));
        }
  write_cfl(base, k);
}

}  // namespace

TEST_CASE("fastMRI, ISMRMRD, cfl and SKM-TEA files of one scan reconstruct to the same image", "[layouts]") {
  const TemporaryFolder folder;
  const auto h = hybrid();
  write_skm_tea(folder / "skm.h5", h);
  write_fastmri(folder / "fastmri.h5", h);
  write_bart(folder / "bart", h);
  const auto skm = open_scan(folder / "skm.h5");
  const std::shared_ptr<const Scan> others[] = {open_scan(folder / "fastmri.h5"),
                                                open_scan(golden / "blobs.ismrmrd.h5"),  // libismrmrd's
                                                open_scan(folder / "bart")};
  const MapSource maps(skm);
  const Mask all(ny, nz, 1);
  const char* layouts[] = {"fastmri", "ismrmrd", "cfl"};
  const auto& method = find_method("cg-sense");
  for (size_t i = 0; i < 3; ++i) {
    const auto& d = others[i]->description();
    CHECK(
        (d.layout == layouts[i] && d.slices == kept && d.rows == ny && d.columns == nz && d.coils == coils));
    double worst = 0, largest = 0;
    for (size_t x = 0; x < kept; ++x) {
      const auto expected = reconstruct_slice(Exec(), method, {}, skm->read_kspace(x), maps.read(x), all);
      const auto found = reconstruct_slice(Exec(), method, {}, others[i]->read_kspace(x), maps.read(x), all);
      for (size_t p = 0; p < expected.size(); ++p) {
        largest = std::max(largest, double(Kokkos::abs(expected.data()[p])));
        worst = std::max(worst, double(Kokkos::abs(found.data()[p] - expected.data()[p])));
      }
    }
    INFO(d.layout);
    // fastMRI holds the very same samples. The others are transformed along the readout in float32, log2(16)
    // stages of rounding of 2^-24 each, relative to the largest sample; with orthonormal maps and all samples
    // the solution is A^H y / (1 + lambda), which adds as much in each of two axes and in the sum of coils:
    // together below 32 roundings. Samples may be larger than the image by sqrt(ny nz) = 11.
    CHECK(worst <= (i == 0 ? 0 : 32 * 11 * 6e-8) * largest);
    CHECK(largest > .05);
  }
}
