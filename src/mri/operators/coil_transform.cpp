#include <danaus/mri/operators/coil_transform.hpp>

#include <danaus/core/error.hpp>
#include <danaus/linalg/hermitian.hpp>

#include <algorithm>

namespace danaus::mri {

namespace {

using Value = Complex<double>;

/// (before, in, after) -> (before, out, after) along the middle axis.
void apply(const CoilTransform& w, size_t before, size_t after, const Complex<float>* in,
           Complex<float>* out) {
  std::vector<Value> column(w.inputs);
  for (size_t b = 0; b < before; ++b)
    for (size_t a = 0; a < after; ++a) {
      for (size_t c = 0; c < w.inputs; ++c) {
        const Complex<float> v = in[(b * w.inputs + c) * after + a];
        column[c] = Value(v.real(), v.imag());
      }
      for (size_t d = 0; d < w.outputs; ++d) {
        Value sum = 0;
        for (size_t c = 0; c < w.inputs; ++c) sum += w.matrix[d * w.inputs + c] * column[c];
        out[(b * w.outputs + d) * after + a] = Complex<float>(float(sum.real()), float(sum.imag()));
      }
    }
}

void require_coils(const char* what, const CoilTransform& w, size_t coils) {
  if (coils != w.inputs)
    throw ShapeError(std::string(what) + ": expected " + std::to_string(w.inputs) + " coils, found " +
                     std::to_string(coils));
}

}  // namespace

CoilTransform chain(const CoilTransform& a, const CoilTransform& b) {
  require_coils("mri::chain", b, a.outputs);
  CoilTransform product{b.outputs, a.inputs, std::vector<Value>(b.outputs * a.inputs, 0)};
  for (size_t d = 0; d < b.outputs; ++d)
    for (size_t m = 0; m < b.inputs; ++m)
      for (size_t c = 0; c < a.inputs; ++c)
        product.matrix[d * a.inputs + c] += b.matrix[d * b.inputs + m] * a.matrix[m * a.inputs + c];
  return product;
}

std::vector<Complex<double>> noise_covariance(size_t coils, const std::vector<Complex<float>>& noise) {
  if (coils == 0 || noise.empty() || noise.size() % coils != 0)
    throw ShapeError("mri::noise_covariance: expected samples of " + std::to_string(coils) +
                     " coils, found " + std::to_string(noise.size()) + " numbers");
  // Conjugated rows, so that A^H A is the sum of n n^H.
  std::vector<Value> rows(noise.size());
  for (size_t i = 0; i < noise.size(); ++i) rows[i] = Value(noise[i].real(), -noise[i].imag());
  const size_t count = noise.size() / coils;
  auto covariance = linalg::gram<double>(count, coils, rows);
  for (auto& c : covariance) c /= double(count);
  return covariance;
}

CoilTransform prewhitening(size_t coils, const std::vector<Complex<double>>& covariance) {
  const auto l = linalg::cholesky<double>(coils, covariance);
  CoilTransform w{coils, coils, std::vector<Value>(coils * coils, 0)};
  // L W = 1, column by column.
  for (size_t c = 0; c < coils; ++c)
    for (size_t i = c; i < coils; ++i) {
      Value rest = i == c ? 1 : 0;
      for (size_t k = c; k < i; ++k) rest -= l[i * coils + k] * w.matrix[k * coils + c];
      w.matrix[i * coils + c] = rest / l[i * coils + i].real();
    }
  return w;
}

CoilCompression compress_coils(const HostTensor<Complex<float>, 4>& kspace, size_t calibration,
                               size_t count) {
  const size_t rows = kspace.extent(1), columns = kspace.extent(2), coils = kspace.extent(3);
  if (count < 1 || count > coils)
    throw UsageError("coil compression: expected 1 to " + std::to_string(coils) + " virtual coils, found " +
                     std::to_string(count));
  const size_t height = std::min(calibration, rows), width = std::min(calibration, columns);
  std::vector<Complex<float>> centre;
  for (size_t e = 0; e < kspace.extent(0); ++e)
    for (size_t j = rows / 2 - height / 2; j < rows / 2 - height / 2 + height; ++j)
      for (size_t k = columns / 2 - width / 2; k < columns / 2 - width / 2 + width; ++k)
        for (size_t c = 0; c < coils; ++c) centre.push_back(kspace(e, j, k, c));
  const auto eigen = linalg::hermitian_eigen<double>(coils, noise_covariance(coils, centre));
  double all = 0, kept = 0;
  CoilCompression result{{count, coils, std::vector<Value>(count * coils)}, 1};
  for (size_t c = 0; c < coils; ++c) all += eigen.values[c];
  if (!(all > 0)) throw DataError("coil compression: the centre of k-space is zero");
  for (size_t d = 0; d < count; ++d) {
    const size_t from = coils - 1 - d;  // eigenvalues ascend
    kept += eigen.values[from];
    for (size_t c = 0; c < coils; ++c)
      result.transform.matrix[d * coils + c] = Kokkos::conj(eigen.vectors[c * coils + from]);
  }
  result.kept = kept / all;
  return result;
}

HostTensor<Complex<float>, 4> transform_samples(const CoilTransform& w,
                                                const HostTensor<Complex<float>, 4>& kspace) {
  require_coils("mri::transform_samples", w, kspace.extent(3));
  HostTensor<Complex<float>, 4> out("kspace", kspace.extent(0), kspace.extent(1), kspace.extent(2),
                                    w.outputs);
  apply(w, kspace.size() / w.inputs, 1, kspace.data(), out.data());
  return out;
}

HostTensor<Complex<float>, 4> transform_maps(const CoilTransform& w,
                                             const HostTensor<Complex<float>, 4>& maps) {
  require_coils("mri::transform_maps", w, maps.extent(2));
  HostTensor<Complex<float>, 4> out("maps", maps.extent(0), maps.extent(1), w.outputs, maps.extent(3));
  apply(w, maps.extent(0) * maps.extent(1), maps.extent(3), maps.data(), out.data());
  return out;
}

}  // namespace danaus::mri
